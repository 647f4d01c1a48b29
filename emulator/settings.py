"""The settings that make moto true to AWS. Imported before moto, which reads most of them once."""

import os

from emulator import ACCOUNT


def apply(port: int) -> None:
    """Put the settings into this process's environment, where moto looks for them."""
    os.environ.update(
        MOTO_ACCOUNT_ID=ACCOUNT,
        MOTO_PORT=str(port),
        MOTO_IAM_LOAD_MANAGED_POLICIES="true",
        MOTO_LAMBDA_STUB_ECR="false",
        MOTO_DISABLE_GLOBAL_CORS="true",
        # moto calls itself with boto3 in places; these never leave the process's loopback.
        AWS_ACCESS_KEY_ID=os.environ.get("AWS_ACCESS_KEY_ID", "emulator-access-key-id"),
        AWS_SECRET_ACCESS_KEY=os.environ.get("AWS_SECRET_ACCESS_KEY", "emulator-secret-access-key"),
        AWS_EC2_METADATA_DISABLED="true",
    )
    # Seconds until a requested certificate is issued.
    os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "60")
    from moto.core.config import default_user_config

    # No container runtime is needed: functions and jobs answer without being run.
    for service in ("lambda", "batch"):
        default_user_config[service] = {"use_docker": False}
