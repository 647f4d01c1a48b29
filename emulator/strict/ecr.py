"""ECR: lifecycle policies, encryption and mutability that go together, and who may be let in."""

import json

from emulator import policies
from emulator.strict import MEASURED, rule

SINCE = {"sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"}


def _rules(call) -> list[dict]:
    """Return a lifecycle policy's rules; what is no policy at all is refused by moto already."""
    document = policies.read(call.parameters.get("lifecyclePolicyText")) or {}
    found = document.get("rules")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _selection(one: dict) -> dict:
    return one.get("selection") if isinstance(one.get("selection"), dict) else {}


def _failure(reason: str) -> str:
    return (
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation "
        "failure: "
        f"{reason}'"
    )


@rule("ecr", "PutLifecyclePolicy", code="InvalidParameterException", source=MEASURED + "pf-ecr-lifecycle-rule-priority")
def priorities_order_the_rules(call):
    """A lifecycle policy's rules have different priorities from 1, and the rule for all images comes last."""
    rules = _rules(call)
    priorities = [one.get("rulePriority") for one in rules]
    if any(isinstance(one, int) and one < 1 for one in priorities):
        return _failure("numeric instance is lower than the required minimum (minimum: 1)")
    if len(priorities) != len(set(map(str, priorities))):
        return _failure("Duplicate priority in multiple rules")
    for_all = [one for one in rules if _selection(one).get("tagStatus") == "any"]
    if len(for_all) > 1:
        return _failure("Only one rule can specify tagStatus=ANY")
    if for_all and for_all[0].get("rulePriority") != max(one for one in priorities if isinstance(one, int)):
        return _failure("Rule for tagStatus=ANY must have the highest rulePriority")
    return None


@rule("ecr", "PutLifecyclePolicy", code="InvalidParameterException", source=MEASURED + "pf-ecr-lifecycle-tag-status")
def tagged_rules_name_tags(call):
    """A rule for tagged images names prefixes or patterns of tags, and no other rule does."""
    for one in map(_selection, _rules(call)):
        prefixes, patterns, status = one.get("tagPrefixList"), one.get("tagPatternList"), one.get("tagStatus")
        if status == "tagged" and not prefixes and not patterns:
            return _failure("Must specify tagPrefixList or tagPatternList")
        if prefixes and patterns:
            return _failure("If policy has a tagged rule, it must specify only one of tagPrefixList or tagPatternList")
        if status in ("untagged", "any") and (prefixes or patterns):
            given = "tagPrefixList" if prefixes else "tagPatternList"
            return _failure(f"Cannot specify {given} with tagStatus {status}")
        if any(str(pattern).count("*") > 4 for pattern in patterns or ()):
            return _failure("Invalid tag pattern provided")
    return None


@rule("ecr", "PutLifecyclePolicy", code="InvalidParameterException", source=MEASURED + "pf-ecr-lifecycle-count")
def ages_have_a_unit(call):
    """An age is counted in days, a number of images isn't."""
    for one in map(_selection, _rules(call)):
        if (one.get("countType") in SINCE) != ("countUnit" in one):
            return _failure("instance failed to match exactly one schema (matched 0 out of 2)")
    return None


@rule("ecr", "CreateRepository", code="InvalidParameterException", source=MEASURED + "pf-ecr-encryption-configuration")
def own_encryption_has_no_key(call):
    """A key goes with encryption by KMS only."""
    given = call.parameters.get("encryptionConfiguration", {})
    if given.get("encryptionType") == "AES256" and given.get("kmsKey"):
        return "Invalid encryption configuration: Encryption key should not be set for AES256 encryption."
    return None


@rule("ecr", "CreateRepository", code="KmsException", source=MEASURED + "pf-ecr-encryption-configuration")
def repository_key_is_here(call):
    """A repository's key is a key of its region."""
    key = call.parameters.get("encryptionConfiguration", {}).get("kmsKey", "")
    if not key.startswith("arn:"):
        return None
    region = key.split(":")[3]
    if region != call.region:
        return f"Invalid arn {region}"
    if ":key/" in key and key.split("/")[-1] not in call.backend("kms").keys:
        return f"Key '{key}' does not exist"
    return None


@rule(
    "ecr",
    "CreateRepository",
    "PutImageTagMutability",
    code="InvalidParameterException",
    source=MEASURED + "pf-ecr-image-tag-mutability-filters",
)
def exclusions_go_with_their_mutability(call):
    """Tags are excluded from mutability only where it says so."""
    kind, filters = (
        call.parameters.get("imageTagMutability", "MUTABLE"),
        call.parameters.get("imageTagMutabilityExclusionFilters"),
    )
    if filters and not kind.endswith("_WITH_EXCLUSION"):
        return f"ImageTagMutabilityExclusionFilters are not allowed when imageTagMutability is set to {kind}"
    if not filters and kind.endswith("_WITH_EXCLUSION"):
        return f"ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set to {kind}"
    return None


@rule(
    "ecr", "SetRepositoryPolicy", code="InvalidParameterException", source="ECR user guide, private repository policies"
)
def repository_policy_lets_in(call):
    """A repository's policy says whom it lets do what of ECR, and they exist."""
    document = policies.read(call.parameters["policyText"])
    if document is None:
        return None  # moto says so
    invalid = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
    for one in policies.statements(document):
        actions = [str(action).lower() for action in policies.listed(one.get("Action"))]
        if not policies.principals(one) or any(action != "*" and not action.startswith("ecr:") for action in actions):
            return invalid
    return invalid if policies.unknown_principals(document) else None


@rule("ecr", "PutImage", code="InvalidParameterException", source="ECR API reference, PutImage")
def tag_is_a_tag(call):
    """An image's tag is one that registries take."""
    try:
        json.loads(call.parameters.get("imageManifest", ""))
    except ValueError:
        return None  # a correction says so
    tag = call.parameters.get("imageTag")
    if tag is not None and (
        not tag
        or len(tag) > 128
        or tag[0] in ".-"
        or not tag.replace("-", "").replace(".", "").replace("_", "").isalnum()
    ):
        return f"Invalid parameter at 'imageTag' failed to satisfy constraint: 'Invalid image tag {tag}'"
    return None
