"""Optional reads: what AWS doesn't have here is absent, with a note; what the caller may not read is not."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, optional
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.children import Child
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import sentence, unsupported
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from botocore.exceptions import ClientError, EndpointConnectionError


def refused(code, message, operation="ListThings"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


UNDETERMINED = "Unable to determine service/operation name to be authorized"
UNSIGNED = "Code signing is not supported for functions created with container images."
MAY_NOT = "User: arn:aws:iam::1:user/x is not authorized to perform: {} because no identity-based policy allows it"


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (refused("AccessDeniedException", UNDETERMINED), True),
        (refused("AccessDeniedException", MAY_NOT.format("lambda:ListFunctionUrlConfigs")), False),
        (refused("AccessDeniedException", ""), False),
        (refused("AccessDenied", "The operation GetDNSSEC is not available for the current AWS account 1."), True),
        (refused("AccessDenied", MAY_NOT.format("route53:GetDNSSEC")), False),
        (refused("InvalidParameterValueException", UNSIGNED), True),
        (refused("InvalidParameterValueException", "The role defined for the function cannot be assumed"), False),
        (refused("MethodNotAllowed", "The specified method is not allowed against this resource."), True),
        (refused("UnsupportedArgument", "The request contained an unsupported argument."), True),
        (refused("InvalidAction", "Could not find operation DescribeListenerAttributes for version 2015-12-01"), True),
        (refused("UnauthorizedOperation", "You are not authorized; not supported"), False),
        (refused("ThrottlingException", "Rate exceeded"), False),
        (refused("NoSuchBucket", "The specified bucket does not exist"), False),
        (EndpointConnectionError(endpoint_url="https://lambda"), False),
    ],
)
def test_absent_or_not_seen(error, absent):
    aws = Aws(None, "eu-south-2")

    def read():
        raise error

    assert unsupported(error) is absent
    if not absent:
        with pytest.raises(type(error)):
            optional(aws, "things", "lambda", read)
        assert not aws.notes
        return
    assert optional(aws, "things", "lambda", read, otherwise=[]) == []
    (note,) = aws.notes
    assert "doesn't have it in eu-south-2" in note and "things" in note and "allow List" not in note


def test_who_may_not_is_told_what_to_allow():
    assert "allow GetDNSSEC to the caller" in sentence(refused("AccessDenied", MAY_NOT.format("x"), "GetDNSSEC"))


@pytest.mark.parametrize(
    ("region", "service", "there"),
    [("us-east-1", "pipes", True), ("xx-nowhere-1", "pipes", False), ("xx-nowhere-1", "iam", True)],
)
def test_a_service_that_the_region_lacks_has_nothing(region, service, there):
    """No address answers then, which a network that is down looks like, too: boto3's own list tells the two apart."""
    aws = Aws(None, region)
    aws.partition = "aws"

    def read():
        raise EndpointConnectionError(endpoint_url=f"https://{service}.{region}.amazonaws.com")

    if there:
        with pytest.raises(EndpointConnectionError):
            optional(aws, "pipes", service, read)
    else:
        assert optional(aws, "pipes", service, read, otherwise=[]) == [] and aws.notes


class Client:
    """Answers its one operation with an error."""

    class meta:  # noqa: N801 -- as boto3 calls it
        method_to_api_mapping = {"list_things": "ListThings"}

        class service_model:  # noqa: N801
            service_name = "thing"

    def __init__(self, error):
        self.error = error

    def can_paginate(self, _operation):
        return False

    def list_things(self, **_given):
        raise self.error


class Thing(Kind):
    """A kind with a part that the client refuses."""

    name, title, service = "thing", "thing", "thing"
    children = (Child("more", "list_things", {"Name": "name"}, "Things"),)

    def stack(self, aws, stack):
        return [{"name": f"{stack}-thing"}]


@pytest.mark.parametrize(
    ("error", "unreadable"),
    [(refused("AccessDeniedException", UNDETERMINED), []), (refused("AccessDeniedException", "may not"), ["thing"])],
)
def test_a_survey_is_blind_only_where_it_may_not_look(error, unreadable):
    aws = Aws(lambda _service: Client(error), "eu-south-2")
    seen = survey(aws, "s", {"thing": Thing()})
    assert seen.resources == {"thing": [{"name": "s-thing"}]}
    assert list(seen.unreadable) == unreadable
    assert len(aws.notes) == (0 if unreadable else 1)


def test_what_can_not_be_there_is_not_asked_for():
    (signing,) = [part for part in KINDS["lambda_function"].children if part.field == "code_signing"]
    aws = Aws(lambda _service: pytest.fail("asked"), "us-east-1")
    assert signing.read(aws, KINDS["lambda_function"], {"name": "f", "package_type": "Image"}) is None
