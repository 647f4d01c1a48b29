"""What modules remember of the account is registered where it is made, and a reset empties all of it."""

import ast
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from emulator import quotas, state
from emulator.ask import ask
from emulator.dataplane import pipes
from emulator.strict import sqs

EMULATOR = Path(state.__file__).parent
CONTAINERS = {"dict", "list", "set", "defaultdict", "Counter", "deque", "OrderedDict", "count"}
LITERALS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
CHANGES = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove",
    "setdefault", "update",
}  # fmt: skip
# What no reset may empty, and why.
KEPT = {
    "clock._moved": "who waits for the clock; they leave by themselves",
    "clock._since": "the clock goes on",
    "clock._time": "the clock goes on",
    "clock.speed": "a setting of the process",
    "corrections.s3.COMPLETED": "filled as the module is imported",
    "corrections.sqs._TURNS": "a number that only has to grow",
    "dataplane.functions._active": "counts the invocations that run, which count themselves out",
    "dataplane.loopback._numbers": "the next address; one that was just used may still be bound",
    "evidence.GAPS": "filled as modules are imported",
    "evidence.RULES": "filled as modules are imported",
    "inside._app": "who answers in this process",
    "inside.url": "where this process is found",
    "patching.REGISTRY": "filled as modules are imported",
    "state.HELD": "the registry",
    "state._RESETS": "the registry",
    "strict.RULES": "filled as modules are imported",
    "strict._BY_OPERATION": "filled as modules are imported",
    "strict._OBSERVERS": "filled as modules are imported",
}
# Functions that keep their answers, which are the same for every account.
SAME = {
    "corrections.apply_all", "dataplane._install", "dataplane.tls.context", "eventual._not_yet", "eventual.install",
    "evidence.load", "principals._botocore", "provisioning.install", "strict.ec2_endpoints._prefixes",
    "strict.s3._regions", "strict.shapes._pattern",
}  # fmt: skip


MARK = "put here by a test"


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(EMULATOR).with_suffix("").parts).removesuffix(".__init__")


def root(node: ast.AST) -> str:
    """Return the name at the beginning of an expression such as ``NAMES[key].values``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def changed(function: ast.FunctionDef) -> set[str]:
    """Return the names of what a function changes and hasn't made itself."""
    found, own = set(), {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            found.add(root(node.func))
        elif isinstance(node, ast.Call) and called(node) == "next":
            found.add(root(node.args[0]))
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            found.add(root(node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
    return found - own


def called(node: ast.AST) -> str:
    """Return the last name of what a call calls, nothing for what is no call."""
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def assigned(tree: ast.Module):
    """Yield the names that a module gives to values, with these."""
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            yield root(node.targets[0] if isinstance(node, ast.Assign) else node.target), node.value


def registered(tree: ast.Module) -> set[str]:
    """Return the names that are mentioned by what a reset calls."""
    calls = [
        one for one in ast.walk(tree)
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "state.at_reset"
        or isinstance(one, ast.FunctionDef) and "state.at_reset" in map(ast.unparse, one.decorator_list)
    ]  # fmt: skip
    return {node.id for one in calls for node in ast.walk(one) if isinstance(node, ast.Name)}


def unregistered(tree: ast.Module) -> set[str]:
    """Return the names of a module's state that no reset empties.

    State is what a function changes of the module's containers, a container that begins empty, an object of a class of
    the module's own, and what is ``global`` somewhere.
    """
    nodes = list(ast.walk(tree))
    touched = set().union(*(changed(one) for one in nodes if isinstance(one, ast.FunctionDef)))
    classes = {
        one.name for one in tree.body
        if isinstance(one, ast.ClassDef) and "frozen=True" not in "".join(map(ast.unparse, one.decorator_list))
    }  # fmt: skip
    found = {name for one in nodes if isinstance(one, ast.Global) for name in one.names}
    for name, value in assigned(tree):
        container = isinstance(value, LITERALS) or called(value) in CONTAINERS
        empty = ast.unparse(value) in ("{}", "[]") or called(value) in CONTAINERS and not value.args
        if called(value) in classes or empty or container and name in touched:
            found.add(name)
    return found - registered(tree)


def cached(tree: ast.Module) -> set[str]:
    """Return the functions of a module that keep their answers."""
    return {
        one.name for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef) and any("cache" in ast.unparse(each) for each in one.decorator_list)
    }  # fmt: skip


TREES = {name_of(path): ast.parse(path.read_text()) for path in EMULATOR.rglob("*.py") if path.stem != "runner"}


def test_whatever_a_module_remembers_is_registered():
    found = {f"{module}.{name}" for module, tree in TREES.items() for name in unregistered(tree)}
    assert found == KEPT.keys()


def test_kept_answers_are_the_same_for_every_account():
    found = {f"{module}.{name}" for module, tree in TREES.items() for name in cached(tree) - registered(tree)}
    assert found == SAME


@pytest.mark.parametrize(
    "code",
    [
        "_seen = {}",
        "_seen: dict = {1: 2}\ndef see(one):\n    _seen[one] = 1",
        "_seen = defaultdict(set)\ndef see(one):\n    _seen[one].add(2)",
        "_seen = Counter()\ndef see(one):\n    _seen[one] += 1",
        "_seen = 0\ndef see():\n    global _seen\n    _seen = 1",
        "class Engine: ...\n_seen = Engine()",
    ],
)
def test_what_is_not_registered_is_found(code):
    assert unregistered(ast.parse(code)) == {"_seen"}
    assert unregistered(ast.parse(f"{code}\n@state.at_reset\ndef forget():\n    _seen.clear()")) == set()


@pytest.mark.parametrize("code", ["NAMES = {1: 2}", "_seen = state.held({})\ndef see():\n    _seen[1] = 2"])
def test_tables_and_what_is_held_are_fine(code):
    assert unregistered(ast.parse(code)) == set()


def filled(container) -> None:
    """Put something into a container, as nothing of ours would."""
    if isinstance(container, Counter):
        container[MARK] += 1
    elif isinstance(container, dict):
        container[MARK] = MARK
    elif isinstance(container, list):
        container.append(MARK)
    else:
        container.add(MARK)


def test_a_reset_empties_all(endpoint):
    assert sqs._deleted is not quotas._said
    assert any(one is sqs._deleted for one in state.HELD)
    source = "arn:aws:sqs:us-east-1:123456789012:polled"
    pipes._sync(SimpleNamespace(arn="a-pipe", name="a", desired_state="RUNNING", source=source, role_arn="none"))
    assert "a-pipe" in pipes.polling()
    for one in state.HELD:
        filled(one)
    ask(endpoint, "reset", {})
    assert [one for one in state.HELD if one] == [] == pipes.polling()


def test_an_account_is_as_new_after_a_reset(endpoint, aws):
    told = ("faults", "images", "databases", "scans", "account", "grants", "eventual", "log", "dataplane")
    ask(endpoint, "reset", {})
    new = {name: ask(endpoint, name) for name in told}
    ask(endpoint, "faults", {"seed": 1, "crash": 0.5})
    ask(endpoint, "images", {"images": [{"image": "*", "exits": 0}]})
    ask(endpoint, "scans", {"scans": [{"image": "*", "status": "FAILED"}]})
    ask(endpoint, "account", {"age": "young"})
    aws("sqs").create_queue(QueueName="forgotten")
    aws("events").put_rule(Name="forgotten", ScheduleExpression="rate(1 hour)")
    assert {name for name in told if ask(endpoint, name) != new[name]} >= {
        "faults",
        "images",
        "scans",
        "account",
        "log",
        "dataplane",
    }
    ask(endpoint, "reset", {})
    assert {name: ask(endpoint, name) for name in told} == new
    assert aws("sqs").list_queues().get("QueueUrls", []) == []
