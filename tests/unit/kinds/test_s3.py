"""Buckets."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.s3 import S3_BUCKET, rules_from_aws, rules_to_aws


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            {"id": "a", "prefix": "", "noncurrent_days": 90},
            {"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 90}},
        ),
        (
            {"id": "a", "prefix": "x/", "expiration_days": 1, "abort_multipart_days": 7},
            {
                "Filter": {"Prefix": "x/"},
                "Expiration": {"Days": 1},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            },
        ),
    ],
)
def test_rules(ours, theirs):
    said = {"ID": "a", "Status": "Enabled", **theirs}
    assert rules_to_aws([ours]) == [said]
    assert rules_from_aws([said]) == [ours]


@pytest.mark.parametrize(
    "theirs",
    [
        {"Status": "Disabled"},
        {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]},
        {"Filter": {"Tag": {"Key": "a", "Value": "b"}}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3}},
    ],
)
def test_rules_that_ours_cannot_say_are_seen(theirs):
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 90}}
    wanted = S3_BUCKET.want({"name": "b", "lifecycle_rules": [{"id": "a", "prefix": "", "noncurrent_days": 90}]})
    assert S3_BUCKET.compare({"lifecycle_rules": rules_from_aws([rule])}, wanted) == set()
    assert S3_BUCKET.compare({"lifecycle_rules": rules_from_aws([rule | theirs])}, wanted) == {"lifecycle_rules"}


def test_old_rules_without_filter():
    rule = {"ID": "a", "Status": "Enabled", "Prefix": "x/", "Expiration": {"Days": 1}}
    assert rules_from_aws([rule]) == [{"id": "a", "prefix": "x/", "expiration_days": 1}]


@pytest.mark.parametrize(("region", "said"), [("us-east-1", {}), ("eu-west-1", {"LocationConstraint": "eu-west-1"})])
def test_where_a_bucket_is_made(region, said):
    made = {}

    class Aws:
        def __init__(self):
            self.region = region

        def __call__(self, service):
            return self

        def create_bucket(self, **arguments):
            made.update(arguments)

    S3_BUCKET.create(Aws(), {"name": "b"})
    assert made.get("CreateBucketConfiguration", {}) == said


def test_a_stack_has_the_buckets_of_its_own_region():
    tags = {
        "s-state-1-us-east-1": {"Stack": "s", "Region": "us-east-1"},
        "s-state-1-eu-west-1": {"Stack": "s", "Region": "eu-west-1"},
        "s-logs": {"Stack": "s", "Region": "eu-west-1"},
        "s-2-state-1-us-east-1": {"Stack": "s-2", "Region": "us-east-1"},
    }

    class Aws:
        region = home = "us-east-1"
        asked = []

        def __call__(self, service):
            return self

        def pages(self, *_question):
            return [{"Name": name} for name in tags]

        def get_bucket_tagging(self, Bucket):
            self.asked.append(Bucket)
            return {"TagSet": [{"Key": key, "Value": value} for key, value in tags[Bucket].items()]}

        def arn(self, *_parts, **_more):
            return "arn"

        def __getattr__(self, call):
            return lambda **_arguments: {}

    assert [live["name"] for live in S3_BUCKET.stack(Aws(), "s")] == ["s-state-1-us-east-1"]
    assert "s-state-1-eu-west-1" not in Aws.asked
