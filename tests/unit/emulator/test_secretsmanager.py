"""Secrets Manager as AWS answers it."""

import pytest


@pytest.fixture
def secrets(aws):
    return aws("secretsmanager")


def test_the_current_version_is_read_and_replaced(secrets, name):
    first = secrets.create_secret(Name=name, SecretString="first")["VersionId"]
    second = secrets.put_secret_value(SecretId=name, SecretString="second")["VersionId"]
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=first, RemoveFromVersionId=second
    )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"
    third = secrets.put_secret_value(SecretId=name, SecretString="third")["VersionId"]
    stages = secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert {version: said for version, said in stages.items() if said} == {
        third: ["AWSCURRENT"], first: ["AWSPREVIOUS"],
    }  # fmt: skip
