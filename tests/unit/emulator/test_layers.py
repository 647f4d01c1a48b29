"""The emulator's rooms: what is below knows nothing of what is above, and no two modules need each other."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

EMULATOR = Path(__file__).parents[3] / "emulator"
# From below; a module or a package that isn't named here is the ground that all may stand on.
LAYERS = (
    {"corrections"}, {"strict"}, {"dataplane"}, {"app", "gate", "server", "cli", "unproven", "__main__"},
)  # fmt: skip


def name_of(path: Path) -> str:
    parts = path.relative_to(EMULATOR.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in EMULATOR.rglob("*.py")}


def imported(tree: ast.Module) -> set[str]:
    """Return the emulator's modules that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports here say the whole name"
            found |= {f"{node.module}.{one.name}" for one in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
    # Of a package only its own names are needed where one of its modules is imported.
    whole = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not names_modules(node)}
    return {one for one in found & MODULES.keys() if MODULES[one].name != "__init__.py" or one in whole}


def names_modules(node: ast.ImportFrom) -> bool:
    return all(f"{node.module}.{one.name}" in MODULES for one in node.names)


def layer(module: str) -> int:
    top = (module.split(".") + [""])[1]
    return next((number for number, names in enumerate(LAYERS, 1) if top in names), 0)


GRAPH = {module: imported(ast.parse(path.read_text())) for module, path in MODULES.items()}


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_nothing_is_imported_from_above(module):
    assert [one for one in sorted(GRAPH[module]) if layer(one) > layer(module)] == []


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return modules that need each other, in a circle, if there are any."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as found:
        return found.args[1]
    return []


def test_no_modules_need_each_other():
    assert circle(GRAPH) == []


@pytest.mark.parametrize(
    "code",
    [
        "from emulator import clock",
        "from emulator.clock import now",
        "import emulator.clock",
        "def later():\n    from emulator import clock",
    ],
)
def test_imports_are_found_wherever_they_stand(code):
    assert "emulator.clock" in imported(ast.parse(code))


def test_a_circle_is_found():
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


def test_every_layer_is_there():
    assert all(f"emulator.{name}" in MODULES for names in LAYERS for name in names)
