"""A look at a whole stack: one unlucky answer is asked for again, and what stays unseen is told."""

from __future__ import annotations

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from botocore.exceptions import ClientError


class Boat(Kind):
    """A resource that is listed and described by calls of the client."""

    name = "boat"
    title = "boat"
    service = "s3"

    def stack(self, aws, stack):
        return [{"name": one, "tags": {}} for one in aws("s3").list_buckets()["Buckets"]]

    def read_children(self, aws, resource):
        return {"region": aws("s3").head_bucket(Bucket=resource["name"])["BucketRegion"]}


class Client:
    """A client whose calls fail so many times each with a code."""

    class meta:  # noqa: N801 - boto3's name
        class service_model:  # noqa: N801
            service_name = "s3"

        method_to_api_mapping = {"list_buckets": "ListBuckets", "head_bucket": "HeadBucket"}

    def __init__(self, code, **failures):
        self.code, self.failures = code, failures

    def _fail(self, operation):
        if self.failures.get(operation, 0) > 0:
            self.failures[operation] -= 1
            raise ClientError({"Error": {"Code": self.code, "Message": "m"}}, operation)

    def list_buckets(self):
        self._fail("list_buckets")
        return {"Buckets": ["a"]}

    def head_bucket(self, **_given):
        self._fail("head_bucket")
        return {"BucketRegion": "us-east-1"}


def seen(client):
    return survey(Aws(lambda _service: client, "us-east-1"), "x", {"boat": Boat()})


@pytest.mark.parametrize("operation", ["list_buckets", "head_bucket"])
def test_what_is_not_seen_once_is_asked_for_anew(clock, operation):
    found = seen(Client("ResourceNotFoundException", **{operation: 2}))
    assert not found.unreadable and found.resources == {"boat": [{"name": "a", "region": "us-east-1"}]}
    assert 0 < clock.now < 5


@pytest.mark.parametrize("operation", ["list_buckets", "head_bucket"])
def test_what_is_never_seen_is_told(clock, operation):
    found = seen(Client("ResourceNotFoundException", **{operation: 10_000}))
    assert "ResourceNotFoundException" in found.unreadable["boat"]
    assert clock.now < 60


def test_what_is_denied_is_told_at_once(clock):
    assert seen(Client("AccessDeniedException", list_buckets=10_000)).unreadable
    assert clock.now == 0
