"""What AWS refuses and moto accepts, one small rule each; one module per service.

A rule looks at a call before moto does and returns why AWS would refuse it::

    @rule("ecs", "RunTask", code="InvalidParameterException", source="RunTask API reference, capacityProviderStrategy")
    def strategy_or_launch_type(call):
        '''A launch type and a capacity provider strategy exclude each other.'''
        if call.parameters.get("launchType") and call.parameters.get("capacityProviderStrategy"):
            return "Specifying both a launch type and capacity provider strategy is not supported. ..."

The docstring is the rule in one sentence; code and message are AWS's own. A rule that has more than one code
returns ``Refusal(code, message)``. ``observe`` registers a function that sees calls which AWS accepted, with their
answer, for rules about time (names still deleting, roles too fresh).
"""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from emulator.errors import Refusal
from emulator.strict import shapes


@dataclass(frozen=True)
class Rule:
    """One thing that AWS refuses."""

    service: str
    operations: tuple[str, ...]
    code: str
    source: str
    check: Callable

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.check.__name__

    @property
    def says(self) -> str:
        """The rule in one sentence."""
        return " ".join(self.check.__doc__.split())


# Sources of many rules: a project that measured AWS, before the name of its rule, and recordings of AWS.
MEASURED = "badmintoncryer/cdk-preflight "
RECORDED = "localstack: answers recorded from AWS"
EVERY = "*"  # a rule for all operations, of one service or of all
RULES: list[Rule] = []
_BY_OPERATION: dict[tuple[str, str], list[Rule]] = defaultdict(list)
_OBSERVERS: dict[tuple[str, str], list[Callable]] = defaultdict(list)


def rule(service: str, *operations: str, code: str, source: str):
    """Register a rule for operations of a service; ``source`` says where it comes from."""

    def register(check):
        if not check.__doc__:
            raise ValueError(f"{service}: the rule {check.__name__} has no docstring")
        made = Rule(service, operations, code, source, check)
        RULES.append(made)
        for operation in operations:
            _BY_OPERATION[service, operation].append(made)
        return check

    return register


def observe(service: str, *operations: str):
    """Register a function ``(call, answer_status)`` that sees what AWS accepted."""

    def register(function):
        for operation in operations:
            _OBSERVERS[service, operation].append(function)
        return function

    return register


def load() -> list[Rule]:
    """Import every service's rules and return them all."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return RULES


def judge(call) -> None:
    """Raise AWS's error if AWS would refuse the call."""
    shapes.validate(call)
    for scope in ((EVERY, EVERY), (call.service, EVERY), (call.service, call.operation)):
        for one in _BY_OPERATION[scope]:
            refusal = one.check(call)
            if refusal:
                raise (refusal if isinstance(refusal, Refusal) else Refusal(one.code, refusal)).error()


def accepted(call) -> None:
    """Let the observers see a call that was answered without an error."""
    for function in _OBSERVERS[call.service, call.operation]:
        function(call)


def table() -> str:
    """Return all rules as a Markdown table, for the documentation."""
    rows = ["| service | operation | rule | error | source |", "|---|---|---|---|---|"]
    for one in sorted(load(), key=lambda one: (one.service, one.operations, one.name)):
        operations = ", ".join(one.operations)
        rows.append(f"| {one.service} | {operations} | {one.says} | `{one.code}` | {one.source} |")
    return "\n".join(rows)
