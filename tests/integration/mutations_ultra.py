"""What is done to the ultra profile behind the collection's back, and what drift must say of it: see drifting.py."""

from __future__ import annotations

import io
import json
import zipfile

from .drifting import (
    ANYTHING,
    PAIR,
    TRUST,
    acl_entry,
    alarm,
    default_group,
    egress,
    extra_group,
    igw,
    ingress,
    policy_document,
    retries,
    revision,
    revision_image,
    shell,
    statement,
    tagged,
)

S = "flow-builder-local-ultra"
PIPE = f"{S}-worker-pipe"
ELSEWHERE = "arn:aws:sqs:us-east-1:123456789012:elsewhere"


def pipe(change):
    """Return a change of the pipe: what UpdatePipe is told of what DescribePipe says."""

    def changed(aws, r):
        said = aws("pipes").describe_pipe(Name=r["name"])
        aws("pipes").update_pipe(Name=r["name"], RoleArn=said["RoleArn"], DesiredState=said["DesiredState"], **change(said))

    return changed


def task(said, **changes):
    """Return target parameters with other parameters of the task."""
    given = said["TargetParameters"]["EcsTaskParameters"]
    return {"TargetParameters": {"EcsTaskParameters": {**given, **changes}}}


def body_to_all(said):
    overrides = said["TargetParameters"]["EcsTaskParameters"]["Overrides"]
    overrides["ContainerOverrides"][0]["Environment"].append({"name": "LOG_EVERYTHING", "value": "1"})
    return task(said, Overrides=overrides)


def filtered(said):
    criteria = {"Filters": [{"Pattern": json.dumps({"body": {"kind": ["a"]}})}]}
    return {"SourceParameters": {**said["SourceParameters"], "FilterCriteria": criteria}}


def toggled(aws, r):
    call = aws("pipes").stop_pipe if r["desired_state"] == "RUNNING" else aws("pipes").start_pipe
    call(Name=r["name"])


def release(aws, r):
    """Do what a release does: the same task with another image, which the pipe starts from then on."""
    family = {"family": f"{S}-worker"}
    arn = revision(aws, family, image=revision_image(aws, family))
    pipe(lambda said: task(said, TaskDefinitionArn=arn))(aws, r)


def extra_pipe(aws, r):
    said = aws("pipes").describe_pipe(Name=r["name"])
    keys = ("RoleArn", "Source", "Target", "TargetParameters", "SourceParameters")
    aws("pipes").create_pipe(Name=f"{S}-foreign", DesiredState="STOPPED", **{key: said[key] for key in keys})


def rule(aws, r, **changes):
    said = aws("events").describe_rule(Name=r["name"])
    keys = ("Name", "Description", "ScheduleExpression", "EventPattern", "State")
    aws("events").put_rule(**{key: said[key] for key in keys if said.get(key)} | changes)


def target_without_dead_letters(aws, r):
    (target,) = aws("events").list_targets_by_rule(Rule=r["name"])["Targets"]
    del target["DeadLetterConfig"]
    aws("events").put_targets(Rule=r["name"], Targets=[target])


def packed():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("resubmit.py", "def handler(*_): pass")
    return made.getvalue()


def variables(aws, r):
    known = aws("lambda").get_function_configuration(FunctionName=r["name"])["Environment"]["Variables"]
    aws("lambda").update_function_configuration(
        FunctionName=r["name"], Environment={"Variables": {**known, "QUEUE": "https://elsewhere"}}
    )


def without_role(aws, r):
    for policy in aws("iam").list_role_policies(RoleName=r["name"])["PolicyNames"]:
        aws("iam").delete_role_policy(RoleName=r["name"], PolicyName=policy)
    aws("iam").delete_role(RoleName=r["name"])


def providers(aws, r):
    aws("ecs").put_cluster_capacity_providers(
        cluster=r["name"], capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 3, "base": 0}],
    )  # fmt: skip


def job(aws, r):
    """Do what the pipe does: a task, with its network interface."""
    aws("ecs").run_task(
        cluster=f"{S}-cluster", taskDefinition=f"{S}-worker",
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        networkConfiguration={"awsvpcConfiguration": {"subnets": [r["id"]], "assignPublicIp": "ENABLED"}},
    )  # fmt: skip


def nothing(aws, r):
    """Another row does it."""


# What follows from a row: the alias is no longer of the function's newest code.
ALSO = {("lambda_alias", f"{S}-scheduler:live", "newest")}

ROWS = [
    # Pipe
    (1, "changed", "pipes_pipe", PIPE, "description", pipe(lambda said: {"Description": "foreign"})),
    (1, "removed", "pipes_pipe", PIPE, "log_configuration", pipe(lambda said: {"LogConfiguration": {"Level": "OFF"}})),
    (1, "extra", "pipes_pipe", PIPE, "tags", lambda aws, r: aws("pipes").tag_resource(resourceArn=r["arn"], tags={"Foreign": "yes"})),
    (1, "quiet", "pipes_pipe", PIPE, "target_parameters", release),
    (2, "changed", "pipes_pipe", PIPE, "desired_state", toggled),
    (2, "extra", "pipes_pipe", PIPE, "target_parameters", pipe(body_to_all)),
    (2, "changed", "pipes_pipe", PIPE, "source_parameters", pipe(filtered)),
    (3, "removed", "pipes_pipe", PIPE, "", lambda aws, r: aws("pipes").delete_pipe(Name=r["name"])),
    (2, "extra", "pipe", f"{S}-foreign", "", extra_pipe, "pipes_pipe", PIPE),
    # Roles
    (1, "changed", "iam_role", f"{S}-pipe", "assume_role_policy_document", lambda aws, r: aws("iam").update_assume_role_policy(RoleName=r["name"], PolicyDocument=json.dumps(TRUST))),
    (1, "extra", "iam_role", f"{S}-worker-task", "managed_policies", lambda aws, r: aws("iam").attach_role_policy(RoleName=r["name"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")),
    (1, "changed", "iam_role", f"{S}-resubmit-lambda", "max_session_duration", lambda aws, r: aws("iam").update_role(RoleName=r["name"], MaxSessionDuration=43200, Description=r["description"])),
    (2, "extra", "iam_role", f"{S}-scheduler-lambda", "tags", lambda aws, r: aws("iam").tag_role(RoleName=r["name"], Tags=[PAIR])),
    (2, "changed", "iam_role", f"{S}-ecs-execution", "boundary", lambda aws, r: aws("iam").put_role_permissions_boundary(RoleName=r["name"], PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess")),
    (1, "extra", "iam_policy", f"{S}-migrations/backdoor", "", lambda aws, r: aws("iam").put_role_policy(RoleName=r["name"], PolicyName="backdoor", PolicyDocument=ANYTHING), "iam_role", f"{S}-migrations"),
    (2, "extra", "iam_policy", f"{S}-pipe/pipe", "policy_json", policy_document),
    (1, "removed", "iam_policy", f"{S}-scheduler-lambda/function", "", lambda aws, r: aws("iam").delete_role_policy(RoleName=r["iam_name"], PolicyName=r["policy_name"])),
    (3, "removed", "iam_role", f"{S}-migrations", "", without_role),
    (3, "removed", "iam_policy", f"{S}-migrations/migrations", "", nothing),
    (2, "extra", "iam_role", f"{S}-foreign", "", lambda aws, r: aws("iam").create_role(RoleName=f"{S}-foreign", AssumeRolePolicyDocument=json.dumps(TRUST)), "iam_role", f"{S}-pipe"),
    # Queues
    (1, "changed", "sqs_queue", f"{S}-workflow", "visibility_timeout", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"VisibilityTimeout": "1"})),
    (1, "extra", "sqs_queue", f"{S}-workflow", "policy", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"Policy": statement(r["policy"], Action="sqs:SendMessage", Resource=r["arn"])})),
    (2, "changed", "sqs_queue", f"{S}-workflow", "redrive_policy", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"RedrivePolicy": json.dumps({**r["redrive_policy"], "maxReceiveCount": 77})})),
    (1, "changed", "sqs_queue", f"{S}-workflow-dlq", "redrive_allow_policy", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})})),
    (2, "changed", "sqs_queue", f"{S}-failed-jobs", "message_retention_period", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"MessageRetentionPeriod": "60"})),
    (2, "changed", "sqs_queue", f"{S}-failed-jobs", "sqs_managed_sse_enabled", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"SqsManagedSseEnabled": "false"})),
    (2, "removed", "sqs_queue", f"{S}-lambda-failures", "tags", lambda aws, r: aws("sqs").untag_queue(QueueUrl=r["url"], TagKeys=["Component"])),
    (3, "extra", "sqs_queue", f"{S}-foreign", "", lambda aws, r: aws("sqs").create_queue(QueueName=f"{S}-foreign"), "sqs_queue", f"{S}-workflow"),
    (1, "quiet", "sqs_queue", f"{S}-failed-jobs", "messages", lambda aws, r: aws("sqs").send_message(QueueUrl=r["url"], MessageBody="{}")),
    # ECS
    (1, "changed", "ecs_cluster", f"{S}-cluster", "container_insights", lambda aws, r: aws("ecs").update_cluster_settings(cluster=r["name"], settings=[{"name": "containerInsights", "value": "enabled"}])),
    (1, "extra", "ecs_cluster", f"{S}-cluster", "tags", lambda aws, r: aws("ecs").tag_resource(resourceArn=r["arn"], tags=[{"key": "Foreign", "value": "yes"}])),
    (3, "removed", "ecs_cluster", f"{S}-cluster", "capacity_providers", providers),
    (3, "changed", "ecs_cluster", f"{S}-cluster", "default_capacity_provider_strategy", nothing),
    (2, "extra", "ecs_taskdefinition", f"{S}-worker", "container_definitions", shell),
    (1, "changed", "ecs_taskdefinition", f"{S}-migrations", "memory", lambda aws, r: revision(aws, r, {"memory": "1024"})),
    (2, "quiet", "ecs_cluster", f"{S}-cluster", "tasks", job, "subnet", f"{S}-public-0"),
    # Network
    (1, "extra", "security_group_rules", f"{S}-worker", "rules", ingress),
    (2, "extra", "security_group_rules", f"{S}-worker", "rules_egress", egress),
    (2, "removed", "security_group", f"{S}-worker", "tags", lambda aws, r: aws("ec2").delete_tags(Resources=[r["id"]], Tags=[{"Key": "Stack"}])),
    (1, "extra", "security_group", None, "", extra_group, "vpc", f"{S}-vpc"),
    (1, "extra", "vpc", f"{S}-vpc", "default_security_group", default_group),
    (2, "extra", "vpc", f"{S}-vpc", "network_acls", acl_entry),
    (1, "changed", "subnet", f"{S}-public-0", "map_public", lambda aws, r: aws("ec2").modify_subnet_attribute(SubnetId=r["id"], MapPublicIpOnLaunch={"Value": not r["map_public"]})),
    (2, "extra", "route_table", f"{S}-public", "routes", lambda aws, r: aws("ec2").create_route(RouteTableId=r["id"], DestinationCidrBlock="192.0.2.0/24", GatewayId=igw(aws, r))),
    (3, "removed", "route_table", f"{S}-public", "routes", lambda aws, r: aws("ec2").delete_route(RouteTableId=r["id"], DestinationCidrBlock="0.0.0.0/0")),
    (3, "extra", "internet_gateway", f"{S}-igw", "tags", tagged),
    # Functions
    (1, "changed", "lambda_function", f"{S}-resubmit", "timeout", lambda aws, r: aws("lambda").update_function_configuration(FunctionName=r["name"], Timeout=7)),
    (2, "changed", "lambda_function", f"{S}-resubmit", "code_sha256", lambda aws, r: aws("lambda").update_function_code(FunctionName=r["name"], ZipFile=packed())),
    (3, "extra", "lambda_function", f"{S}-resubmit", "environment_variables", variables),
    (1, "extra", "lambda_function", f"{S}-scheduler", "function_urls", lambda aws, r: aws("lambda").create_function_url_config(FunctionName=r["name"], AuthType="NONE")),
    (2, "changed", "lambda_function", f"{S}-scheduler", "reserved_concurrency", lambda aws, r: aws("lambda").delete_function_concurrency(FunctionName=r["name"])),
    (3, "extra", "lambda_alias", f"{S}-scheduler:foreign", "", lambda aws, r: aws("lambda").create_alias(FunctionName=r["name"], Name="foreign", FunctionVersion="1"), "lambda_function", f"{S}-scheduler"),
    (3, "extra", "lambda_function", f"{S}-scheduler", "aliases", nothing),
    (1, "extra", "lambda_permission", f"{S}-resubmit/foreign", "", lambda aws, r: aws("lambda").add_permission(FunctionName=r["name"], StatementId="foreign", Action="lambda:InvokeFunction", Principal="999999999999"), "lambda_function", f"{S}-resubmit"),
    (2, "removed", "lambda_permission", f"{S}-resubmit/rule", "", lambda aws, r: aws("lambda").remove_permission(FunctionName=r["function_name"], StatementId=r["statement_id"])),
    (1, "changed", "lambda_event_invoke_config", f"{S}-resubmit", "maximum_retry_attempts", retries),
    (2, "changed", "lambda_event_invoke_config", f"{S}-resubmit", "maximum_event_age", lambda aws, r: aws("lambda").update_function_event_invoke_config(FunctionName=r["function_name"], MaximumEventAgeInSeconds=61)),
    (1, "quiet", "lambda_function", f"{S}-scheduler", "invocations", lambda aws, r: aws("logs").create_log_stream(logGroupName=f"/aws/lambda/{S}-scheduler", logStreamName="today")),
    # Rules
    (1, "changed", "event_rule", f"{S}-resubmit", "enabled", lambda aws, r: aws("events").disable_rule(Name=r["name"])),
    (1, "extra", "event_rule", f"{S}-scheduler", "targets", lambda aws, r: aws("events").put_targets(Rule=r["name"], Targets=[{"Id": "foreign", "Arn": ELSEWHERE}])),
    (2, "changed", "event_rule", f"{S}-scheduler", "schedule_expression", lambda aws, r: rule(aws, r, ScheduleExpression="rate(1 minute)")),
    (2, "changed", "event_rule", f"{S}-resubmit", "event_pattern", lambda aws, r: rule(aws, r, EventPattern=json.dumps({"source": ["aws.ecs"]}))),
    (3, "changed", "event_rule", f"{S}-scheduler", "targets", target_without_dead_letters),
    (3, "removed", "event_rule", f"{S}-resubmit", "targets", lambda aws, r: aws("events").remove_targets(Rule=r["name"], Ids=["function"])),
    # Secret, bucket, images
    (1, "quiet", "secret", f"{S}/database", "version", lambda aws, r: aws("secretsmanager").put_secret_value(SecretId=r["arn"], SecretString='{"username": "foreign", "password": "foreign"}')),
    (2, "changed", "secret", f"{S}/database", "description", lambda aws, r: aws("secretsmanager").update_secret(SecretId=r["arn"], Description="foreign")),
    (3, "extra", "secret", f"{S}/database", "resource_policy", lambda aws, r: aws("secretsmanager").put_resource_policy(SecretId=r["arn"], ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "Foreign", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}))),
    (3, "quiet", "secret", f"{S}/database", "read", lambda aws, r: aws("secretsmanager").get_secret_value(SecretId=r["arn"])),
    (1, "changed", "s3_bucket", "state", "public_access", lambda aws, r: aws("s3").put_public_access_block(Bucket=r["name"], PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": True})),
    (2, "extra", "s3_bucket", "state", "policy", lambda aws, r: aws("s3").put_bucket_policy(Bucket=r["name"], Policy=statement(r["policy"], Principal={"AWS": "arn:aws:iam::999999999999:root"}, Action="s3:ListBucket", Resource=r["arn"]))),
    (3, "changed", "s3_bucket", "state", "versioning", lambda aws, r: aws("s3").put_bucket_versioning(Bucket=r["name"], VersioningConfiguration={"Status": "Suspended"})),
    (3, "removed", "s3_bucket", "state", "lifecycle_rules", lambda aws, r: aws("s3").delete_bucket_lifecycle(Bucket=r["name"])),
    (1, "changed", "ecr_repository", f"{S}-worker", "image_tag_mutability", lambda aws, r: aws("ecr").put_image_tag_mutability(repositoryName=r["name"], imageTagMutability="MUTABLE")),
    (2, "removed", "ecr_repository", f"{S}-worker", "lifecycle_policy", lambda aws, r: aws("ecr").delete_lifecycle_policy(repositoryName=r["name"])),
    (3, "removed", "ecr_repository", f"{S}-scheduler", "policy", lambda aws, r: aws("ecr").delete_repository_policy(repositoryName=r["name"])),
    (3, "removed", "ecr_bootstrap_image", f"{S}-worker", "", lambda aws, r: aws("ecr").batch_delete_image(repositoryName=r["repository"], imageIds=[{"imageTag": "bootstrap"}])),
    # Monitoring
    (1, "changed", "log_group", f"/aws/vendedlogs/pipes/{PIPE}", "retention_in_days", lambda aws, r: aws("logs").put_retention_policy(logGroupName=r["name"], retentionInDays=1)),
    (1, "extra", "log_group", f"/aws/ecs/{S}-worker", "metric_filters", lambda aws, r: aws("logs").put_metric_filter(logGroupName=r["name"], filterName="foreign", filterPattern="x", metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}])),
    (2, "removed", "log_group", f"/aws/lambda/{S}-resubmit", "", lambda aws, r: aws("logs").delete_log_group(logGroupName=r["name"])),
    (1, "changed", "metric_alarm", f"{S}-dead-letters", "threshold", alarm),
    (2, "changed", "metric_alarm", f"{S}-pipe-failed", "actions_enabled", lambda aws, r: aws("cloudwatch").disable_alarm_actions(AlarmNames=[r["name"]])),
    (3, "removed", "metric_alarm", f"{S}-queue-age", "alarm_actions", lambda aws, r: alarm(aws, r, AlarmActions=[])),
    (2, "removed", "metric_alarm", f"{S}-failed-jobs", "", lambda aws, r: aws("cloudwatch").delete_alarms(AlarmNames=[r["name"]])),
    (1, "quiet", "metric_alarm", f"{S}-failed-calls", "alarm_state", lambda aws, r: aws("cloudwatch").set_alarm_state(AlarmName=r["name"], StateValue="ALARM", StateReason="test")),
    (1, "extra", "sns_topic", f"{S}-alarms", "subscriptions", lambda aws, r: aws("sns").subscribe(TopicArn=r["arn"], Protocol="sqs", Endpoint=ELSEWHERE)),
    (2, "changed", "sns_topic", f"{S}-alarms", "display_name", lambda aws, r: aws("sns").set_topic_attributes(TopicArn=r["arn"], AttributeName="DisplayName", AttributeValue="foreign")),
    (3, "extra", "sns_topic", f"{S}-alarms", "policy", lambda aws, r: aws("sns").set_topic_attributes(TopicArn=r["arn"], AttributeName="Policy", AttributeValue=statement(r["policy"], Action="sns:Publish", Resource=r["arn"]))),
    # Beside
    (1, "extra", "key_alias", f"alias/{S}-foreign", "", lambda aws, r: aws("kms").create_alias(AliasName=f"alias/{S}-foreign", TargetKeyId=aws("kms").create_key()["KeyMetadata"]["KeyId"]), "sqs_queue", f"{S}-workflow"),
    (2, "extra", "ssm_parameter", f"/{S}/foreign", "", lambda aws, r: aws("ssm").put_parameter(Name=f"/{S}/foreign", Value="x", Type="String"), "sqs_queue", f"{S}-workflow"),
    (3, "extra", "network_interface", None, "", lambda aws, r: aws("ec2").create_network_interface(SubnetId=r["id"], Description="mine"), "subnet", f"{S}-public-0"),
]
