"""What AWS does by itself, and how that is known: each rule stands where it is implemented.

    @does("A message is deleted as soon as the pipe's target was invoked.", documented(GUIDE + "eb-pipes-sqs.html"))
    def _delete(self, message): ...

``lacks`` says beside the code what of AWS isn't there. Certainties, the surest first:

- recorded: a recording of AWS's answers shows it, named by repository, commit and test
- documented: AWS's documentation says so, at an address
- issue: somebody met it on AWS and said so, or carries code for it
- inferred: concluded from something else; then it is said what a real account would settle
"""

import functools
import importlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LOCALSTACK = "localstack/localstack@8b9a79f"


class Certainty(StrEnum):
    """How a rule is known."""

    RECORDED = "recorded"
    DOCUMENTED = "documented"
    ISSUE = "issue"
    INFERRED = "inferred"


SHAPES = {
    Certainty.RECORDED: r"[\w.-]+/[\w.-]+@[0-9a-f]{7,40} \S+::\S+",
    Certainty.DOCUMENTED: r"https://(docs|repost)\.aws(\.amazon\.com)?/\S+( .+)?",
    Certainty.ISSUE: r"[\w.-]+/[\w.-]+(#\d+| \S+\.\w+)(: .+)?",
    Certainty.INFERRED: r".+; to settle: .+",
}


@dataclass(frozen=True)
class Source:
    """Where a rule comes from."""

    certainty: Certainty
    where: str

    def __post_init__(self):
        if not re.fullmatch(SHAPES[self.certainty], self.where):
            raise ValueError(f"no source of the certainty {self.certainty}: {self.where!r}")


def recorded(file: str, test: str) -> Source:
    """Name a recording of LocalStack's by the file, below its services and without its ending, and the test."""
    return Source(Certainty.RECORDED, f"{LOCALSTACK} tests/aws/services/{file}.py::{test}")


def documented(url: str, section: str = "") -> Source:
    """Name a page of AWS's documentation, and what to look for on it."""
    return Source(Certainty.DOCUMENTED, f"{url} {section}".rstrip())


def issue(where: str, what: str = "") -> Source:
    """Name an issue as owner/name#number, or a file of code that works around AWS as owner/name path."""
    return Source(Certainty.ISSUE, f"{where}: {what}" if what else where)


def inferred(basis: str, settles: str) -> Source:
    """Say from what something is concluded, and what on a real account would settle it."""
    return Source(Certainty.INFERRED, f"{basis}; to settle: {settles}")


def unread(url: str, section: str = "") -> Source:
    """Name a page of which we only know that it says so: a conclusion until somebody has read it."""
    return inferred(f"said of {url} {section}".rstrip() + ", whose text was not at hand", "its text")


@dataclass(frozen=True)
class Rule:
    """One thing that AWS does."""

    says: str
    source: Source
    module: str
    function: str
    """The qualified name of what implements it; nothing for a table of a module."""

    @property
    def area(self) -> str:
        """The part of AWS that it is about."""
        return AREAS[self.module]


@dataclass(frozen=True)
class Gap:
    """Something of AWS that isn't there."""

    what: str
    why: str
    module: str


RULES: list[Rule] = []
GAPS: list[Gap] = []
# The modules in which AWS's behaviour is decided, and what of AWS each is about.
AREAS = {
    "emulator.corrections.applicationautoscaling": "Application Auto Scaling",
    "emulator.corrections.autoscaling": "EC2 Auto Scaling",
    "emulator.corrections.awslambda": "Lambda",
    "emulator.corrections.ecr_scans": "ECR",
    "emulator.corrections.ecs_agents": "ECS agents",
    "emulator.corrections.ecs_deployments": "ECS deployments",
    "emulator.corrections.ecs_history": "ECS deployments",
    "emulator.corrections.ecs_services": "ECS services",
    "emulator.corrections.ecs_tasks": "ECS services",
    "emulator.corrections.elbv2": "Load balancing",
    "emulator.corrections.pipes": "Pipes",
    "emulator.corrections.rds": "RDS",
    "emulator.corrections.rds_backups": "RDS",
    "emulator.corrections.rds_maintenance": "RDS",
    "emulator.corrections.sqs": "SQS",
    "emulator.dataplane.agents": "ECS agents",
    "emulator.dataplane.alarms": "Alarms",
    "emulator.dataplane.bus": "EventBridge",
    "emulator.dataplane.deployment_hooks": "ECS deployments",
    "emulator.dataplane.environments": "Lambda",
    "emulator.dataplane.expiry": "ECR",
    "emulator.dataplane.expressions": "Schedules",
    "emulator.dataplane.faults": "Faults",
    "emulator.dataplane.flowlogs": "Flow logs",
    "emulator.dataplane.functions": "Lambda",
    "emulator.dataplane.guardduty": "GuardDuty",
    "emulator.dataplane.images": "ECS tasks",
    "emulator.dataplane.instances": "EC2 instances",
    "emulator.dataplane.metrics": "Metrics",
    "emulator.dataplane.paths": "Templates",
    "emulator.dataplane.pipes": "Pipes",
    "emulator.dataplane.postgres": "RDS",
    "emulator.dataplane.queues": "SQS",
    "emulator.dataplane.run_task": "ECS tasks",
    "emulator.dataplane.schedules": "Schedules",
    "emulator.dataplane.services": "ECS deployments",
    "emulator.dataplane.targets": "EventBridge targets",
    "emulator.dataplane.task_events": "ECS tasks",
    "emulator.dataplane.tasks": "ECS tasks",
    "emulator.dataplane.tls": "RDS",
    "emulator.endpoints": "VPC endpoints",
    "emulator.patterns": "Event patterns",
    "emulator.permissions": "Permissions",
    "emulator.provisioning": "Provisioning",
    "emulator.quotas": "Quotas",
}  # fmt: skip


def does(says: str, source: Source):
    """Declare that the decorated function or class does what AWS does, said in one sentence.

    What patches when it is called (``install``, a correction) says what its inner functions do.
    """

    def declare(implemented):
        if "<locals>" in implemented.__qualname__:
            raise ValueError(f"{implemented.__qualname__} is made later: its rules stand at what makes it")
        RULES.append(Rule(says, source, implemented.__module__, implemented.__qualname__))
        return implemented

    return declare


def tabled(module: str, says: str, source: Source) -> None:
    """Declare a rule that is a row of a module's table."""
    RULES.append(Rule(says, source, module, ""))


def lacks(module: str, what: str, why: str) -> None:
    """Declare what of AWS a module leaves out."""
    GAPS.append(Gap(what, why, module))


@functools.cache
def load() -> list[Rule]:
    """Import every module that has rules, and return them all."""
    for name in sorted(AREAS):
        importlib.import_module(name)
    return RULES


def counts() -> Counter:
    """Count the rules of each certainty."""
    return tally(one.source for one in load())


def tally(sources: Iterable[Source]) -> Counter:
    """Count sources by their certainty."""
    found = Counter(one.certainty for one in sources)
    return Counter({one: found[one] for one in Certainty})


def said(counted: Counter, what: str) -> str:
    """Say counts in one line."""
    return f"{counted.total()} {what}: " + ", ".join(f"{number} {one}" for one, number in counted.items())


def summary() -> str:
    """Say the counts in one line."""
    return said(counts(), "rules")


def figures() -> str:
    """Return the counts by area as a Markdown table."""
    areas = sorted({one.area for one in load()})
    rows = [(area, Counter(one.source.certainty for one in load() if one.area == area)) for area in areas]
    rows.append(("**all**", counts()))
    lines = [f"| area | rules | {' | '.join(Certainty)} |", f"|---|{'---|' * (len(Certainty) + 1)}"]
    lines += [f"| {area} | {told.total()} | {' | '.join(str(told[one]) for one in Certainty)} |" for area, told in rows]
    return "\n".join(lines)


def table() -> str:
    """Return all rules as a Markdown table, for the documentation."""
    rows = ["| area | what AWS does | certainty | source |", "|---|---|---|---|"]
    for one in sorted(load(), key=lambda one: (one.area, one.says)):
        rows.append(f"| {one.area} | {one.says} | {one.source.certainty} | {one.source.where} |")
    return "\n".join(rows)
