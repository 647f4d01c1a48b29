"""KMS: a key is found by its ARN as well as by its id."""

from moto.kms.models import KmsBackend

from emulator.corrections import correction, replacing
from emulator.errors import AWSError


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


@correction("kms", "a key of which nothing else is said encrypts and decrypts")
def usage():
    @replacing(KmsBackend, "create_key")
    def create(original, self, policy, key_usage, *args, **kwargs):
        return original(self, policy, key_usage or "ENCRYPT_DECRYPT", *args, **kwargs)


@correction("kms", "a key that is to be deleted is not to be deleted again")
def schedule_twice():
    @replacing(KmsBackend, "schedule_key_deletion")
    def schedule(original, self, key_id, pending_window_in_days):
        key = self.keys[key_id]
        if key.key_state == "PendingDeletion":
            raise AWSError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        return original(self, key_id, pending_window_in_days)
