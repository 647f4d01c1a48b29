"""KMS: how keys are found and described, and when they rotate."""

import hashlib
import re

from moto.core.utils import unix_time
from moto.kms.models import Key, KmsBackend
from moto.kms.responses import KmsResponse

from emulator.errors import AWSError
from emulator.patching import answers, correction, replacing


class Keys(dict):
    """Keys by id, which also take an ARN."""

    def __getitem__(self, key):
        return super().__getitem__(_id(key))

    def __contains__(self, key):
        return super().__contains__(_id(key))

    def get(self, key, default=None):
        """Return the key, or the default."""
        return super().get(_id(key), default)


def _id(key):
    return key.split(":key/")[1] if isinstance(key, str) and ":key/" in key else key


@correction("kms", "every call accepts a key's ARN")
def arns():
    @replacing(KmsBackend, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.keys = Keys(self.keys)


@correction("kms", "a key that is to be deleted is not to be deleted again")
def schedule_twice():
    @replacing(KmsBackend, "schedule_key_deletion")
    def schedule(original, self, key_id, pending_window_in_days):
        key = self.keys[key_id]
        if key.key_state == "PendingDeletion":
            raise AWSError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        return original(self, key_id, pending_window_in_days)


# What AWS said on record (localstack/localstack, tests/aws/services/kms).

_ID = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE)


@correction("kms", "a key that isn't found is told in AWS's words: by its id, its ARN or the ARN's region")
def not_found():
    @replacing(KmsResponse, "_validate_cmk_id")
    def validate(_original, self, key_id):
        parts = key_id.split(":", 5)
        if key_id.startswith("arn:") and len(parts) == 6 and parts[3] != self.region:
            raise AWSError("NotFoundException", f"Invalid arn {parts[3]}")
        if not (key_id.startswith("arn:") and ":key/" in key_id) and not _ID.fullmatch(key_id):
            raise AWSError("NotFoundException", f"Invalid keyId '{key_id}'")
        if self.kms_backend.get_key_id(key_id) not in self.kms_backend.keys:
            raise AWSError("NotFoundException", f"Key '{self._display_arn(key_id)}' does not exist")


@correction("kms", "a key says what it is for: usage and algorithms of its spec, and the material that it has")
def descriptions():
    @replacing(Key, "__init__")
    def init(original, self, policy, key_usage, key_spec, *args, **kwargs):
        original(self, policy, key_usage or "ENCRYPT_DECRYPT", key_spec, *args, **kwargs)
        self.multi_region = bool(self.multi_region)
        self.rotation_days = 365
        self.rotates_from = self.creation_date

    @replacing(Key, "to_dict")
    def described(original, self):
        answer = original(self)
        told = answer["KeyMetadata"]
        if self.key_usage != "ENCRYPT_DECRYPT":
            told.pop("EncryptionAlgorithms")
        if self.key_usage != "SIGN_VERIFY":
            told.pop("SigningAlgorithms")
        if self.key_usage == "GENERATE_VERIFY_MAC":
            told["MacAlgorithms"] = [self.key_spec.replace("HMAC_", "HMAC_SHA_")]
        if self.key_spec == "SYMMETRIC_DEFAULT" and self.origin == "AWS_KMS":
            material = f"{self.id}/{len(self.rotations)}"
            told["CurrentKeyMaterialId"] = hashlib.sha256(material.encode()).hexdigest()
        return answer


@answers("kms", "EnableKeyRotation", "takes how often the key rotates, a year where that isn't said")
def enable_rotation(api, params, moto):
    answer = moto()
    key = api.kms_backend.keys[api.kms_backend.get_key_id(params["KeyId"])]
    key.rotation_days, key.rotates_from = params.get("RotationPeriodInDays", 365), unix_time()
    return answer


@answers("kms", "GetKeyRotationStatus", "tells the period and the next date of a key that rotates")
def rotation_status(api, params, moto):
    answer = moto()
    key = api.kms_backend.keys[api.kms_backend.get_key_id(params["KeyId"])]
    answer["KeyId"] = key.id
    if answer["KeyRotationEnabled"]:
        answer["RotationPeriodInDays"] = key.rotation_days
        answer["NextRotationDate"] = key.rotates_from + key.rotation_days * 86400
    return answer


@answers("kms", "ListGrants", "knows its key")
def list_grants(api, params, moto):
    api._validate_key_id(params["KeyId"])
    return moto()
