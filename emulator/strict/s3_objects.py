"""S3: what may be asked of objects and their versions."""

import base64
import binascii
import hashlib

from emulator.strict import RECORDED, Refusal, rule
from emulator.strict.s3 import bucket_of

UNKNOWN = "A header you provided implies functionality that is not implemented"


@rule("s3", "PutObject", code="NotImplemented", source=RECORDED)
def writes_have_one_condition(call):
    """An object is written where there is none, or over one of an ETag, not both."""
    given = call.parameters
    names = [name for name in ("IfMatch", "IfNoneMatch") if given.get(name)]
    if len(names) == 2:
        return _unknown("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    if given.get("IfMatch") == "*" or given.get("IfNoneMatch", "*") != "*":
        header = "If-Match" if names == ["IfMatch"] else "If-None-Match"
        return _unknown(header, f"We don't accept the provided value of {header} header for this API")
    return None


def _unknown(header: str, more: str) -> Refusal:
    return Refusal("NotImplemented", UNKNOWN, 501, {"Header": header, "additionalMessage": more})


# How many bytes a checksum has.
SIZES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}


@rule("s3", "PutObject", code="InvalidRequest", source=RECORDED)
def one_checksum_of_its_size(call):
    """An object comes with one checksum, of the size that its algorithm has."""
    given = {name: call.parameters[f"Checksum{name}"] for name in SIZES if call.parameters.get(f"Checksum{name}")}
    if len(given) > 1:
        return "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    for name, value in given.items():
        if _size(value) != SIZES[name]:
            return f"Value for x-amz-checksum-{name.lower()} header is invalid."
    return None


def _size(encoded: str) -> int | None:
    try:
        return len(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        return None


@rule("s3", "PutObject", "GetObject", "HeadObject", code="InvalidArgument", source=RECORDED)
def customers_keys_are_whole(call):
    """A key of the customer's comes with its algorithm, AES256, in 32 bytes, with their hash, and instead of others."""
    given = call.parameters
    algorithm, key, hashed = (given.get(f"SSECustomer{one}") for one in ("Algorithm", "Key", "KeyMD5"))
    if not (algorithm or key or hashed):
        return None
    other = given.get("ServerSideEncryption")
    if other:
        message = "Server Side Encryption with Customer provided key is incompatible with the encryption method"
        return _customers(f"{message} specified", other)
    if algorithm and algorithm != "AES256":
        message = "The Encryption request you specified is not valid. Supported value: AES256."
        return _customers(message, algorithm, "InvalidEncryptionAlgorithmError")
    must = "Requests specifying Server Side Encryption with Customer provided keys must provide"
    if not algorithm:
        return _customers(f"{must} a valid encryption algorithm.")
    if not key:
        return _customers(f"{must} an appropriate secret key.")
    if not hashed or _size(key) != 32:
        return _customers("The secret key was invalid for the specified algorithm.")
    if base64.b64encode(hashlib.md5(base64.b64decode(key), usedforsecurity=False).digest()).decode() != hashed:
        return _customers("The calculated MD5 hash of the key did not match the hash that was provided.")
    return None


def _customers(message: str, value: str | None = None, code: str = "InvalidArgument") -> Refusal:
    members = {"ArgumentName": "x-amz-server-side-encryption"} | ({"ArgumentValue": value} if value else {})
    return Refusal(code, message, members=members)


@rule("s3", "DeleteObject", "DeleteObjects", code="InvalidArgument", source=RECORDED)
def locks_are_bypassed_where_they_are(call):
    """Only a bucket with object locks has any to bypass."""
    bucket = bucket_of(call)
    if bucket is None or bucket.object_lock_enabled or "BypassGovernanceRetention" not in call.parameters:
        return None
    name = "x-amz-bypass-governance-retention"
    message = f"{name} is only applicable to Object Lock enabled buckets."
    return Refusal("InvalidArgument", message, members={"ArgumentName": name})


@rule("s3", "ListObjectVersions", code="InvalidArgument", source=RECORDED)
def versions_are_marked_with_their_key(call):
    """A page that begins after a version begins after its key."""
    marker = call.parameters.get("VersionIdMarker")
    if not marker or call.parameters.get("KeyMarker"):
        return None
    message = "A version-id marker cannot be specified without a key marker."
    members = {"ArgumentName": "version-id-marker", "ArgumentValue": marker}
    return Refusal("InvalidArgument", message, members=members)
