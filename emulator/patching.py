"""Patching moto: one small patch per mistake, each with the service and one line that says what AWS does.

- ``@correction``: the function patches what it likes, through ``replacing``.
- ``@adds``: the function is an operation that moto lacks. It gets moto's response object and the request's
  parameters as boto3 sent them, and returns the answer as boto3 will show it.
- ``@answers``: the function stands around an operation that moto has. It also gets ``moto()``, which runs
  moto's own and returns its answer in the same plain form.

A step that the data plane may take over is a ``@hook``; without the data plane the correction's own is done.

A patch whose target is gone, or which moto has meanwhile learnt itself, stops the start (``Obsolete``).
"""

import functools
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.parsers import create_parser
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from emulator.errors import AWSError


class Obsolete(Exception):
    """A correction no longer fits the installed moto."""


@dataclass(frozen=True)
class Correction:
    """One patch: for which service, what AWS does, and the function that patches."""

    service: str
    says: str
    apply: Callable[[], None]


REGISTRY: list[Correction] = []

# Where moto's folder is not called as boto3 calls the service.
_FOLDERS = {
    "lambda": "awslambda", "application-autoscaling": "applicationautoscaling", "service-quotas": "servicequotas",
}  # fmt: skip


def correction(service: str, says: str):
    """Register a function without arguments that patches moto, once, when the corrections are applied.

    ``service`` is boto3's name of it, ``says`` what AWS does, for people.
    """

    def register(function):
        REGISTRY.append(Correction(service, says, function))
        return function

    return register


def adds(service: str, operation: str, says: str):
    """Register an operation that moto lacks: ``function(api, params) -> answer``, all as boto3 has it.

    ``operation`` is AWS's name, such as ExecuteCommand; a refusal is raised as ``AWSError``.
    """

    def register(function):
        def patch():
            owner, name = response_class(service), camelcase_to_underscores(operation)
            if hasattr(owner, name):
                raise Obsolete(f"moto implements {service}:{operation} now")

            def method(self):
                return Answer(function(self, parameters(self)))

            setattr(owner, name, functools.wraps(function)(method))

        REGISTRY.append(Correction(service, f"{operation} {says}", patch))
        return function

    return register


def answers(service: str, operation: str, says: str):
    """Register a layer around an operation of moto's: ``function(api, params, moto) -> answer``, all as boto3 has it.

    ``moto()`` runs moto's own and returns its answer as a dict, or raises ``AWSError``.
    """

    def register(function):
        def patch():
            owner, name = response_class(service), camelcase_to_underscores(operation)
            if not hasattr(owner, name):
                raise Obsolete(f"moto has no {service}:{operation}")
            original = getattr(owner, name)

            def method(self):
                return Answer(function(self, parameters(self), lambda: plain(self, original(self))))

            setattr(owner, name, functools.wraps(original)(method))

        REGISTRY.append(Correction(service, f"{operation} {says}", patch))
        return function

    return register


def replacing(owner: Any, name: str):
    """Replace an attribute by the decorated function, which gets the original as its first argument."""
    if not hasattr(owner, name):
        raise Obsolete(f"{getattr(owner, '__name__', owner)} has no {name}")
    original = getattr(owner, name)

    def replace(function):
        @functools.wraps(original)
        def replacement(*args, **kwargs):
            return function(original, *args, **kwargs)

        setattr(owner, name, replacement)
        return replacement

    return replace


def showing(service: str, operation: str, active: Callable[[], Any], change: Callable[[Any, dict], dict]) -> None:
    """Let what moto answers to an operation be shown as ``change(api, told)`` has it, while ``active()`` says so."""

    @replacing(response_class(service), camelcase_to_underscores(operation))
    def answer(original, api):
        return Answer(change(api, plain(api, original(api)))) if active() else original(api)


def hook(own):
    """Let the data plane stand around a step of a correction, by ``@step.around``.

    Its function gets the correction's own step as its first argument, as with ``replacing``. There is one at a time.
    """

    @functools.wraps(own)
    def stepping(*args):
        return step.taken(own, *args) if step.taken else own(*args)

    def around(function):
        step.taken = function
        return function

    step: Any = stepping
    step.taken, step.around = None, around
    return step


class Answer(ActionResult):
    """A plain answer, serialised by botocore's model without moto's own renamings."""

    def execute_result(self, context) -> tuple[int, dict, str]:
        """Return status, headers and body, as moto asks for them."""
        serializer = context.serializer_class(operation_model=context.operation_model)
        response = serializer.serialize(self.result)
        return response["status_code"], response["headers"], response["body"]


def _operation(api):
    model = get_service_model(api.boto3_service_name)
    return model, model.operation_model(api._get_action())


def parameters(api) -> dict:
    """Return the request's parameters as boto3 sent them."""
    request, (model, operation) = api.normalized_request, _operation(api)
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)](operation, map_type=dict)
    return parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": api.uri_match,
        }
    )


def plain(api, result) -> dict:
    """Turn whatever a moto method returned into the answer that boto3 would show."""
    headers: dict = {}
    if isinstance(result, ActionResult):
        status, headers, body = api.serialized(result)
    elif isinstance(result, str) or result is None:
        status, body = 200, result or ""
    else:
        body, headers = (result[-1], result[1]) if len(result) == 3 else result
        status = int(headers.get("status", result[0] if len(result) == 3 else 200))
    model, operation = _operation(api)
    protocol = api.determine_response_protocol(model)
    parsed = create_parser(protocol).parse(
        {"status_code": int(status), "headers": headers, "body": body.encode() if isinstance(body, str) else body},
        operation.output_shape,
    )
    if "Error" in parsed and int(status) >= 300:
        raise AWSError(parsed["Error"]["Code"], parsed["Error"]["Message"])
    parsed.pop("ResponseMetadata", None)
    return parsed


def response_class(service: str) -> type:
    """Return moto's response class of a service."""
    folder = _FOLDERS.get(service, service)
    module = importlib.import_module(f"moto.{folder}.responses")
    classes = [
        value
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, BaseResponse) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise Obsolete(f"moto has {len(classes)} response classes for {service}")
    return classes[0]
