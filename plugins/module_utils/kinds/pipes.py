"""EventBridge Pipes."""

from __future__ import annotations

import re
from functools import cache

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.refusals import Refusal
from ..engine.shapes import camel, snake
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until

MISSING = "NotFoundException"
SETTLED = ("RUNNING", "STOPPED")
# What a pipe never leaves: it is deleted and made again. Its messages are in its source.
DEAD = {
    "CREATE_FAILED", "CREATE_ROLLBACK_FAILED", "DELETE_FAILED", "DELETE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED",
}  # fmt: skip
# AWS takes a pipe, tries its role, and fails where it doesn't see a fresh one with all that it may.
LATE = ("does not have permission", "assume")
# Our field: the member of CreatePipe and DescribePipe.
TEXTS = {
    "description": "Description",
    "enrichment": "Enrichment",
    "target": "Target",
    "role_arn": "RoleArn",
    "kms_key_identifier": "KmsKeyIdentifier",
}
STRUCTURES = {
    "source_parameters": "SourceParameters",
    "enrichment_parameters": "EnrichmentParameters",
    "target_parameters": "TargetParameters",
    "log_configuration": "LogConfiguration",
}
# What a pipe does where nothing is said; AWS answers it for some and not for others.
DEFAULTS = {
    "sqs_queue_parameters": {"batch_size": 10, "maximum_batching_window_in_seconds": 0},
    "ecs_task_parameters": {"task_count": 1, "enable_ecs_managed_tags": False, "enable_execute_command": False},
}
# Lists whose order means nothing, and what they are sorted by.
UNORDERED = {
    "capacity_provider_strategy": "capacity_provider",
    "container_overrides": "name",
    "environment": "name",
    "security_groups": None,
    "subnets": None,
    "tags": "key",
}
# UpdatePipe leaves what it isn't told; only these words take it away.
CLEARED = {"filter_criteria": {"filters": []}, "input_template": ""}
PATH = re.compile(r"\$(\.[A-Za-z_][\w-]*|\[\d+\])+")


class Pipe(Kind):
    """A pipe: what it takes from where, and what it starts with it."""

    name = "pipes_pipe"
    title = "pipe"
    service = "pipes"
    module = "flow_builder.aws.pipes_pipe"
    cloudformation = "AWS::Pipes::Pipe"
    needs = (
        "ecs_cluster", "ecs_taskdefinition", "iam_policy", "iam_role", "kms_key", "lambda_function", "log_group",
        "security_group", "sqs_queue", "subnet",
    )  # fmt: skip
    ignored = frozenset({"state", "state_reason", "CurrentState", "DesiredState", "LastModifiedTime", "StateReason"})
    externally_managed = {"target_parameters.ecs_task_parameters.task_definition_arn": "a release"}
    replaced = {
        "source": "AWS fixes a pipe's source at creation",
        "source_start": "AWS fixes at creation where in the source a pipe begins",
        "failed": "AWS never mends a pipe that it couldn't make",
    }
    refusals = (
        Refusal(
            "the pipe is being made, changed, started or stopped", "ConflictException",
            "the run waits until it is settled",
        ),
    )  # fmt: skip
    settling = (
        *((code, text) for code in ("ValidationException", "_FAILED") for text in LATE),
        ("ConflictException", "stable state"),
    )
    # An attempt alone takes a minute or two.
    settle_seconds = 300
    unmanaged = (Listing("list_pipes", "Pipes", "Name", delete=("delete_pipe", "Name"), kind="pipe", field="name"),)

    def want(self, arguments):
        """Normalise the parameters; refuse what AWS would take and then fail at with every message."""
        want = super().want(arguments)
        for field in STRUCTURES:
            if field in want:
                want[field] = normal(field, want[field])
        refuse(want.get("target_parameters", {}))
        if "source_parameters" in want:
            want["source_start"] = start(want["source_parameters"])
        return want

    def find(self, aws, want):
        """Return the pipe of this name."""
        found = unless(MISSING, aws("pipes").describe_pipe, Name=want["name"])
        return self._live(found) if found and found["CurrentState"] != "DELETING" else None

    def stack(self, aws, stack):
        """Return the pipes tagged with the stack, among those whose name begins like it."""
        listed = aws.pages("pipes", "list_pipes", "Pipes", NamePrefix=stack)
        found = (self.find(aws, {"name": one["Name"]}) for one in listed)
        return [pipe for pipe in found if pipe and pipe["tags"].get("Stack") == stack]

    def external_manager(self, difference, recorded, live):
        """Whoever gives a pipe its first release starts it as well; to stop one, or only to start it, is no release."""
        if (difference.path, difference.live) == ("desired_state", "RUNNING"):
            started = [one["target_parameters"].get("ecs_task_parameters", {}) for one in (recorded, live)]
            before, after = (one.get("task_definition_arn") for one in started)
            return "a release" if before != after else ""
        return super().external_manager(difference, recorded, live)

    @staticmethod
    @keep_unmodelled
    def _live(said):
        state, reason = said["CurrentState"], said.get("StateReason", "")
        live = {
            "name": said["Name"],
            "arn": said["Arn"],
            "source": said["Source"],
            **{field: said.get(key, "") for field, key in TEXTS.items()},
            **{field: normal(field, snake(_shape(field), said.get(key) or {})) for field, key in STRUCTURES.items()},
            "state": state,
            "state_reason": reason,
            "tags": tagging.own(said.get("Tags")),
        }
        # AWS itself stops a pipe that fails all the time: what is settled counts, not what was once desired.
        settled = f"{state}: {reason}" if state.endswith("FAILED") else state if state in SETTLED else ""
        return live | {
            "source_start": start(live["source_parameters"]),
            "desired_state": settled or said["DesiredState"],
        }

    def compare(self, live, want):
        """A pipe that AWS couldn't make is none."""
        return super().compare(live, want) | ({"failed"} if live["state"] in DEAD else set())

    def create(self, aws, want):
        """Create the pipe with everything at once."""
        more = {"DesiredState": want["desired_state"]} if want.get("desired_state") else {}
        aws("pipes").create_pipe(
            Name=want["name"], Source=want["source"], Tags=want.get("tags", {}),
            **_said(want, set(want), "CreatePipe"), **more,
        )  # fmt: skip
        self._taken(aws, want["name"])

    def _taken(self, aws, name):
        """Wait until AWS has tried what it accepted. Raises EngineError where that failed."""
        def tried():
            live = self.find(aws, {"name": name})
            return live and self._quiet(live) and live

        live = until(tried, 600, f"the last change of pipe {name}", delay=0.5)
        if not self.failed(live):
            return
        if live["state"] in DEAD and any(text in live["state_reason"] for text in LATE):
            self._end(aws, live)
        raise EngineError(f"pipe {name} failed: {self.failed(live)}")

    def _end(self, aws, live):
        self.delete(aws, live)
        self.gone(aws, live, 600)

    def update(self, aws, live, want, changes):
        """Change the named fields, or only start or stop the pipe."""
        if live["state"] in DEAD:
            self._end(aws, live)
            self.create(aws, want)
            return
        self._settle(aws, live["name"])
        self._change(aws, live, want, changes)
        self._taken(aws, live["name"])

    def _change(self, aws, live, want, changes):
        if changes == {"desired_state"} and live["state"] != "UPDATE_FAILED":
            call = aws("pipes").start_pipe if want["desired_state"] == "RUNNING" else aws("pipes").stop_pipe
            call(Name=live["name"])
            return
        full = dict(want)
        for field in changes & set(STRUCTURES):
            left = {key: CLEARED.get(key, {}) for key in live[field] if key not in want[field]}
            full[field] = {"level": "OFF"} if field == "log_configuration" and not want[field] else left | want[field]
        said = {"RoleArn": live["role_arn"], **_said(full, changes, "UpdatePipe")}
        state = want.get("desired_state", live["desired_state"])
        aws("pipes").update_pipe(Name=live["name"], **({"DesiredState": state} if state in SETTLED else {}), **said)

    def _settle(self, aws, name):
        """A pipe takes one change at a time."""
        def settled():
            live = self.find(aws, {"name": name})
            return live is None or self._quiet(live)

        until(settled, 300, f"the last change of pipe {name}")

    @staticmethod
    def _quiet(live) -> bool:
        return live["state"] == "RUNNING" or not live["state"].endswith("ING")

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("pipes").tag_resource(resourceArn=live["arn"], tags=add)
        if remove:
            aws("pipes").untag_resource(resourceArn=live["arn"], tagKeys=remove)

    def ready(self, live):
        """A pipe takes a minute or two to start and to stop."""
        return live["state"] in SETTLED and live["state"] == live["desired_state"]

    def failed(self, live):
        """AWS says why."""
        return live["desired_state"] if live["state"].endswith("FAILED") else ""

    def delete(self, aws, live):
        """Delete the pipe; messages stay in its source."""
        self._settle(aws, live["name"])
        unless(MISSING, aws("pipes").delete_pipe, Name=live["name"])

    def gone(self, aws, live, timeout):
        """Wait until AWS no longer knows the name, which is free only then."""
        def away():
            found = unless(MISSING, aws("pipes").describe_pipe, Name=live["name"])
            if found and found["CurrentState"].startswith("DELETE_"):
                raise EngineError(f"pipe {live['name']}: {found['CurrentState']}: {found.get('StateReason', '')}")
            return found is None

        until(away, timeout, f"pipe {live['name']} being deleted")

    def computed(self, aws, want):
        """A pipe's ARN can be computed."""
        return {"arn": aws.arn("pipes", f"pipe/{want['name']}")}


@cache
def _shapes(operation):
    """Return the input's members of an operation, from botocore's own data: no client, so no connection, is needed."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("pipes")
    return model.operation_model(operation).input_shape.members


def _shape(field, operation="CreatePipe"):
    return _shapes(operation)[STRUCTURES[field]]


def _said(want, fields, operation):
    """Return the named fields as CreatePipe or UpdatePipe takes them."""
    told = {key: want[field] for field, key in TEXTS.items() if field in fields}
    if operation == "CreatePipe":
        told = {key: value for key, value in told.items() if value}
    for field, key in STRUCTURES.items():
        if field in fields and (want[field] or operation == "UpdatePipe"):
            taken = _shape(field, operation)
            told[key] = camel(taken, _known(taken, want[field], _shape(field)))
    return told


def _known(taken, value, every):
    """Return what UpdatePipe takes of source parameters; the rest is said at creation only."""
    if taken is every:
        return value
    names = {name: member for name, member in _members(taken).items() if name in value}
    return {
        name: {key: item for key, item in value[name].items() if key in _members(member)}
        if member.type_name == "structure" else value[name]
        for name, member in names.items()
    }  # fmt: skip


def _members(structure):
    from botocore import xform_name

    return {xform_name(name): member for name, member in structure.members.items()}


def start(parameters: dict) -> dict:
    """Return the source parameters that can be said at creation only, such as where in a stream to begin."""
    every, later = _members(_shape("source_parameters")), _members(_shape("source_parameters", "UpdatePipe"))
    kept = {
        group: {key: value for key, value in said.items() if key not in _members(later[group])}
        for group, said in parameters.items()
        if group in later and every[group].type_name == "structure"
    }
    return {group: said for group, said in kept.items() if said}


def normal(field: str, said: dict) -> dict:
    """Return parameters in one spelling. Raises EngineError for a name that AWS doesn't know."""
    camel(_shape(field), said)
    plain = _plain(said)
    for group, defaults in DEFAULTS.items():
        if group in plain:
            plain[group] = {key: value for key, value in plain[group].items() if defaults.get(key, ...) != value}
    plain = {key: value for key, value in plain.items() if value != {}}
    return {} if plain == {"level": "OFF"} else plain


def _plain(value, name=""):
    """Return a structure without what says nothing, and lists without an order sorted; 0 and False say something."""
    if isinstance(value, dict):
        made = {key: _plain(item, key) for key, item in sorted(value.items())}
        # An empty variable is a variable.
        empty: tuple = (None, {}, [], "")
        return {key: item for key, item in made.items() if item not in empty or (key, item) == ("value", "")}
    if not isinstance(value, list):
        return value
    items = [_plain(item) for item in value]
    if name == "capacity_provider_strategy":
        items = [{"weight": 0, "base": 0, **item} for item in items]
    if name in UNORDERED:
        items.sort(key=lambda item: item.get(UNORDERED[name], "") if isinstance(item, dict) else item)
    return items


def refuse(parameters: dict) -> None:
    """Raise EngineError for target parameters that AWS takes, and with which no task ever starts."""
    task = parameters.get("ecs_task_parameters", {})
    if task.get("launch_type") and task.get("capacity_provider_strategy"):
        raise EngineError(
            f"launch_type is {task['launch_type']!r}, and there is a capacity_provider_strategy: ECS takes one of them"
        )
    for container in task.get("overrides", {}).get("container_overrides", []):
        if not container.get("name"):
            raise EngineError("a container override has no name, by which ECS finds the container: say its name")
        for size in ("cpu", "memory", "memory_reservation"):
            if container.get(size) == 0:
                raise EngineError(
                    f"{size} of the override of container {container['name']} is 0: leave it out, or no task starts"
                )
    for name, text in _texts({key: value for key, value in parameters.items() if key != "input_template"}):
        if "$." in text and not PATH.fullmatch(text):
            raise EngineError(
                f"{name} is {text!r}: a pipe puts in a message's part only where the whole value is its path, "
                "such as $.body or $.messageId"
            )


def _texts(value, name=""):
    """Yield every text of a structure with what it is called: a variable by its name."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, value.get("name", key) if key == "value" else key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str):
        yield name, value


PIPE = Pipe()
