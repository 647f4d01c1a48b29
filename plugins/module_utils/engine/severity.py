"""How bad a finding is: one table, from the worst down; the first row that fits decides."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

LEVELS = ("critical", "high", "medium", "low", "info")
WORLD = ("0.0.0.0/0", "::/0")


def opens(finding) -> bool:
    """Something lets the whole world in that did not."""
    return world(finding.live) and not world(finding.recorded)


def world(value) -> bool:
    """Say whether a value names all addresses."""
    text = json.dumps(value, default=str)
    return any(f'"{address}"' in text for address in WORLD) or value in WORLD


def everybody(finding) -> bool:
    """A policy allows everybody, or everything, what it did not."""
    return wide(finding.live) and not wide(finding.recorded)


def wide(value) -> bool:
    """Say whether a policy, or a part of one, has a star for who, what or on what."""
    if isinstance(value, dict):
        if value.get("Effect") == "Deny":
            return False
        return any(wide(item) for item in value.values())
    if isinstance(value, list):
        return any(wide(item) for item in value)
    return value in ("*", "*:*") or (isinstance(value, str) and value.endswith("AdministratorAccess"))


def became(*values):
    """Return a test of what is live now."""
    return lambda finding: finding.live in values


def grew(finding) -> bool:
    """There is something now that was not."""
    return finding.live is not None


def lost(finding) -> bool:
    """There is nothing any more."""
    return finding.live is None


# kind, category, path, test, level; patterns as for file names.
TABLE = (
    ("security_group_rules", "*", "rules*", opens, "critical"),
    ("security_group_rules", "extra", "", opens, "critical"),
    ("vpc", "*", "default_security_group*", opens, "high"),
    ("vpc", "*", "network_acls*", grew, "high"),
    ("rds_instance", "changed", "publicly_accessible", became(True), "critical"),
    ("s3_bucket", "*", "policy*", everybody, "critical"),
    ("s3_bucket", "*", "public_access*", became(False), "critical"),
    ("s3_bucket", "*", "acl*", grew, "critical"),
    ("s3_bucket", "*", "website*", grew, "high"),
    ("s3_bucket", "*", "replication*", grew, "high"),
    ("s3_bucket", "*", "encryption*", None, "high"),
    ("s3_bucket", "*", "versioning", became(False), "high"),
    ("iam_*", "*", "*", everybody, "critical"),
    ("iam_role", "*", "assume_role_policy_document*", None, "critical"),
    ("iam_role", "extra", "*", None, "high"),
    ("iam_role", "*", "boundary", lost, "high"),
    ("iam_policy", "*", "*", None, "high"),
    ("lambda_permission", "*", "*", everybody, "critical"),
    ("lambda_permission", "*", "*", None, "high"),
    ("lambda_function", "*", "function_urls*", grew, "critical"),
    ("kms_key", "*", "grants*", grew, "high"),
    ("kms_key", "*", "policy*", everybody, "critical"),
    ("kms_key", "*", "policy*", None, "high"),
    ("kms_key", "*", "enabled", None, "critical"),
    ("sqs_queue", "*", "policy*", everybody, "critical"),
    ("sns_topic", "*", "policy*", everybody, "critical"),
    ("sns_topic", "*", "subscriptions*", None, "high"),
    ("ecr_repository", "*", "policy*", everybody, "critical"),
    ("secret", "*", "resource_policy*", everybody, "critical"),
    ("secret", "*", "version", None, "high"),
    ("vpc_endpoint", "*", "policy*", everybody, "high"),
    ("*", "*", "*policy*", None, "high"),
    ("*", "*", "deletion_protection", became(False), "high"),
    ("rds_instance", "*", "storage_encrypted", None, "high"),
    ("rds_instance", "*", "backup_retention_period", None, "high"),
    ("rds_instance", "*", "AssociatedRoles*", grew, "high"),
    ("load_balancer", "*", "listeners*", None, "high"),
    ("load_balancer", "*", "scheme", None, "high"),
    ("load_balancer", "*", "web_acl", lost, "high"),
    ("target_group", "extra", "targets*", None, "high"),
    ("route_table", "*", "routes*", None, "high"),
    ("vpc", "*", "peerings*", grew, "high"),
    ("dns_record", "*", "*", None, "high"),
    ("event_rule", "*", "targets*", None, "high"),
    ("ecs_taskdefinition", "*", "*", None, "high"),
    ("*", "*", "subscription_filters*", grew, "high"),
    ("*", "*", "vpc_security_group_ids*", None, "high"),
    ("*", "*", "security_group*", None, "high"),
    ("*", "*", "*public*", became(True, "ENABLED"), "high"),
    ("*", "removed", "", None, "high"),
    ("instance", "extra", "*", None, "high"),
    ("*", "*", "tags*", None, "low"),
    ("*", "*", "description*", None, "low"),
    ("dashboard", "*", "*", None, "low"),
    ("*", "*", "*", None, "medium"),
)  # fmt: skip


def severity(finding) -> str:
    """Return the level of a finding."""
    for kind, category, path, test, level in TABLE:
        fits = fnmatchcase(finding.kind, kind) and fnmatchcase(finding.category, category)
        fits = fits and (finding.path == "" if path == "" else fnmatchcase(finding.path, path))
        if fits and (test is None or test(finding)):
            return level
    raise AssertionError("the last row fits everything")
