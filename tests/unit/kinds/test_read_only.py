"""What AWS only tells is no drift; what anybody can change is, also where AWS tells it by another name."""

from fnmatch import fnmatchcase

import botocore.session
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.inputs import inputs
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.record import between, keep
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

# What AWS began to tell lately, or moves by itself.
TOLD = [
    ("rds_instance", "StorageEncryptionType"),
    ("rds_instance", "UpgradeRolloutOrder"),
    ("rds_instance", "StorageVolumeStatus"),
    ("lambda_function", "ConfigSha256"),
    ("lambda_function", "RuntimeVersionConfig.RuntimeVersionArn"),
    ("log_group", "inheritedProperties[x]"),
    ("kms_key", "CurrentKeyMaterialId"),
    ("iam_role", "SourceRoleTemplate"),
    ("ecs_service", "resourceManagementType"),
    ("lambda_function", "aliases[live].Brand_New"),
    ("vpc", "network_acls[acl-1].Entries[100].Brand_New"),
    ("load_balancer", "listener_details[443].BrandNew"),
    # Where a regional one is, and with which of AWS's addresses, follows what is in the VPC.
    ("nat_gateway", "NatGatewayAddresses[x]"),
    ("nat_gateway", "AutoScalingIps"),
]
CHANGED = [
    ("rds_instance", "DatabaseInsightsMode"),
    ("rds_instance", "OptionGroupMemberships[x]"),
    ("rds_instance", "DomainMemberships[x].Domain"),
    ("rds_instance", "ActivityStreamMode"),
    ("rds_instance", "engine_lifecycle_support"),
    ("lambda_function", "SnapStart.ApplyOn"),
    ("lambda_function", "function_urls[x]"),
    ("lambda_function", "function_urls[x].AuthType"),
    ("lambda_function", "environment_variables.Anything"),
    ("lambda_permission", "Effect"),
    ("vpc", "CidrBlockAssociationSet[x]"),
    ("nat_gateway", "zone_addresses.us-east-1a[x]"),
    ("vpc", "tags.Foreign"),
    ("vpc", "network_acls[acl-1].Entries[100].RuleAction"),
    ("subnet", "AssignIpv6AddressOnCreation"),
    ("sqs_queue", "FifoQueue"),
    ("sns_topic", "SignatureVersion"),
    ("s3_bucket", "accelerate"),
    ("s3_bucket", "request_payment"),
    ("s3_bucket", "cors[x].AllowedMethods"),
    ("load_balancer", "web_acl"),
    ("load_balancer", "listener_details[443].SslPolicy"),
    ("lambda_function", "Environment.Variables.ANYTHING"),
    ("ecs_service", "logConfiguration.options.awslogs-Anything"),
    ("auto_scaling_group", "EnabledMetrics[x]"),
]


@pytest.mark.parametrize(("kind", "path", "told"), [(*one, True) for one in TOLD] + [(*one, False) for one in CHANGED])
def test_read_only(kind, path, told):
    assert KINDS[kind].read_only(path) is told


def test_a_field_that_aws_adds_is_neither_drift_nor_kept_nor_history():
    kind = KINDS["rds_instance"]
    old = {"db_instance_identifier": "x-db", "arn": "a", "LicenseModel": "postgresql-license"}
    new = {**old, "StorageEncryptionType": "sse-rds"}
    assert list(kind.differences(old, new)) == list(kind.differences(new, old)) == []
    before, after = ({"resources": {"rds_instance": [one]}} for one in (old, new))
    assert between(before, after, KINDS) == []
    assert keep(after, before, KINDS, []) == []
    changed = {**new, "LicenseModel": "bring-your-own-license"}
    (difference,) = kind.differences(old, changed)
    assert difference.path == "LicenseModel"
    assert len(between(before, {"resources": {"rds_instance": [changed]}}, KINDS)) == 1
    assert len(keep({"resources": {"rds_instance": [changed]}}, before, KINDS, [])) == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.writable_as], ids=lambda kind: kind.name)
def test_what_is_watched_is_told_and_can_be_changed(kind):
    model = botocore.session.get_session().get_service_model(kind.service)
    shapes = (model.shape_for(name) for name in model.shape_names)
    names = {member for shape in shapes if shape.type_name == "structure" for member in shape.members}
    for told, written in kind.writable_as.items():
        assert written in inputs(kind.service)
        assert any(fnmatchcase(name, told) for name in names)
        assert told == "*" or not any(fnmatchcase(name, told) for name in inputs(kind.service)), "it counts by itself"


def test_a_structure_of_which_aws_tells_more_is_no_drift_but_one_with_something_to_say_is():
    kind = KINDS["lambda_function"]
    before = {"name": "f"}
    assert list(kind.differences(before, before | {"TracingConfig": {"Brand_New": 1}})) == []
    assert list(kind.differences(before | {"TracingConfig": {"Brand_New": 1}}, before)) == []
    (difference,) = kind.differences(before, before | {"TracingConfig": {"Brand_New": 1, "Mode": "Active"}})
    assert difference.path == "TracingConfig"
    (difference,) = kind.differences(before, before | {"SnapStart": {}})
    assert difference.path == "SnapStart"
