"""Rules between variables, as tables: values that pass, and values with a part of the sentence that they get."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import NAMES, name
from ansible_collections.flow_builder.aws.plugins.module_utils.rules import components, compute, database, stack
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.registry import Fault, first_causes
from ansible_collections.flow_builder.aws.plugins.modules.cloudwatchlogs_log_group import RETENTIONS

from .components import broken

ROOT = Path(__file__).resolve().parents[3]
NAME = {"stack_name": "flow-builder-dev", "stack_region": "us-east-1"}
NETWORK = {
    "network_cidr": "10.0.0.0/16",
    "network_public_cidrs": ["10.0.0.0/24", "10.0.1.0/24"],
    "network_private_cidrs": ["10.0.10.0/24", "10.0.11.0/24"],
    "network_database_cidrs": ["10.0.20.0/24", "10.0.21.0/24"],
}
WINDOWS = {"database_backup_window": "03:00-04:00", "database_maintenance_window": "sun:04:00-sun:05:00"}
STORAGE = {"database_allocated_storage": 20, "database_max_allocated_storage": 50}
HTTPS = {
    "load_balancer_plain_http": False,
    "load_balancer_certificate_arn": "",
    "load_balancer_domain_name": "app.example.com",
    "stack_region": "us-east-1",
}
CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/12345678-1234-1234-1234-123456789012"
API = {"api.cpu": 256, "api.memory": 512}
WORKER = {"worker.cpu": 1024, "worker.memory": 2048}
SPOT = {"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 0}
DEMAND = {"capacity_provider": "FARGATE", "weight": 1, "base": 1}

ZONES = {"stack_region": "us-east-1", "network_availability_zones": ["us-east-1a", "us-east-1b"], "network_public_cidrs": ["10.0.0.0/24", "10.0.1.0/24"]}
USERS = {"database_master_username": "owner", "secrets_database_username": "app"}
MACHINE = {"network_nat_instance_type": "t4g.nano", "network_nat_instance_image": "resolve:ssm:/al2023-ami-kernel-default-arm64"}
DRAIN = {"load_balancer_deregistration_delay": 30, "api.capacity_providers": [DEMAND, SPOT]}
ZONE = {"load_balancer_manage_zone": True, "load_balancer_domain_name": "example.com"}
LONG_DOMAIN = f"{'a' * 53}.example.com"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mine/key-AbCdEf"
REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api"

HOOK = {"target_arn": "arn:aws:lambda:us-east-1:123456789012:function:check", "stages": ["POST_SCALE_UP"]}
PASS = [
    NAME,
    {**NAME, "stack_name": "a"},
    {**NAME, "stack_name": "a" * 28},
    {**NAME, "stack_name": "flow-builder-dev-2-ultra"},
    {**NAME, "stack_region": "eu-central-1"},
    {"stack_recovery_days": 0},
    {"stack_ignored_tags": ["map-migrated", "aws-apn-*"], "stack_tags": {"Stack": "s"}},
    {"stack_may_lose": ["secret/flow-builder-dev/app", "log_group//aws/ecs/flow-builder-dev-api"]},
    {"stack_recovery_days": 7},
    {"stack_recovery_days": 30},
    {"stack_lock_seconds": 10},
    {"stack_lock_wait_seconds": 0},
    {"stack_tags": {}},
    {"stack_tags": {"Cost Centre": "a/b:c=d+e@f_g.h-1", "Ünï": ""}},
    {"stack_tags": {str(number): "x" for number in range(48)}},
    {"stack_extra_tags": {str(number): "x" for number in range(42)}, "stack_name": "a"},
    {"network_tags": {"Stack": "a", "Cost": "b"}, "stack_name": "a"},
    *({"stack_expected_account": each} for each in ("", "123456789012", "000000000012")),
    {"stack_protected": True, "stack_disposable": False},
    {"stack_protected": False, "stack_disposable": True},
    NETWORK,
    {**NETWORK, "network_cidr": "10.0.0.0/19"},
    {**NETWORK, "network_public_cidrs": ["10.0.0.0/25", "10.0.0.128/25"]},
    WINDOWS,
    {**WINDOWS, "database_backup_window": "05:00-05:30"},
    {**WINDOWS, "database_backup_window": "23:30-00:30"},
    {**WINDOWS, "database_maintenance_window": "sun:23:45-mon:00:15"},
    {**WINDOWS, "database_maintenance_window": "Mon:00:00-Mon:03:00"},
    {"database_backup_retention_days": 0},
    {"database_backup_retention_days": 35},
    STORAGE,
    {**STORAGE, "database_max_allocated_storage": 0},
    {**STORAGE, "database_max_allocated_storage": 20},
    {**STORAGE, "database_max_allocated_storage": 22},
    *({"database_instance_class": each} for each in ("db.t3.micro", "db.t4g.medium", "db.m6gd.12xlarge", "db.r5.xlarge", "db.x2iedn.32xlarge")),
    HTTPS,
    {**HTTPS, "load_balancer_plain_http": True, "load_balancer_domain_name": ""},
    {**HTTPS, "load_balancer_domain_name": "", "load_balancer_certificate_arn": CERTIFICATE.format("us-east-1")},
    *({"api.cpu": cpu, "api.memory": memory} for cpu, sizes in compute.FARGATE.items() for memory in sizes),
    WORKER,
    {"api.capacity_providers": [DEMAND, SPOT]},
    {"worker.capacity_providers": [SPOT]},
    {"api.desired_count": 2, "api.max_count": 2},
    {"worker.min_count": 0, "worker.max_count": 20},
    {"worker.stop_timeout": 120},
    {"queue_visibility_timeout_seconds": 43200, "queue_receive_wait_seconds": 0, "queue_tags": {}},
    {"queue_maximum_message_bytes": 1048576},
    {"queue_message_retention_seconds": 345600, "queue_dead_letter_retention_seconds": 1209600},
    {"database_engine_version": "17", "database_port": 5432},
    {"database_engine_version": "16.4", "database_name": "a_1"},
    USERS,
    {"lambda_log_retention_days": 3653},
    {"load_balancer_deregistration_delay": 300, "api.capacity_providers": [DEMAND, {**SPOT, "weight": 0}]},
    {"load_balancer_deregistration_delay": 30, "api.capacity_providers": [DEMAND, SPOT]},
    {"load_balancer_slow_start": 0, "load_balancer_algorithm": "least_outstanding_requests"},
    {"load_balancer_slow_start": 30, "load_balancer_algorithm": "round_robin", "load_balancer_health_check_path": "/"},
    {"load_balancer_manage_zone": True, "load_balancer_domain_name": "example.com", "load_balancer_alternative_names": ["*.example.com", "a.b.example.com"]},
    ZONES,
    {**ZONES, "stack_region": "eu-west-1", "network_availability_zones": ["eu-west-1a", "eu-west-1c"]},
    {"network_zone_count": 3},
    {"network_alb_allowed_cidrs": ["0.0.0.0/0", "192.0.2.7/32"]},
    MACHINE,
    {"network_nat_instance_type": "t3.nano", "network_nat_instance_image": "resolve:ssm:/al2023-ami-kernel-default-x86_64"},
    {"network_nat_instance_type": "c7gn.medium", "network_nat_instance_image": "ami-0123456789abcdef0"},
    *({"api.image": each} for each in ("", f"{REPOSITORY}:1.2.3", f"{REPOSITORY}@sha256:{'0' * 64}")),
    {"scheduler.memory": 128, "scheduler.timeout": 900, "lambda_reserved_concurrency": -1, "lambda_failures_retention_days": 14},
    *({"cleanup.schedule": each} for each in ("rate(1 day)", "rate(5 minutes)", "rate(10 hours)", "cron(0/15 3 * * ? *)")),
    {"api.min_count": 1, "api.desired_count": 2, "api.max_count": 2, "api.cpu_target": 100, "api.requests_per_target": 1},
    {"worker.stop_timeout": 120, "queue_visibility_timeout_seconds": 120, "worker.queue": "workflow"},
    {"worker.stop_timeout": 120, "queue_visibility_timeout_seconds": 30, "worker.queue": ""},
    {**DRAIN, "api.stop_timeout": 30},
    {**DRAIN, "load_balancer_deregistration_delay": 300, "api.capacity_providers": [DEMAND]},
    {"api.spot_weight": 1000, "ecs_writable_paths": ["/tmp", "/var/cache/app.d"]},
    *({"ecs_user": each} for each in ("", "1000", "1000:1000", "0:0")),
    *({"registry_architecture": built, "lambda_architecture": function, "ecs_architecture": task} for built, function, task in (("amd64", "x86_64", "X86_64"), ("arm64", "arm64", "ARM64"))),
    {"registry_keep_images": 1, "stack_keep_releases": 1, "registry_untagged_days": 1},
    {"network_nat": "none", "secrets_clerk_secret_key": ""},
    {"network_nat": "instance", "secrets_clerk_secret_key": "sk_live_1"},
    {**ZONE, "load_balancer_zone_id": ""},
    {**ZONE, "load_balancer_manage_zone": False, "load_balancer_zone_id": "Z1", "load_balancer_alternative_names": ["example.org"]},
    {"load_balancer_blocked_paths": []},
    {"load_balancer_wait_for_certificate": False, "load_balancer_two_groups": False},
    {"load_balancer_wait_for_certificate": True, "load_balancer_two_groups": True},
    {"load_balancer_blocked_paths": ["/internal/*", "/a", "/b", "*.php", "/c?"]},
    {**HTTPS, "load_balancer_domain_name": LONG_DOMAIN, "load_balancer_certificate_arn": CERTIFICATE.format("us-east-1")},
    {**HTTPS, "load_balancer_domain_name": LONG_DOMAIN, "load_balancer_plain_http": True},
    {"stack_protected": True, "stack_recovery_days": 7, "database_final_snapshot": True},
    {"stack_protected": False, "stack_recovery_days": 0, "database_final_snapshot": False},
    {"api.bake_minutes": 0, "api.step_minutes": 1440},
    {"api.step_percent": 0.1, "api.deployment_strategy": "CANARY"},
    {"api.step_percent": 3.3, "api.deployment_strategy": "LINEAR"},
    {"api.step_percent": 500.0, "api.deployment_strategy": "ROLLING"},
    {"api.pause_stages": [], "api.deployment_strategy": "ROLLING"},
    {"api.pause_stages": ["POST_SCALE_UP", "PRE_SCALE_UP"], "api.deployment_strategy": "LINEAR"},
    {"api.pause_minutes": 1},
    {"api.pause_minutes": 20160},
    {"api.deployment_hooks": [], "api.deployment_strategy": "ROLLING"},
    {"api.deployment_hooks": [HOOK, {**HOOK, "target_arn": f"{HOOK['target_arn']}:live", "timeout_minutes": 1440}], "api.deployment_strategy": "CANARY"},
    {"api.deployment_strategy": "ROLLING", "load_balancer_two_groups": False, "load_balancer_stickiness": True},
    {"api.deployment_strategy": "BLUE_GREEN", "load_balancer_two_groups": True, "load_balancer_stickiness": False},
    {"api.deployment_alarms": ["target-5xx"], "monitoring_alarms": True},
    {"worker.deployment_alarms": [], "monitoring_alarms": False},
    *({"release_name": each} for each in ("", "1", "2026-11-25-1a2b3c4", "current")),
    *({"release_source": each} for each in ("", "https://git.example.com/a", "git@git.example.com:a.git", "ssh://git@git.example.com/a")),
    {"api.circuit_breaker_threshold": 0, "worker.circuit_breaker_threshold": 1},
    {"release_lambda_percentage": 1},
    {"release_lambda_interval": 1, "release_lambda_strategy": "all_at_once"},
    {"release_lambda_interval": 60, "release_lambda_strategy": "linear"},
    {"release_lambda_bake": 0},
    {"release_timeout": 1, "release_migration_timeout": 86400, "release_snapshot_timeout": 7200},
    {"release_lambda_alarms": ["cleanup-errors"], "release_lambda_strategy": "all_at_once", "release_lambda_bake": 60},
    {"monitoring_thresholds": {"high-cpu": 100.0, "queue-age": 5000.0, "dead-letters": 0.0, "api-down": None}},
]  # fmt: skip

BREAK = [
    *(({**NAME, "stack_name": bad}, "lower-case letters, digits and single hyphens") for bad in (
        "", "1a", "-a", "a-", "a--b", "Flow", "a_b", "a.b", "a b", "ä", "a\n"
    )),
    ({**NAME, "stack_name": "a" * 29}, "29 characters long: at most 28 are allowed in us-east-1, since AWS takes no longer name"),
    ({**NAME, "stack_name": "a" * 29, "stack_region": "ap-southeast-2"}, "at most 28 are allowed in ap-southeast-2"),
    ({**NAME, "stack_region": "us-easst-1"}, "stack_region is 'us-easst-1': it must be a region of AWS, for example us-east-1"),
    ({**NAME, "stack_region": "US-EAST-1"}, "must be a region"),
    ({"stack_ignored_tags": ["S*"], "stack_tags": {}}, "'S*' is the key of a tag that this code sets (Stack)"),
    ({"stack_ignored_tags": ["*"], "stack_tags": {"Team": "x"}}, "(Component, FinalSnapshot, KeptFor, Name, RecoveryDays, Stack, Team, "),
    ({"stack_may_lose": ["all"]}, "'all' must be a kind and a name, such as "),
    ({"stack_may_lose": ["secrets/x"]}, "such as secret/NAME"),
    ({"stack_may_lose": ["secret/"]}, "such as secret/NAME"),
    ({**NAME, "stack_region": "cn-north-1"}, "stack_region is 'cn-north-1', in the partition aws-cn, where service principals"),
    ({**NAME, "stack_region": "us-gov-west-1"}, "in the partition aws-us-gov, where there are no pipes"),
    ({**NAME, "stack_region": "eusc-de-east-1"}, "in the partition aws-eusc, where nobody has tried"),
    ({"stack_recovery_days": 3}, "allowed are 0 (deleted at once) and 7 to 30"),
    ({"stack_recovery_days": 31}, "7 to 30"),
    ({"stack_lock_seconds": 9}, "allowed are 10 to 3600 seconds"),
    ({"stack_lock_seconds": 7200}, "allowed are 10 to 3600 seconds"),
    ({"stack_lock_wait_seconds": -1}, "allowed are 0, which fails at once"),
    ({"stack_recovery_days": -1}, "7 to 30"),
    ({"stack_state_retention_days": 0}, "at least 1"),
    ({"stack_tags": {"aws:x": "y"}}, "keeps the prefix aws:"),
    ({"stack_tags": {"AWS:x": "y"}}, "keeps the prefix aws:"),
    ({"stack_tags": {"a": 1}}, "write them in quotes"),
    ({"stack_tags": {"a": True}}, "write them in quotes"),
    ({"stack_tags": {"": "y"}}, "keys of 1 to 128"),
    ({"stack_tags": {"k" * 129: "y"}}, "keys of 1 to 128"),
    ({"stack_tags": {"k": "v" * 257}}, "up to 256"),
    ({"stack_tags": {"a": "b*"}}, "allowed are letters, digits"),
    ({"stack_tags": {"a ": "b"}}, "between other letters only"),
    ({"stack_tags": {"a": " b"}}, "between other letters only"),
    ({"stack_tags": {"cost": "b", "Cost": "c"}}, "'cost' and 'Cost': IAM takes no two"),
    *(({"stack_extra_tags": {key: "payments"}}, f"has the tag '{key}': ") for key in ("Stack", "stack", "COMPONENT", "ManagedBy", "name", "RecoveryDays")),
    ({"stack_extra_tags": {str(number): "x" for number in range(43)}}, "at most 42"),
    ({"stack_tags": {"Stack": "payments"}, "stack_name": "a"}, "has the tag Stack with the value 'payments', but stack_name is 'a'"),
    ({"network_tags": {"Cost": "b"}, "stack_name": "a"}, "network_tags has the tag Stack with the value None"),
    *(({"stack_expected_account": bad}, "twelve digits in quotes") for bad in ("12345678901", "1234-5678-9012", "x", "１２３４５６７８９０１２")),
    ({"stack_protected": True, "stack_disposable": True}, "only one of them may be true"),
    ({"network_tags": {"a,b": "c"}}, "network_tags has the tag 'a,b'"),
    ({"stack_tags": {str(number): "x" for number in range(49)}}, "at most 48"),
    *(({**NETWORK, "network_cidr": bad}, "network_cidr is") for bad in ("", "10.0.0.0", "10.0.0.0/15", "10.0.0.0/29", "10.0.0.1/16", "::/16", "x")),
    ({**NETWORK, "network_private_cidrs": ["10.1.0.0/24", "10.0.11.0/24"]}, "network_private_cidrs has 10.1.0.0/24: it must lie in network_cidr, 10.0.0.0/16"),
    ({**NETWORK, "network_private_cidrs": ["10.0.0.0/24", "10.0.11.0/24"]}, "network_private_cidrs has 10.0.0.0/24, which overlaps 10.0.0.0/24 of network_public_cidrs"),
    ({**NETWORK, "network_public_cidrs": ["10.0.0.0/24", "10.0.0.128/25"]}, "10.0.0.128/25, which overlaps 10.0.0.0/24 of network_public_cidrs"),
    ({**NETWORK, "network_public_cidrs": ["10.0.0.0/29", "10.0.1.0/24"]}, "'10.0.0.0/29': it must be"),
    *(({**WINDOWS, "database_backup_window": bad}, "such as 03:00-04:00") for bad in ("", "3:00-4:00", "25:00-26:00", "03:60-04:30", "03:00", "sun:03:00-sun:04:00")),
    *(({**WINDOWS, "database_maintenance_window": bad}, "such as sun:04:00-sun:05:00") for bad in ("", "04:00-05:00", "sonntag:04:00-sun:05:00", "sun:24:00-mon:01:00")),
    ({**WINDOWS, "database_backup_window": "03:00-03:29"}, "at least 30 minutes"),
    ({**WINDOWS, "database_backup_window": "03:00-03:00"}, "at least 30 minutes"),
    ({**WINDOWS, "database_maintenance_window": "sun:04:00-sun:04:10"}, "at least 30 minutes"),
    ({**WINDOWS, "database_maintenance_window": "sun:04:00-mon:04:00"}, "less than a day"),
    ({**WINDOWS, "database_backup_window": "03:00-04:01"}, "must not overlap"),
    ({**WINDOWS, "database_backup_window": "04:10-04:40"}, "must not overlap"),
    ({"database_backup_window": "23:30-00:30", "database_maintenance_window": "mon:00:00-mon:01:00"}, "must not overlap"),
    ({"database_backup_window": "00:00-00:30", "database_maintenance_window": "sun:23:45-mon:00:15"}, "must not overlap"),
    ({"database_backup_retention_days": 36}, "0 (no backups) to 35"),
    ({"database_backup_retention_days": -1}, "0 (no backups) to 35"),
    ({**STORAGE, "database_allocated_storage": 19}, "gp3 has 20 to 65536 GiB"),
    ({**STORAGE, "database_allocated_storage": 65537, "database_max_allocated_storage": 0}, "gp3 has 20"),
    ({**STORAGE, "database_max_allocated_storage": 21}, "a tenth more than it has, 22"),
    ({**STORAGE, "database_max_allocated_storage": 10}, "database_max_allocated_storage is 10, and database_allocated_storage is 20"),
    ({**STORAGE, "database_max_allocated_storage": 70000}, "up to 65536"),
    *(({"database_instance_class": bad}, "such as db.t3.micro") for bad in ("t3.micro", "db.t3", "db.t3.tiny", "db.serverless", "")),
    ({**HTTPS, "load_balancer_domain_name": ""}, "HTTPS is asked for"),
    ({**HTTPS, "load_balancer_certificate_arn": CERTIFICATE.format("eu-west-1")}, "certificates of its own region only"),
    ({**HTTPS, "load_balancer_certificate_arn": "arn:aws:iam::123456789012:server-certificate/x"}, "ARN of a certificate of ACM"),
    *(({"load_balancer_domain_name": bad}, "lower-case host name") for bad in ("localhost", "Example.com", "-a.com", "a_b.com", "https://a.com", "a..com")),
    ({"load_balancer_alternative_names": ["*.example.com", "*"]}, "has '*': it must be"),
    ({"load_balancer_manage_zone": True, "load_balancer_domain_name": ""}, "for a domain only"),
    ({"load_balancer_idle_timeout": 4001}, "1 to 4000"),
    ({"load_balancer_deregistration_delay": 3601, "api.capacity_providers": [DEMAND]}, "0 to 3600"),
    ({"load_balancer_deregistration_delay": 120, "api.capacity_providers": [DEMAND, SPOT]}, "at most 119"),
    ({"load_balancer_slow_start": 10, "load_balancer_algorithm": "round_robin"}, "30 to 900"),
    ({"load_balancer_slow_start": 30, "load_balancer_algorithm": "least_outstanding_requests"}, "round_robin only"),
    ({"load_balancer_health_check_path": "health"}, "such as /health"),
    ({**API, "api.cpu": 300}, "api.cpu is 300: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384"),
    ({**API, "api.memory": 4096}, "api.memory is 4096, and stack_components.api.cpu is 256: with that cpu Fargate has 512, 1024, 2048 MiB"),
    ({**API, "api.memory": 513}, "with that cpu"),
    ({"worker.cpu": 8192, "worker.memory": 17408}, "worker.memory is 17408"),
    ({"worker.cpu": 16384, "worker.memory": 131072}, "with that cpu"),
    ({"api.capacity_providers": []}, "FARGATE and FARGATE_SPOT"),
    ({"api.capacity_providers": [{**DEMAND, "capacity_provider": "EC2"}]}, "FARGATE and FARGATE_SPOT"),
    ({"api.capacity_providers": [SPOT, SPOT]}, "each once"),
    ({"api.capacity_providers": [DEMAND, {**SPOT, "base": 1}]}, "only one provider may have a base"),
    ({"worker.capacity_providers": [{**SPOT, "weight": 0}]}, "one at least more than 0"),
    ({"worker.capacity_providers": [{**SPOT, "weight": 1001}]}, "0 to 1000"),
    ({"api.desired_count": 3, "api.max_count": 2}, "api.desired_count is 3, and stack_components.api.max_count is 2"),
    ({"worker.min_count": -1, "worker.max_count": 2}, "0 or more"),
    ({"api.stop_timeout": 121}, "0 to 120"),
    ({"queue_visibility_timeout_seconds": 43201}, "queue_visibility_timeout_seconds is 43201: SQS allows 0 to 43200"),
    ({"queue_message_retention_seconds": 59}, "60 to 1209600"),
    ({"queue_receive_wait_seconds": 21}, "0 to 20"),
    ({"queue_maximum_message_bytes": 1048577}, "queue_maximum_message_bytes is 1048577: SQS allows 1024 to 1048576"),
    ({"queue_max_receive_count": 0}, "1 to 1000"),
    ({"queue_message_retention_seconds": 600, "queue_dead_letter_retention_seconds": 600}, "must be kept longer"),
    *(({"database_engine_version": bad}, "version of PostgreSQL 13") for bad in ("9.6", "12", "19", "latest", "16.4.1", "")),
    *(({"database_name": bad}, "letters, digits and underscores") for bad in ("", "1a", "a-b", "a" * 64, "ä")),
    ({**USERS, "database_master_username": "admin"}, "and not admin"),
    ({**USERS, "secrets_database_username": "owner"}, "a user of its own"),
    ({"database_port": 1149}, "1150 to 65535"),
    ({"lambda_log_retention_days": 8}, "lambda_log_retention_days is 8: CloudWatch Logs allows 1, 3, 5, 7"),
    ({**ZONES, "network_availability_zones": ["us-east-1a", "eu-west-1b"]}, "has 'eu-west-1b': it must be a zone of us-east-1"),
    ({**ZONES, "network_availability_zones": ["us-east-1", "us-east-1b"]}, "it must be a zone of us-east-1"),
    ({**ZONES, "network_availability_zones": ["us-east-1a"]}, "two zones at least"),
    ({**ZONES, "network_availability_zones": ["us-east-1a", "us-east-1a"]}, "each once"),
    ({**ZONES, "network_availability_zones": ["us-east-1a", "us-east-1b", "us-east-1c"]}, "one range for each of the 3 zones"),
    ({"network_zone_count": 1}, "allowed are 2"),
    ({"network_zone_count": 7}, "to 6"),
    *(({"network_alb_allowed_cidrs": [bad]}, "such as 0.0.0.0/0") for bad in ("0.0.0.0/33", "10.0.0.1/8", "anywhere")),
    ({**MACHINE, "network_nat_instance_type": "t3.nano"}, "a machine for x86_64, and network_nat_instance_image"),
    ({**MACHINE, "network_nat_instance_image": "al2023-x86_64"}, "a machine for arm64"),
    ({**MACHINE, "network_nat_instance_type": "nano"}, "such as t4g.nano"),
    *(({"worker.image": bad}, "not latest") for bad in (REPOSITORY, f"{REPOSITORY}:latest", f"{REPOSITORY}@sha256:12", "api:1", "latest")),
    ({"scheduler.memory": 64}, "128 to 10240"),
    ({"cleanup.timeout": 901}, "1 to 900"),
    ({"lambda_reserved_concurrency": 0}, "1 and more"),
    ({"lambda_failures_retention_days": 15}, "1 to 14"),
    *(({"cleanup.schedule": bad}, "such as rate(1 hour)") for bad in ("rate(1 minutes)", "rate(5 minute)", "rate(0 days)", "every day", "cron(0 3 * * *)")),
    ({"api.min_count": 2, "api.desired_count": 1}, "api.min_count is 2, and stack_components.api.desired_count is 1"),
    *(({name: 0}, f"{name} is 0: at least 1") for name in (
        "api.max_count", "worker.max_count", "worker.messages_per_task", "worker.idle_minutes", "api.requests_per_target", "registry_keep_images", "stack_keep_releases", "registry_untagged_days",
    )),
    *(({"api.cpu_target": bad}, "1 to 100 percent") for bad in (0, 101)),
    *(({"api.spot_weight": bad}, "0 to 1000") for bad in (-1, 1001)),
    ({"worker.stop_timeout": 61, "queue_visibility_timeout_seconds": 60, "worker.queue": "workflow"}, "another worker gets the message"),
    ({**DRAIN, "api.stop_timeout": 29}, "api.stop_timeout is 29, and load_balancer_deregistration_delay is 30: with FARGATE_SPOT"),
    *(({"ecs_user": bad}, "such as 1000:1000") for bad in ("app", "1000:", ":1", "-1", "1:1:1", "\u0661")),
    *(({"ecs_writable_paths": ["/tmp", bad]}, f"has {bad!r}: it must be an absolute path") for bad in ("", "/", "tmp", "/tmp/", "/a//b", "/a/../b", "/a b")),
    ({"ecs_writable_paths": ["/tmp", "/tmp"]}, "only once"),
    ({"registry_architecture": "arm64", "lambda_architecture": "x86_64"}, "lambda_architecture is 'x86_64', and registry_architecture is 'arm64'"),
    ({"registry_architecture": "amd64", "ecs_architecture": "ARM64"}, "ecs_architecture is 'ARM64', and registry_architecture is 'amd64'"),
    ({"network_nat": "none", "secrets_clerk_secret_key": "sk_live_1"}, "secrets_clerk_secret_key is set: Clerk can't be reached"),
    ({**ZONE, "load_balancer_zone_id": "Z1"}, "not both"),
    ({**ZONE, "load_balancer_alternative_names": ["anexample.com"]}, "has 'anexample.com': with load_balancer_manage_zone it must lie under load_balancer_domain_name, example.com"),
    ({"load_balancer_manage_zone": False, "load_balancer_domain_name": "", "load_balancer_alternative_names": ["a.example.com"]}, "need a first one"),
    ({"load_balancer_blocked_paths": [f"/{each}" for each in "abcdef"]}, "at most 5"),
    *(({"load_balancer_blocked_paths": [bad]}, "such as /internal/*") for bad in ("", "internal", "/a b", "/" + "a" * 128, "/\u00e4")),
    ({**HTTPS, "load_balancer_domain_name": LONG_DOMAIN}, "up to 64 characters"),
    ({"load_balancer_wait_for_certificate": False, "load_balancer_two_groups": True}, "wait for it, or let the first runs have"),
    ({"stack_protected": True, "stack_recovery_days": 0}, "must be recoverable"),
    ({"stack_protected": True, "database_final_snapshot": False}, "must leave a final snapshot"),
    ({"api.bake_minutes": 1441}, "allowed are 0 to 1440 minutes"),
    ({"api.step_minutes": -1}, "allowed are 0 to 1440 minutes"),
    ({"api.step_percent": 0.05, "api.deployment_strategy": "CANARY"}, "allowed are 0.1 to 99.9 percent"),
    ({"api.step_percent": 2.9, "api.deployment_strategy": "LINEAR"}, "allowed are 3 to 99.9 percent"),
    ({"api.step_percent": 33.33, "api.deployment_strategy": "LINEAR"}, "one place after the point"),
    ({"api.step_percent": 100.0, "api.deployment_strategy": "CANARY"}, "allowed are 0.1 to 99.9 percent"),
    ({"api.pause_stages": ["POST_SCALE_UP"], "api.deployment_strategy": "ROLLING"}, "pauses with BLUE_GREEN, CANARY and LINEAR only"),
    ({"api.pause_stages": ["PRE_SCALE_UP"] * 2, "api.deployment_strategy": "CANARY"}, "named only once"),
    ({"api.deployment_hooks": [HOOK], "api.deployment_strategy": "ROLLING"}, "are asked with BLUE_GREEN, CANARY and LINEAR only"),
    ({"api.deployment_hooks": [HOOK] * 11, "api.deployment_strategy": "LINEAR"}, "has 11 functions: ECS allows 10"),
    ({"api.deployment_hooks": [{**HOOK, "target_arn": "check"}], "api.deployment_strategy": "LINEAR"}, "has target_arn 'check': it must be the ARN"),
    ({"api.deployment_hooks": [{**HOOK, "timeout_minutes": 1441}], "api.deployment_strategy": "LINEAR"}, "has timeout_minutes 1441: ECS allows a function 1 to 1440"),
    ({"api.deployment_hooks": [{**HOOK, "stages": []}], "api.deployment_strategy": "LINEAR"}, "one at least"),
    ({"api.pause_minutes": 0}, "ECS allows 1 to 20160 minutes"),
    ({"api.pause_minutes": 20161}, "ECS allows 1 to 20160 minutes"),
    ({"api.deployment_strategy": "LINEAR", "load_balancer_two_groups": False}, "say true for any strategy but ROLLING"),
    ({"api.deployment_strategy": "ROLLING", "load_balancer_two_groups": True}, "and false for that"),
    ({"api.deployment_strategy": "CANARY", "load_balancer_stickiness": True}, "clients would keep the old tasks"),
    ({"api.deployment_alarms": ["target-5xx"], "monitoring_alarms": False}, "there would be no such alarm"),
    ({"worker.deployment_alarms": ["target-5xx"], "monitoring_alarms": False}, "there would be no such alarm"),
    *(({"status_since": bad}, f"status_since is {bad!r}: allowed are minutes, hours or days up to 455d") for bad in ("yesterday", "24", "0h", "456d")),
    *(({"release_name": bad}, f"release_name is {bad!r}: allowed are letters") for bad in ("a b", "-a", "../a", "a/b", "a" * 65)),
    ({"release_compare": "a b"}, "release_compare is 'a b': allowed are letters"),
    *(({"release_source": bad}, "release_source has a password or token in it") for bad in ("https://me:secret@git.example.com/a", "https://token@git.example.com/a", "ssh://me:secret@git.example.com/a")),
    ({"api.circuit_breaker_threshold": -1}, "allowed are 1 and more"),
    ({"release_lambda_percentage": 0}, "allowed are 1 to 99 percent"),
    ({"release_lambda_percentage": 100}, "allowed are 1 to 99 percent"),
    ({"release_lambda_interval": 59, "release_lambda_strategy": "canary"}, "a step takes at least 60 seconds"),
    ({"release_timeout": 0}, "release_timeout is 0: allowed is 1 second"),
    ({"release_migration_timeout": -1}, "release_migration_timeout is -1: allowed is 1 second"),
    ({"release_snapshot_timeout": 0}, "allowed is 1 second"),
    ({"release_lambda_bake": 1}, "allowed are 0 for none, and 60 seconds"),
    ({"release_lambda_alarms": ["cleanup-errors"], "release_lambda_strategy": "all_at_once", "release_lambda_bake": 0}, "nothing looks at the alarms"),
    ({"monitoring_thresholds": {"high-cpu": 101.0}}, "has high-cpu with 101: allowed are 0 to 100"),
    ({"monitoring_thresholds": {"queue-age": -1.0}}, "has queue-age with -1: allowed are 0 and more"),
]


def told(value):
    if isinstance(value, str):
        return ""
    return ", ".join(f"{name}={item}" for name, item in value.items())[:150]


@pytest.mark.parametrize("values", PASS, ids=told)
def test_what_aws_takes_passes(values):
    assert broken(values) == []


@pytest.mark.parametrize(("values", "words"), BREAK, ids=told)
def test_what_aws_refuses_is_one_sentence(values, words):
    sentences = [fault.sentence for fault in broken(values)]
    assert any(words in sentence for sentence in sentences), sentences
    assert all("\n" not in sentence.replace("\\n", "") for sentence in sentences)


def test_all_sentences_are_told():
    assert len(broken({**API, "api.memory": 1, "stack_recovery_days": 1, "queue_max_receive_count": 0})) == 3


@pytest.mark.parametrize(("values", "secret"), [(USERS | {"secrets_database_username": "owner"}, "secrets_database_username"), ({"stack_recovery_days": 1}, "stack_recovery_days")])
def test_secret_values_are_not_told(values, secret):
    (fault,) = broken(values, frozenset({secret}))
    assert f"{secret} is (secret)" in fault.sentence and secret in fault.names


@pytest.mark.parametrize(
    ("faulty", "sources", "told"),
    [
        ([{"a"}, {"b"}], {}, "ab"),
        ([{"a"}, {"b"}], {"b": {"a"}}, "a"),
        ([{"b"}, {"a"}], {"b": {"a"}}, "a"),
        ([{"a"}, {"c"}], {"b": {"a"}, "c": {"b"}}, "a"),
        ([{"b"}, {"c"}], {"b": {"a"}, "c": {"b"}}, "b"),
        ([{"a"}, {"b", "c"}], {"b": {"a"}}, "abc"),
        ([{"a"}, {"a", "b"}], {"b": {"a"}}, "aab"),
        ([set(), {"a"}], {"a": {"b"}}, "a"),
        ([{"a"}, {"b"}], {"a": {"b"}, "b": {"a"}}, "ab"),
        ([], {}, ""),
        ([{"a"}], {"a": {"a"}}, "a"),
    ],
)
def test_what_only_follows_is_not_told(faulty, sources, told):
    faults = [Fault(frozenset(names), "".join(sorted(names))) for names in faulty]
    assert "".join(first_causes(faults, sources)) == told


def test_a_rule_waits_for_all_its_variables():
    assert broken({"database_max_allocated_storage": 1}) == []


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-1", "ap-southeast-7"])
def test_the_longest_allowed_stack_fits_every_name(region):
    longest, _key = stack.longest_stack(region)
    for key in NAMES:
        parts = {"state_bucket": (stack.ACCOUNT, region), "dashboard": (region,)}.get(key, (stack.PART, region))
        name(key, "s" * longest, *parts)


COMPONENTS = {"api", "worker", "scheduler", "cleanup", "migrations", "resubmit"}


def parts_of(key):
    """Return the parts that roles give to names of a key: as words, or in lists whose items have names."""
    texts = [path.read_text() for path in ROOT.glob("roles/*/*/*.yml")]
    found = {part for text in texts for part in re.findall(rf"name\('{key}', '([\w-]+)'", text)}
    if key in ("role", "alarm"):
        roles = ("ecs",) if key == "role" else ("ecs", "monitoring")
        texts = [(ROOT / f"roles/{role}/vars/main.yml").read_text() for role in roles]
        found |= {part for text in texts for part in re.findall(r"^ +(?:- )?name: (\w[\w-]*)$", text, re.MULTILINE)}
    if key in ("service", "repository", "function", "rule", "ecs_log_group", "lambda_log_group"):
        found |= COMPONENTS
    return found | ({f"{one}-lambda" for one in COMPONENTS} if key == "role" else set())


def test_no_role_adds_a_longer_part_to_a_name_than_the_rule_counts_with():
    parts = set().union(*map(parts_of, NAMES.keys() - {"alarm"}))
    assert {"scheduler-lambda", "ecs-execution", "flow-logs"} <= parts
    assert max(map(len, parts)) <= len(stack.PART), sorted(parts, key=len)[-3:]


# What AWS has one list of names for.
@pytest.mark.parametrize(
    "keys",
    [
        ("role",), ("alarm",), ("service",), ("repository",), ("function",), ("rule",), ("cluster",), ("pipe",), ("topic",),
        ("queue", "dead_letter_queue", "lambda_failures_queue", "failed_jobs_queue"),
        ("load_balancer",), ("target_group", "alternate_target_group"), ("key_alias",), ("secret",), ("dashboard",),
        ("ecs_log_group",), ("lambda_log_group",), ("database_final_snapshot", "database_release_snapshot"),
    ],
    ids=lambda keys: keys[0],
)  # fmt: skip
def test_no_name_of_a_stack_can_be_another_stacks(keys):
    """The names of the stacks a and a-b would be the same if one ended as the other does, with more before it."""
    ends = {NAMES[key][0].format(part, "us-east-1", stack="\n").partition("\n")[2] for key in keys for part in parts_of(key) or {"x"}}
    assert ends
    assert not [(one, other) for one in ends for other in ends if one != other and one.endswith(other)]


@pytest.mark.parametrize(
    ("backup", "maintenance", "expected"),
    [
        ((180, 60), (6 * 1440 + 240, 60), False),
        ((180, 61), (6 * 1440 + 240, 60), True),
        ((300, 30), (6 * 1440 + 240, 60), False),
        ((299, 30), (6 * 1440 + 240, 60), True),
        ((1410, 60), (0, 30), True),
        ((1410, 60), (30, 30), False),
        ((0, 30), (7 * 1440 - 15, 30), True),
        ((600, 30), (590, 60), True),
        ((590, 60), (600, 30), True),
    ],
)
def test_overlap(backup, maintenance, expected):
    assert database.overlap(backup, maintenance) is expected


def test_log_retentions_are_those_of_the_module():
    assert (0, *stack.LOG_RETENTIONS) == tuple(RETENTIONS)


ULTRA = {"stack_profile": "ultra", "api": None, "worker.type": "task", "worker.migrations": True}
# What components come to together; keys of api and others are laid over those that every stack has here.
TOGETHER = [
    ({"mailer.type": "service", "mailer.queue": "mails", "api.sends_to": {"mails": ""}, **NAME}, ""),
    ({"relay.type": "service", "stack_profile": "standard"}, ""),
    ({"mailer.type": "function", "mailer.secrets": {"A": "app", "B": f"{SECRET}"}, "lambda_app_secret_arn": "arn"}, ""),
    ({"api.secrets": {"A": "app:KEY", "B": f"{SECRET}:KEY"}, "ecs_app_secret_arn": "arn"}, ""),
    ({"api.statements": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}, ""),
    ({"images_components": ["api", "cleanup"], "release_migration_component": "worker"}, ""),
    ({"Mailer.type": "function", **NAME}, "stack_components.Mailer is no name of a component: allowed are lower-case"),
    ({"migrations.type": "service", **NAME}, "stack_components.migrations is no name of a component"),
    ({"a-name-that-is-too-long.type": "function", **NAME, "stack_name": "s" * 28}, "is too long a name of a component"),
    ({"mailer.type": "service", "mailer.queue": "failed-jobs", **NAME}, "mailer.queue is 'failed-jobs': allowed are lower-case"),
    ({"mailer.type": "service", "mailer.queue": "workflow-dlq", **NAME}, "nor -dlq at the end"),
    ({"mailer.type": "task", "stack_profile": "standard"}, "mailer.type is 'task': the profile standard has no pipe"),
    ({"mailer.type": "service", "stack_profile": "ultra"}, "mailer.type is 'service': the profile ultra has no services"),
    ({**ULTRA, "mailer.type": "task"}, "stack_components has 2 tasks: the pipe starts one"),
    ({**ULTRA, "worker.queue": "mails"}, "worker.queue is 'mails': the pipe takes from one queue"),
    ({"worker.load_balancer": True, "worker.port": 1}, "worker.load_balancer is True, and stack_components.api.load_balancer is True"),
    ({"api.port": 0}, "api.port is 0, and stack_components.api.load_balancer is True: behind the load balancer a port"),
    ({"worker.port": 80}, "worker.port is 80, but stack_components.worker.load_balancer is False: nothing else leads to a port"),
    ({"api.queue": "workflow"}, "it is scaled by a queue or by requests, not by both"),
    ({"worker.deployment_strategy": "CANARY"}, "without traffic that moves only ROLLING is allowed"),
    ({"api.migrations": False}, "stack_components has none with migrations: true"),
    ({"worker.migrations": True}, "migrations come with one image"),
    ({"api.sends_to": {"mails": ""}}, "api.sends_to has 'mails': no component has such a queue; there are workflow"),
    ({"api.secrets": {"KEY": "app"}}, "api.secrets has KEY with 'app': a service takes app:KEY, database:KEY, or the whole ARN"),
    ({"cleanup.secrets": {"KEY": "app:KEY"}}, "cleanup.secrets has KEY with 'app:KEY': a function takes app, database, or"),
    ({"api.secrets": {"KEY": "app:KEY"}, "ecs_app_secret_arn": ""}, "but ecs_app_secret_arn is '': there is no such secret here"),
    ({"cleanup.vpc": False, "stack_profile": "standard"}, "cleanup.vpc is False, but stack_components.cleanup.database is True"),
    ({"api.statements": [{"Effect": "Allow"}]}, "a statement has Effect (Allow or Deny), Action and Resource"),
    ({"api.statements": [{"Sid": "Send", "Effect": "Allow", "Action": "a:B", "Resource": "*"}]}, "api.statements has the Sid 'Send' twice"),
    ({"api.alarms": {"cpu": {"threshold": 101.0}}}, "api.alarms.cpu.threshold is 101: allowed are 0 to 100"),
    ({"api.cpu": 256, "images_components": ["web"]}, "images_components has 'web': allowed are api, worker"),
    ({"api.cpu": 256, "release_migration_component": "cleanup"}, "release_migration_component is 'cleanup': allowed are api, worker"),
    ({"api.environment": {"API_TOKEN": "x"}}, "api.environment has API_TOKEN: everybody who may look at tasks"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "words"), TOGETHER, ids=told)
def test_what_components_come_to(values, words):
    sentences = [fault.sentence for fault in broken(values)]
    assert len([one for one in sentences if words and words in one]) == bool(words), sentences
    assert words or not sentences, sentences


def test_the_roles_own_sids_are_known():
    texts = [(ROOT / f"roles/{role}/vars/main.yml").read_text() for role in ("ecs", "lambda")]
    roles = {"Ask", "Look", "Move", "Register", "Login", "Images", "Rules", "OnlyTls"}  # of policies of others
    assert {one for text in texts for one in re.findall(r"Sid: (\w+)", text)} - roles == components.OWN_SIDS
