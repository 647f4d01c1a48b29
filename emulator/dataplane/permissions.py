"""Whether a service may do what it is about to do: by a resource's policy, or by a role that it works with."""

from dataclasses import dataclass

from moto.backends import get_backend

from emulator import ACCOUNT, policies
from emulator.errors import AWSError


@dataclass(frozen=True)
class Service:
    """An AWS service that acts on behalf of one of our resources (a rule, say) without a role."""

    principal: str
    source: str

    def may(self, action: str, resource: str, policy: str | None) -> bool:
        """Tell whether the resource's own policy lets the service."""
        context = {"aws:SourceArn": self.source, "aws:SourceAccount": ACCOUNT}
        return permitted(policy, action, resource, ("Service", self.principal), context)


@dataclass(frozen=True)
class Role:
    """A role that a service works with."""

    arn: str
    principal: str
    source: str = ""  # the resource of ours that the service assumes it for

    def may(self, action: str, resource: str, _policy: str | None = None, context=None) -> bool:
        """Tell whether the service can assume the role and the role may do it."""
        role = found(self.arn)
        if role is None:
            return False
        trust = role.assume_role_policy_document
        known = {"aws:SourceAccount": ACCOUNT} | ({"aws:SourceArn": self.source} if self.source else {})
        return permitted(trust, "sts:AssumeRole", "*", ("Service", self.principal), known) and policies.permits(
            granted(role), action, resource, context=context
        )


    def must(self, action: str, resource: str, session: str, context=None) -> None:
        """Refuse in IAM's words if the service can't do with the role what it is about to do."""
        if not self.may(action, resource, context=context):
            name = self.arn.rpartition("/")[2]
            raise AWSError(
                "AccessDeniedException",
                f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session} is not authorized to perform: {action} "
                f"on resource: {resource} because no identity-based policy allows the {action} action",
            )


def permitted(policy: str | None, action: str, resource: str, principal: tuple, context: dict) -> bool:
    """Ask one policy, given as text, about a principal."""
    return policies.permits(policies.read(policy) or {}, action, resource, principal, context)


def found(arn: str):
    """Return moto's role, or nothing."""
    return next((one for one in get_backend("iam")[ACCOUNT]["aws"].roles.values() if one.arn == arn), None)


def granted(role) -> dict:
    """Return all that a role's policies say, as one document."""
    held = [*role.policies.values(), *(one.document for one in role.managed_policies.values())]
    documents = [one if isinstance(one, dict) else policies.read(one) for one in held]
    statements = [one for document in documents if document for one in policies.statements(document)]
    return {policies.ROLE: role.name, "Statement": statements}


def check_key(key: str | None, region: str, authority, actions: tuple[str, ...], managed: str) -> None:
    """Refuse if what is encrypted with a key of ours can't be used: services need the key's permission as well."""
    if not key:
        return
    if key == managed:
        if isinstance(authority, Service):  # its policy can't be changed, and names no other service
            raise AWSError("KMS.AccessDeniedException", f"{authority.principal} may not use {managed}")
        return
    backend = get_backend("kms")[ACCOUNT][region]
    held = backend.keys.get(backend.any_id_to_key_id(key))
    for action in actions:
        if held is None or not authority.may(action, held.arn, held.policy):
            raise AWSError("KMS.AccessDeniedException", f"not authorized to perform: {action} on key {key}")


def key_of_secret(secret, region: str) -> tuple[str, dict] | None:
    """Return the key of ours that a secret is encrypted with, by ARN, and what is known of whoever has it used."""
    name = getattr(secret, "kms_key_id", None)
    if not name or name == "alias/aws/secretsmanager":  # which everybody in the account may use, through the service
        return None
    backend = get_backend("kms")[ACCOUNT][region]
    held = backend.keys.get(backend.any_id_to_key_id(name))
    return (held.arn if held else name), {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}
