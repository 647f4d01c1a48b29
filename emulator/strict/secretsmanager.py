"""Secrets Manager: names, secrets in their recovery window, resource policies."""

import re

from emulator import policies, state
from emulator.strict import RECORDED, Refusal, observe, rule
from emulator.strict.kms import find
from emulator.strict.s3 import public

API = "Secrets Manager API reference"
MARKED = (
    "PutSecretValue", "TagResource", "UntagResource", "PutResourcePolicy", "RotateSecret", "ReplicateSecretToRegions",
)  # fmt: skip


def _secret(call, given: str):
    """Return moto's secret of a name or ARN, or nothing."""
    held = call.backend().secrets
    return next((one for one in dict.values(held) if given in (one.name, one.arn)), None)


@rule("secretsmanager", "CreateSecret", code="ValidationException", source=RECORDED)
def secret_name_is_plain(call):
    """A secret's name has letters, digits and some signs."""
    if not re.fullmatch(r"[A-Za-z0-9/_+=.@!-]+", call.parameters["Name"]):
        return (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
    return None


@rule(
    "secretsmanager", "CreateSecret", "PutSecretValue", "RotateSecret", "UpdateSecret", code="InvalidRequestException",
    source=RECORDED,
)  # fmt: skip
def versions_have_tokens(call):
    """A call that makes a version has a token, as each SDK's has."""
    if call.parameters.get("ClientRequestToken"):
        return None
    code = "InvalidParameterException" if call.operation == "RotateSecret" else "InvalidRequestException"
    return Refusal(code, "You must provide a ClientRequestToken value. We recommend a UUID-type value.")


@rule("secretsmanager", "CreateSecret", code="InvalidRequestException", source=RECORDED)
def secret_name_is_not_being_deleted(call):
    """A secret's name is taken until its recovery window is over."""
    found = _secret(call, call.parameters["Name"])
    if found is not None and found.is_deleted():
        return "You can't create this secret because a secret with this name is already scheduled for deletion."
    return None


@rule("secretsmanager", *MARKED, code="InvalidRequestException", source=RECORDED)
def secret_is_not_being_deleted(call):
    """A secret in its recovery window isn't changed."""
    found = _secret(call, call.parameters["SecretId"])
    if found is not None and found.is_deleted():
        return "You can't perform this operation on the secret because it was marked for deletion."
    return None


@rule("secretsmanager", "GetSecretValue", code="DecryptionFailure", source=f"{API}, GetSecretValue, errors")
def value_can_be_decrypted(call):
    """A value is read only while the key with which it was encrypted is enabled."""
    found = _secret(call, call.parameters["SecretId"])
    if found is None or _usable(call, _KEYS.get(found.arn)):
        return None
    return "Secrets Manager can't decrypt the protected secret text using the provided KMS key."


_KEYS: dict = state.held({})


@observe("secretsmanager", "CreateSecret", "PutSecretValue", "UpdateSecret")
def encrypted(call):
    """Remember the key of the current value: with the secret's key AWS encrypts what is new, and what it can read."""
    given = call.parameters
    found = _secret(call, given.get("SecretId") or given["Name"])
    if found is not None and ("SecretString" in given or _usable(call, _KEYS.get(found.arn))):
        _KEYS[found.arn] = found.kms_key_id


def _usable(call, key) -> bool:
    held = find(call, key) if key else None
    return held is None or held.key_state == "Enabled"


@rule("secretsmanager", "RotateSecret", code="InvalidRequestException", source=RECORDED)
def rotation_has_a_function(call):
    """Rotation needs a function, unless another service rotates the secret."""
    found = _secret(call, call.parameters["SecretId"])
    if found is None or getattr(found, "owning_service", None) or call.parameters.get("RotationLambdaARN"):
        return None
    if not getattr(found, "rotation_lambda_arn", None):
        return "No Lambda rotation function ARN is associated with this secret."
    return None


@rule("secretsmanager", "PutResourcePolicy", code="MalformedPolicyDocumentException", source=f"{API}, the exception")
def secret_policy_is_a_policy(call):
    """A secret's policy is a policy with principals that exist."""
    document = policies.read(call.parameters["ResourcePolicy"])
    if not document or not policies.statements(document):
        return "You provided a resource-based policy with syntax errors."
    if policies.unknown_principals(document):
        return "This resource policy contains an unsupported principal."
    return None


@rule("secretsmanager", "PutResourcePolicy", code="PublicPolicyException", source=f"{API}, the exception")
def public_secret_policies_are_blocked(call):
    """A policy that lets everybody in is refused when the call asks for that."""
    if call.parameters.get("BlockPublicPolicy") and public(policies.read(call.parameters["ResourcePolicy"]) or {}):
        return (
            "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to "
            "the secret."
        )
    return None
