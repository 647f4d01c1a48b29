"""Whether a service may do what it is about to do: by a resource's policy, or by a role that it works with."""

from dataclasses import dataclass

from moto.backends import get_backend

from emulator import ACCOUNT, policies
from emulator.errors import AWSError
from emulator.evidence import documented, does

SQS_KEYS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"


@dataclass(frozen=True)
class Service:
    """An AWS service that acts on behalf of one of our resources (a rule, say) without a role."""

    principal: str
    source: str

    @does(
        "A service acts for a resource with aws:SourceArn and aws:SourceAccount, by the policy of what it asks.",
        documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"),
    )
    def may(self, action: str, resource: str, policy: str | None, context=None, owner: str = "") -> bool:
        """Tell whether the resource's own policy lets the service; ``owner`` is the resource where it isn't named."""
        known = {"aws:SourceArn": self.source, "aws:SourceAccount": ACCOUNT} | (context or {})
        return policies.ask(
            owner or resource, policies.read(policy) or {}, action, resource, ("Service", self.principal), known
        )

    def may_use(self, key, action: str, context=None) -> bool:
        """Tell whether a key's policy lets the service use it."""
        return self.may(action, key.arn, key.policy, context)


@dataclass(frozen=True)
class Role:
    """A role that a service works with."""

    arn: str
    principal: str
    source: str = ""  # the resource of ours that the service assumes it for

    @does(
        "A service works with a role that it may assume by the role's trust policy, within what the role's "
        "policies allow.",
        documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"),
    )
    def may(self, action: str, resource: str, policy: str | None = None, context=None) -> bool:
        """Tell whether the service can assume the role, and the role may do it; ``policy`` is the resource's own."""
        role = find_role(self.arn)
        if role is None:
            return False
        known = {"aws:SourceAccount": ACCOUNT} | ({"aws:SourceArn": self.source} if self.source else {})
        return trusts(role, self.principal, known) and allowed(role, action, resource, context, policy)

    def may_use(self, key, action: str, context=None) -> bool:
        """Tell whether the role may use a key, by its own policies and by the key's."""
        return self.may(action, key.arn, context=context) and key_allows(key, self.arn, action, context)

    def must(self, action: str, resource: str, session: str, context=None) -> None:
        """Refuse in IAM's words if the service can't do with the role what it is about to do."""
        if not self.may(action, resource, context=context):
            raise self.denied(action, resource, session, "identity-based")

    def denied(self, action: str, resource: str, session: str, why: str) -> AWSError:
        """Return what IAM says when no policy of a sort lets a session of the role do something."""
        name = self.arn.rpartition("/")[2]
        return AWSError(
            "AccessDeniedException",
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session} is not authorized to perform: {action} "
            f"on resource: {resource} because no {why} policy allows the {action} action",
        )


def trusts(role, service: str, context: dict, whole: bool = True) -> bool:
    """Tell whether the trust policy of moto's role lets a service assume it; the rest is as for ``ask``."""
    trust = policies.read(role.assume_role_policy_document) or {}
    principal = ("Service", service)
    return policies.ask(f"trust of {role.arn}", trust, "sts:AssumeRole", "*", principal, context, whole)


def allowed(role, action: str, resource: str, context=None, policy: str | None = None, whole: bool = True) -> bool:
    """Tell whether the policies of moto's role allow an action that the resource's own policy doesn't forbid.

    ``policy`` is JSON; ``context``, condition keys with values, and ``whole`` are as for ``policies.ask``.
    """
    if policy and policies.denies(policies.read(policy) or {}, action, resource, ("AWS", role.arn), context):
        return False
    return policies.ask(role.arn, policies_of(role), action, resource, None, context, whole)


@does(
    "A role may use a key if the key's policy lets it in, or leaves it to the account's policies.",
    documented("https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"),
)
def key_allows(key, role: str, action: str, context=None) -> bool:
    """Tell whether a key's policy lets a role in, or lets the account's policies decide."""
    document = policies.read(key.policy) or {}
    return any(
        policies.ask(key.arn, document, action, key.arn, ("AWS", one), context) for one in (policies.ROOT, role)
    )  # fmt: skip


def find_role(arn: str):
    """Return moto's role, or nothing."""
    return next((one for one in get_backend("iam")[ACCOUNT]["aws"].roles.values() if one.arn == arn), None)


def policies_of(role) -> dict:
    """Return all that a role's policies say, as one document."""
    held = [*role.policies.values(), *(one.document for one in role.managed_policies.values())]
    documents = [one if isinstance(one, dict) else policies.read(one) for one in held]
    statements = [one for document in documents if document for one in policies.statements(document)]
    return {"Statement": statements}


@does(
    "AWS's own key of SQS or SNS (alias/aws/sqs) lets in no other service.",
    documented(SQS_KEYS, "Configure KMS permissions for AWS services"),
)
def check_key(key: str | None, region: str, authority, actions: tuple[str, ...], managed: str) -> None:
    """Refuse if what is encrypted with a key of ours can't be used: services need the key's permission as well.

    ``key`` is an id, ARN or alias (None: not encrypted), ``authority`` a ``Service`` or ``Role``, ``managed`` the alias
    of AWS's own key.
    """
    if not key:
        return
    if key == managed:
        if isinstance(authority, Service):  # its policy can't be changed, and names no other service
            raise AWSError("KMS.AccessDeniedException", f"{authority.principal} may not use {managed}")
        return
    held = key_of(key, region)
    for action in actions:
        if held is None or not authority.may_use(held, action):
            raise AWSError("KMS.AccessDeniedException", f"not authorized to perform: {action} on key {key}")


def key_of(name: str, region: str):
    """Return moto's key of an id, ARN or alias, or nothing."""
    backend = get_backend("kms")[ACCOUNT][region]
    return backend.keys.get(backend.any_id_to_key_id(name))


@does(
    "Secrets Manager uses a secret's key with kms:ViaService, kms:CallerAccount and the secret's ARN in the "
    "encryption context.",
    documented(
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
        "Encryption context",
    ),
)
@does(
    "Everybody in the account who may read a secret may use aws/secretsmanager.",
    documented(
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
        "Key policy of the AWS managed key",
    ),
)
def key_of_secret(secret, region: str) -> tuple | None:
    """Return the key of ours that a secret is encrypted with, and what is known of whoever has it used.

    The context is as the Secrets Manager user guide says, encryption and decryption.
    """
    name = getattr(secret, "kms_key_id", None)
    if not name or name == "alias/aws/secretsmanager":  # which everybody in the account may use, through the service
        return None
    known = {
        "kms:ViaService": f"secretsmanager.{region}.amazonaws.com", "kms:CallerAccount": ACCOUNT,
        "kms:EncryptionContext:SecretARN": secret.arn,
    }  # fmt: skip
    held = key_of(name, region)
    return (held, known) if held else None
