"""When AWS is late, and how that is known: what is answered, for how many seconds, from which source.

``eventual`` makes answers of it. The seconds are short, so that runs end; the sources say how long AWS may take.

- ``NOT_YET``: whatever names the fresh resource, reads and further writes alike, is answered with AWS's error for it;
  and so is what comes too early after a change.
- ``SHOWN``: lists lack what is fresh, and what was changed is shown as it was; several answers may take turns.
- ``LINKED``: the first calls that need a service-linked role, which AWS makes then, are answered with its error for it.
- ``TRIED``: what AWS accepts and tries then fails, while a role's policies aren't seen everywhere.
- ``ODD``: a fresh resource is shown with another value than it will have.
- ``BUSY``: the first calls are refused: AWS still sees what was taken off, or is in the middle of something.
- ``ELSE``: what has no table, since the data plane does it.
"""

from dataclasses import dataclass

from emulator.evidence import Source, documented, inferred, issue, recorded

DOCS = "https://docs.aws.amazon.com/"
PROVIDER = "hashicorp/terraform-provider-aws"
SERVICE = f"{PROVIDER} internal/service"  # where the provider has its code for each

EC2 = documented(f"{DOCS}AWSEC2/latest/APIReference/API_DescribeImages.html", "eventual consistency model")
IAM = documented(f"{DOCS}IAM/latest/APIReference/API_AddRoleToInstanceProfile.html", "eventual consistency")
KMS = documented(f"{DOCS}kms/latest/APIReference/API_CreateAlias.html", "eventual consistency")
S3 = documented(f"{DOCS}AmazonS3/latest/userguide/Welcome.html", "bucket configurations are eventually consistent")
ECS = documented(f"{DOCS}AmazonECS/latest/APIReference/API_RunTask.html", "eventual consistency model")
SQS = documented(f"{DOCS}AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html", "up to 60 seconds")
LAMBDA = issue(f"{SERVICE}/lambda/function.go", "not found is tried again after creation; permission.go as well")
UPDATING = recorded("lambda_/test_lambda_api", "TestLambdaFunction::test_lambda_concurrent_code_updates")
LOGS = issue("apache/airflow#43717", "a task's last lines come when it has stopped")
EVENTS = documented(f"{DOCS}eventbridge/latest/userguide/eb-troubleshooting.html", "more than once in response")
SPOT = issue("aws/containers-roadmap#1565", "events of interrupted Spot tasks without stopCode; #797 as well")
AGENT = documented(
    f"{DOCS}AmazonECS/latest/developerguide/ecs-guard-configure-automatic.html", "as a sidecar container"
)
RDS = documented(f"{DOCS}AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html", "wait at least 5 minutes")
CODE = issue(f"{PROVIDER} internal/tfresource/retry.go", "reads it again while a new resource isn't found")


UPDATES = "UpdateFunctionCode", "UpdateFunctionConfiguration"


@dataclass(frozen=True)
class NotYet:
    """What AWS answers while it doesn't see a fresh resource everywhere, or while a change of it goes on."""

    service: str
    operations: tuple[str, ...]
    """Their names, with ``*``."""
    parameter: str
    """The parameter that names the resource, or a list of such."""
    code: str
    message: str
    seconds: float
    source: Source
    of: str = ""
    """The service that the resource is of, where it isn't the one that answers."""
    after: tuple[str, ...] = ()
    """The operations, if not the creation, that it follows."""


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
    NotYet("ec2", ("DescribeInternetGateways",), "InternetGatewayIds", "InvalidInternetGatewayID.NotFound",
           "The internetGateway ID '{}' does not exist", 1.5, EC2),
    NotYet("ec2", ("DescribeAddresses",), "PublicIps", "InvalidAddress.NotFound", "Address '{}' not found.", 1.5, EC2),
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
           inferred("logs of Terraform runs show it", "CreateLogGroup with a fresh key"), of="kms"),
    NotYet("s3", ("Put*", "Get*", "List*"), "Bucket", "NoSuchBucket", "The specified bucket does not exist", 1.5, S3),
    NotYet("s3", ("GetBucketLifecycleConfiguration",), "Bucket", "NoSuchLifecycleConfiguration",
           "The lifecycle configuration does not exist", 3,
           issue(f"{SERVICE}/s3/bucket_lifecycle_configuration.go", "ten equal reads are awaited"),
           after=("PutBucketLifecycleConfiguration",)),
    NotYet("s3", ("CreateBucket",), "Bucket", "OperationAborted",
           "A conflicting conditional operation is currently in progress against this resource. Please try again.", 3,
           issue(f"{SERVICE}/s3/bucket.go", "tried again; up to an hour after a deletion"),
           after=("DeleteBucket",)),
    NotYet("sqs", ("GetQueueUrl",), "QueueName", "QueueDoesNotExist", "The specified queue does not exist.", 1, SQS),
    NotYet("sqs", ("GetQueueAttributes", "ListQueueTags", "SetQueueAttributes", "TagQueue"), "QueueUrl",
           "QueueDoesNotExist", "The specified queue does not exist.", 1, SQS),
    NotYet("lambda", ("Get*", "List*", "Put*", "Add*", "CreateAlias", "Publish*"), "FunctionName",
           "ResourceNotFoundException", "Function not found: {}", 1.5, LAMBDA),
    NotYet("lambda", UPDATES + ("PublishVersion",), "FunctionName", "ResourceConflictException",
           "The operation cannot be performed at this time. An update is in progress for resource: {}", 1, UPDATING,
           after=UPDATES),
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
    source: Source
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
    Shown("ec2", {"DescribeAddresses": "Addresses"}, "AllocationId", 1.5, EC2),
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
    source: Source


ODD = (
    Odd("iam", "GetRole", "Role", "RoleName", "Arn", "RoleId", 2,
        issue(f"{SERVICE}/iam/role.go", "occasionally, right after its creation, the ARN is like AROA...")),
    Odd("iam", "GetInstanceProfile", "InstanceProfile", "InstanceProfileName", "Arn", "InstanceProfileId", 2,
        issue(f"{SERVICE}/iam/instance_profile.go", "waits while the ARN is none")),
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
    source: Source
    where: str = ""
    """A parameter without which the call is answered at once."""


BUSY = (
    Busy("lambda", "CreateFunction", "FunctionName", "InvalidParameterValueException",
         "Your request has been throttled by EC2, please make sure you have enough API rate limit. EC2 Error Code: "
         "RequestLimitExceeded. EC2 Error Message: Request limit exceeded.", 2,
         issue(f"{SERVICE}/lambda/function.go"), where="VpcConfig"),
    Busy("ecs", "PutClusterCapacityProviders", "cluster", "ClientException", "Cluster was not ACTIVE.", 2,
         issue(f"{SERVICE}/ecs/cluster_capacity_providers.go")),
    Busy("ec2", "DeleteSecurityGroup", "GroupId", "DependencyViolation",
         "resource {} has a dependent object", 2, issue(f"{SERVICE}/ec2/vpc_security_group.go")),
    Busy("ec2", "DeleteSubnet", "SubnetId", "DependencyViolation",
         "The subnet '{}' has dependencies and cannot be deleted.", 2,
         issue(f"{SERVICE}/ec2/vpc_subnet.go")),
    Busy("ec2", "DetachInternetGateway", "InternetGatewayId", "DependencyViolation",
         "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the "
         "gateway.", 2, issue(f"{SERVICE}/ec2/vpc_internet_gateway.go")),
    Busy("iam", "DeleteRole", "RoleName", "DeleteConflict",
         "Cannot delete entity, must detach all policies first.", 1, issue(f"{SERVICE}/iam/role.go")),
    Busy("elbv2", "DeleteTargetGroup", "TargetGroupArn", "ResourceInUse",
         "Target group '{}' is currently in use by a listener or a rule", 2,
         issue(f"{SERVICE}/elbv2/target_group.go")),
    Busy("acm", "DeleteCertificate", "CertificateArn", "ResourceInUseException",
         "Certificate {} is in use.", 2, issue(f"{SERVICE}/acm/certificate.go", "up to 20 minutes")),
    Busy("rds", "DeleteDBSubnetGroup", "DBSubnetGroupName", "InvalidDBSubnetGroupStateFault",
         "Cannot delete the subnet group '{}' because at least one database instance is still using it.", 2,
         issue(f"{SERVICE}/rds/subnet_group.go")),
    Busy("rds", "DeleteDBParameterGroup", "DBParameterGroupName", "InvalidDBParameterGroupState",
         "One or more database instances are still members of this parameter group {}, so the group cannot be deleted",
         2, issue(f"{SERVICE}/rds/parameter_group.go")),
    Busy("events", "DeleteRule", "Name", "ValidationException",
         "Rule can't be deleted since it has targets.", 1, issue(f"{SERVICE}/events/rule.go")),
    Busy("ecs", "DeleteCluster", "cluster", "ClusterContainsTasksException",
         "The Cluster cannot be deleted while Tasks are active.", 2, issue(f"{SERVICE}/ecs/cluster.go")),
)  # fmt: skip


# What else is late or lacking, for the table: service, what, how, source.
ELSE = (
    ("logs", "lines of tasks", "up to seconds later, in order", LOGS),
    ("events", "events for rules' targets", "up to seconds later, and twice", EVENTS),
    ("events", "ECS Task State Change", "of an interrupted task without `stopCode`", SPOT),
    ("events", "ECS Task State Change", "with a container of GuardDuty's and an exit code of its own", AGENT),
)


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
    source: Source


APP_ROLE = (
    "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)
LINKED = (
    Linked("application-autoscaling", "RegisterScalableTarget", ("RegisterScalableTarget",), "ValidationException",
           f"Unable to assume IAM role: {APP_ROLE}", 2,
           issue("aws/aws-cdk#4108", "and terraform-provider-aws, appautoscaling/target.go")),
    Linked("application-autoscaling", "PutScalingPolicy", ("PutScalingPolicy",), "FailedResourceAccessException",
           "Unable to retrieve capacity for resource. Reason: The security token included in the request is invalid.",
           2, issue("hashicorp/terraform-provider-aws#2135")),
    Linked("application-autoscaling", "PutScalingPolicy", ("DescribeScalingPolicies", "DeleteScalingPolicy"),
           "FailedResourceAccessException",
           f"Unable to retrieve alarms for scaling policy due to reason: User: {APP_ROLE} is not authorized to perform"
           ": cloudwatch:DescribeAlarms (Service: AmazonCloudWatch; Status Code: 403; Error Code: AccessDenied)", 3,
           issue("hashicorp/terraform-provider-aws#920")),
    # It stands in no answer: the launches fail, as activities.
    Linked("autoscaling", "CreateAutoScalingGroup", (), "Failed",
           "Access denied when attempting to assume role arn:aws:iam::123456789012:role/aws-service-role/"
           "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling.", 2, issue("pelias-deprecated/kubernetes#32")),
    Linked("ecs", "CreateCluster", ("CreateCluster",), "InvalidParameterException",
           "Unable to assume the service linked role. Please verify that the ECS service linked role exists.", 2,
           issue("aws-samples/run-selenium-tests-at-scale-using-ecs-fargate#2")),
    Linked("rds", "CreateDBSubnetGroup", ("CreateDBSubnetGroup",), "InvalidParameterValue",
           "Missing necessary credentials. Please check "
           "http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html", 2,
           issue("crossplane-contrib/provider-aws#479")),
    Linked("rds", "CreateDBInstance", ("CreateDBInstance",), "InvalidParameterValue",
           "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise "
           "wait and try again later", 2, issue("aws-samples/eks-workshop-v2#1609")),
)  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """What AWS accepts, and then fails at with a role whose policies it doesn't see yet."""

    service: str
    operations: tuple[str, ...]
    reason: str
    seconds: float
    source: Source


TRIED = (
    Tried("pipes", ("CreatePipe", "UpdatePipe", "StartPipe"),
          "Input parameter is invalid from the request due to : The provided customer role does not have permissions "
          "to call ReceiveMessage on SQS", 3, issue("terraform-aws-modules/terraform-aws-eventbridge#133")),
)  # fmt: skip


def _since(one: NotYet) -> str:
    return f"after {' or '.join(one.after)}" if one.after else "what was just made"


def rows() -> list[tuple[str, tuple[str, ...], str, Source]]:
    """Return what is late: whose it is, its operations, how it is late, and how that is known."""
    return [
        *((one.service, one.operations, f"{_since(one)}: `{one.code}`", one.source) for one in NOT_YET),
        *((one.service, tuple(one.operations), "without what is new, and as it was", one.source) for one in SHOWN),
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
        *((service, (what,), how, source) for service, what, how, source in ELSE),
    ]


def table() -> str:
    """Return the lags as a Markdown table, for the documentation."""
    lines = [
        f"| {service} | {', '.join(operations)} | {how} | {source.certainty} | {source.where} |"
        for service, operations, how, source in sorted(rows(), key=lambda row: (row[0], *row[1]))
    ]
    return "\n".join(["| service | operations | late how | certainty | source |", "|---|---|---|---|---|", *lines])
