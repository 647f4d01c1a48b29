"""Mistakes in moto's frame, which concern every service."""

import functools
from uuid import uuid4

from moto.core import responses
from moto.core.serialize import BaseXMLSerializer

from emulator.patching import correction, replacing


@correction("every service", "what one request includes or excludes is not seen in another that runs at the same time")
def own_transformers():
    # moto keeps these choices on the class, where the server's threads share them.
    @replacing(responses.BaseResponse, "setup_class")
    def setup(original, self, *args, **kwargs):
        self.RESPONSE_KEY_PATH_TO_TRANSFORMER = dict(type(self).RESPONSE_KEY_PATH_TO_TRANSFORMER)
        return original(self, *args, **kwargs)


@correction("every service", "answers quickly: a class's methods are looked up once, not with every call")
def method_names():
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)


@correction("every service", "a request's id is a UUID")
def request_ids():
    @replacing(responses, "gen_amzn_requestid_long")
    def made(_original, headers=None):
        told = str(uuid4())
        if headers is not None:
            headers["x-amzn-requestid"] = told
        return told


@correction("every service", "an error in XML has one message")
def one_message():
    @replacing(BaseXMLSerializer, "_serialize_error_metadata")
    def error(original, self, serialized, error, shape):
        original(self, serialized, error, shape)
        if "Message" in serialized:
            serialized.pop("message", None)
