"""What resources cost while nobody uses them: dollars a month in us-east-1, or why they cost nothing."""

from __future__ import annotations

# Per resource. Storage is billed by what lies there, which at rest is a few megabytes: cents.
STORAGE = 0.01
BILLED = {
    "ecr_repository": STORAGE,
    "log_group": STORAGE,
    "s3_bucket": STORAGE,
    "secret": 0.40,
    "metric_alarm": 0.10,  # for each metric that it looks at; the account's first ten are free
    # Everything from here on has no place in a profile that costs nothing at rest.
    "auto_scaling_group": 3.07,
    "dashboard": 3.00,
    "ecs_service": 9.00,
    "elastic_ip": 3.65,
    "flow_log": 0.50,
    "hosted_zone": 0.50,
    "kms_key": 1.00,
    "load_balancer": 16.43,
    "nat_gateway": 32.85,
    "rds_instance": 13.14,
    "vpc_endpoint": 7.30,
}
CENTS = {"ecr_repository", "log_group", "s3_bucket", "secret", "metric_alarm"}
FREE = {
    "application_autoscaling_policy", "application_autoscaling_target", "certificate", "db_parameter_group",
    "db_subnet_group", "dns_record", "ecr_bootstrap_image", "ecr_protected_images", "ecs_cluster", "ecs_taskdefinition", "event_rule",
    "iam_instance_profile", "iam_policy", "iam_role", "internet_gateway", "lambda_alias", "lambda_event_invoke_config",
    "lambda_function", "lambda_permission", "launch_template", "pipes_pipe", "route_table", "security_group",
    "security_group_rules", "sns_topic", "sqs_queue", "subnet", "target_group", "vpc",
}  # fmt: skip


def bill(resources: dict[str, list[dict]]) -> dict[str, float]:
    """Return what a stack's resources cost a month at rest, by kind; what is free is left out."""
    costs = {}
    for kind, items in resources.items():
        if kind in BILLED:
            costs[kind] = sum(BILLED[kind] * metrics(item) for item in items)
    return costs


def metrics(item: dict) -> int:
    """Return how many metrics an alarm looks at; everything else counts once."""
    return sum(1 for metric in item.get("metrics") or [] if metric.get("metric")) or 1
