"""S3's lifecycles: rules as they were given, and when an object expires."""

import datetime
from urllib.parse import quote
from uuid import uuid4

from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.s3.responses import S3Response

from emulator.corrections.s3 import asked, completes
from emulator.patching import correction, replacing

DEFAULT_MINIMUM = "all_storage_classes_128K"


@correction("s3", "a lifecycle keeps its rules as they were given, with an id each, and from what size on it moves")
def lifecycles():
    @replacing(FakeBucket, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.lifecycle, self.minimum = [], DEFAULT_MINIMUM

    @replacing(S3Backend, "put_bucket_lifecycle_configuration")
    def put(original, self, bucket_name, rules):
        original(self, bucket_name, rules)
        bucket, given = self.get_bucket(bucket_name), asked()
        bucket.minimum = given.get("TransitionDefaultMinimumObjectSize", DEFAULT_MINIMUM)
        wanted = (given.get("LifecycleConfiguration") or {}).get("Rules") or []
        bucket.lifecycle = [{"ID": str(uuid4()), **one} for one in wanted]

    @replacing(S3Backend, "delete_bucket_lifecycle")
    def delete(original, self, bucket_name):
        original(self, bucket_name)
        self.get_bucket(bucket_name).lifecycle = []

    @replacing(S3Response, "_bucket_response_put")
    def answer(original, self, request, bucket_name, querystring):
        told = original(self, request, bucket_name, querystring)
        if "lifecycle" not in querystring:
            return told
        minimum = self.backend.get_bucket(bucket_name).minimum
        return 200, {"x-amz-transition-default-minimum-object-size": minimum}, ""


@completes("GetBucketLifecycleConfiguration")
def shown(api, answer):
    """Tell the rules as they were given."""
    bucket = api.backend.buckets[api.bucket_name]
    answer |= {"Rules": bucket.lifecycle, "TransitionDefaultMinimumObjectSize": bucket.minimum}


@correction("s3", "an object tells when it expires, and by which rule")
def expirations():
    headers = FakeKey.response_dict.fget

    def told(self):
        expires = None if asked().get("VersionId") else expiration(self)
        return headers(self) | ({"x-amz-expiration": expires} if expires else {})

    FakeKey.response_dict = property(told)


def expiration(key) -> str | None:
    """Return the header that tells when an object expires; None for one that doesn't, and for old versions."""
    backend = s3_backends[key.account_id][key.partition]
    bucket = backend.buckets.get(key.bucket_name)
    if bucket is None or bucket.keys.get(key.name) is not key:
        return None
    tags = backend.tagger.get_tag_dict_for_resource(key.arn)
    found = [
        (expires, one["ID"])
        for one in bucket.lifecycle
        if one["Status"] == "Enabled" and (expires := _expires(one, key)) and _matches(one, key, tags)
    ]
    if not found:
        return None
    expires, name = min(found, key=lambda one: one[0])
    return f'expiry-date="{expires:%a, %d %b %Y %H:%M:%S} GMT", rule-id="{quote(name)}"'


def _expires(rule: dict, key) -> datetime.datetime | None:
    """Return the midnight at which a rule lets an object expire."""
    action = rule.get("Expiration") or {}
    if action.get("Date"):
        return action["Date"]
    if not action.get("Days"):
        return None
    due = key.last_modified + datetime.timedelta(days=action["Days"] + 1)
    return due.replace(hour=0, minute=0, second=0, microsecond=0)


def _matches(rule: dict, key, tags: dict) -> bool:
    chosen = rule.get("Filter") or {}
    chosen = {**chosen, **(chosen.get("And") or {})}
    wanted = [*chosen.get("Tags", ()), *([chosen["Tag"]] if chosen.get("Tag") else ())]
    prefix = chosen.get("Prefix") or rule.get("Prefix") or ""
    return (
        key.name.startswith(prefix)
        and all(tags.get(one["Key"]) == one["Value"] for one in wanted)
        and key.size > chosen.get("ObjectSizeGreaterThan", -1)
        and ("ObjectSizeLessThan" not in chosen or key.size < chosen["ObjectSizeLessThan"])
    )
