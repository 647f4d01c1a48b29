"""Why tasks ended: what ECS and the logs say, in groups, with the likely cause and what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..engine.plain import plain
from .shapes import Json

LINES = 12
FUNCTION = "Function"  # in place of ECS's stop code, where it was no task that failed


@dataclass
class Ended:
    """A task that ended, as far as it matters for the cause."""

    arn: str
    stop_code: str
    reason: str
    exit_code: int | None = None
    container_reason: str = ""
    health: str = ""
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, task: Json, container: str) -> Ended:
        """Take what DescribeTasks says."""
        one: Json = next((item for item in task.get("containers", []) if item["name"] == container), {})
        return cls(
            task["taskArn"], task.get("stopCode", ""), task.get("stoppedReason", ""), one.get("exitCode"),
            one.get("reason", ""), one.get("healthStatus") or task.get("healthStatus", ""),
        )  # fmt: skip

    def text(self) -> str:
        """Return all that ECS says in one text."""
        return " ".join(part for part in (self.reason, self.container_reason) if part)

    def group(self) -> str:
        """Return the sentence that equal ends share."""
        told = plain(re.sub(r"[0-9a-f]{32}", "...", self.text())) or self.stop_code or "no reason was given"
        return told if self.exit_code is None else f"{told} (exit code {self.exit_code})"


# The likely cause: a pattern for what ECS says (CALLED: for what a function's call said) or, after those, for the log;
# the sentence; what to do.
TOLD = (
    (r"retrieve ecr registry auth|CannotPullContainer.*403 Forbidden",
     "the execution role may not read the image's repository",
     "aws iam list-role-policies --role-name {stack}-ecs-execution"),
    (r"CannotPullContainer", "the image can't be pulled: its digest isn't in the repository, or the network doesn't "
     "lead to it", "aws ecr describe-images --repository-name {repository}"),
    (r"unable to (pull|retrieve) secret|ResourceNotFoundException.*[Ss]ecret|retrieve secret from",
     "a secret can't be read: it is missing, lacks the key that the task names, or the execution role may not",
     "aws secretsmanager list-secrets --filters Key=name,Values={stack}/"),
    (r"does not have permissions? to call|unable to assume the provided", "a permission of the pipe's role is missing",
     "aws iam get-role-policy --role-name {pipe_role} --policy-name pipe"),
    (r"not authorized|AccessDenied", "a permission is missing",
     "aws iam list-role-policies --role-name {execution_role}"),
    (r"OutOfMemory|memory usage", "the task has too little memory",
     "raise memory of {component} in stack_components, then site.yml"),
    (r"failed container health checks|UNHEALTHY|failed ELB health checks|unhealthy in",
     "the health check fails: the component isn't listening on its port, or answers too late",
     "aws logs tail {group} --since 15m"),
    (r"log group does not exist", "the log group is missing", "run site.yml, which makes it"),
    (r"Capacity is unavailable|RESOURCE:", "AWS has no capacity at the moment", "run it again later"),
)  # fmt: skip
LOGGED = (
    (r"AccessDenied|not authorized", "a permission of the task's role is missing", "aws logs tail {group} --since 15m"),
    (r"password authentication failed|no pg_hba\.conf|role \".*\" does not exist",
     "the database doesn't let it in: run migrate.yml, which makes the application's user and sets its password",
     "ansible-playbook playbooks/runbooks/migrate.yml -e release_name={release}"),
    (r"relation \".*\" does not exist|UndefinedTable|UndefinedColumn", "the database isn't migrated for this release",
     "ansible-playbook playbooks/runbooks/migrate.yml -e release_name={release}"),
    (r"Address already in use|EADDRINUSE", "its port is taken", "look at the command that the image starts"),
    (r"(ModuleNotFound|Import|Key|Value|Type|Name|Attribute)Error|Traceback|Exception",
     "the program crashes at its start", "aws logs tail {group} --since 15m"),
)  # fmt: skip
CALLED = (
    (r"Sandbox\.Timedout|timed out after", "the function takes longer than it may",
     "raise timeout of {component} in stack_components, then site.yml"),
    (r"Runtime\.OutOfMemory|signal: killed", "the function has too little memory",
     "raise memory of {component} in stack_components, then site.yml"),
    (r"Runtime\.(InvalidEntrypoint|HandlerNotFound|ImportModuleError)", "the image's command or handler isn't there",
     "look at the image's command"),
)  # fmt: skip
BY_CODE = {
    137: (
        "it was killed: too little memory, or it didn't end in time",
        "raise memory of {component} in stack_components, then site.yml",
    ),
    139: ("it crashed in native code, perhaps built for another processor", "compare registry_architecture"),
    126: ("its command can't be executed, perhaps built for another processor", "compare registry_architecture"),
    127: ("its command isn't in the image", "look at the image's command"),
}


def cause(ended: Ended) -> tuple[str, str]:
    """Return the likely cause of one task's end and the next command, still with names to fill in."""
    called = ended.stop_code == FUNCTION
    told = "\n".join([ended.text(), *ended.lines]) if called else ended.text()
    for pattern, sentence, command in CALLED if called else TOLD:
        if re.search(pattern, told):
            return sentence, command
    for pattern, sentence, command in LOGGED[:-1] if called else LOGGED:
        if any(re.search(pattern, one) for one in ended.lines):
            return sentence, command
    if called:
        return "the function fails when it is called", "aws logs tail {group} --since 15m"
    if ended.exit_code in BY_CODE:
        return BY_CODE[ended.exit_code]
    if ended.exit_code is not None:
        return f"the program ended by itself with {ended.exit_code}", "aws logs tail {group} --since 15m"
    return "ECS gives no reason", "aws ecs describe-tasks --cluster {cluster} --tasks {task}"


def own_lines(lines: Iterable[str]) -> list[str]:
    """Return a function's own lines of those that its log has."""
    own = (line for line in lines if not line.startswith(("START ", "END ", "REPORT ", "INIT_START ")))
    return [plain(one) for line in own for one in line.splitlines()]


def report(ended: list[Ended], names: dict[str, str]) -> str:
    """Return what is known about tasks that ended: groups, the last lines, the likely cause, the next command."""
    if not ended:
        return "no task of it has ended, so nothing says why"
    told = [f"{count} x {group}" for group, count in Counter(one.group() for one in ended).most_common()]
    shown = next((one for one in ended if one.lines), ended[0])
    sentence, command = cause(shown)
    lines = [f"  | {plain(line)}" for line in shown.lines[-LINES:]]
    filled = command.format_map({**names, "task": shown.arn.rpartition("/")[2]})
    return "\n".join([*told, *lines, f"likely cause: {sentence}", f"next: {filled}"])
