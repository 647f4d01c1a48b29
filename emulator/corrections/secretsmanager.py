"""Secrets Manager: the current version is the one that is read."""

from moto.secretsmanager.models import SecretsManagerBackend

from emulator.corrections import correction, replacing


@correction("secretsmanager", "the version to which AWSCURRENT is moved is read, and replaced, from then on")
def moved():
    @replacing(SecretsManagerBackend, "update_secret_version_stage")
    def move(original, self, secret_id, version_stage, remove_from_version_id, move_to_version_id):
        answer = original(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if version_stage == "AWSCURRENT" and move_to_version_id:
            self.secrets[secret_id].set_default_version_id(move_to_version_id)
        return answer
