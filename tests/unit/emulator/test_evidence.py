"""Each rule of the data plane says what AWS does, how that is known, and stands where it is implemented."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from emulator import evidence, lags, unproven
from emulator.evidence import Certainty, Source

EMULATOR = Path(evidence.__file__).parent
# What decides nothing of AWS's: our timer, our addresses, the process of a function.
OURS = {"__init__", "engine", "loopback", "runner"}
# Corrections in which something happens by itself.
CORRECTED = (
    "applicationautoscaling", "autoscaling", "awslambda", "ecr_scans", "ecs_agents", "ecs_deployments", "ecs_history",
    "ecs_services", "ecs_tasks", "elbv2", "pipes", "rds", "rds_backups", "sqs",
)  # fmt: skip
# What the data plane decides by, and strict mode and corrections as well.
JUDGES = ("endpoints", "patterns", "permissions")
# How tests steer, and what only looks up, writes down or says something; nothing of it is AWS's behaviour.
PLUMBING = {
    "use", "show", "forget", "restart", "end_all", "load", "install", "planned", "polling", "serving", "running",
    "backend", "lowered", "environment", "entry", "iso", "text",
    "agents.may", "agents.variables", "bus.Delivery.attempt", "endpoints.comes_from", "endpoints.let",
    "faults.Killed", "faults.boot", "faults.judge", "faults.twice", "functions.Outcome", "functions.invoke_later",
    "environments.exited", "environments.log_group", "environments.subnets", "environments.take",
    "environments.timed_out", "functions.runs", "paths.read", "patterns.Bad",
    "patterns.check_address", "patterns.check_exists", "patterns.check_text", "permissions.allowed",
    "permissions.find_role", "permissions.policies_of", "permissions.key_of", "permissions.Service", "permissions.Role",
    "permissions.trusts", "pipes.Killed", "pipes.Poller", "postgres.hosts", "services.health", "services.runs",
    "services.watch", "targets.write", "tasks.CannotStart", "run_task.Conflict", "tls.context", "instances.Boot",
}  # fmt: skip
# What hands itself to the timer only to go on, or looks at the time only to write it down.
TICKS = {
    "bus.Delivery.__init__", "environments.Environment.__init__", "environments.give", "functions.Later.__init__",
    "functions.Later.attempt",
    "functions.Later._again", "images.Running.__init__", "images.Running._start", "images.Running._follow",
    "images.Running.stop", "images.Running.__repr__", "instances.Boot.__init__", "instances.Boot.say",
    "pipes.Poller.__init__", "pipes.Poller.leave", "services.install.update", "services.install.deploy",
    "services._poll", "services.Health.__init__", "services.Health._ask", "services._rolled_back",
    "schedules.Plan.__init__", "schedules.Plan._next", "schedules.Plan._due", "tasks.Life.__init__",
    "tasks.Life._start", "tasks.Life._stopped", "tasks.Life._log.line", "run_task.Bucket.__init__",
    "run_task.Bucket.take", "expiry.install.put", "flowlogs.install.create", "autoscaling._launch",
    "ecs_agents.protected",
}  # fmt: skip


def modules():
    """Return the modules in which AWS's behaviour is decided, with their trees."""
    found = [one for one in (EMULATOR / "dataplane").glob("*.py") if one.stem not in OURS]
    found += [EMULATOR / "corrections" / f"{one}.py" for one in CORRECTED]
    found += [EMULATOR / f"{one}.py" for one in JUDGES]
    return [(one, ast.parse(one.read_text())) for one in found]


def functions(tree, above=""):
    """Return the classes and functions of a tree by their qualified names, without the ``<locals>`` between."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield above + node.name, node
            yield from functions(node, f"{above}{node.name}.")
        elif not isinstance(node, ast.expr):
            yield from functions(node, above)


def waits(node) -> bool:
    """Tell whether a function itself hands something to the timer or reads the emulator's clock."""
    if not isinstance(node, ast.FunctionDef):
        return False
    inner = {id(one) for _, other in functions(node) for one in ast.walk(other)}
    return any(
        isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and id(one) not in inner
        and (one.value.id, one.attr) in {("ENGINE", "at"), ("ENGINE", "after"), ("ENGINE", "background"), ("clock", "now")}
        for one in ast.walk(node)
    )  # fmt: skip


def undeclared(path: Path, tree: ast.Module, declared: set[str]) -> list[str]:
    """Return what a module does by itself or lets others call, and for which it has no rule."""
    missing, whole = [], {name for name, node in functions(tree) if isinstance(node, ast.FunctionDef)} & declared
    for name, node in functions(tree):
        # What stands in a function, or around one, that has a rule is a part of it.
        inside = {name, *(one for one in declared if one.startswith(f"{name}."))}
        inside |= {one for one in whole if name.startswith(f"{one}.")}
        public = path.parent.name != "corrections" and "." not in name and not name.startswith("_")
        known = {name.rpartition(".")[2] if "." not in name else "", f"{path.stem}.{name}"} & (PLUMBING | TICKS)
        if (public or waits(node)) and not known and not inside & declared:
            missing.append(f"{path.stem}.{name}")
    return missing


def declared(path: Path) -> set[str]:
    module = ".".join(path.relative_to(EMULATOR.parent).with_suffix("").parts)
    return {one.function.replace(".<locals>", "") for one in evidence.load() if one.module == module}


@pytest.mark.parametrize(("path", "tree"), modules(), ids=lambda one: getattr(one, "stem", ""))
def test_what_a_module_does_by_itself_has_a_rule(path, tree):
    assert declared(path), "a module of the data plane has rules, or stands in OURS"
    assert undeclared(path, tree, declared(path)) == []


@pytest.mark.parametrize(
    "code",
    [
        "def fire(target):\n    ...",
        "def _later():\n    ENGINE.after(1, print)",
        "def install():\n    def inner():\n        ENGINE.at(1, print)",
        "class _Plan:\n    def _due(self):\n        return clock.now()",
    ],
)
def test_what_is_new_is_asked_for_its_rule(code):
    path = EMULATOR / "dataplane" / "new.py"
    (found,) = undeclared(path, ast.parse(code), set())
    assert undeclared(path, ast.parse(code), {found.removeprefix("new.")}) == []


def test_what_needs_no_rule_is_there():
    known = {f"{path.stem}.{name}" for path, tree in modules() for name, _ in functions(tree)}
    assert {one for one in PLUMBING | TICKS if "." in one} <= known


def test_rules_are_single_sentences():
    rules = evidence.load()
    assert [says for says, count in Counter(one.says for one in rules).items() if count > 1] == []
    assert [one.says for one in rules if not one.says.endswith((".", '"')) or "|" in one.says + one.source.where] == []
    assert {one.module for one in rules} == evidence.AREAS.keys()


WRONG = [
    (Certainty.RECORDED, "a recording"), (Certainty.RECORDED, "localstack/localstack tests/test_x.py::test"),
    (Certainty.DOCUMENTED, "ECS developer guide"), (Certainty.DOCUMENTED, "https://example.com/ecs.html"),
    (Certainty.ISSUE, "somebody said so"), (Certainty.INFERRED, "it must be so"),
]  # fmt: skip


@pytest.mark.parametrize(("certainty", "where"), WRONG)
def test_a_source_has_the_shape_of_its_certainty(certainty, where):
    with pytest.raises(ValueError, match="no source of the certainty"):
        Source(certainty, where)


def test_what_is_unproven_is_told():
    told = unproven.text()
    assert evidence.summary() in told
    for one in evidence.load():
        assert (one.says in told) == (one.source.certainty in (Certainty.INFERRED, Certainty.ISSUE))
    for one in evidence.GAPS:
        assert f"{one.what}: {one.why}" in told
    assert evidence.counts().total() == len(evidence.RULES) == evidence.table().count("\n") - 1


def test_lags_have_sources_of_the_same_kind():
    rows = lags.rows()
    assert [row for row in rows if not isinstance(row[-1], Source)] == []
    assert f"{len(rows)} entries" in unproven.text()
    assert lags.table().count("\n") - 1 == len(rows)
