"""IAM: policy documents, principals, sizes, and what is still in use."""

import json
import re

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from emulator import policies
from emulator.strict import MEASURED, rule

TRUSTS = ("CreateRole", "UpdateAssumeRolePolicy")
INLINE = ("PutRolePolicy", "PutUserPolicy", "PutGroupPolicy")
GRANTS = (*INLINE, "CreatePolicy", "CreatePolicyVersion")
QUOTAS = "IAM user guide, IAM and STS quotas"
ASSUMING = {
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:SetContext",
    "sts:SetSourceIdentity", "sts:TagSession",
}  # fmt: skip
# Characters of all inline policies of one identity, and how its kind is called.
INLINE_SIZE = {
    "PutRolePolicy": ("role", "roles", "RoleName", 10240),
    "PutUserPolicy": ("user", "users", "UserName", 2048),
    "PutGroupPolicy": ("group", "groups", "GroupName", 5120),
}
_SPACE = re.compile(r"\s+")


def _text(call) -> str:
    return call.parameters.get("AssumeRolePolicyDocument") or call.parameters.get("PolicyDocument") or ""


def _document(call) -> dict:
    return policies.read(_text(call)) or {}


def _size(text: str) -> int:
    """Count as IAM counts: white space is free."""
    return len(_SPACE.sub("", text))


# Trust policies


@rule("iam", "CreateRole", code="MalformedPolicyDocument", source="IAM user guide, grammar of the JSON policy language")
def trust_is_a_policy(call):
    """A trust policy follows the policy grammar, in either version of it."""
    document = policies.read(_text(call))
    if document is None:
        return "This policy contains invalid Json"
    if document.get("Version", "2008-10-17") == "2008-10-17":
        document = {**document, "Version": "2012-10-17"}  # moto knows the newer one only
    try:
        IAMTrustPolicyDocumentValidator(json.dumps(document)).validate()
    except MalformedPolicyDocument as problem:
        # Which actions are STS's is said by a rule of its own.
        return None if problem.message.startswith("Trust Policy statement actions") else problem.message
    return None


@rule("iam", *TRUSTS, code="MalformedPolicyDocument", source=MEASURED + "pf-iam-trust-policy-action-sts-only")
def trust_is_about_assuming(call):
    """A trust policy's actions are those of assuming a role, without wildcards."""
    for statement in policies.statements(_document(call)):
        if any(one not in ASSUMING for one in policies.listed(statement.get("Action"))):
            return "AssumeRole policy may only specify STS AssumeRole actions."
    return None


@rule("iam", *TRUSTS, code="MalformedPolicyDocument", source="IAM user guide, Principal element")
def trust_names_principals(call):
    """Each statement of a trust policy says who is trusted."""
    if any(not {"Principal", "NotPrincipal"} & set(one) for one in policies.statements(_document(call))):
        return "Missing required field Principal"
    return None


@rule("iam", *TRUSTS, code="MalformedPolicyDocument", source=MEASURED + "pf-iam-trust-policy-principal-star-string")
def trusted_principals_have_a_type(call):
    """Everybody is ``{"AWS": "*"}`` in a trust policy, not ``"*"``."""
    if any(isinstance(one.get("Principal"), str) for one in policies.statements(_document(call))):
        return "AssumeRolepolicy contained an invalid principal"
    return None


@rule(
    "iam", *TRUSTS, code="MalformedPolicyDocument",
    source=f"hashicorp/terraform-provider-aws#8905, {MEASURED}pf-iam-trust-policy-aws-principal-format",
)  # fmt: skip
def trust_principals_exist(call):
    """Whom a trust policy names exists: services, and this account's roles and users; sessions aren't principals."""
    document = _document(call)
    named = [one for statement in policies.statements(document) for one in policies.principals(statement)]
    sessions = [one for one in named if one[0] == "AWS" and one[1].split(":")[2:3] == ["sts"]]
    for kind, value in sessions + policies.unknown_principals(document):
        return f'Invalid principal in policy: "{kind.upper()}":"{value}"'
    return None


@rule("iam", *TRUSTS, code="LimitExceeded", source=QUOTAS)
def trust_fits(call):
    """A trust policy has up to 2048 characters."""
    return "Cannot exceed quota for ACLSizePerRole: 2048" if _size(_text(call)) > 2048 else None


# Policies of identities


@rule("iam", *GRANTS, code="MalformedPolicyDocument", source="hashicorp/terraform#13449")
def grant_names_no_principal(call):
    """A policy of a user, group or role names no principal: it is whose it is."""
    if any({"Principal", "NotPrincipal"} & set(one) for one in policies.statements(_document(call))):
        return "Policy document should not specify a principal."
    return None


@rule("iam", *GRANTS, code="MalformedPolicyDocument", source=MEASURED + "pf-iam-policy-sid-format")
def sids_are_alphanumeric(call):
    """A statement's id has letters and digits only."""
    for statement in policies.statements(_document(call)):
        if not re.fullmatch(r"[0-9A-Za-z]*", str(statement.get("Sid", ""))):
            return (
                "Statement IDs (SID) must be alpha-numeric. "
                "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            )
    return None


@rule("iam", *GRANTS, code="MalformedPolicyDocument", source="kiding/kakao-qr-api#1: an account id that is none")
def resources_have_account_ids(call):
    """The account in a resource's ARN is twelve digits, a wildcard, a variable or nothing."""
    for statement in policies.statements(_document(call)):
        for resource in policies.listed(statement.get("Resource", statement.get("NotResource"))):
            parts = str(resource).split(":", 5)
            if len(parts) == 6 and not re.fullmatch(r"\d{12}|aws|aws-managed|cloudfront|.*[*?$].*|", parts[4]):
                return "The policy failed legacy parsing"
    return None


@rule("iam", *GRANTS, code="MalformedPolicyDocument", source=MEASURED + "pf-iam-policy-condition-null-ifexists")
def null_has_no_ifexists(call):
    """The operator Null is never used with IfExists."""
    if any("NullIfExists" in (one.get("Condition") or {}) for one in policies.statements(_document(call))):
        return "Syntax errors in policy."
    return None


@rule("iam", *GRANTS, code="MalformedPolicyDocument", source=MEASURED + "pf-iam-policy-condition-arn-value")
def arn_conditions_have_arns(call):
    """ARN operators compare with whole ARNs: six parts, or a star."""
    for statement in policies.statements(_document(call)):
        for operator, keys in (statement.get("Condition") or {}).items():
            if operator.split(":")[-1].startswith("Arn"):
                for value in (one for values in keys.values() for one in policies.listed(values)):
                    if value != "*" and not re.fullmatch(r"arn(:[^:]*){4}:.*", str(value), re.DOTALL):
                        return "The policy failed legacy parsing"
    return None


@rule("iam", *GRANTS, code="MalformedPolicyDocument", source=MEASURED + "pf-iam-policy-action-vendor-wildcard")
def services_have_no_wildcard(call):
    """An action's service is written out."""
    for statement in policies.statements(_document(call)):
        for action in policies.listed(statement.get("Action", statement.get("NotAction"))):
            vendor, colon, _ = str(action).partition(":")
            if colon and re.search(r"[*?]", vendor):
                return "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."
    return None


@rule("iam", "CreatePolicy", "CreatePolicyVersion", code="LimitExceeded", source=QUOTAS)
def managed_policy_fits(call):
    """A managed policy has up to 6144 characters."""
    return "Cannot exceed quota for PolicySize: 6144" if _size(_text(call)) > 6144 else None


@rule("iam", *INLINE, code="LimitExceeded", source=QUOTAS + ", " + MEASURED + "pf-iam-inline-policy-size")
def inline_policies_fit(call):
    """The inline policies of a role have up to 10,240 characters together, a group's 5120, a user's 2048."""
    kind, held, key, limit = INLINE_SIZE[call.operation]
    name = call.parameters[key]
    owner = next((one for one in getattr(call.backend(), held).values() if one.name == name), None)
    others = owner.policies.items() if owner else ()
    texts = [text for other, text in others if other != call.parameters["PolicyName"]]
    if sum(map(_size, [*texts, _text(call)])) > limit:
        return f"Maximum policy size of {limit} bytes exceeded for {kind} {name}"
    return None


def _role(call, name: str):
    return next((one for one in call.backend().roles.values() if one.name == name), None)


@rule("iam", "AttachRolePolicy", code="LimitExceeded", source=MEASURED + "pf-iam-managed-policy-count")
def twenty_policies_per_role(call):
    """A role has up to twenty managed policies."""
    role = _role(call, call.parameters["RoleName"])
    if role and len(role.managed_policies) >= 20 and call.parameters["PolicyArn"] not in role.managed_policies:
        return "Cannot exceed quota for PoliciesPerRole: 20"
    return None


# Names, references, deletes


@rule("iam", "CreateRole", "CreatePolicy", code="EntityAlreadyExists", source="CreateRole API reference, RoleName")
def names_differ_by_more_than_case(call):
    """Names of roles and policies differ by more than case."""
    kind, held = ("Role", "roles") if call.operation == "CreateRole" else ("Policy", "managed_policies")
    name = call.parameters[f"{kind}Name"]
    own = (one for one in getattr(call.backend(), held).values() if ":aws:policy/" not in one.arn)
    if any(one.name.lower() == name.lower() and one.name != name for one in own):
        return f"{kind} with name {name} already exists."
    return None


@rule("iam", "CreateRole", code="NoSuchEntity", source="CreateRole API reference, PermissionsBoundary")
def boundary_exists(call):
    """A role's permissions boundary is a policy that exists."""
    boundary = call.parameters.get("PermissionsBoundary")
    if boundary and boundary not in call.backend().managed_policies:
        return f"Scope ARN: {boundary} does not exist or is not attachable."
    return None


@rule("iam", "DeletePolicy", code="DeleteConflict", source="DeletePolicy API reference")
def policy_is_free(call):
    """A managed policy is deleted when nothing has it and only its default version is left."""
    policy = call.backend().managed_policies.get(call.parameters["PolicyArn"])
    if policy is None:
        return None
    if policy.attachment_count:
        return "Cannot delete a policy attached to entities."
    if len(policy.versions) > 1:
        return (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    return None


@rule("iam", "CreatePolicyVersion", code="LimitExceeded", source=QUOTAS)
def five_versions_per_policy(call):
    """A managed policy has up to five versions."""
    policy = call.backend().managed_policies.get(call.parameters["PolicyArn"])
    if policy is not None and len(policy.versions) >= 5:
        return (
            "A managed policy can have up to 5 versions. "
            "Before you create a new version, you must delete an existing version."
        )
    return None
