"""Rules of the ultra profile: values that pass, and values with a part of the sentence that they get."""

import pytest

from .components import broken

VPC = {"public_network_create": False, "public_network_vpc_id": "", "public_network_vpc_filter": {}}
RANGE = {"public_network_cidr": "10.64.0.0/24", "public_network_zone_count": 1}
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shared/db-AbCdEf"
SECRET = {"external_database_secret_arn": ARN, "stack_region": "us-east-1"}

PASS = [
    {**VPC, "public_network_create": True},
    {**VPC, "public_network_vpc_id": "vpc-0123456789abcdef0"},
    {**VPC, "public_network_vpc_filter": {"Name": "shared"}},
    {**RANGE, "public_network_zone_count": 4},
    {"external_database_address": "db-1.example.com"},
    {"external_database_port": 6543},
    {"migrations_database_address": "db-1.example.com", "migrations_database_port": 6543},
    {"migrations_database_address": "aws-0-eu-west-1.pooler.supabase.com", "migrations_database_port": 5432},
    {"migrations_database_address": "ep-a-1.eu-west-1.aws.neon.tech", "migrations_database_port": 5432},
    SECRET,
    {"release_snapshot": True, "stack_profile": "standard"},
    {"release_snapshot": False, "stack_profile": "ultra"},
    {**SECRET, "external_database_secret_arn": ""},
    {**SECRET, "external_database_owner_secret_arn": ARN},
    {"external_database_password": "x", "external_database_secret_arn": ""},
    {"pipes_body": "$.body"},
    {"pipes_body": "$.body.jobs[0].id"},
    {"pipes_environment": {"SENT": "$.attributes.SentTimestamp", "MODE": "fast", "PRICE": "5$"}},
    {"pipes_capacity_providers": [{"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 0}]},
    {"release_source": "https://git.example.com/a.git", "release_check_command": ["check", "--all"]},
    {"release_source": "git@git.example.com:a.git", "images_arguments": {"BASE": "python:3.13"}},
    {"jobs_retries": 0},
    {"jobs_retries": 8},
]
REFUSED = [
    (
        {"migrations_database_address": "aws-0-eu-west-1.pooler.supabase.com", "migrations_database_port": 6543},
        "port 5432 of it",
    ),
    (
        {"migrations_database_address": "ep-a-1-pooler.eu-west-1.aws.neon.tech", "migrations_database_port": 5432},
        "the same host without -pooler",
    ),
    (VPC, "say one of the three"),
    ({**VPC, "public_network_create": True, "public_network_vpc_id": "vpc-0123456789abcdef0"}, "say one of the three"),
    ({"public_network_vpc_id": "shared", "public_network_subnet_ids": []}, "vpc-0123456789abcdef0"),
    ({"public_network_vpc_id": "", "public_network_subnet_ids": ["public-0"]}, "has 'public-0'"),
    ({"public_network_subnet_ids": ["subnet-01234567"], "public_network_subnet_filter": {"a": "b"}}, "not both"),
    ({**RANGE, "public_network_zone_count": 5}, "each zone needs a /26"),
    ({**RANGE, "public_network_cidr": "10.0.0.0/27"}, "a /26"),
    ({"public_network_free_addresses": 0}, "at least 1"),
    ({"external_database_address": "postgres://db.example.com"}, "a host alone"),
    ({"external_database_address": "db.example.com:5432"}, "a host alone"),
    ({"external_database_port": 0}, "1 to 65535"),
    ({**SECRET, "stack_region": "eu-west-1"}, "a secret in eu-west-1"),
    ({**SECRET, "external_database_secret_arn": "shared/db"}, "the whole ARN"),
    ({"external_database_owner_secret_arn": "shared/owner", "stack_region": "us-east-1"}, "the whole ARN"),
    ({"release_snapshot": True, "stack_profile": "ultra"}, "isn't AWS's"),
    ({"external_database_password": "x", "external_database_secret_arn": ARN}, "say one of them"),
    ({"pipes_body": "id=$.body"}, "as a whole a path"),
    ({"pipes_body": "<$.body>"}, "as a whole a path"),
    ({"pipes_body": ""}, "as a whole a path"),
    ({"pipes_environment": {"ID": "job-$.messageId"}}, "only where the whole value is its path"),
    ({"pipes_environment": {"API_TOKEN": "x"}}, "put it into a secret"),
    ({"worker.environment": {"DB_PASSWORD": "x"}}, "put it into a secret"),
    ({"worker.environment": {"DATABASE_URL": "postgres://app:hunter2@db/app"}}, "has DATABASE_URL: everybody"),
    ({"pipes_environment": {"STRIPE_KEY": "x"}}, "has STRIPE_KEY: everybody"),
    ({"images_arguments": {"PYTHON": 3.1}}, "in quotes"),
    ({"images_arguments": {"NPM_TOKEN": "hunter2"}}, "has NPM_TOKEN: everybody who pulls"),
    ({"release_source": "https://me:hunter2@git.example.com/a.git"}, "leave it out"),
    ({"release_source": "https://hunter2@git.example.com/a.git"}, "leave it out"),
    ({"release_check_command": ["check", "Bearer hunter2hunter2"]}, "has a secret in it"),
    ({"ecs_tags": {"Url": "redis://:hunter2@cache"}}, "has the tag 'Url' with a secret"),
    ({"pipes_environment": {"RETRIES": 3}}, "in quotes"),
    ({"pipes_environment": {"SQS_BODY": "x"}}, "choose another name"),
    ({"pipes_capacity_providers": []}, "allowed is a list of FARGATE and FARGATE_SPOT"),
    ({"jobs_retries": 9}, "0, for never, to 8"),
    ({"jobs_failed_retention_days": 15}, "1 to 14 days"),
]


def sentences(values):
    return [fault.sentence for fault in broken(values, frozenset({"external_database_password"}))]


@pytest.mark.parametrize("values", PASS, ids=str)
def test_right_values_pass(values):
    assert sentences(values) == []


@pytest.mark.parametrize(("values", "said"), REFUSED, ids=str)
def test_wrong_values_get_one_sentence(values, said):
    (sentence,) = sentences(values)
    assert said in sentence and "hunter2" not in sentence


def test_a_password_is_not_said():
    assert "hunter2" not in sentences({"external_database_password": "hunter2", "external_database_secret_arn": ARN})[0]
