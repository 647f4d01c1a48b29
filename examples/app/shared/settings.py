"""Settings from the environment, and from Secrets Manager where only a secret's ARN is given (in functions)."""

import functools
import json
import os

import boto3


@functools.cache
def secret(arn: str) -> dict:
    """Return a secret's JSON; it is read once for the life of the process."""
    return json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def database_login() -> tuple[str, str]:
    """Return user and password: from the environment in tasks, from the secret in functions."""
    if "DB_PASSWORD" in os.environ:
        return os.environ["DB_USER"], os.environ["DB_PASSWORD"]
    login = secret(os.environ["DB_SECRET_ARN"])
    return login["username"], login["password"]


def clerk_secret_key() -> str:
    """Return Clerk's secret key; nothing where it isn't set."""
    if "APP_SECRET_ARN" in os.environ:
        key = secret(os.environ["APP_SECRET_ARN"])["CLERK_SECRET_KEY"]
    else:
        key = os.environ.get("CLERK_SECRET_KEY", "")
    return "" if key == "unset" else key


def queue_url() -> str:
    """Return the address of the queue of workflows: functions know it under another name than tasks."""
    return os.environ.get("WORKFLOW_QUEUE_URL") or os.environ["SQS_URL"]
