"""Listing a stack while another one, whose name begins alike, is being deleted."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import members
from botocore.exceptions import ClientError


class Refused(Kind):
    """Fails with some errors, one a call, and lists then."""

    def __init__(self, *codes):
        self.codes = list(codes)

    def stack(self, _aws, stack):
        if self.codes:
            raise ClientError({"Error": {"Code": self.codes.pop(0)}}, "ListTags")
        return [{"name": stack}]


@pytest.mark.parametrize("codes", [(), ("ResourceNotFoundException",), ("NoSuchEntity", "RepositoryNotFoundException", "NotFound")])
def test_what_goes_meanwhile_is_no_failure(codes):
    assert members(Refused(*codes), None, "s") == [{"name": "s"}]


@pytest.mark.parametrize("codes", [("AccessDenied",), ("NoSuchEntity", "ThrottlingException"), ("NotFound",) * 5])
def test_other_failures_are(codes):
    with pytest.raises(ClientError):
        members(Refused(*codes), None, "s")
