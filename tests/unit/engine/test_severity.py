"""How bad a finding is."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import listings
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.drift import Finding
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.severity import severity
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.typed import Report
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

OPEN = {"proto": "tcp", "from_port": 22, "cidr_ip": "0.0.0.0/0"}
STAR = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("category", "kind", "path", "recorded", "live", "level"),
    [
        ("extra", "security_group_rules", "rules[x]", None, OPEN, "critical"),
        ("changed", "security_group_rules", "rules[x].cidr_ip", "10.0.0.0/8", "0.0.0.0/0", "critical"),
        ("extra", "security_group_rules", "rules[x]", None, {**OPEN, "cidr_ip": "10.0.0.0/8"}, "medium"),
        ("removed", "security_group_rules", "rules[x]", OPEN, None, "medium"),
        ("changed", "rds_instance", "publicly_accessible", False, True, "critical"),
        ("changed", "rds_instance", "publicly_accessible", True, False, "medium"),
        ("changed", "s3_bucket", "public_access.block_public_acls", True, False, "critical"),
        ("extra", "s3_bucket", "policy.Statement[x]", None, {"Effect": "Allow", "Principal": "*"}, "critical"),
        ("extra", "s3_bucket", "policy.Statement[x]", None, {"Effect": "Deny", "Principal": "*"}, "high"),
        ("extra", "iam_role", "managed_policies[x]", None, "arn:aws:iam::aws:policy/AdministratorAccess", "critical"),
        ("extra", "iam_role", "managed_policies[x]", None, "arn:aws:iam::aws:policy/ReadOnlyAccess", "high"),
        ("extra", "iam_policy", "", None, {"policy_json": {"Statement": [STAR]}}, "critical"),
        ("changed", "iam_policy", "policy_json.Statement[x].Action", "s3:GetObject", "s3:PutObject", "high"),
        ("extra", "lambda_function", "function_urls[x]", None, {"AuthType": "NONE"}, "critical"),
        ("removed", "vpc_endpoint", "", {}, None, "high"),
        ("extra", "vpc", "tags.A", None, "1", "low"),
        ("changed", "sqs_queue", "visibility_timeout", 900, 1, "medium"),
        ("changed", "load_balancer", "deletion_protection", True, False, "high"),
        # What stands near a kind's resources and is none of our kinds.
        ("extra", "instance", "", None, {"InstanceId": "i-1"}, "high"),
        ("extra", "iam_managed_policy", "", None, {"PolicyName": "fb-dev-AdministratorAccess"}, "critical"),
        ("extra", "network_interface", "", None, {}, "medium"),
    ],
)
def test_severity(category, kind, path, recorded, live, level):
    rows = listings.severities(KINDS)[kind]
    assert severity(Finding(category, kind, "n", path, recorded, live), rows) == level
    assert Finding(category, kind, "n", path, recorded, live, rows=rows).severity == level
    assert Finding(category, kind, "n", path, recorded, live, owner="a release", rows=rows).severity == "info"


def test_a_finding_is_reported_whole():
    finding = Finding("changed", "log_group", "g", "tags.a[b]", 1, 2)
    more = {"who": "me", "when": "now", "event": "PutRetentionPolicy", "revert": "so", "accept": "so", "loses": "", "variables": ["x"]}
    told = finding.as_dict(**more)
    assert told == {**more, "category": "changed", "kind": "log_group", "name": "g", "path": "tags.a[b]", "field": "tags",
                    "recorded": 1, "live": 2, "where": "", "owner": "", "severity": "low"}  # fmt: skip
    assert set(finding.as_dict()) == set(told) == set(Report.__annotations__)
