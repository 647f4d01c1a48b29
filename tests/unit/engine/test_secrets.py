"""What counts as a secret in the open."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.secrets import secret
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import hidden

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD", "PGPASSWORD", "DB_PASS", "PASS", "SMTP_PWD", "DBPWD", "JWT", "SESSION_JWT", "CREDENTIALS",
        "AWS_CREDENTIALS", "DB_CREDS", "STRIPE_KEY", "SIGNING_KEY", "CLERK_SECRET_KEY", "github_token", "SECRETS", "APIKEY",
        "KEY_PASSPHRASE",
    ],
)  # fmt: skip
def test_by_name(name):
    assert secret(name, "x") and not secret(name, "")


@pytest.mark.parametrize(
    "value",
    [
        "postgres://app:hunter2@db.example.com/app",
        "redis://:hunter2@cache",
        "host=db user=app password=hunter2",
        "Server=db;Uid=app;Pwd=hunter2",
        TOKEN,
        f"Bearer {TOKEN}",
        "Basic aHVudGVyOmh1bnRlcg==",
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "sk_live_51H8abcdefgh",
        "sk-ant-api03-abcdefghijklmnop",
        "ghp_0123456789abcdefghij0123456789abcdef",
        "xoxb-123456789012-abcdefghijkl",
        "https://hooks.slack.com/services/T000/B000/XXXX",
        "https://bucket.s3.amazonaws.com/a?X-Amz-Signature=00ff",
    ],
)
def test_by_value(value):
    assert secret("SETTING", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:a"),
        ("TOKEN_URL", "https://example.com/token"),
        ("DATABASE_URL", "postgres://app@db.example.com:5432/app"),
        ("DATABASE_URL", "postgres://app:$(DB_PASSWORD)@db/app"),
        ("CALLBACK", "https://example.com:8443/a@b"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/var/run/credentials.json"),
        ("PUBLIC_KEY", "x"),
        ("S3_KEY", "a/b"),
        ("PARTITION_KEY", "id"),
        ("BYPASS", "true"),
        ("PWD", "/app"),
        ("MONKEY", "x"),
        ("COMPASS", "n"),
        ("POLLING_MODE", "true"),
        ("BODY", "$.body"),
    ],
)
def test_what_is_none(name, value):
    assert not secret(name, value)


def test_a_secret_that_somebody_put_there_is_in_no_record():
    url = "postgres://app:hunter2@db.example.com/app"
    live = {"Environment": [{"name": "DATABASE_URL", "value": url}], "Command": ["run", url], "Key": "a", "sort_key": "b"}
    assert "hunter2" not in str(hidden(live))
    assert hidden(live)["Key"] == "a" and hidden(live)["sort_key"] == "b"
    program = "connect(f'postgres://{user}:{word}@{host}', password=word)"
    assert hidden({"Command": ["python3", "-c", program]}) == {"Command": ["python3", "-c", program]}
