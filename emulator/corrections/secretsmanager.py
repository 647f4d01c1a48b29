"""Secrets Manager: which version is read, and what is told of a secret."""

import time

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from emulator.errors import AWSError
from emulator.patching import correction, replacing

DAY = 86400


@correction("secretsmanager", "the version to which AWSCURRENT is moved is read, and replaced, from then on")
def moved():
    @replacing(SecretsManagerBackend, "update_secret_version_stage")
    def move(original, self, secret_id, version_stage, remove_from_version_id, move_to_version_id):
        answer = original(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if version_stage == "AWSCURRENT" and move_to_version_id:
            self.secrets[secret_id].set_default_version_id(move_to_version_id)
        return answer


# What AWS said on record (localstack/localstack, tests/aws/services/secretsmanager).


@correction("secretsmanager", "a version that isn't found is told by what it was looked for, not as a secret")
def versions_not_found():
    @replacing(SecretsManagerBackend, "get_secret_value")
    def get(original, self, secret_id, version_id, version_stage):
        if not version_id and version_stage and self._is_valid_identifier(secret_id):
            versions = self.secrets[secret_id].versions.values()
            if not any(version_stage in one["version_stages"] for one in versions):
                raise AWSError(
                    "ResourceNotFoundException",
                    f"Secrets Manager can't find the specified secret value for staging label: {version_stage}",
                )
        answer = original(self, secret_id, version_id, version_stage)
        self.secrets[secret_id].accessed = int(time.time()) // DAY * DAY  # to the day
        return answer


@correction(
    "secretsmanager", "a secret tells the day of its last read, its changes by the millisecond, no unused version"
)
def described():
    FakeSecret.accessed = None

    @replacing(FakeSecret, "update")
    def update(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.last_changed_date = round(time.time(), 3)

    @replacing(FakeSecret, "to_dict")
    def told(original, self):
        answer = original(self)
        answer["LastAccessedDate"] = self.accessed
        for name in ("VersionIdsToStages", "SecretVersionsToStages"):
            if name in answer:
                answer[name] = {version: stages for version, stages in answer[name].items() if stages}
        return answer
