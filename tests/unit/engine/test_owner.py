"""Whose a stack is."""

import io
import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.owner import owner, refusal
from botocore.exceptions import ClientError

NOBODY = {"host": "", "profile": ""}
WHOLE = {"format": 1, "kinds": [], "resources": {}, "undeclared": {}, "stack": "s", "time": "t"}


@pytest.mark.parametrize(
    ("found", "moved_from", "words"),
    [
        (NOBODY, "", ""),
        ({"host": "a", "profile": "ultra"}, "", ""),
        ({"host": "", "profile": "ultra"}, "", ""),
        ({"host": "b", "profile": "ultra"}, "b", ""),
        ({"host": "b", "profile": "ultra"}, "", "the host a has the stack s in us-east-1, but that was applied by the inventory's host b"),
        ({"host": "b", "profile": "ultra"}, "c", "-e stack_moved_from=b"),
        ({"host": "a", "profile": "standard"}, "", "stack_profile is 'ultra', but s in us-east-1 was applied with the profile 'standard'"),
        # A rename changes no profile.
        ({"host": "b", "profile": "standard"}, "b", "a stack keeps its profile"),
    ],
)
def test_another_hosts_stack_is_refused(found, moved_from, words):
    told = refusal("s in us-east-1", found, "a", "ultra", moved_from)
    assert words in told and bool(told) is bool(words)


class Aws:
    """An account with a stack's bucket: its tags, and its record."""

    account, region = "123456789012", "us-east-1"

    def __init__(self, recorded=None, tags=None):
        self._recorded, self._tags = recorded, tags

    def __call__(self, service):
        return self

    def get_object(self, **_which):
        if self._recorded is None:
            raise ClientError({"Error": {"Code": "NoSuchKey" if self._tags else "NoSuchBucket"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(self._recorded).encode())}

    def get_bucket_tagging(self, **_which):
        if self._tags is None:
            raise ClientError({"Error": {"Code": "NoSuchBucket"}}, "GetBucketTagging")
        return {"TagSet": [{"Key": key, "Value": value} for key, value in self._tags.items()]}


@pytest.mark.parametrize(
    ("aws", "found"),
    [
        (Aws(), NOBODY),
        (Aws(tags={"Stack": "s", "Region": "us-east-1"}), NOBODY),
        (Aws(tags={"Profile": "ultra"}), {"host": "", "profile": "ultra"}),
        (Aws({**WHOLE, "inventory_host": "a", "profile": "ultra"}, {"Profile": "standard"}), {"host": "a", "profile": "ultra"}),
        (Aws(WHOLE), NOBODY),
    ],
)
def test_the_record_says_whose_a_stack_is_and_before_it_the_bucket(aws, found):
    assert owner(aws, "s") == found
