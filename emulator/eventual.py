"""AWS is late: what was just made isn't seen by all yet, what was just changed is shown as it was, and names stay busy.

Off until a seed is given (``--eventual SEED``, or POST /_emulator/eventual). Then, for a few seconds after a write, and
drawn from the seed, the resource's name and the number of times that it was asked for, so that the same run meets the
same answers:

- ``NOT_YET``: whatever names the fresh resource, reads and further writes alike, is answered with AWS's error for it.
- ``SHOWN``: lists lack what is fresh, and what was changed is shown as it was; several answers may take turns.
- ``LINKED``: the first calls that need a service-linked role, which AWS makes then, are answered with its error for it.
- ``TRIED``: what AWS accepts and tries then fails, while a role's policies aren't seen everywhere.
- ``ODD``: a fresh resource is shown with another value than it will have.
- ``BUSY``: the first calls are refused: AWS still sees what was taken off, or is in the middle of something.
- ``GOING_ON``: a change is refused while the one before goes on, although reads say that it is over.
- Lines of a log, and events, come later; events twice too, and without what AWS may leave out.

The seconds are short, so that runs end; the sources say how long AWS may take, and how that is known.
"""

import copy
import functools
import random
import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase

from moto.core.utils import camelcase_to_underscores

from emulator import clock, given
from emulator.corrections import Answer, parameters, plain, response_class
from emulator.errors import AWSError

EC2 = "documented: Amazon EC2 Developer Guide, Eventual consistency"
IAM = "documented: IAM User Guide, Changes that I make are not always immediately visible"
KMS = "documented: AWS KMS Developer Guide, AWS KMS eventual consistency"
S3 = "documented: Amazon S3 User Guide, data consistency model: bucket configurations are eventually consistent"
ECS = "documented: Amazon ECS API Reference, RunTask: the API follows an eventual consistency model"
SQS = "documented: Amazon SQS API Reference, CreateQueue: at least one second; SetQueueAttributes: up to 60 seconds"
LAMBDA = "code: terraform-provider-aws, lambda/function.go, permission.go: not found is tried again after creation"
UPDATING = "documented: AWS Lambda developer guide, function states: no further update while one is in progress"
LOGS = "measured by others: apache/airflow#43717: a task's last lines come when it has stopped"
EVENTS = "documented: Amazon EventBridge user guide: delivered at least once, after half a second typically"
SPOT = "measured by others: aws/containers-roadmap#1565, #797: events of interrupted Spot tasks without stopCode"
AGENT = "documented: Amazon GuardDuty user guide, Runtime Monitoring on Fargate: a container of its own in each task"
RDS = "documented: Amazon RDS API Reference, CreateDBParameterGroup: wait at least 5 minutes"
CODE = "code: terraform-provider-aws reads it again while a new resource isn't found"
SHARE = 0.5  # of the answers that are late while something is fresh


@dataclass(frozen=True)
class NotYet:
    """What AWS answers while it doesn't see a fresh resource everywhere."""

    service: str
    operations: tuple[str, ...]
    """Their names, with ``*``."""
    parameter: str
    """The parameter that names the resource, or a list of such."""
    code: str
    message: str
    seconds: float
    source: str
    of: str = ""
    """The service that the resource is of, where it isn't the one that answers."""
    after: str = ""
    """The operation, if not the creation, that it follows."""


NOT_YET = (
    NotYet("ec2", ("Describe*", "Create*", "Modify*", "Attach*"), "VpcId", "InvalidVpcID.NotFound",
           "The vpc ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("DescribeVpcs",), "VpcIds", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("DescribeSubnets",), "SubnetIds", "InvalidSubnetID.NotFound",
           "The subnet ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("ModifySubnetAttribute", "CreateNatGateway", "AssociateRouteTable"), "SubnetId",
           "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("DescribeSecurityGroups",), "GroupIds", "InvalidGroup.NotFound",
           "The security group '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("Authorize*", "Revoke*"), "GroupId", "InvalidGroup.NotFound",
           "The security group '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("DescribeRouteTables",), "RouteTableIds", "InvalidRouteTableID.NotFound",
           "The routeTable ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("CreateRoute", "AssociateRouteTable"), "RouteTableId", "InvalidRouteTableID.NotFound",
           "The routeTable ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("CreateRoute", "AttachInternetGateway"), "*GatewayId", "InvalidInternetGatewayID.NotFound",
           "The internetGateway ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("DescribeNatGateways",), "NatGatewayIds", "NatGatewayNotFound",
           "The Nat Gateway {} was not found", 1.5, EC2),
    NotYet("ec2", ("DescribeVpcEndpoints",), "VpcEndpointIds", "InvalidVpcEndpointId.NotFound",
           "The Vpc Endpoint Id '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("CreateTags",), "Resources", "InvalidID", "The ID '{}' is not valid", 1.5, EC2),
    NotYet("iam", ("Get*", "List*", "Put*", "Attach*", "Tag*", "Update*", "AddRole*"), "RoleName", "NoSuchEntity",
           "The role with name {} cannot be found.", 2, IAM),
    NotYet("iam", ("GetInstanceProfile", "AddRole*", "Tag*"), "InstanceProfileName", "NoSuchEntity",
           "Instance Profile {} cannot be found.", 2, IAM),
    NotYet("kms", ("*",), "KeyId", "NotFoundException", "Key '{}' does not exist", 2, KMS),
    NotYet("kms", ("*",), "TargetKeyId", "NotFoundException", "Key '{}' does not exist", 2, KMS),
    NotYet("logs", ("CreateLogGroup", "AssociateKmsKey"), "kmsKeyId", "AccessDeniedException",
           "The specified KMS key does not exist or is not allowed to be used with Arn", 2,
           "reported: CreateLogGroup with a fresh key in the logs of many Terraform runs", of="kms"),
    NotYet("s3", ("Put*", "Get*", "List*"), "Bucket", "NoSuchBucket", "The specified bucket does not exist", 1.5, S3),
    NotYet("s3", ("GetBucketLifecycleConfiguration",), "Bucket", "NoSuchLifecycleConfiguration",
           "The lifecycle configuration does not exist", 3,
           "code: terraform-provider-aws, s3/bucket_lifecycle_configuration.go: ten equal reads are awaited",
           after="PutBucketLifecycleConfiguration"),
    NotYet("s3", ("CreateBucket",), "Bucket", "OperationAborted",
           "A conflicting conditional operation is currently in progress against this resource. Please try again.", 3,
           "code: terraform-provider-aws, s3/bucket.go: tried again; up to an hour after a deletion",
           after="DeleteBucket"),
    NotYet("sqs", ("GetQueueUrl",), "QueueName", "QueueDoesNotExist", "The specified queue does not exist.", 1, SQS),
    NotYet("sqs", ("GetQueueAttributes", "ListQueueTags", "SetQueueAttributes", "TagQueue"), "QueueUrl",
           "QueueDoesNotExist", "The specified queue does not exist.", 1, SQS),
    NotYet("lambda", ("Get*", "List*", "Put*", "Add*", "CreateAlias", "Publish*"), "FunctionName",
           "ResourceNotFoundException", "Function not found: {}", 1.5, LAMBDA),
    NotYet("logs", ("Put*", "ListTagsForResource", "DescribeMetricFilters", "DescribeSubscriptionFilters"),
           "logGroupName", "ResourceNotFoundException", "The specified log group does not exist.", 1, CODE),
    NotYet("sns", ("Get*", "List*", "Set*"), "TopicArn", "NotFound", "Topic does not exist", 1, CODE),
    NotYet("rds", ("DescribeDBParameters", "ModifyDBParameterGroup", "CreateDBInstance"), "DBParameterGroupName",
           "DBParameterGroupNotFound", "DBParameterGroup not found: {}", 2, RDS),
    NotYet("rds", ("DescribeDBSubnetGroups", "CreateDBInstance"), "DBSubnetGroupName", "DBSubnetGroupNotFoundFault",
           "DB subnet group '{}' does not exist.", 1, CODE),
    NotYet("rds", ("DescribeDBInstances",), "DBInstanceIdentifier", "DBInstanceNotFound",
           "DBInstance {} not found.", 1, CODE),
    NotYet("elbv2", ("DescribeTargetGroups", "DescribeTargetGroupAttributes"), "TargetGroupArns",
           "TargetGroupNotFound", "One or more target groups not found", 1, CODE),
    NotYet("elbv2", ("DescribeLoadBalancers",), "LoadBalancerArns", "LoadBalancerNotFound",
           "One or more load balancers not found", 1, CODE),
    NotYet("events", ("DescribeRule", "ListTargetsByRule", "PutTargets"), "Rule", "ResourceNotFoundException",
           "Rule {} does not exist on EventBus default.", 1, CODE),
    NotYet("events", ("DescribeRule",), "Name", "ResourceNotFoundException",
           "Rule {} does not exist on EventBus default.", 1, CODE),
    NotYet("secretsmanager", ("Describe*", "Get*", "Put*"), "SecretId", "ResourceNotFoundException",
           "Secrets Manager can't find the specified secret.", 1, CODE),
    NotYet("ecr", ("Describe*", "Get*", "Put*", "Set*", "Initiate*", "BatchCheck*"), "repositoryName",
           "RepositoryNotFoundException",
           "The repository with name '{}' does not exist in the registry with id '123456789012'", 1, CODE),
    NotYet("ecs", ("CreateService", "RunTask", "ListServices", "ListTasks"), "cluster", "ClusterNotFoundException",
           "Cluster not found.", 1, ECS),
    NotYet("pipes", ("Describe*", "Update*"), "Name", "NotFoundException", "Pipe {} does not exist.", 1, CODE),
    NotYet("cloudwatch", ("GetDashboard",), "DashboardName", "ResourceNotFound",
           "Dashboard {} does not exist", 1, CODE),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """Lists and descriptions that are late."""

    service: str
    operations: dict[str, str]
    """Each with the key of its answer under which the resources stand."""
    key: str
    """The field that names one; with ``$``, the request's parameter that does."""
    seconds: float
    source: str
    known_as: str = ""
    """What stands before the last part of its name in writes, which make it without naming it themselves."""

    def name(self, given: str) -> str:
        """Return how writes call it."""
        return f"{self.known_as}{given.rpartition('/')[2]}" if self.known_as else given


SHOWN = (
    Shown("ec2", {"DescribeVpcs": "Vpcs"}, "VpcId", 1.5, EC2),
    Shown("ec2", {"DescribeSubnets": "Subnets"}, "SubnetId", 1.5, EC2),
    Shown("ec2", {"DescribeSecurityGroups": "SecurityGroups"}, "GroupId", 1.5, EC2),
    Shown("ec2", {"DescribeRouteTables": "RouteTables"}, "RouteTableId", 1.5, EC2),
    Shown("ec2", {"DescribeInternetGateways": "InternetGateways"}, "InternetGatewayId", 1.5, EC2),
    Shown("ec2", {"DescribeNatGateways": "NatGateways"}, "NatGatewayId", 1.5, EC2),
    Shown("ec2", {"DescribeVpcEndpoints": "VpcEndpoints"}, "VpcEndpointId", 1.5, EC2),
    Shown("iam", {"ListRoles": "Roles"}, "RoleName", 2, IAM),
    Shown("kms", {"ListAliases": "Aliases"}, "AliasName", 2, KMS),
    Shown("logs", {"DescribeLogGroups": "logGroups"}, "logGroupName", 1, CODE),
    Shown("sqs", {"GetQueueAttributes": "Attributes"}, "$QueueUrl", 2, SQS),
    Shown("rds", {"DescribeDBSubnetGroups": "DBSubnetGroups"}, "DBSubnetGroupName", 1, CODE),
    Shown("rds", {"DescribeDBInstances": "DBInstances"}, "DBInstanceIdentifier", 2, CODE),
    Shown("elbv2", {"DescribeTargetGroups": "TargetGroups"}, "TargetGroupArn", 1, CODE),
    Shown("elbv2", {"DescribeLoadBalancers": "LoadBalancers"}, "LoadBalancerArn", 1, CODE),
    Shown("ecr", {"DescribeRepositories": "repositories"}, "repositoryName", 1, CODE),
    Shown("ecs", {"DescribeServices": "services"}, "serviceName", 1.5, ECS),
    Shown("ecs", {"DescribeTasks": "tasks"}, "taskArn", 1.5, ECS),
    Shown("ecs", {"ListServiceDeployments": "serviceDeployments", "DescribeServiceDeployments": "serviceDeployments"},
          "serviceDeploymentArn", 1.5, ECS, "ecs-svc/"),
    Shown("cloudwatch", {"DescribeAlarms": "MetricAlarms"}, "AlarmName", 1, CODE),
    Shown("lambda", {"GetAlias": ""}, "AliasArn", 1.5, LAMBDA),
    Shown("application-autoscaling", {"DescribeScalableTargets": "ScalableTargets"}, "ResourceId", 1, CODE),
    Shown("application-autoscaling", {"DescribeScalingPolicies": "ScalingPolicies"}, "PolicyName", 1, CODE),
)  # fmt: skip


@dataclass(frozen=True)
class Odd:
    """A description that shows one of a fresh resource's fields in the place of another."""

    service: str
    operation: str
    path: str
    key: str
    field: str
    instead: str
    seconds: float
    source: str


ODD = (
    Odd("iam", "GetRole", "Role", "RoleName", "Arn", "RoleId", 2,
        "code: terraform-provider-aws, iam/role.go: occasionally, right after its creation, the ARN is like AROA..."),
    Odd("iam", "GetInstanceProfile", "InstanceProfile", "InstanceProfileName", "Arn", "InstanceProfileId", 2,
        "code: terraform-provider-aws, iam/instance_profile.go: waits while the ARN is none"),
)  # fmt: skip


@dataclass(frozen=True)
class Busy:
    """A call that AWS refuses at first: it still sees what was taken off, or is in the middle of something."""

    service: str
    operation: str
    parameter: str
    code: str
    message: str
    seconds: float
    source: str
    where: str = ""
    """A parameter without which the call is answered at once."""


BUSY = (
    Busy("lambda", "CreateFunction", "FunctionName", "InvalidParameterValueException",
         "Your request has been throttled by EC2, please make sure you have enough API rate limit. EC2 Error Code: "
         "RequestLimitExceeded. EC2 Error Message: Request limit exceeded.", 2,
         "code: terraform-provider-aws, lambda/function.go", where="VpcConfig"),
    Busy("ecs", "PutClusterCapacityProviders", "cluster", "ClientException", "Cluster was not ACTIVE.", 2,
         "code: terraform-provider-aws, ecs/cluster_capacity_providers.go"),
    Busy("ec2", "DeleteSecurityGroup", "GroupId", "DependencyViolation",
         "resource {} has a dependent object", 2, "code: terraform-provider-aws, ec2/vpc_security_group.go"),
    Busy("ec2", "DeleteSubnet", "SubnetId", "DependencyViolation",
         "The subnet '{}' has dependencies and cannot be deleted.", 2,
         "code: terraform-provider-aws, ec2/vpc_subnet.go"),
    Busy("ec2", "DetachInternetGateway", "InternetGatewayId", "DependencyViolation",
         "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the "
         "gateway.", 2, "code: terraform-provider-aws, ec2/vpc_internet_gateway.go"),
    Busy("iam", "DeleteRole", "RoleName", "DeleteConflict",
         "Cannot delete entity, must detach all policies first.", 1, "code: terraform-provider-aws, iam/role.go"),
    Busy("elbv2", "DeleteTargetGroup", "TargetGroupArn", "ResourceInUse",
         "Target group '{}' is currently in use by a listener or a rule", 2,
         "code: terraform-provider-aws, elbv2/target_group.go"),
    Busy("acm", "DeleteCertificate", "CertificateArn", "ResourceInUseException",
         "Certificate {} is in use.", 2, "code: terraform-provider-aws, acm/certificate.go: up to 20 minutes"),
    Busy("rds", "DeleteDBSubnetGroup", "DBSubnetGroupName", "InvalidDBSubnetGroupStateFault",
         "Cannot delete the subnet group '{}' because at least one database instance is still using it.", 2,
         "code: terraform-provider-aws, rds/subnet_group.go"),
    Busy("rds", "DeleteDBParameterGroup", "DBParameterGroupName", "InvalidDBParameterGroupState",
         "One or more database instances are still members of this parameter group {}, so the group cannot be deleted",
         2, "code: terraform-provider-aws, rds/parameter_group.go"),
    Busy("events", "DeleteRule", "Name", "ValidationException",
         "Rule can't be deleted since it has targets.", 1, "code: terraform-provider-aws, events/rule.go"),
    Busy("ecs", "DeleteCluster", "cluster", "ClusterContainsTasksException",
         "The Cluster cannot be deleted while Tasks are active.", 2, "code: terraform-provider-aws, ecs/cluster.go"),
)  # fmt: skip


@dataclass(frozen=True)
class GoingOn:
    """A change that AWS refuses while one before it goes on."""

    service: str
    after: tuple[str, ...]
    operations: tuple[str, ...]
    parameter: str
    code: str
    message: str
    seconds: float
    source: str


GOING_ON = (
    GoingOn("lambda", ("UpdateFunctionCode", "UpdateFunctionConfiguration"),
            ("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"), "FunctionName",
            "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for "
            "resource: {}", 1, UPDATING),
)  # fmt: skip
# What else is late or lacking, for the table: service, what, how, source.
ELSE = (
    ("logs", "lines of tasks", "up to seconds later, in order", LOGS),
    ("events", "events for rules' targets", "up to seconds later, and twice", EVENTS),
    ("events", "ECS Task State Change", "of an interrupted task without `stopCode`", SPOT),
    ("events", "ECS Task State Change", "with a container of GuardDuty's and an exit code of its own", AGENT),
)
LATER = 1.5  # seconds after which lines and events have come


@dataclass(frozen=True)
class Linked:
    """What AWS answers while a service-linked role, which it makes when it's first needed, isn't there for all."""

    service: str
    begins: str
    """The operation with which the service first needs the role."""
    operations: tuple[str, ...]
    code: str
    message: str
    seconds: float
    source: str


APP_ROLE = (
    "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)
LINKED = (
    Linked("application-autoscaling", "RegisterScalableTarget", ("RegisterScalableTarget",), "ValidationException",
           f"Unable to assume IAM role: {APP_ROLE}", 2,
           "aws/aws-cdk#4108; code: terraform-provider-aws, appautoscaling/target.go"),
    Linked("application-autoscaling", "PutScalingPolicy", ("PutScalingPolicy",), "FailedResourceAccessException",
           "Unable to retrieve capacity for resource. Reason: The security token included in the request is invalid.",
           2, "hashicorp/terraform-provider-aws#2135"),
    Linked("application-autoscaling", "PutScalingPolicy", ("DescribeScalingPolicies", "DeleteScalingPolicy"),
           "FailedResourceAccessException",
           f"Unable to retrieve alarms for scaling policy due to reason: User: {APP_ROLE} is not authorized to perform"
           ": cloudwatch:DescribeAlarms (Service: AmazonCloudWatch; Status Code: 403; Error Code: AccessDenied)", 3,
           "hashicorp/terraform-provider-aws#920"),
    # It stands in no answer: the launches fail, as activities.
    Linked("autoscaling", "CreateAutoScalingGroup", (), "Failed",
           "Access denied when attempting to assume role arn:aws:iam::123456789012:role/aws-service-role/"
           "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling.", 2, "pelias-deprecated/kubernetes#32"),
    Linked("ecs", "CreateCluster", ("CreateCluster",), "InvalidParameterException",
           "Unable to assume the service linked role. Please verify that the ECS service linked role exists.", 2,
           "aws-samples/run-selenium-tests-at-scale-using-ecs-fargate#2"),
    Linked("rds", "CreateDBSubnetGroup", ("CreateDBSubnetGroup",), "InvalidParameterValue",
           "Missing necessary credentials. Please check "
           "http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html", 2,
           "crossplane-contrib/provider-aws#479"),
    Linked("rds", "CreateDBInstance", ("CreateDBInstance",), "InvalidParameterValue",
           "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise "
           "wait and try again later", 2, "aws-samples/eks-workshop-v2#1609"),
)  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """What AWS accepts, and then fails at with a role whose policies it doesn't see yet."""

    service: str
    operations: tuple[str, ...]
    reason: str
    seconds: float
    source: str


TRIED = (
    Tried("pipes", ("CreatePipe", "UpdatePipe", "StartPipe"),
          "Input parameter is invalid from the request due to : The provided customer role does not have permissions "
          "to call ReceiveMessage on SQS", 3, "terraform-aws-modules/terraform-aws-eventbridge#133"),
)  # fmt: skip

_BORN = re.compile(r"^(Create|Put|Run|Allocate|Register|Request|Publish)")
# Their parameters name what is there already; a family of task definitions may be called as a service is.
_USES = re.compile(r"^(Run|Publish|RegisterTaskDefinition)")
_FOLLOWED = {(one.service, one.after) for one in NOT_YET if one.after}
_READS = re.compile(r"^(Describe|Get|List|Head|BatchGet|BatchCheck|Filter|Lookup|Simulate)")
_LEAVES = re.compile(r'"((?:[^"\\]|\\.)*)"|>([^<>]+)<')


@dataclass
class State:
    """What is remembered of one account."""

    seed: int | None = None
    born: dict = None
    """When a name first stood in a write that makes something: (service, name) to seconds of the clock."""
    changed: dict = None
    """When a name last stood in a write."""
    wrote: dict = None
    """When a name last stood in an operation's parameters: (service, operation, name) to seconds of the clock."""
    deleted: dict = None
    """What was last deleted that had a name in its parameters: (service, name) to "Role", "Object" ..."""
    stood: dict = None
    """How a resource was last shown when nothing about it was fresh."""
    asked: Counter = None
    met: Counter = None
    """How often each lag was met: those who claim to bear it can be shown to have met it."""

    def begin(self, seed: int | None) -> None:
        """Forget everything, and draw from a seed from now on; None is never late."""
        self.seed, self.born, self.changed, self.wrote, self.deleted, self.stood = seed, {}, {}, {}, {}, {}
        self.asked, self.met = Counter(), Counter()


STATE = State()
STATE.begin(None)


def use(seed: int | str | None = None) -> dict:
    """Be late from now on, as drawn from the seed, a whole number; None is never late."""
    if not (seed is None or isinstance(seed, int) or str(seed).isdecimal()):
        raise given.Wrong(f"seed is {seed!r}: allowed is a whole number")
    STATE.begin(None if seed is None else int(seed))
    return show()


def show() -> dict:
    """Tell the seed, and how often each lag was met."""
    return {"seed": STATE.seed, "met": {" ".join(key): count for key, count in sorted(STATE.met.items())}}


def forget() -> None:
    """Begin anew with an empty account."""
    STATE.begin(STATE.seed)


def _draw(*key) -> float:
    return random.Random(f"{STATE.seed}/{'/'.join(map(str, key))}").random()


def _young(since: float | None, seconds: float, *what: str) -> bool:
    """Say whether so little time has passed since a write that AWS may be late."""
    return since is not None and clock.now() < since + seconds * (0.25 + 0.75 * _draw(*what))


def _late(since: float | None, seconds: float, *what: str) -> bool:
    """Say whether an answer about what was written at a time is late; several answers may take turns."""
    if not _young(since, seconds, *what):
        return False
    STATE.asked[what] += 1
    return _met(_draw(*what, STATE.asked[what]) < SHARE, what)


def _met(late: bool, what: tuple) -> bool:
    if late:
        STATE.met[what[:-1]] += 1
    return late


def judge(call) -> None:
    """Raise AWS's error for a call that names what it doesn't see yet, or that comes too early to delete."""
    if STATE.seed is None:
        return
    for one in _not_yet(call.service, call.operation):
        for name in _named(call.parameters, one.parameter):
            since = STATE.born.get((one.of or call.service, name))
            if one.after:
                since = STATE.wrote.get((call.service, one.after, name))
            if _late(since, one.seconds, call.service, call.operation, one.code, name):
                raise AWSError(one.code, one.message.format(name))
    for one in GOING_ON:
        name = call.parameters.get(one.parameter)
        if one.service == call.service and call.operation in one.operations:
            since = STATE.changed.get((call.service, one.after, name))
            if _late(since, one.seconds, call.service, call.operation, one.code, name):
                raise AWSError(one.code, one.message.format(name))
    for one in LINKED:
        if (one.service, one.begins) == (call.service, call.operation):
            STATE.born.setdefault((one.service, "service-linked role", one.begins), clock.now())
        if one.service == call.service and call.operation in one.operations and _without_role(one, call.operation):
            raise AWSError(one.code, one.message)
    for one in BUSY:
        asked = (one.service, one.operation) == (call.service, call.operation)
        if asked and (not one.where or call.parameters.get(one.where)):
            name = call.parameters.get(one.parameter)
            what = call.service, call.operation, one.code, name
            since = STATE.born.setdefault(what, clock.now())
            if _draw("busy", *what) < SHARE and _met(_young(since, one.seconds, *what), what):
                raise AWSError(one.code, one.message.format(name))


def _without_role(one: Linked, operation: str) -> bool:
    since = STATE.born.get((one.service, "service-linked role", one.begins))
    return _late(since, one.seconds, one.service, operation, one.code, "service-linked role")


def launch_problem() -> str:
    """Return why a group's launch fails now; nothing if it doesn't."""
    one = next(one for one in LINKED if one.service == "autoscaling")
    return one.message if STATE.seed is not None and _without_role(one, "Launch") else ""


@functools.cache
def _not_yet(service: str, operation: str) -> list[NotYet]:
    """Return what may be late of an operation."""
    return [
        one
        for one in NOT_YET
        if one.service == service and any(fnmatchcase(operation, name) for name in one.operations)
    ]


def _named(told: dict, pattern: str) -> list[str]:
    values = [value for key, value in told.items() if fnmatchcase(key, pattern)]
    return [name for value in values for name in (value if isinstance(value, list) else [value]) if name]


def wrote(call, response) -> None:
    """Remember what a write that AWS accepted was about: all that its parameters and its answer name."""
    if STATE.seed is None or _READS.match(call.operation):
        return
    _try(call)
    now, body = clock.now(), response.get_data(as_text=True)
    given, answered = set(_strings(call.parameters)), {first or second for first, second in _LEAVES.findall(body)}
    makes = _BORN.match(call.operation)
    if (call.service, call.operation) in _FOLLOWED:
        STATE.wrote |= {(call.service, call.operation, name): now for name in given}
    for name in given | answered:
        key = call.service, name
        STATE.changed[key] = now
        if makes and not (name in given and _USES.match(call.operation)):
            # Made anew after its own end, and not after that of an object in it, or of a policy that it had.
            if call.operation == f"Create{STATE.deleted.get(key)}":
                STATE.born[key] = now
            STATE.born.setdefault(key, now)
    for one in GOING_ON:
        if one.service == call.service and call.operation in one.after:
            STATE.changed[call.service, one.after, call.parameters.get(one.parameter)] = now
    if call.operation.startswith("Delete"):
        for name in given:
            STATE.deleted[call.service, name] = call.operation.removeprefix("Delete")
            STATE.stood = {key: value for key, value in STATE.stood.items() if key[2] != name}


def _try(call) -> None:
    """Let a pipe fail later whose role has just got its policies."""
    for one in TRIED:
        if one.service == call.service and call.operation in one.operations:
            pipe = call.backend().pipes[call.parameters["Name"]]
            since = STATE.changed.get(("iam", pipe.role_arn.rpartition("/")[2]))
            if _late(since, one.seconds, call.service, call.operation, "fails later", pipe.name):
                pipe.fail(one.reason)


def _strings(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


@functools.cache
def install() -> None:
    """Put the lags around moto's answers, over all corrections."""
    for one in SHOWN:
        for operation, path in one.operations.items():
            _around(one, operation, path)
    for one in ODD:
        _oddly(one)


def _around(one: Shown, operation: str, path: str) -> None:
    owner, name = response_class(one.service), camelcase_to_underscores(operation)
    original = getattr(owner, name)

    @functools.wraps(original)
    def answer(api):
        if STATE.seed is None:
            return original(api)
        told = plain(api, original(api))
        if isinstance(told.get(path), list):
            names = [one.name(resource.get(one.key, "")) for resource in told[path]]
            shown = [_as_seen(one, operation, *pair) for pair in zip(told[path], names, strict=True)]
            unseen = [name for name, seen in zip(names, shown, strict=True) if seen is None]
            _refuse_named(one.service, operation, api, unseen)
            told[path] = [resource for resource in shown if resource is not None]
        elif path in told or not path:
            named = parameters(api) if one.key.startswith("$") else told[path] if path else told
            seen = _as_seen(one, operation, told[path] if path else told, named.get(one.key.lstrip("$"), ""))
            told = told if seen is None else {**told, path: seen} if path else seen
        return Answer(told)

    setattr(owner, name, answer)


def _oddly(one: Odd) -> None:
    owner, name = response_class(one.service), camelcase_to_underscores(one.operation)
    original = getattr(owner, name)

    @functools.wraps(original)
    def answer(api):
        if STATE.seed is None:
            return original(api)
        told = plain(api, original(api))
        item = told[one.path]
        since = STATE.born.get((one.service, item[one.key]))
        if _late(since, one.seconds, one.service, one.operation, "odd", item[one.key]):
            told[one.path] = {**item, one.field: item[one.instead]}
        return Answer(told)

    setattr(owner, name, answer)


def _refuse_named(service: str, operation: str, api, unseen: list[str]) -> None:
    """Raise AWS's error where a request names what its answer would lack."""
    for one in _not_yet(service, operation) if unseen else ():
        for name in _named(parameters(api), one.parameter):
            if name in unseen:
                raise AWSError(one.code, one.message.format(name))


def _as_seen(one: Shown, operation: str, resource: dict, name: str) -> dict | None:
    """Return a resource as this answer shows it; None where it isn't seen yet."""
    changed, kept = STATE.changed.get((one.service, name)), (one.service, operation, name)
    if changed is None or clock.now() >= changed + one.seconds:
        STATE.stood[kept] = copy.deepcopy(resource)
        return resource
    if not _late(changed, one.seconds, one.service, operation, "late", name):
        return resource
    fresh = clock.now() < STATE.born.get((one.service, name), 0) + one.seconds
    fresh = fresh or bool(one.known_as and kept not in STATE.stood)
    return None if fresh else copy.deepcopy(STATE.stood.get(kept, resource))


def _lag(*what) -> float:
    """Return by how many seconds something comes later."""
    STATE.asked[what] += 1
    late = _met(_draw(*what, STATE.asked[what]) < SHARE, (*what, ""))
    return LATER * _draw("lag", *what, STATE.asked[what]) if late else 0.0


def lines(stream: str) -> float:
    """Return by how many seconds all lines of a stream come later."""
    return 0.0 if STATE.seed is None else _lag("logs", "lines", stream.partition("/")[0])


def deliveries(rule: str) -> list[float]:
    """Return after how many seconds each an event is delivered for a rule."""
    if STATE.seed is None:
        return [0.0]
    what = "events", "twice", rule
    STATE.asked[what] += 1
    twice = _met(_draw(*what, STATE.asked[what]) < SHARE, (*what, ""))
    return [_lag("events", "late", rule) for _ in range(2 if twice else 1)]


def event(told: dict) -> dict:
    """Return a task's event as AWS may tell it: an interruption without its code, with a container of AWS's own."""
    if STATE.seed is None:
        return told
    STATE.asked["task event"] += 1
    number = STATE.asked["task event"]
    shown = dict(told)
    if told.get("stopCode") == "SpotInterruption" and _draw("code", number) < SHARE:
        _met(True, ("events", "without stopCode", ""))
        del shown["stopCode"]
    if _draw("agent", number) < SHARE:
        _met(True, ("events", "with another container", ""))
        ended = {"exitCode": 0 if _draw("exit", number) < SHARE else 137} if told["lastStatus"] == "STOPPED" else {}
        agent = {"name": "aws-guardduty-agent", "lastStatus": told["lastStatus"], "taskArn": told["taskArn"], **ended}
        shown["containers"] = [agent, *told["containers"]]
    return shown


def table() -> str:
    """Return the lags as a Markdown table, for the documentation."""
    rows = [
        *((one.service, one.operations, f"what was just made: `{one.code}`", one.source) for one in NOT_YET),
        *((one.service, one.operations, "without what is new, and as it was", one.source) for one in SHOWN),
        *(
            (one.service, one.operations or ("launches",), f"until its own role is there: `{one.code}`", one.source)
            for one in LINKED
        ),
        *((one.service, one.operations, "accepted, and failing later", one.source) for one in TRIED),
        *(
            (one.service, (one.operation,), f"of what was just made: its {one.instead} for its {one.field}", one.source)
            for one in ODD
        ),
        *((one.service, (one.operation,), f"at first: `{one.code}`", one.source) for one in BUSY),
        *((one.service, one.operations, f"while a change goes on: `{one.code}`", one.source) for one in GOING_ON),
        *((service, (what,), how, source) for service, what, how, source in ELSE),
    ]
    lines = [
        f"| {service} | {', '.join(operations)} | {how} | {source} |"
        for service, operations, how, source in sorted(rows, key=lambda row: (row[0], *row[1]))
    ]
    return "\n".join(["| service | operations | late how | source |", "|---|---|---|---|", *lines])
