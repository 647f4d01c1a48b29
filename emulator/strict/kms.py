"""KMS: key policies that lock out or name nobody, keys on their way out, names that are AWS's."""

from emulator import policies
from emulator.strict import MEASURED, RECORDED, rule

GUIDE = "KMS developer guide"
PENDING = (
    "CreateAlias", "CreateGrant", "Decrypt", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation",
    "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "TagResource", "UntagResource",
    "UpdateKeyDescription",
)  # fmt: skip


def _document(call) -> dict | None:
    text = call.parameters.get("Policy")
    return policies.read(text) if text is not None else None


@rule(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    code="MalformedPolicyDocumentException",
    source=MEASURED + "pf-kms-key-policy-statement",
)
def key_policy_is_a_policy(call):
    """A key policy is a policy with statements that have principals."""
    if call.parameters.get("Policy") is None:
        return None
    found = policies.statements(_document(call) or {})
    if not found:
        return "The request was rejected because the specified policy is not syntactically or semantically correct."
    if any(not {"Principal", "NotPrincipal"} & set(one) for one in found):
        return "Policy contains a statement with no principal."
    return None


@rule(
    "kms", "CreateKey", "PutKeyPolicy", code="MalformedPolicyDocumentException",
    source="aws-samples/aws-blog-codepipeline-third-party-git-build-status#6",
)  # fmt: skip
def key_principals_exist(call):
    """Whom a key policy names exists."""
    if policies.unknown_principals(_document(call) or {}):
        return "Policy contains a statement with one or more invalid principals."
    return None


@rule(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    code="MalformedPolicyDocumentException",
    source=MEASURED + "pf-kms-key-policy-lockout",
)
def key_can_still_be_managed(call):
    """A key policy leaves the account able to change it."""
    document = _document(call)
    if document is None or call.parameters.get("BypassPolicyLockoutSafetyCheck"):
        return None
    own = [
        one
        for statement in policies.statements(document)
        for one in policies.principals(statement)
        if one == ("AWS", "*") or one[0] == "AWS" and policies.account_of(one[1]) == policies.account_of(policies.ROOT)
    ]
    if not any(policies.permits(document, "kms:PutKeyPolicy", principal=one) for one in own):
        return "The new key policy will not allow you to update the key policy in the future."
    return None


@rule("kms", "CreateAlias", code="NotAuthorizedException", source=MEASURED + "pf-kms-alias-name")
def alias_is_not_an_aws_one(call):
    """Names under alias/aws/ are AWS's own."""
    if call.parameters["AliasName"].startswith("alias/aws/"):
        return "The alias name for a customer managed CMK cannot begin with alias/aws/."
    return None


@rule("kms", "CreateAlias", "UpdateAlias", "DeleteAlias", code="ValidationException", source=RECORDED)
def alias_has_its_prefix(call):
    """An alias begins with alias/."""
    if not call.parameters["AliasName"].startswith("alias/"):
        return (
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    return None


@rule("kms", "CreateKey", code="ValidationException", source=RECORDED)
def asymmetric_keys_say_their_usage(call):
    """A key that isn't a symmetric one for encryption says what it is for."""
    given = call.parameters
    spec = given.get("KeySpec") or given.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    if spec != "SYMMETRIC_DEFAULT" and not given.get("KeyUsage"):
        return "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
    return None


@rule("kms", "CreateKey", "TagResource", code="TagException", source=RECORDED)
def key_tags_are_ours_and_fifty(call):
    """A key has up to 50 tags, each key once, none of which begins with aws:."""
    keys = [tag["TagKey"] for tag in call.parameters.get("Tags") or []]
    if any(key.lower().startswith("aws:") for key in keys):
        return "Tags beginning with aws: are reserved"
    if len(keys) != len(set(keys)):
        return "Duplicate tag keys"
    found = find(call, call.parameters.get("KeyId") or "") if call.operation == "TagResource" else None
    has = call.backend("kms").tagger.get_tag_dict_for_resource(found.id) if found is not None else {}
    return "Too many tags" if len({*keys, *has}) > 50 else None


@rule("kms", "ScheduleKeyDeletion", code="ValidationException", source="ScheduleKeyDeletion API reference")
def pending_window_is_7_to_30_days(call):
    """A key waits for 7 to 30 days before it is deleted."""
    days = call.parameters.get("PendingWindowInDays")
    if days is None or 7 <= days <= 30:
        return None
    bound = "greater than or equal to 7" if days < 7 else "less than or equal to 30"
    return (
        f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )


@rule("kms", *PENDING, code="KMSInvalidStateException", source=f"{GUIDE}, key states")
def key_is_not_being_deleted(call):
    """A key that is pending deletion can't be used or changed, except for its policy."""
    given = call.parameters
    key = find(call, given.get("TargetKeyId") or given.get("KeyId") or "")
    return f"{key.arn} is pending deletion." if key is not None and key.key_state == "PendingDeletion" else None


def find(call, given: str):
    """Return moto's key of an id, ARN or alias, or nothing."""
    backend = call.backend("kms")
    name = given.split(":", 5)[-1] if given.startswith("arn:") else given
    name = name.removeprefix("key/")
    if name.startswith("alias/"):
        return next((key for key in backend.keys.values() if name in backend.get_all_aliases().get(key.id, ())), None)
    return backend.keys.get(name)


@rule(
    "rds",
    "CreateDBInstance",
    "CreateDBInstanceReadReplica",
    code="KMSKeyNotAccessibleFault",
    source="RDS's API model, the exception",
)
def database_key_is_accessible(call):
    """A database's keys exist and are enabled."""
    for name in ("KmsKeyId", "MasterUserSecretKmsKeyId", "PerformanceInsightsKMSKeyId"):
        given = call.parameters.get(name)
        if not given or given.startswith("alias/aws/"):
            continue
        key = find(call, given)
        if key is None or key.key_state != "Enabled":
            return (
                f"The specified KMS key [{given}] does not exist, is not enabled or you do not have permissions to "
                "access it."
            )
    return None
