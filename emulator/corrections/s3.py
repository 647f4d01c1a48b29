"""S3: errors, addresses, what a new bucket has without being asked, lists of buckets, and policies with conditions."""

import base64
import copy
import json

import flask
from moto.core.responses import ActionResult
from moto.core.serialize import S3Serializer
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models
from moto.s3.exceptions import CopyObjectMustChangeSomething, InvalidContinuationToken, S3ClientError
from moto.s3.responses import S3Response

from emulator import ACCOUNT
from emulator.patching import correction, replacing

ENCRYPTION = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}
# Who owns all of the account's buckets and objects: S3 knows accounts by an id of its own.
OWNER = {"ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"}
HOST_ID = S3Serializer.DEFAULT_HOST_ID


class Refused(S3ClientError):
    """An error of S3's: code, message, HTTP status, what else its body tells, and headers beside it."""

    def __init__(self, code: str, message: str, status: int = 400, headers: dict | None = None, **members):
        super().__init__(code, message)
        self.status, self.headers, self.members = status, headers or {}, members


def asked() -> dict:
    """Return the parameters of the request that is being answered, as boto3 sent them."""
    call = flask.g.get("call")
    return call.parameters if call else {}


COMPLETED: dict = {}


def completes(operation: str):
    """Register a function ``(api, answer)`` that changes moto's answer, a dict, before it's sent."""

    def register(function):
        COMPLETED[operation] = function
        return function

    return register


@correction("s3", "lists and answers have all the keys that AWS gives them")
def completed():
    @replacing(S3Response, "serialized")
    def serialized(original, self, answer):
        complete = COMPLETED.get(self.data.get("Action"))
        if complete and isinstance(answer.result, dict):
            complete(self, answer.result)
        return original(self, answer)


@correction("s3", "an error tells what it is about, with S3's own status, ids and headers")
def errors():
    @replacing(S3Serializer, "_serialize_error_metadata")
    def metadata(original, self, serialized, error, shape):
        original(self, serialized, error, shape)
        serialized.update(getattr(error, "members", {}))

    @replacing(S3Serializer, "_serialized_error_to_response")
    def response(original, self, answer, error, shape, serialized):
        answer = original(self, answer, error, shape, serialized)
        answer["status_code"] = getattr(error, "status", None) or answer["status_code"]
        answer["headers"].update(getattr(error, "headers", {}))
        return answer

    InvalidContinuationToken.members = {"ArgumentName": "continuation-token"}

    @replacing(S3Response, "_send_response")
    def send(original, self, answer):
        status, headers, body = original(answer)
        lower = {name.lower(): name for name in headers}
        if "x-amzn-requestid" in lower:
            headers["x-amz-request-id"] = headers.pop(lower["x-amzn-requestid"])
        return status, {**headers, "x-amz-id-2": HOST_ID}, body


@correction("s3", "s3 at the beginning of a host is the service, as in s3.amazonaws.com, and no bucket")
def hosts():
    original = S3Response.subdomain_based_buckets

    def by_subdomain(request):
        return not request.headers.get("host", "").startswith("s3.") and original(request)

    S3Response.subdomain_based_buckets = staticmethod(by_subdomain)


# Buckets


class Unasked(dict):
    """The encryption of a bucket for which nobody has asked for any."""


@correction("s3", "a new bucket is encrypted, private and without ACLs; it can't be without encryption")
def new_buckets():
    @replacing(models.FakeBucket, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.encryption = Unasked(copy.deepcopy(ENCRYPTION))
        self.public_access_block = models.PublicAccessBlock("true", "true", "true", "true")
        self.ownership_rule = "BucketOwnerEnforced"

    @replacing(models.S3Backend, "delete_bucket_encryption")
    def delete(_original, self, bucket_name):
        self.get_bucket(bucket_name).encryption = Unasked(copy.deepcopy(ENCRYPTION))

    @replacing(models.S3Backend, "copy_object")
    def copy_object(original, self, source, bucket_name, name, **given):
        """Refuse a copy in place that changes nothing, for which moto takes a bucket that isn't encrypted."""
        changed = [given.get(one) for one in ("storage", "encryption", "website_redirect_location")]
        in_place = (source.bucket_name, source.name) == (bucket_name, name)
        unchanged = not any(changed) and given.get("mdirective") != "REPLACE" and source.encryption in (None, "AES256")
        bucket = self.get_bucket(bucket_name)
        earlier = bucket.is_versioned and given.get("provided_version_id")
        if in_place and unchanged and not earlier and isinstance(bucket.encryption, Unasked):
            raise CopyObjectMustChangeSomething
        original(self, source, bucket_name, name, **given)


@correction("s3", "CreateBucket tags the bucket, which isn't created again with tags; HeadBucket and it tell its ARN")
def creation():
    @replacing(S3Response, "_bucket_response_put")
    def put(original, self, request, bucket_name, querystring):
        if querystring:
            return original(self, request, bucket_name, querystring)
        tags = (asked().get("CreateBucketConfiguration") or {}).get("Tags")
        if tags and bucket_name in self.backend.buckets:
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise Refused("BucketAlreadyOwnedByYou", message, 409, BucketName=bucket_name)
        answer = original(self, request, bucket_name, querystring)
        if tags:
            self.backend.put_bucket_tagging(bucket_name, {one["Key"]: one["Value"] for one in tags})
        return answer

    @replacing(S3Response, "_get_location_constraint")
    def location(original, self):
        found = original(self)
        return "eu-west-1" if found == "EU" else found  # its old name

    @replacing(S3Response, "head_bucket")
    def head(original, self):
        status, headers, body = original(self)
        if status == 200:
            headers |= {"x-amz-bucket-arn": f"arn:aws:s3:::{self.bucket_name}", "x-amz-access-point-alias": "false"}
        return status, headers, body


@completes("CreateBucket")
def created(api, answer):
    """Tell a bucket of another region by its address."""
    bucket = api.backend.buckets[api.bucket_name]
    answer["BucketArn"] = bucket.arn
    if bucket.region_name != "us-east-1":
        answer["Location"] = f"http://{bucket.name}.s3.amazonaws.com/"


@completes("ListBuckets")
def listed(api, answer):
    """Tell the buckets in order, page by page; of what region they are where anything was asked for."""
    given = asked()
    names = sorted(one["Name"] for one in answer["Buckets"])
    if given.get("ContinuationToken"):
        last = base64.urlsafe_b64decode(given["ContinuationToken"]).decode()
        names = [name for name in names if name > last]
    most = given.get("MaxBuckets") or 10_000
    if len(names) > most:
        answer["ContinuationToken"] = base64.urlsafe_b64encode(names[most - 1].encode()).decode()
    buckets = [api.backend.buckets[name] for name in names[:most]]
    answer["Buckets"] = [{"Name": one.name, "CreationDate": one.creation_date_ISO8601} for one in buckets]
    if given:
        for told, one in zip(answer["Buckets"], buckets, strict=True):
            told |= {"BucketRegion": one.region_name, "BucketArn": one.arn}
    answer["Owner"] = OWNER
    if given.get("Prefix"):
        answer["Prefix"] = given["Prefix"]


@correction("s3", "ListBuckets counts its pages only when it has chosen")
def pages_of_buckets():
    @replacing(models.S3Backend, "list_buckets")
    def list_buckets(original, self, prefix, bucket_region, max_buckets):
        return original(self, prefix, bucket_region, None)


@correction("s3", "a tag without a value has an empty one; a bucket that isn't empty says what is in it")
def tags_and_deletion():
    @replacing(S3Response, "_bucket_tagging_from_body")
    def tags(original, self):
        return {key: value or "" for key, value in original(self).items()}

    @replacing(S3Response, "delete_bucket")
    def delete(original, self):
        bucket = self.backend.get_bucket(self.bucket_name)
        if not bucket.keys:
            return original(self)
        more = " You must delete all versions in the bucket." if bucket.versioning_status else ""
        message = f"The bucket you tried to delete is not empty{'.' if more else ''}{more}"
        raise Refused("BucketNotEmpty", message, 409, BucketName=bucket.name)

    @replacing(models.S3Backend, "get_object_lock_configuration")
    def lock(original, self, bucket_name):
        if not self.get_bucket(bucket_name).object_lock_enabled:
            message = "Object Lock configuration does not exist for this bucket"
            raise Refused("ObjectLockConfigurationNotFoundError", message, 404, BucketName=bucket_name)
        return original(self, bucket_name)


# What moto doesn't know of a bucket


@correction("s3", "a bucket may judge by its tags, and keep tables of its objects' metadata")
def newer():
    @replacing(models.FakeBucket, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.abac, self.metadata = "Disabled", None

    @replacing(S3Response, "_bucket_response_put")
    def put(original, self, request, bucket_name, querystring):
        if "abac" not in querystring:
            return original(self, request, bucket_name, querystring)
        self.backend.get_bucket(bucket_name).abac = asked()["AbacStatus"]["Status"]
        return 200, {}, ""

    @replacing(S3Response, "_bucket_response_get")
    def get(original, self, bucket_name, querystring):
        bucket = self.backend.get_bucket(bucket_name)
        if "abac" in querystring:
            self.data["Action"] = "GetBucketAbac"
            return self.serialized(ActionResult({"AbacStatus": {"Status": bucket.abac}}))
        if "metadataConfiguration" not in querystring:
            return original(self, bucket_name, querystring)
        if bucket.metadata is None:
            message = "The metadata configuration does not exist"
            raise Refused("MetadataConfigurationNotFound", message, 404, BucketName=bucket_name)
        self.data["Action"] = "GetBucketMetadataConfiguration"
        told = {"MetadataConfigurationResult": bucket.metadata}
        return self.serialized(ActionResult({"GetBucketMetadataConfigurationResult": told}))

    @replacing(S3Response, "_bucket_response_post")
    def post(original, self, request, bucket_name):
        if flask.g.call.operation != "CreateBucketMetadataConfiguration":
            return original(self, request, bucket_name)
        wanted = asked()["MetadataConfiguration"]
        arn = f"arn:aws:s3tables:us-east-1:{ACCOUNT}:bucket/aws-s3"
        journal, inventory = wanted["JournalTableConfiguration"], wanted.get("InventoryTableConfiguration")
        told = {"TableStatus": "ACTIVE", "TableName": "journal", "RecordExpiration": journal["RecordExpiration"]}
        self.backend.get_bucket(bucket_name).metadata = {
            "DestinationResult": {
                "TableBucketType": "aws",
                "TableBucketArn": arn,
                "TableNamespace": f"b_{bucket_name}",
            },
            "JournalTableConfigurationResult": told,
        }
        if inventory:
            self.backend.get_bucket(bucket_name).metadata["InventoryTableConfigurationResult"] = inventory
        return 200, {}, ""

    @replacing(S3Response, "_bucket_response_delete")
    def delete(original, self, bucket_name, querystring):
        if "metadataConfiguration" not in querystring:
            return original(self, bucket_name, querystring)
        self.backend.get_bucket(bucket_name).metadata = None
        return 204, {}, ""


# Policies


@correction("s3", "a policy's statement counts only while its condition holds; whoever calls the emulator came by TLS")
def conditions():
    @replacing(models.FakeBucket, "get_permission")
    def permission(_original, self, action, resource):
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy.decode())
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        counting = [one for one in statements if not _insecure_only(one.get("Condition", {}))]
        document = json.dumps({**policy, "Statement": counting})
        return IAMPolicy(document).is_action_permitted(action, resource)


def _insecure_only(condition: dict) -> bool:
    """Say whether a condition holds for calls without TLS only."""
    return str(condition.get("Bool", {}).get("aws:SecureTransport", "")).lower() == "false"
