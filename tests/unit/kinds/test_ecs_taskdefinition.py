"""ECS's task definitions in one spelling, whoever tells of them."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_taskdefinition import (
    ECS_TASK_DEFINITION,
    container,
)

API = {"name": "api", "image": "i"}


@pytest.mark.parametrize(
    ("ours", "aws"),
    [
        ({}, {"cpu": 0, "essential": True, "portMappings": [], "environment": [], "mountPoints": [], "volumesFrom": []}),
        ({}, {"systemControls": [], "readonlyRootFilesystem": False, "privileged": None, "user": ""}),
        ({"essential": False}, {"essential": False}),
        ({"cpu": "256"}, {"cpu": 256}),
        (
            {"portMappings": [{"containerPort": "8080"}]},
            {"portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]},
        ),
        (
            {"portMappings": [{"containerPort": 2}, {"containerPort": 1, "protocol": "udp"}]},
            {
                "portMappings": [
                    {"containerPort": 1, "hostPort": 1, "protocol": "udp"},
                    {"containerPort": 2, "hostPort": 2, "protocol": "tcp"},
                ]
            },
        ),
        (
            {"environment": [{"name": "B", "value": 5432}, {"name": "A", "value": True}]},
            {"environment": [{"name": "A", "value": "true"}, {"name": "B", "value": "5432"}]},
        ),
        ({"environment": [{"name": "A", "value": ""}]}, {"environment": [{"name": "A", "value": ""}]}),
        (
            {"secrets": [{"name": "B", "valueFrom": "b"}, {"name": "A", "valueFrom": "a"}]},
            {"secrets": [{"name": "A", "valueFrom": "a"}, {"name": "B", "valueFrom": "b"}]},
        ),
        (
            {"healthCheck": {"command": ["CMD", "true"]}},
            {"healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}},
        ),
        ({"healthCheck": {}}, {}),
        (
            {"linuxParameters": {"initProcessEnabled": True}},
            {"linuxParameters": {"initProcessEnabled": True, "devices": [], "capabilities": {"add": [], "drop": []}}},
        ),
        (
            {"logConfiguration": {"logDriver": "awslogs", "options": {"max": 1}}},
            {"logConfiguration": {"logDriver": "awslogs", "options": {"max": "1"}, "secretOptions": []}},
        ),
    ],
)
def test_a_container_is_what_aws_makes_of_it(ours, aws):
    assert container({**API, **ours}) == container({**API, **aws})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}),
        ({"essential": True}, {"essential": False}),
        ({"environment": [{"name": "A", "value": ""}]}, {}),
        ({"environment": [{"name": "A", "value": "1"}]}, {"environment": [{"name": "A", "value": "2"}]}),
        ({"portMappings": [{"containerPort": 80}]}, {"portMappings": [{"containerPort": 80, "protocol": "udp"}]}),
        ({"readonlyRootFilesystem": True}, {}),
        ({"image": "i"}, {"image": "j"}),
        ({"healthCheck": {"command": ["CMD", "true"]}}, {"healthCheck": {"command": ["CMD", "true"], "retries": 5}}),
    ],
)
def test_containers_that_differ(one, other):
    assert container({**API, **one}) != container({**API, **other})


def test_a_normal_container_stays_as_it_is():
    made = container({**API, "portMappings": [{"containerPort": 80}], "environment": [{"name": "A", "value": 1}]})
    assert container(made) == made


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("DB_PASSWORD", "x", True),
        ("CLERK_SECRET_KEY", "x", True),
        ("github_token", "x", True),
        ("AWS_SECRET_ACCESS_KEY", "x", True),
        ("DATABASE_URL", "postgres://app:hunter2@db/app", True),
        ("DB_PASSWORD", "", False),
        ("DB_SECRET_ARN", "arn", False),
        ("TOKEN_URL", "https://example.com", False),
        ("PUBLIC_KEY", "x", False),
        ("DB_HOST", "x", False),
    ],
)
def test_a_plain_secret_is_refused(name, value, refused):
    arguments = {"family": "f", "container_definitions": [{**API, "environment": [{"name": name, "value": value}]}]}
    if refused:
        with pytest.raises(EngineError, match=f"container api has {name} in its environment"):
            ECS_TASK_DEFINITION.want(arguments)
    else:
        assert ECS_TASK_DEFINITION.want(arguments)["container_definitions"][0]["environment"]


def test_a_secret_in_a_command_is_refused():
    arguments = {"family": "f", "container_definitions": [{**API, "command": ["run", "postgres://app:hunter2@db/app"]}]}
    with pytest.raises(EngineError, match="container api has a secret in a command") as told:
        ECS_TASK_DEFINITION.want(arguments)
    assert "hunter2" not in str(told.value)


def _revision(**more):
    definition = {
        "family": "f",
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/f:1",
        "revision": 1,
        "containerDefinitions": [API],
    }
    return ECS_TASK_DEFINITION._live({"taskDefinition": {**definition, **more}})


def test_a_plain_secret_that_somebody_put_there_is_not_shown():
    live = _revision(containerDefinitions=[{**API, "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]}])
    assert "hunter2" not in str(live)
    # and it isn't written back as a value
    with pytest.raises(EngineError, match="container_definitions"):
        ECS_TASK_DEFINITION.update(None, live, {"family": "f", "cpu": "512"}, {"cpu"})


@pytest.mark.parametrize(
    ("aws", "ours", "differs"),
    [
        ({"cpu": "256", "memory": "512"}, {"cpu": 256, "memory": 512}, set()),
        ({"cpu": "256", "memory": "512"}, {"cpu": "512", "memory": "512"}, {"cpu"}),
        ({"requiresCompatibilities": ["FARGATE", "EC2"]}, {"requires_compatibilities": ["EC2", "FARGATE"]}, set()),
        ({"volumes": [{"name": "tmp", "host": {}}]}, {"volumes": [{"name": "tmp"}]}, set()),
        ({"volumes": []}, {"volumes": [{"name": "tmp"}]}, {"volumes"}),
        ({"ephemeralStorage": {"sizeInGiB": 30}}, {"ephemeral_storage_gib": 0}, {"ephemeral_storage_gib"}),
        ({}, {"ephemeral_storage_gib": 0, "task_role_arn": "", "runtime_platform": {}}, set()),
        (
            {"runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}},
            {"runtime_platform": {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}},
            {"runtime_platform"},
        ),
    ],
)
def test_task_definitions(aws, ours, differs):
    assert ECS_TASK_DEFINITION.compare(_revision(**aws), ECS_TASK_DEFINITION.want({"family": "f", **ours})) == differs


@pytest.mark.parametrize(("changes", "fields"), [({"cpu"}, {"arn", "revision"}), ({"cpu", "tags"}, {"arn", "revision"}), ({"tags"}, set())])
def test_a_new_revision_has_an_arn_that_a_plan_can_not_know(changes, fields):
    assert set(ECS_TASK_DEFINITION.consequences({"family": "f"}, changes)) == fields
