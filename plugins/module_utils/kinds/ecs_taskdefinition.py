"""ECS: task definitions."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.deleting import each_done
from ..engine.diff import MASK
from ..engine.errors import EngineError
from ..engine.listings import Listing
from ..engine.names import tail
from ..engine.secrets import secret, valued
from ..engine.severity import Severity
from ..engine.unmodelled import keep_unmodelled
from .ecs import EcsKind, to_aws

# Task definitions

# Lists of a container whose order means nothing, and what they are sorted by.
UNORDERED = {
    "dependsOn": "containerName",
    "environment": "name",
    "extraHosts": "hostname",
    "mountPoints": "containerPath",
    "portMappings": "containerPort",
    "secrets": "name",
    "systemControls": "namespace",
    "ulimits": "name",
    "volumesFrom": "sourceContainer",
}
# What AWS fills in.
HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3}
TASK_DEFINITION = {
    "family": "family",
    "cpu": "cpu",
    "memory": "memory",
    "execution_role_arn": "executionRoleArn",
    "task_role_arn": "taskRoleArn",
    "network_mode": "networkMode",
    "pid_mode": "pidMode",
    "ipc_mode": "ipcMode",
    "requires_compatibilities": "requiresCompatibilities",
    "volumes": "volumes",
    "container_definitions": "containerDefinitions",
}
RUNTIME = {"operating_system_family": "operatingSystemFamily", "cpu_architecture": "cpuArchitecture"}


def text(value) -> str:
    """Return a value of an environment or of options as AWS takes it: a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain(value):
    """Return a structure without what says nothing: None, False, empty strings, lists and dicts, at any depth."""
    if isinstance(value, dict):
        kept = {key: plain(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, False, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def container(given: dict) -> dict:
    """Return a container definition in one spelling: AWS's defaults, texts, and the order that means nothing."""
    environment = [{"name": item["name"], "value": text(item["value"])} for item in given.get("environment") or []]
    made = plain({key: value for key, value in given.items() if key not in ("environment", "cpu", "essential")})
    made["essential"] = given.get("essential") is not False
    if given.get("cpu"):
        made["cpu"] = int(given["cpu"])
    if environment:
        made["environment"] = environment  # an empty value is a value
    if "portMappings" in made:
        made["portMappings"] = [_port(port) for port in made["portMappings"]]
    if "healthCheck" in made:
        made["healthCheck"] = {**HEALTH_CHECK, **made["healthCheck"]}
    options = made.get("logConfiguration", {}).get("options")
    if options:
        made["logConfiguration"]["options"] = {key: text(value) for key, value in options.items()}
    for field, key in UNORDERED.items():
        if field in made:
            made[field] = _ordered(made[field], key)
    return dict(sorted(made.items()))


def _ordered(items: list[dict], key: str) -> list[dict]:
    return sorted(items, key=lambda item: (item.get(key) or 0, str(item)))


def _port(port: dict) -> dict:
    """A container of a task with an interface of its own has its port as the host's."""
    given = {**port, "containerPort": int(port["containerPort"])} if "containerPort" in port else dict(port)
    return {"protocol": "tcp", **({"hostPort": given["containerPort"]} if "containerPort" in given else {}), **given}


def containers(given: list[dict]) -> list[dict]:
    """Return container definitions in one spelling."""
    return sorted((container(item) for item in given), key=lambda item: item["name"])


def volumes(given: list[dict]) -> list[dict]:
    """Return volumes in one spelling."""
    return sorted((plain(item) for item in given), key=lambda item: item["name"])


def refuse_secrets(given: list[dict]) -> None:
    """Raise EngineError for a secret in a plain environment or a command: DescribeTaskDefinition shows it to many."""
    for item in given:
        environment, check = item.get("environment", []), item.get("healthCheck", {})
        found = [f"{one['name']} in its environment" for one in environment if secret(one["name"], one["value"])]
        words = [*item.get("entryPoint", []), *item.get("command", []), *check.get("command", [])]
        found += ["a secret in a command"] * any(map(valued, words))
        if found:
            raise EngineError(
                f"container {item['name']} has {found[0]}, where everybody who may describe the task definition can "
                "read it; put it into a secret and refer to it under secrets with valueFrom"
            )


def hide_secrets(given: list[dict]) -> list[dict]:
    """Return live containers without the values of secrets that somebody put into a plain environment."""
    for item in given:
        for variable in item.get("environment", []):
            if secret(variable["name"], variable["value"]):
                variable["value"] = MASK
    return given


class EcsTaskDefinition(EcsKind):
    """A task definition: the newest active revision of a family. A change registers a new one."""

    name = "ecs_taskdefinition"
    title = "task definition"
    module = "flow_builder.aws.ecs_taskdefinition"
    cloudformation = "AWS::ECS::TaskDefinition"
    identity = ("family",)
    needs = ("iam_role", "log_group")
    settling = (("ClientException", "Role is not valid"),)
    # A release registers the next revision with another image; all else of it is this code's.
    externally_managed = dict.fromkeys(("arn", "revision", "container_definitions[[]*[]].image"), "a release")
    wrapped = ("taskDefinition",)
    ignored = frozenset({"compatibilities", "registeredAt", "registeredBy", "requiresAttributes"})
    severities = (Severity("high"),)
    unmanaged = (
        Listing(
            "list_task_definition_families", "families",
            parameters={"familyPrefix": "{stack}-", "status": "ACTIVE"},
        ),
    )  # fmt: skip
    tag_copies = (":task-definition/",)

    def want(self, arguments):
        """Spell all in one way, and refuse secrets that would lie open."""
        want = super().want(arguments)
        want |= {field: str(want[field]) for field in ("cpu", "memory") if field in want}
        if "requires_compatibilities" in want:
            want["requires_compatibilities"] = sorted(want["requires_compatibilities"])
        if "runtime_platform" in want:
            want["runtime_platform"] = plain(want["runtime_platform"])
        if "volumes" in want:
            want["volumes"] = volumes(want["volumes"])
        if "container_definitions" in want:
            want["container_definitions"] = containers(want["container_definitions"])
            refuse_secrets(want["container_definitions"])
        return want

    def find(self, aws, want):
        """Return the newest active revision of the family."""
        return self._described(aws, want["family"])

    def _described(self, aws, name):
        answer = unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=name, include=["TAGS"])
        return self._live(answer) if answer else None

    def stack(self, aws, stack):
        """Return the newest revisions with the stack's tag, among the families whose name begins with the stack's."""
        families = aws.pages(
            "ecs", "list_task_definition_families", "families", familyPrefix=f"{stack}-", status="ACTIVE"
        )
        found = (self.find(aws, {"family": family}) for family in families)
        return [definition for definition in found if definition and definition["tags"].get("Stack") == stack]

    def interrupted(self, aws, stack):
        """Return what is left of families without an active revision: AWS keeps those that are only deregistered."""
        families = aws.pages(
            "ecs", "list_task_definition_families", "families", familyPrefix=f"{stack}-", status="INACTIVE"
        )
        arns = (arn for family in families for arn in self._revisions(aws, family, "INACTIVE")[:1])
        # Families of another stack may begin with this one's name, and go while this looks.
        found = (self._described(aws, arn) for arn in arns)
        return [definition for definition in found if definition and definition["tags"].get("Stack") == stack]

    @keep_unmodelled
    def _live(self, answer):
        definition = answer["taskDefinition"]
        platform = definition.get("runtimePlatform", {})
        live = {field: definition.get(key, "") for field, key in TASK_DEFINITION.items()}
        return live | {
            "arn": definition["taskDefinitionArn"],
            "revision": definition["revision"],
            "requires_compatibilities": sorted(definition.get("requiresCompatibilities", [])),
            "runtime_platform": {field: platform[key] for field, key in RUNTIME.items() if platform.get(key)},
            "ephemeral_storage_gib": definition.get("ephemeralStorage", {}).get("sizeInGiB", 0),
            "volumes": volumes(definition.get("volumes", [])),
            "container_definitions": hide_secrets(containers(definition["containerDefinitions"])),
            "tags": tagging.from_list(answer.get("tags"), "key", "value"),
        }

    def create(self, aws, want):
        """Register a revision."""
        said = {key: value for key, value in to_aws(TASK_DEFINITION, want).items() if value not in ("", [])}
        if want.get("runtime_platform"):
            said["runtimePlatform"] = to_aws(RUNTIME, want["runtime_platform"])
        if want.get("ephemeral_storage_gib"):
            said["ephemeralStorage"] = {"sizeInGiB": want["ephemeral_storage_gib"]}
        if want.get("tags"):
            said["tags"] = tagging.to_list(want["tags"], "key", "value")
        aws("ecs").register_task_definition(**said)

    def update(self, aws, live, want, changes):
        """Register a new revision, in which what is unsaid stays. The old one stays active: a rollback needs it."""
        whole = {**live, **want}
        environment = [item for one in whole["container_definitions"] for item in one.get("environment", [])]
        if any(item["value"] == MASK for item in environment):
            raise EngineError("its plain environment has secrets; say container_definitions, without them")
        self.create(aws, whole)

    def consequences(self, want, changes):
        """A new revision has a new ARN."""
        return {field: self.unknown(want, field) for field in ("arn", "revision")} if changes - {"tags"} else {}

    def delete(self, aws, live):
        """Deregister and delete every revision of the family; AWS keeps one that still runs until it ends."""
        for arn in self._revisions(aws, live["family"], "ACTIVE"):
            unless("ClientException", aws("ecs").deregister_task_definition, taskDefinition=arn)
        inactive = self._revisions(aws, live["family"], "INACTIVE")
        for start in range(0, len(inactive), 10):
            each_done(aws("ecs").delete_task_definitions(taskDefinitions=inactive[start : start + 10]))

    def _revisions(self, aws, family, status):
        arns = aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status)
        return [arn for arn in arns if tail(arn).rsplit(":", 1)[0] == family]

    def computed(self, aws, want):
        """Only AWS knows the next revision's number: deleted ones count."""
        return {field: self.unknown(want, field) for field in ("arn", "revision")}
ECS_TASK_DEFINITION = EcsTaskDefinition()
