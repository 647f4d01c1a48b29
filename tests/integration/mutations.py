"""What is done to the standard profile behind the collection's back, and what drift must say of it: see drifting.py."""

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
)  # fmt: skip

S = "flow-builder-prod"
REGION = "us-east-1"


def without_rule(aws, r):
    group = aws("ec2").describe_security_groups(GroupIds=[r["id"]])["SecurityGroups"][0]
    aws("ec2").revoke_security_group_ingress(GroupId=r["id"], IpPermissions=group["IpPermissions"][:1])


def extra_subnet(aws, r):
    aws("ec2").create_subnet(VpcId=r["id"], CidrBlock="10.0.250.0/24")


def extra_interface(aws, r):
    aws("ec2").create_network_interface(SubnetId=r["id"], Description="mine")


def extra_instance(aws, r):
    image = aws("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    aws("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=r["id"])


def extra_function(aws, r):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.py", "def a(*_): pass")
    aws("lambda").create_function(
        FunctionName=f"{S}-foreign", Runtime="python3.12", Role=r["role"], Handler="a.a",
        Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip


def listeners(aws, r):
    return aws("elbv2").describe_listeners(LoadBalancerArn=r["arn"])["Listeners"]


def target(aws, r):
    base = aws("ec2").describe_vpcs(VpcIds=[r["vpc_id"]])["Vpcs"][0]["CidrBlock"].rsplit(".", 1)[0]
    aws("elbv2").register_targets(TargetGroupArn=r["arn"], Targets=[{"Id": f"{base}.9", "Port": 8000}])


def listener_rule(aws, r):
    listener = next(one for one in listeners(aws, r) if one["Protocol"] == "HTTPS")
    aws("elbv2").create_rule(
        ListenerArn=listener["ListenerArn"], Priority=99,
        Conditions=[{"Field": "path-pattern", "Values": ["/foreign/*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"}}],
    )  # fmt: skip


def release(aws, r):
    """Do what a release does: the same task with another image, and the service on it."""
    image = revision_image(aws, r)
    arn = revision(aws, r, image=image)
    aws("ecs").update_service(cluster=f"{S}-cluster", service=r["family"], taskDefinition=arn)


def log_group(aws, r):
    aws("logs").put_log_group_deletion_protection(logGroupIdentifier=r["name"], deletionProtectionEnabled=False)
    aws("logs").delete_log_group(logGroupName=r["name"])


def dashboard(aws, r):
    aws("cloudwatch").put_dashboard(DashboardName=r["name"], DashboardBody=json.dumps({"widgets": []}))


def record_ttl(aws, r):
    zone = {"HostedZoneId": r["hosted_zone_id"]}
    records = aws("route53").list_resource_record_sets(**zone)["ResourceRecordSets"]
    record = next(one for one in records if one["Name"].rstrip(".") == r["record"] and one["Type"] == "CNAME")
    aws("route53").change_resource_record_sets(
        **zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {**record, "TTL": 7}}]}
    )


def extra_record(aws, r):
    record = {"Name": f"foreign.{r['zone']}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    aws("route53").change_resource_record_sets(
        HostedZoneId=r["id"], ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )


SCALABLE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}

# What follows from a row: the alias is no longer of the function's newest code.
ALSO = {("lambda_alias", f"{S}-scheduler:live", "newest")}

ROWS = [
    # Network
    (1, "extra", "security_group_rules", f"{S}-rds", "rules", ingress),
    (1, "extra", "security_group_rules", f"{S}-lambda", "rules_egress", egress),
    (1, "removed", "security_group_rules", f"{S}-ecs", "rules", without_rule),
    (1, "extra", "vpc", f"{S}-vpc", "default_security_group", default_group),
    (2, "extra", "vpc", f"{S}-vpc", "network_acls", acl_entry),
    (2, "changed", "vpc", f"{S}-vpc", "enable_dns_hostnames", lambda aws, r: aws("ec2").modify_vpc_attribute(VpcId=r["id"], EnableDnsHostnames={"Value": False})),
    (1, "changed", "subnet", f"{S}-private-0", "map_public", lambda aws, r: aws("ec2").modify_subnet_attribute(SubnetId=r["id"], MapPublicIpOnLaunch={"Value": True})),
    (2, "changed", "subnet", f"{S}-private-1", "AssignIpv6AddressOnCreation", lambda aws, r: aws("ec2").modify_subnet_attribute(SubnetId=r["id"], AssignIpv6AddressOnCreation={"Value": True})),
    (1, "extra", "subnet", f"{S}-public-0", "tags", tagged),
    (1, "removed", "security_group", f"{S}-alb", "tags", lambda aws, r: aws("ec2").delete_tags(Resources=[r["id"]], Tags=[{"Key": "Stack"}])),
    (2, "changed", "internet_gateway", f"{S}-igw", "tags", lambda aws, r: aws("ec2").create_tags(Resources=[r["id"]], Tags=[{"Key": "Component", "Value": "foreign"}])),
    (1, "extra", "route_table", f"{S}-database", "routes", lambda aws, r: aws("ec2").create_route(RouteTableId=r["id"], DestinationCidrBlock="192.0.2.0/24", GatewayId=igw(aws, r))),
    (2, "removed", "route_table", f"{S}-private-1", "routes", lambda aws, r: aws("ec2").delete_route(RouteTableId=r["id"], DestinationCidrBlock="0.0.0.0/0")),
    (2, "extra", "vpc_endpoint", f"{S}-s3", "policy", lambda aws, r: aws("ec2").modify_vpc_endpoint(VpcEndpointId=r["id"], PolicyDocument=statement(None, Action="s3:*", Resource="*"))),
    (2, "removed", "flow_log", f"{S}-flow-logs", "", lambda aws, r: aws("ec2").delete_flow_logs(FlowLogIds=[r["id"]])),
    (1, "extra", "elastic_ip", f"{S}-nat-0", "tags", tagged),
    (2, "extra", "nat_gateway", f"{S}-nat-0", "tags", tagged),
    # Beside
    (1, "extra", "subnet", None, "", extra_subnet, "vpc", f"{S}-vpc"),
    (1, "extra", "security_group", None, "", extra_group, "vpc", f"{S}-vpc"),
    (2, "extra", "network_interface", None, "", extra_interface, "subnet", f"{S}-database-0"),
    (2, "extra", "instance", None, "", extra_instance, "subnet", f"{S}-database-1"),
    (1, "extra", "sqs_queue", f"{S}-foreign", "", lambda aws, r: aws("sqs").create_queue(QueueName=f"{S}-foreign"), "sqs_queue", f"{S}-workflow"),
    (2, "extra", "lambda_function", f"{S}-foreign", "", extra_function, "lambda_function", f"{S}-cleanup"),
    (2, "extra", "sns_topic", f"{S}-tagged", "", lambda aws, r: aws("sns").create_topic(Name=f"{S}-tagged", Tags=[{"Key": "Stack", "Value": S}]), "sns_topic", f"{S}-alarms"),
    # IAM
    (1, "changed", "iam_role", f"{S}-api-task-{REGION}", "assume_role_policy_document", lambda aws, r: aws("iam").update_assume_role_policy(RoleName=r["name"], PolicyDocument=json.dumps(TRUST))),
    (1, "extra", "iam_role", f"{S}-worker-task-{REGION}", "managed_policies", lambda aws, r: aws("iam").attach_role_policy(RoleName=r["name"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")),
    (1, "extra", "iam_policy", f"{S}-ecs-execution-{REGION}/backdoor", "", lambda aws, r: aws("iam").put_role_policy(RoleName=r["name"], PolicyName="backdoor", PolicyDocument=ANYTHING), "iam_role", f"{S}-ecs-execution-{REGION}"),
    (2, "changed", "iam_role", f"{S}-scheduler-lambda-{REGION}", "max_session_duration", lambda aws, r: aws("iam").update_role(RoleName=r["name"], MaxSessionDuration=43200, Description=r["description"])),
    (2, "extra", "iam_policy", f"{S}-worker-task-{REGION}/worker-task", "policy_json", policy_document),
    (2, "removed", "iam_policy", f"{S}-cleanup-lambda-{REGION}/function", "", lambda aws, r: aws("iam").delete_role_policy(RoleName=r["iam_name"], PolicyName=r["policy_name"])),
    # Keys, secrets, state
    (1, "changed", "kms_key", f"alias/{S}-data", "enable_key_rotation", lambda aws, r: aws("kms").disable_key_rotation(KeyId=r["id"])),
    (1, "extra", "kms_key", f"alias/{S}-data", "grants", lambda aws, r: aws("kms").create_grant(KeyId=r["id"], GranteePrincipal="arn:aws:iam::123456789012:root", Operations=["Decrypt"])),
    (2, "changed", "kms_key", f"alias/{S}-data", "description", lambda aws, r: aws("kms").update_key_description(KeyId=r["id"], Description="foreign")),
    (2, "extra", "kms_key", f"alias/{S}-data", "aliases", lambda aws, r: aws("kms").create_alias(AliasName="alias/foreign", TargetKeyId=r["id"])),
    (1, "quiet", "secret", f"{S}/app", "version", lambda aws, r: aws("secretsmanager").put_secret_value(SecretId=r["arn"], SecretString='{"CLERK_SECRET_KEY": "foreign"}')),
    (2, "changed", "secret", f"{S}/database", "description", lambda aws, r: aws("secretsmanager").update_secret(SecretId=r["arn"], Description="foreign")),
    (1, "changed", "s3_bucket", "state", "public_access", lambda aws, r: aws("s3").put_public_access_block(Bucket=r["name"], PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": True})),
    (1, "extra", "s3_bucket", "state", "policy", lambda aws, r: aws("s3").put_bucket_policy(Bucket=r["name"], Policy=statement(r["policy"], Action="s3:ListBucket", Resource=r["arn"]))),
    (1, "extra", "s3_bucket", "state", "cors", lambda aws, r: aws("s3").put_bucket_cors(Bucket=r["name"], CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})),
    (2, "changed", "s3_bucket", "state", "versioning", lambda aws, r: aws("s3").put_bucket_versioning(Bucket=r["name"], VersioningConfiguration={"Status": "Suspended"})),
    (2, "removed", "s3_bucket", "state", "lifecycle_rules", lambda aws, r: aws("s3").delete_bucket_lifecycle(Bucket=r["name"])),
    # Database
    (1, "changed", "rds_instance", f"{S}-db", "publicly_accessible", lambda aws, r: aws("rds").modify_db_instance(DBInstanceIdentifier=r["db_instance_identifier"], PubliclyAccessible=True, ApplyImmediately=True)),
    (1, "changed", "rds_instance", f"{S}-db", "backup_retention_period", lambda aws, r: aws("rds").modify_db_instance(DBInstanceIdentifier=r["db_instance_identifier"], BackupRetentionPeriod=1, ApplyImmediately=True)),
    (2, "changed", "rds_instance", f"{S}-db", "deletion_protection", lambda aws, r: aws("rds").modify_db_instance(DBInstanceIdentifier=r["db_instance_identifier"], DeletionProtection=False, ApplyImmediately=True)),
    (2, "extra", "rds_instance", f"{S}-db", "tags", lambda aws, r: aws("rds").add_tags_to_resource(ResourceName=r["arn"], Tags=[PAIR])),
    (1, "changed", "db_parameter_group", f"{S}-db-postgres17", "parameters", lambda aws, r: aws("rds").modify_db_parameter_group(DBParameterGroupName=r["name"], Parameters=[{"ParameterName": next(iter(r["parameters"])), "ParameterValue": "0", "ApplyMethod": "pending-reboot"}])),
    (2, "changed", "db_subnet_group", f"{S}-db", "description", lambda aws, r: aws("rds").modify_db_subnet_group(DBSubnetGroupName=r["name"], DBSubnetGroupDescription="foreign", SubnetIds=r["subnets"])),
    # Queues and topics
    (1, "changed", "sqs_queue", f"{S}-workflow", "visibility_timeout", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"VisibilityTimeout": "1"})),
    (1, "extra", "sqs_queue", f"{S}-workflow", "policy", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"Policy": statement(r["policy"], Action="sqs:SendMessage", Resource=r["arn"])})),
    (2, "changed", "sqs_queue", f"{S}-workflow", "redrive_policy", lambda aws, r: aws("sqs").set_queue_attributes(QueueUrl=r["url"], Attributes={"RedrivePolicy": json.dumps({**r["redrive_policy"], "maxReceiveCount": 77})})),
    (2, "removed", "sqs_queue", f"{S}-lambda-failures", "tags", lambda aws, r: aws("sqs").untag_queue(QueueUrl=r["url"], TagKeys=["Component"])),
    (1, "extra", "sns_topic", f"{S}-alarms", "subscriptions", lambda aws, r: aws("sns").subscribe(TopicArn=r["arn"], Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:elsewhere")),
    (2, "changed", "sns_topic", f"{S}-alarms", "display_name", lambda aws, r: aws("sns").set_topic_attributes(TopicArn=r["arn"], AttributeName="DisplayName", AttributeValue="foreign")),
    # Registry
    (1, "changed", "ecr_repository", f"{S}-api", "image_tag_mutability", lambda aws, r: aws("ecr").put_image_tag_mutability(repositoryName=r["name"], imageTagMutability="MUTABLE")),
    (2, "extra", "ecr_repository", f"{S}-worker", "policy", lambda aws, r: aws("ecr").set_repository_policy(repositoryName=r["name"], policyText=statement(None, Action="ecr:BatchGetImage"))),
    (2, "removed", "ecr_repository", f"{S}-cleanup", "lifecycle_policy", lambda aws, r: aws("ecr").delete_lifecycle_policy(repositoryName=r["name"])),
    # Load balancer
    (1, "extra", "load_balancer", f"{S}-alb", "listeners", listener_rule),
    (1, "changed", "load_balancer", f"{S}-alb", "deletion_protection", lambda aws, r: aws("elbv2").modify_load_balancer_attributes(LoadBalancerArn=r["arn"], Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])),
    (2, "changed", "load_balancer", f"{S}-alb", "idle_timeout", lambda aws, r: aws("elbv2").modify_load_balancer_attributes(LoadBalancerArn=r["arn"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "4000"}])),
    (1, "changed", "target_group", f"{S}-api", "health_check_path", lambda aws, r: aws("elbv2").modify_target_group(TargetGroupArn=r["arn"], HealthCheckPath="/foreign")),
    (2, "changed", "target_group", f"{S}-api", "deregistration_delay_timeout", lambda aws, r: aws("elbv2").modify_target_group_attributes(TargetGroupArn=r["arn"], Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "7"}])),
    (2, "extra", "target_group", f"{S}-api", "targets", target),
    (1, "changed", "dns_record", "validation", "ttl", record_ttl),
    (2, "extra", "dns_record", "foreign.flow-builder.example.com", "", extra_record, "hosted_zone", "flow-builder.example.com"),
    (1, "extra", "certificate", "flow-builder.example.com", "tags", lambda aws, r: aws("acm").add_tags_to_certificate(CertificateArn=r["arn"], Tags=[PAIR])),
    (1, "changed", "hosted_zone", "flow-builder.example.com", "comment", lambda aws, r: aws("route53").update_hosted_zone_comment(Id=r["id"], Comment="foreign")),
    # ECS
    (1, "changed", "ecs_cluster", f"{S}-cluster", "container_insights", lambda aws, r: aws("ecs").update_cluster_settings(cluster=r["name"], settings=[{"name": "containerInsights", "value": "disabled"}])),
    (2, "extra", "ecs_service", f"{S}-api", "tags", lambda aws, r: aws("ecs").tag_resource(resourceArn=r["arn"], tags=[{"key": "Foreign", "value": "yes"}])),
    (2, "extra", "ecs_taskdefinition", f"{S}-worker", "container_definitions", shell),
    (1, "changed", "application_autoscaling_target", f"service/{S}-cluster/{S}-api", "max_capacity", lambda aws, r: aws("application-autoscaling").register_scalable_target(ResourceId=r["resource_id"], MaxCapacity=99, **SCALABLE)),
    (2, "extra", "application_autoscaling_target", f"service/{S}-cluster/{S}-worker", "scheduled_actions", lambda aws, r: aws("application-autoscaling").put_scheduled_action(ScheduledActionName="foreign", ResourceId=r["resource_id"], Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 1}, **SCALABLE)),
    (2, "removed", "application_autoscaling_policy", f"{S}-api-cpu", "", lambda aws, r: aws("application-autoscaling").delete_scaling_policy(PolicyName=r["policy_name"], ResourceId=r["resource_id"], **SCALABLE)),
    # Lambda and rules
    (1, "changed", "lambda_function", f"{S}-scheduler", "memory_size", lambda aws, r: aws("lambda").update_function_configuration(FunctionName=r["name"], MemorySize=1024)),
    (1, "extra", "lambda_function", f"{S}-cleanup", "function_urls", lambda aws, r: aws("lambda").create_function_url_config(FunctionName=r["name"], AuthType="NONE")),
    (2, "extra", "lambda_permission", f"{S}-scheduler/foreign", "", lambda aws, r: aws("lambda").add_permission(FunctionName=r["name"], StatementId="foreign", Action="lambda:InvokeFunction", Principal="999999999999"), "lambda_function", f"{S}-scheduler"),
    (2, "removed", "lambda_permission", "permission", "", lambda aws, r: aws("lambda").remove_permission(FunctionName=r["function_name"], StatementId=r["statement_id"])),
    (1, "changed", "lambda_event_invoke_config", f"{S}-cleanup:live", "maximum_retry_attempts", retries),
    (1, "changed", "event_rule", f"{S}-scheduler", "enabled", lambda aws, r: aws("events").enable_rule(Name=r["name"]) if not r["enabled"] else aws("events").disable_rule(Name=r["name"])),
    (1, "extra", "event_rule", f"{S}-cleanup", "targets", lambda aws, r: aws("events").put_targets(Rule=r["name"], Targets=[{"Id": "foreign", "Arn": "arn:aws:sqs:us-east-1:123456789012:elsewhere"}])),
    # Monitoring
    (1, "changed", "log_group", f"/aws/ecs/{S}-api", "retention_in_days", lambda aws, r: aws("logs").put_retention_policy(logGroupName=r["name"], retentionInDays=1)),
    (1, "extra", "log_group", f"/aws/ecs/{S}-worker", "metric_filters", lambda aws, r: aws("logs").put_metric_filter(logGroupName=r["name"], filterName="foreign", filterPattern="x", metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}])),
    (2, "removed", "log_group", f"/aws/lambda/{S}-cleanup", "", log_group),
    (1, "changed", "metric_alarm", f"{S}-high-cpu", "threshold", alarm),
    (2, "changed", "metric_alarm", f"{S}-high-memory", "actions_enabled", lambda aws, r: aws("cloudwatch").disable_alarm_actions(AlarmNames=[r["name"]])),
    (2, "removed", "metric_alarm", f"{S}-queue-age", "", lambda aws, r: aws("cloudwatch").delete_alarms(AlarmNames=[r["name"]])),
    (1, "removed", "dashboard", f"{S}-dashboard-{REGION}", "body", dashboard),
    # Whose business it is
    (1, "quiet", "ecs_service", f"{S}-worker", "desired_count", lambda aws, r: aws("ecs").update_service(cluster=r["cluster"], service=r["name"], desiredCount=3)),
    (1, "quiet", "ecs_taskdefinition", f"{S}-api", "container_definitions", release),
    (1, "quiet", "lambda_function", f"{S}-scheduler", "invocations", lambda aws, r: aws("logs").create_log_stream(logGroupName=f"/aws/lambda/{S}-scheduler", logStreamName="today")),
    (1, "quiet", "sqs_queue", f"{S}-workflow", "messages", lambda aws, r: aws("sqs").send_message(QueueUrl=r["url"], MessageBody="{}")),
    (1, "quiet", "metric_alarm", f"{S}-alb-5xx", "alarm_state", lambda aws, r: aws("cloudwatch").set_alarm_state(AlarmName=r["name"], StateValue="ALARM", StateReason="test")),
    (1, "quiet", "metric_alarm", f"{S}-alb-latency", "tracking", lambda aws, r: aws("cloudwatch").put_metric_alarm(AlarmName=f"TargetTracking-service/{S}-cluster/{S}-api-AlarmHigh-1", MetricName="x", Namespace="x", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", Statistic="Sum")),
]
