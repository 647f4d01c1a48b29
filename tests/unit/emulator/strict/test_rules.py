"""Every rule of strict mode has a test: a call that it refuses and one that it lets pass."""

import importlib.util
from pathlib import Path

from emulator import strict

HERE = Path(__file__).parent


def covered() -> set[str]:
    """Return the rules that the modules here test: their ``CASES``, ``RULES`` and ``test_<rule>`` functions."""
    found = set()
    for path in HERE.glob("test_*.py"):
        spec = importlib.util.spec_from_file_location(f"covered_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        if path != Path(__file__):
            spec.loader.exec_module(module)
        found |= {case.rule for case in getattr(module, "CASES", ())} | set(getattr(module, "RULES", ()))
        found |= {name.removeprefix("test_") for name in vars(module) if name.startswith("test_")}
    return found


def test_every_rule_is_tested():
    rules = {one.name for one in strict.load()}
    assert rules
    assert rules - covered() == set()


def test_names_are_unique_within_a_service():
    rules = [(one.service, one.name) for one in strict.load()]
    assert len(rules) == len(set(rules))
