"""What recordings of AWS carry in most answers, and the embedded AWS lacked."""

import pytest


def test_a_route_table_tells_propagating_gateways(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_route_table(VpcId=vpc)["RouteTable"]
    (seen,) = ec2.describe_route_tables(RouteTableIds=[made["RouteTableId"]])["RouteTables"]
    assert made["PropagatingVgws"] == seen["PropagatingVgws"] == []


def test_a_key_encrypts_unless_told(aws):
    assert aws("kms").create_key()["KeyMetadata"]["KeyUsage"] == "ENCRYPT_DECRYPT"
    told = aws("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]
    assert told["KeyUsage"] == "SIGN_VERIFY"


def test_a_database_tells_the_zone_of_its_endpoint(aws):
    rds = aws("rds")
    made = rds.create_db_instance(
        DBInstanceIdentifier="shaped", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="owner", ManageMasterUserPassword=True,
    )["DBInstance"]  # fmt: skip
    (seen,) = rds.describe_db_instances(DBInstanceIdentifier="shaped")["DBInstances"]
    rds.delete_db_instance(DBInstanceIdentifier="shaped", SkipFinalSnapshot=True)
    assert set(seen["Endpoint"]) == {"Address", "Port", "HostedZoneId"}
    assert made["DBInstanceIdentifier"] == "shaped"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, {"docker-remote-api.1.18"}),
        (
            {"networkMode": "host", "taskRoleArn": "arn:aws:iam::123456789012:role/r"},
            {"docker-remote-api.1.18", "task-iam-role-network-host"},
        ),
    ],
)
def test_a_task_definition_tells_what_it_requires(aws, given, told):
    made = aws("ecs").register_task_definition(
        family="shaped", containerDefinitions=[{"name": "c", "image": "i", "memory": 64}],
        volumes=[{"name": "tmp"}, {"name": "root", "host": {"sourcePath": "/"}}], **given,
    )["taskDefinition"]  # fmt: skip
    assert {one["name"].rpartition("capability.")[2] for one in made["requiresAttributes"]} == told
    assert made["volumes"] == [{"name": "tmp", "host": {}}, {"name": "root", "host": {"sourcePath": "/"}}]


def test_a_task_on_fargate_requires_its_network_and_roles(aws):
    role = "arn:aws:iam::123456789012:role/r"
    logs = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"},
    }
    made = aws("ecs").register_task_definition(
        family="shaped", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        taskRoleArn=role, executionRoleArn=role,
        containerDefinitions=[{"name": "c", "image": "i", "logConfiguration": logs, "readonlyRootFilesystem": True}],
    )["taskDefinition"]  # fmt: skip
    assert {one["name"] for one in made["requiresAttributes"]} == {
        *(f"com.amazonaws.ecs.capability.docker-remote-api.1.{number}" for number in (17, 18, 19)),
        "com.amazonaws.ecs.capability.task-iam-role",
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
        "ecs.capability.execution-role-awslogs",
        "ecs.capability.task-eni",
    }
