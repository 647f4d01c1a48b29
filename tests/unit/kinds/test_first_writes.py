"""What each kind's first writes meet on a real account: a creation is never repeated, its later steps are."""

from __future__ import annotations

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import state
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import sync as engine
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, NotYet
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from botocore.exceptions import ClientError


def refused(code, message=""):
    """Return AWS's error."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class Aws:
    """AWS, which answers each operation with what is queued for it, the last for ever; and remembers what was asked."""

    region, partition, account = "us-east-1", "aws", "123456789012"

    def __init__(self, **answers):
        self.answers = {operation: list(queue) for operation, queue in answers.items()}
        self.asked, self.said = [], {}

    @property
    def meta(self):
        return boto3.client("events", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b").meta

    def __call__(self, service):
        return self

    def __getattr__(self, operation):
        def call(**arguments):
            self.asked.append(operation)
            self.said[operation] = arguments
            queue = self.answers.get(operation) or [{}]
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def pages(self, service, operation, key, **arguments):
        return getattr(self, operation)(**arguments).get(key, [])

    def tags(self, arn, ask):
        return ask()

    def arn(self, *_parts, **_more):
        return "arn"

    def count(self, operation):
        return self.asked.count(operation)

pytestmark = pytest.mark.usefixtures("clock")


def written(monkeypatch, kind, aws, want):
    """Create a resource of a kind as a run does, where nothing is there; what is read back is another test's."""
    monkeypatch.setattr(engine, "come", lambda *_: None)
    engine._written(kind, aws, None, want, None)


FUNCTION = {"name": "f", "package_type": "Image", "image_uri": "u", "reserved_concurrency": 1}
KEY = {"alias": "alias/a", "enable_key_rotation": True}
GROUP = {"name": "/aws/ecs/x", "retention_in_days": 14, "kms_key_id": "key"}
TABLE = {"name": "t", "vpc_id": "vpc-1", "routes": {"0.0.0.0/0": "igw-1"}, "subnets": ["subnet-1"], "tags": {}}
MADE = {"RouteTable": {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Tags": [{"Key": "Name", "Value": "t"}]}}


def function(status):
    """Return what GetFunction tells of a function in a state."""
    return {
        "Code": {}, "Configuration": {
            "FunctionName": "f", "FunctionArn": "arn", "Role": "r", "CodeSha256": "", "Architectures": ["x86_64"],
            "MemorySize": 128, "Timeout": 3, "EphemeralStorage": {"Size": 512}, "State": status, "StateReason": "no image",
        },
    }  # fmt: skip


UNSEEN_TABLE = refused("InvalidRouteTableID.NotFound")
LATER = [
    # kind, want, what is created by which call, the later step, what it meets first
    ("lambda_function", FUNCTION, "create_function", "put_function_concurrency",
     [refused("ResourceNotFoundException"), refused("ResourceConflictException", "in the following state: Pending"), {}]),
    ("kms_key", KEY, "create_key", "create_alias", [refused("NotFoundException"), {}]),
    ("kms_key", KEY, "create_key", "enable_key_rotation",
     [refused("NotFoundException"), refused("DisabledException"), {}]),
    ("log_group", GROUP, "create_log_group", "put_retention_policy", [refused("ResourceNotFoundException"), {}]),
    ("s3_bucket", {"name": "b", "tags": {"a": "b"}}, "create_bucket", "put_bucket_tagging",
     [refused("NoSuchBucket"), {}]),
    ("s3_bucket", {"name": "b", "policy": {"a": "b"}}, "create_bucket", "put_bucket_policy",
     [refused("MalformedPolicy", "Invalid principal in policy"), refused("NoSuchBucket"), {}]),
    ("route_table", TABLE, "create_route_table", "create_route",
     [UNSEEN_TABLE, refused("InvalidParameterException", "no"), {}]),
    ("route_table", TABLE, "create_route_table", "associate_route_table", [UNSEEN_TABLE, {"AssociationId": "a"}]),
    ("ecr_repository", {"name": "r", "policy": {"a": "b"}}, "create_repository", "set_repository_policy",
     [refused("RepositoryNotFoundException"), refused("InvalidParameterException", "Invalid repository policy provided"), {}]),
    ("sns_topic", {"name": "t", "subscriptions": [{"protocol": "p", "endpoint": "e"}]}, "create_topic", "subscribe",
     [refused("NotFound"), {}]),
    ("event_rule", {"name": "r", "targets": [{"id": "1", "arn": "a"}]}, "put_rule", "put_targets",
     [refused("ResourceNotFoundException"), {}]),
    ("target_group", {"name": "g", "deregistration_delay_timeout": 5}, "create_target_group",
     "modify_target_group_attributes", [refused("TargetGroupNotFound"), {}]),
    ("secret", {"name": "s", "resource_policy": {"a": "b"}}, "create_secret", "put_resource_policy",
     [refused("ResourceNotFoundException"), refused("MalformedPolicyDocumentException", "an unsupported principal"), {}]),
]  # fmt: skip
ANSWERS = {
    "create_key": [{"KeyMetadata": {"KeyId": "k"}}],
    "create_route_table": [MADE], "create_topic": [{"TopicArn": "arn"}], "create_secret": [{"ARN": "arn"}],
    "create_target_group": [{"TargetGroups": [{"TargetGroupArn": "arn"}]}],
    "get_function": [function("Pending"), refused("ResourceNotFoundException"), function("Active")],
    "describe_secret": [refused("ResourceNotFoundException")],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "want", "creation", "step", "first"), LATER, ids=lambda one: one if isinstance(one, str) else "")
def test_a_later_step_is_done_again_and_the_creation_is_not(monkeypatch, kind, want, creation, step, first):
    aws = Aws(**{**ANSWERS, step: first})
    written(monkeypatch, KINDS[kind], aws, want)
    assert (aws.count(creation), aws.count(step)) == (1, len(first))


FRESH = [
    ("kms_key", KEY, "create_key", "MalformedPolicyDocumentException", "one or more invalid principals"),
    ("lambda_function", FUNCTION, "create_function", "InvalidParameterValueException", "request was throttled by EC2"),
    ("lambda_function", FUNCTION, "create_function", "InvalidParameterValueException",
     "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound."),
    ("lambda_permission", {"function_name": "f", "statement_id": "s"}, "add_permission", "ResourceNotFoundException",
     "Function not found: arn:aws:lambda:us-east-1:123456789012:function:f"),
    ("lambda_permission", {"function_name": "f", "statement_id": "s"}, "add_permission", "ResourceConflictException",
     "The function is currently in the following state: Pending"),
    ("lambda_event_invoke_config", {"function_name": "f"}, "put_function_event_invoke_config",
     "ResourceNotFoundException", "The function f doesn't exist"),
    ("lambda_event_invoke_config", {"function_name": "f"}, "put_function_event_invoke_config",
     "ResourceConflictException", "busy"),
    ("log_group", GROUP, "create_log_group", "AccessDeniedException",
     "The specified KMS key does not exist or is not allowed to be used with Arn 'x'"),
    ("log_group", GROUP, "create_log_group", "InvalidParameterException", "The specified KMS Key Id could not be found."),
    ("ecs_cluster", {"name": "c"}, "create_cluster", "ClientException", "Cluster was not ACTIVE"),
    ("secret", {"name": "s"}, "create_secret", "EncryptionFailure", "can't encrypt"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "want", "call", "code", "words"), FRESH, ids=lambda one: one if isinstance(one, str) else "")
def test_what_a_creation_needs_may_be_seen_late(monkeypatch, kind, want, call, code, words):
    aws = Aws(**{**ANSWERS, call: [refused(code, words), refused(code, words), {"ARN": "arn", "KeyMetadata": {"KeyId": "k"}}]})
    written(monkeypatch, KINDS[kind], aws, want)
    assert aws.count(call) == 3


# As long as terraform-provider-aws waits for the same, or longer.
SECONDS = {"kms_key": 600, "ecs_cluster": 120, "log_group": 120, "secret": 120}  # else 300, Lambda's


@pytest.mark.parametrize(("kind", "want", "call", "code", "words"), FRESH, ids=lambda one: one if isinstance(one, str) else "")
def test_how_long_it_may_be_seen_late(monkeypatch, clock, kind, want, call, code, words):
    aws = Aws(**{**ANSWERS, call: [refused(code, words)]})
    with pytest.raises((EngineError, ClientError)):
        written(monkeypatch, KINDS[kind], aws, want)
    seconds = 60 if ".NotFound" in words else SECONDS.get(kind, 300)  # what isn't there at all is told soon
    assert seconds - 15 <= clock.now <= seconds + 15


def test_a_function_is_not_touched_before_it_is_active(monkeypatch):
    aws = Aws(get_function=[function("Pending"), function("Pending"), function("Active")])
    written(monkeypatch, KINDS["lambda_function"], aws, FUNCTION)
    assert aws.asked == ["create_function", *["get_function"] * 3, "put_function_concurrency"]


def test_a_function_that_failed_says_why_at_once(monkeypatch, clock):
    with pytest.raises(EngineError, match="f failed: no image"):
        written(monkeypatch, KINDS["lambda_function"], Aws(get_function=[function("Failed")]), FUNCTION)
    assert clock.now == 0


def associations(state, message=""):
    """Return what DescribeRouteTables tells of the table."""
    one = {"SubnetId": "subnet-1", "RouteTableAssociationId": "a"} | {
        "AssociationState": {"State": state, "StatusMessage": message}
    }
    return {"RouteTables": [{**MADE["RouteTable"], "Associations": [one]}]}


@pytest.mark.parametrize("answered", [{}, {"AssociationState": {"State": "associated"}}])
def test_an_association_that_is_made_at_once_is_not_awaited(monkeypatch, answered):
    aws = Aws(create_route_table=[MADE], associate_route_table=[answered])
    written(monkeypatch, KINDS["route_table"], aws, TABLE)
    assert aws.count("describe_route_tables") == 1, "whether another table has the subnet"


def test_an_association_is_awaited_and_one_that_failed_says_why(monkeypatch):
    late = {"AssociationState": {"State": "associating"}}
    table = {"create_route_table": [MADE], "associate_route_table": [late]}
    aws = Aws(**table, describe_route_tables=[{}, {}, associations("associating"), associations("associated")])
    written(monkeypatch, KINDS["route_table"], aws, TABLE)
    assert aws.count("describe_route_tables") == 4
    aws = Aws(**table, describe_route_tables=[{}, associations("associating"), associations("failed", "no room")])
    with pytest.raises(EngineError, match="subnet-1 can't be associated: no room"):
        written(monkeypatch, KINDS["route_table"], aws, TABLE)


@pytest.mark.parametrize(("state", "subnets"), [("associated", ["subnet-1"]), ("associating", []), ("failed", [])])
def test_a_subnet_counts_when_it_is_associated(state, subnets):
    assert KINDS["route_table"].live(None, associations(state)["RouteTables"][0])["subnets"] == subnets


def test_a_route_that_an_attempt_made_before_it_was_shown_is_no_failure(monkeypatch):
    aws = Aws(create_route_table=[MADE], create_route=[refused("RouteAlreadyExists")])
    written(monkeypatch, KINDS["route_table"], aws, TABLE)
    assert (aws.count("create_route"), aws.count("replace_route"), aws.count("associate_route_table")) == (1, 1, 1)


ROLE = {"RoleName": "r", "RoleId": "AROAQ7", "Path": "/", "Arn": "AROAQ7", "AssumeRolePolicyDocument": {}}
PROFILE = {"InstanceProfileName": "p", "InstanceProfileId": "AIPAQ7", "Path": "/", "Arn": "AIPAQ7", "Roles": []}


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("iam_role", {"get_role": [{"Role": ROLE}]}),
        ("iam_instance_profile", {"get_instance_profile": [{"InstanceProfile": PROFILE}]}),
    ],
)
def test_an_id_in_place_of_an_arn_means_not_yet(kind, answer):
    with pytest.raises(NotYet, match="for its ARN"):
        KINDS[kind].find(Aws(**answer), {"name": "x"})


ENDPOINT = {"vpc_id": "v", "service": "s", "vpc_endpoint_type": "Gateway", "name": "e"}
FLOW_LOG = {
    "vpc_id": "v", "traffic_type": "ALL", "log_group_name": "g", "role_arn": "r", "max_aggregation_interval": 60, "name": "f",
}  # fmt: skip
CERTIFICATE = {"domain_name": "a.example", "subject_alternative_names": [], "key_algorithm": "RSA_2048"}


@pytest.mark.parametrize(
    ("kind", "want", "call", "token"),
    [
        ("vpc_endpoint", ENDPOINT, "create_vpc_endpoint", "ClientToken"),
        ("flow_log", FLOW_LOG, "create_flow_logs", "ClientToken"),
        ("certificate", CERTIFICATE, "request_certificate", "IdempotencyToken"),
    ],
)
def test_a_creation_whose_answer_is_lost_makes_no_second_one(kind, want, call, token):
    tokens = set()
    for _ in range(2):
        aws = Aws(request_certificate=[{"CertificateArn": "arn"}])
        KINDS[kind].create(aws, want)
        tokens.add(aws.said[call][token])
    assert len(tokens) == 2 and all(len(one) >= 32 for one in tokens)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("ecr_repository", {"describe_repositories": [{"repositories": []}]}),
        ("target_group", {"describe_target_groups": [{"TargetGroups": []}]}),
        ("load_balancer", {"describe_load_balancers": [{"LoadBalancers": []}]}),
        ("launch_template", {"describe_launch_templates": [{"LaunchTemplates": []}]}),
    ],
)
def test_an_empty_answer_is_none(kind, answer):
    assert KINDS[kind].find(Aws(**answer), {"name": "x"}) is None


def test_a_launch_template_without_its_version_is_not_seen_yet():
    template = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "x"}
    aws = Aws(
        describe_launch_templates=[{"LaunchTemplates": [template]}],
        describe_launch_template_versions=[{"LaunchTemplateVersions": []}],
    )
    with pytest.raises(NotYet, match="no version of the launch template x"):
        KINDS["launch_template"].find(aws, {"name": "x"})


def test_a_name_that_s3_has_not_freed_is_awaited_and_then_told_as_what_it_is(clock):
    busy = refused("OperationAborted", "A conflicting conditional operation is currently in progress")
    aws = Aws(create_bucket=[*[busy] * 20, {}])
    state.claim(aws, "b")
    assert aws.count("create_bucket") == 21 and 120 < clock.now < 600
    with pytest.raises(EngineError) as told:
        state.claim(Aws(create_bucket=[busy]), "b")
    assert str(told.value) == (
        "the bucket b can't be made yet: for 10 minutes S3 has answered that the name is being worked on "
        "(OperationAborted), as it does for up to an hour after a bucket of this name was deleted; run again later"
    )


def test_the_end_of_what_is_just_going_is_one():
    going = {"LoadBalancers": [{"LoadBalancerArn": "arn"}]}
    aws = Aws(
        describe_load_balancers=[going], describe_tags=[refused("LoadBalancerNotFound")],
        describe_network_interfaces=[{"NetworkInterfaces": []}],
    )  # fmt: skip
    KINDS["load_balancer"].gone(aws, {"name": "x", "full_name": "app/x"}, 60)
    assert aws.count("describe_tags") == 1
