"""S3's objects: checksums, keys that encrypt them, conditions, ranges, metadata, and the events that tell of them."""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import quote, unquote, urlencode

from moto.core.responses import ActionResult
from moto.core.utils import iso_8601_datetime_with_milliseconds, str_to_rfc_1123_datetime, utcnow
from moto.kms.models import KmsBackend, kms_backends
from moto.s3 import notifications
from moto.s3.exceptions import InvalidObjectState, PreconditionFailed, S3ClientError
from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import ARCHIVE_STORAGE_CLASSES, compute_checksum

from emulator.corrections.s3 import OWNER, Refused, asked, completes
from emulator.patching import correction, replacing

# Checksums

WHOLE = "FULL_OBJECT"
CHECKSUM = "x-amz-checksum-"


@correction("s3", "an object's checksum is told with its type: of the whole object")
def checksums():
    @replacing(S3Response, "_get_checksum")
    def checksum(original, self, headers):
        given = next((name for name in asked() if re.fullmatch(r"Checksum(CRC\w+|SHA\w+)", name)), None)
        if given:
            algorithm, value = given.removeprefix("Checksum"), asked()[given]
            if algorithm in ("CRC32", "SHA1", "SHA256") and value != compute_checksum(self.body, algorithm).decode():
                raise Refused("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
            headers[CHECKSUM + algorithm.lower()] = value
        else:
            algorithm, value = original(self, headers)
        if value:
            headers[f"{CHECKSUM}type"] = WHOLE
        return algorithm, value

    @replacing(S3Backend, "put_object")
    def put(original, self, *args, **kwargs):
        made = original(self, *args, **kwargs)
        made.checksum_type = WHOLE if made.checksum_value else None
        return made

    headers = FakeKey.response_dict.fget
    FakeKey.response_dict = property(
        lambda self: {name: value for name, value in headers(self).items() if name != "x-amz-sdk-checksum-algorithm"}
    )


@completes("ListObjectsV2")
def listed(api, answer):
    """Tell the type of each checksum, the page that was asked for, and encode what may hold any character."""
    keys, given = api.backend.buckets[api.bucket_name].keys, asked()
    for one in answer["Contents"]:
        key = keys.get(unquote(one["Key"]) if given.get("EncodingType") else one["Key"])
        if key is not None and key.checksum_type:
            one["ChecksumType"] = key.checksum_type
        if "Owner" in one:
            one["Owner"] = OWNER
    if given.get("ContinuationToken"):
        answer["ContinuationToken"] = given["ContinuationToken"]
    if answer.get("StartAfter") and given.get("EncodingType"):
        answer["StartAfter"] = quote(answer["StartAfter"])
    api.response_headers["x-amz-bucket-region"] = api.backend.buckets[api.bucket_name].region_name


# Encryption


@correction("kms", "a key that AWS makes for a service is AWS's, and says so")
def managed_keys():
    @replacing(KmsBackend, "_generate_default_keys")
    def generate(original, self, alias):
        found = original(self, alias)
        if found:
            self.keys[found].key_manager = "AWS"
            if alias == "alias/aws/s3":
                self.keys[found].description = "Default key that protects my S3 objects when no other key is defined"
        return found


def key_of(account: str, region: str, name: str):
    """Return the key that S3 encrypts with, by id, ARN or alias; refuse as S3 does in KMS's name."""
    keys, display = kms_backends[account][region], name
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) < 6 or parts[3] != region:
            raise Refused("KMS.NotFoundException", f"Invalid arn {parts[3] if len(parts) > 3 else name}")
        display = parts[5].removeprefix("key/")
    if display.startswith("alias/"):
        display = keys.get_key_id_from_alias(display) or display
    key = keys.keys.get(display)
    if key is None:
        known = re.fullmatch(r"(mrk-)?[0-9a-f-]{32,36}", display)
        arn = f"arn:aws:kms:{region}:{account}:key/{display}"
        raise Refused("KMS.NotFoundException", f"Key '{arn}' does not exist" if known else f"Invalid keyId '{display}'")
    return key


def usable(account: str, region: str, name: str) -> str:
    """Return the ARN of a key that is enabled; refuse any other."""
    key = key_of(account, region, name)
    if key.key_state == "Disabled":
        raise Refused("KMS.DisabledException", f"{key.arn} is disabled.")
    if key.key_state == "PendingDeletion":
        raise Refused("KMS.KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return key.arn


@correction("s3", "an object's key is told by its ARN; S3's own is taken where none is named; it must be enabled")
def encryption():
    @replacing(S3Backend, "put_object")
    def put(original, self, bucket_name, *args, encryption=None, kms_key_id=None, bucket_key_enabled=None, **kwargs):
        bucket = self.get_bucket(bucket_name)
        rule = bucket.encryption["Rule"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        customers = asked().get("SSECustomerKeyMD5")
        if not encryption:
            encryption, kms_key_id = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
        if bucket_key_enabled is None and encryption == "aws:kms":
            bucket_key_enabled = rule.get("BucketKeyEnabled")
        arn = None
        if encryption == "aws:kms" and not customers:
            arn = usable(bucket.account_id, bucket.region_name, kms_key_id or "alias/aws/s3")
        made = original(self, bucket_name, *args, encryption=encryption, **kwargs)
        made.encryption = None if customers else encryption
        made.kms_key_id, made.customer_key = arn, customers
        made.bucket_key_enabled = True if str(bucket_key_enabled).lower() == "true" else None
        return made

    headers = FakeKey.response_dict.fget

    def told(self):
        customers = getattr(self, "customer_key", None)
        more = {f"{CUSTOMER}algorithm": "AES256", f"{CUSTOMER}key-md5": customers} if customers else {}
        return headers(self) | more

    FakeKey.response_dict = property(told)


CUSTOMER = "x-amz-server-side-encryption-customer-"


def readable(key, whole: bool) -> None:
    """Refuse to read an object, as a whole or what is told of it, whose key can't be used, or isn't given."""
    if whole and key.encryption == "aws:kms" and key.kms_key_id:
        usable(key.account_id, key.kms_key_id.split(":")[3], key.kms_key_id)
    customers, given = getattr(key, "customer_key", None), asked().get("SSECustomerKeyMD5")
    if customers and not given:
        raise Refused(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object.",
        )
    if customers and customers != given:
        raise Refused(
            "AccessDenied",
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret "
            "key.",
            403,
        )


# Reads


def same(tag: str, key) -> bool:
    """Tell whether an ETag is an object's; quotes may be missing."""
    return tag == "*" or tag.strip('"') == key.etag.strip('"')


def unmodified(key, headers) -> bool:
    """Judge the conditions of a read: raise where one that must hold doesn't, and tell whether it's not modified."""
    changed = key.last_modified.replace(microsecond=0)
    if tag := headers.get("If-Match"):
        if not same(tag, key):
            raise PreconditionFailed("If-Match")
    elif (since := headers.get("If-Unmodified-Since")) and changed > str_to_rfc_1123_datetime(since):
        raise PreconditionFailed("If-Unmodified-Since")
    if tag := headers.get("If-None-Match"):
        return same(tag, key)
    since = headers.get("If-Modified-Since")
    # A time that is yet to come is ignored.
    return bool(since) and changed <= str_to_rfc_1123_datetime(since) <= utcnow()


def version_of(api):
    """Return the object or delete marker that is asked for; refuse where there is none."""
    bucket, name = api.backend.get_bucket(api.bucket_name), api.parse_key_name()
    version = api.querystring.get("versionId", [None])[0]
    kept = bucket.keys.getlist(name, [])
    if version is None:
        if not kept:
            raise Refused("NoSuchKey", "The specified key does not exist.", 404, Key=name)
        return kept[-1]
    found = next((one for one in kept if one.version_id == version), None)
    if found is None and version not in bucket.made:
        raise invalid_version(version)
    if found is None:
        message = "The specified version does not exist."
        raise Refused("NoSuchVersion", message, 404, Key=name, VersionId=version)
    return found


def invalid_version(version: str) -> Refused:
    """Return S3's error for a version id that it never gave."""
    return Refused("InvalidArgument", "Invalid version id specified", ArgumentName="versionId", ArgumentValue=version)


@correction("s3", "a read is refused as S3 does: by version, delete marker, condition, order of the conditions and key")
def reads():
    @replacing(S3Response, "_get_key")
    def get_key(_original, self, validate_storage_class=True):
        found = version_of(self)
        if isinstance(found, FakeDeleteMarker):
            marker = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id}
            if "versionId" not in self.querystring:
                raise Refused("NoSuchKey", "The specified key does not exist.", 404, marker, Key=found.name)
            message = "The specified method is not allowed against this resource."
            marker["allow"] = "DELETE"
            raise Refused("MethodNotAllowed", message, 405, marker, Method="GET", ResourceType="DeleteMarker")
        found.advance()
        heads = self.request.method == "HEAD"
        archived = found.storage_class in ARCHIVE_STORAGE_CLASSES
        restored = 'ongoing-request="false"' in found.response_dict.get("x-amz-restore", "")
        if validate_storage_class and archived and not restored and not heads:
            raise InvalidObjectState(storage_class=found.storage_class)
        # What is told of an object isn't encrypted, but for its checksum.
        readable(found, not heads or self.headers.get("x-amz-checksum-mode") == "ENABLED")
        return found, unmodified(found, self.headers)

    @replacing(S3Response, "get_object")
    def get(original, self):
        status, headers, body = original(self)
        bucket = self.backend.get_bucket(self.bucket_name)
        if bucket.versioning_status and status < 300:
            headers["x-amz-version-id"] = version_of(self).version_id
        return status, headers, body

    @replacing(S3Response, "head_object")
    def head(original, self, bucket_name, query, key_name, headers):
        if query.get("partNumber"):
            return original(self, bucket_name, query, key_name, headers)
        self._set_action("KEY", "HEAD", query)
        self._authenticate_and_authorize_s3_action(bucket_name=bucket_name, key_name=key_name)
        try:
            status, told, _body = self.get_object()
        except S3ClientError as refused:
            status, told, _body = self.serialized(ActionResult(refused))
        return status, told, ""

    @replacing(S3Response, "_handle_range_header")
    def ranges(original, self, request, headers, content):
        if not re.match(r"bytes=[^=]*$", request.headers.get("range")):
            return 200, headers, content
        return original(self, request, headers, content)


# Writes


@correction("s3", "an object is written over one of a certain ETag only")
def conditional_writes():
    @replacing(S3Response, "put_object")
    def put(original, self):
        tag, name = self.headers.get("If-Match"), self.parse_key_name()
        if tag and self.backend.get_object(self.bucket_name, name) is None:
            raise Refused("NoSuchKey", "The specified key does not exist.", 404, Key=name)
        status, headers, body = original(self)
        headers.pop("last-modified", None)
        return status, headers, body


_ENCODED = re.compile(r"=\?utf-8\?[bq]\?.*\?=", re.IGNORECASE)


@correction("s3", "metadata come back without blanks around them, and not encoded where they needn't be")
def metadata():
    @replacing(FakeKey, "set_metadata")
    def set_metadata(original, self, given, replace=False):
        for name in given:
            if name.lower().startswith("x-amz-meta-"):
                given[name] = _plain(given[name])
        given.pop("x-amz-content-sha256", None)
        return original(self, given, replace)


def _plain(value: str) -> str:
    value = value.strip()
    if not _ENCODED.fullmatch(value):
        return value
    try:
        text = "".join(part.decode(charset or "ascii") for part, charset in decode_header(value))
    except (HeaderParseError, UnicodeDecodeError):
        return value
    return text if text.isascii() and text.isprintable() else value


# Events


@correction("s3", "an event tells who did it, from where, in which request, in what order, and to which version")
def events():
    @replacing(notifications, "_get_s3_event")
    def event(_original, event_name, bucket, key, notification_id):
        told = {"key": urlencode({"": key.name})[1:]}
        if "Created:" in event_name and isinstance(key, FakeKey):
            told |= {"size": key.size, "eTag": key.etag.strip('"')}
        if event_name == notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT:
            told["eTag"] = "d41d8cd98f00b204e9800998ecf8427e"  # of nothing
        if bucket.versioning_status and key.version_id != "null":
            told["versionId"] = key.version_id
        told["sequencer"] = f"{len(bucket.made):016X}"
        record = {
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": bucket.region_name,
            "eventTime": iso_8601_datetime_with_milliseconds(), "eventName": event_name[3:],
            "userIdentity": {"principalId": "AWS:AIDAEMBEDDED0000USER"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "EMBEDDED00000000", "x-amz-id-2": "embedded"},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": notification_id,
                "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": "EMBEDDED000000"}, "arn": bucket.arn},
                "object": told,
            },
        }  # fmt: skip
        return {"Records": [record]}
