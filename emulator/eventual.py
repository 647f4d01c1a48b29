"""AWS is late: what was just made isn't seen by all yet, what was just changed is shown as it was, and names stay busy.

Off until a seed is given (``--eventual SEED``, or POST /_emulator/eventual). Then, for a few seconds after a write, and
drawn from the seed, the resource's name and the number of times that it was asked for, so that the same run meets the
same answers, the lags of ``emulator.lags`` are met. Lines of a log, and events, come later; events twice too, and
without what AWS may leave out.
"""

import copy
import functools
import random
import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase

from emulator import clock, state, validation
from emulator.errors import AWSError
from emulator.lags import BUSY, LINKED, NOT_YET, ODD, SHOWN, TRIED, Linked, NotYet, Odd, Shown
from emulator.patching import parameters, showing

SHARE = 0.5  # of the answers that are late while something is fresh
LATER = 1.5  # seconds after which lines and events have come

_BORN = re.compile(r"^(Create|Put|Run|Allocate|Register|Request|Publish)")
# Their parameters name what is there already; a family of task definitions may be called as a service is.
_USES = re.compile(r"^(Run|Publish|RegisterTaskDefinition)")
_FOLLOWED = {(one.service, after) for one in NOT_YET for after in one.after}
_READS = re.compile(r"^(Describe|Get|List|Head|BatchGet|BatchCheck|Filter|Lookup|Simulate)")
_LEAVES = re.compile(r'"((?:[^"\\]|\\.)*)"|>([^<>]+)<')


@dataclass
class State:
    """What is remembered of one account."""

    seed: int | None = None
    born: dict = None
    """When a name first stood in a write that makes something: (service, name) to seconds of the clock."""
    changed: dict = None
    """When a name last stood in a write."""
    wrote: dict = None
    """When a name last stood in an operation's parameters: (service, operation, name) to seconds of the clock."""
    deleted: dict = None
    """What was last deleted that had a name in its parameters: (service, name) to "Role", "Object" ..."""
    stood: dict = None
    """How a resource was last shown when nothing about it was fresh."""
    asked: Counter = None
    met: Counter = None
    """How often each lag was met: those who claim to bear it can be shown to have met it."""

    def begin(self, seed: int | None) -> None:
        """Forget everything, and draw from a seed from now on; None is never late."""
        self.seed, self.born, self.changed, self.wrote, self.deleted, self.stood = seed, {}, {}, {}, {}, {}
        self.asked, self.met = Counter(), Counter()


STATE = State()
STATE.begin(None)


def use(seed: int | str | None = None) -> dict:
    """Be late from now on, as drawn from the seed, a whole number; None is never late."""
    if not (seed is None or isinstance(seed, int) or str(seed).isdecimal()):
        raise validation.Invalid(f"seed is {seed!r}: allowed is a whole number")
    STATE.begin(None if seed is None else int(seed))
    return show()


def show() -> dict:
    """Tell the seed, and how often each lag was met."""
    return {"seed": STATE.seed, "met": {" ".join(key): count for key, count in sorted(STATE.met.items())}}


@state.at_reset
def forget() -> None:
    """Begin anew with an empty account."""
    STATE.begin(STATE.seed)


def _draw(*key) -> float:
    return random.Random(f"{STATE.seed}/{'/'.join(map(str, key))}").random()


def _young(since: float | None, seconds: float, *what: str) -> bool:
    """Say whether so little time has passed since a write that AWS may be late."""
    return since is not None and clock.now() < since + seconds * (0.25 + 0.75 * _draw(*what))


def _late(since: float | None, seconds: float, *what: str) -> bool:
    """Say whether an answer about what was written at a time is late; several answers may take turns."""
    if not _young(since, seconds, *what):
        return False
    STATE.asked[what] += 1
    return _met(_draw(*what, STATE.asked[what]) < SHARE, what)


def _met(late: bool, what: tuple) -> bool:
    if late:
        STATE.met[what[:-1]] += 1
    return late


def judge(call) -> None:
    """Raise AWS's error for a call that names what it doesn't see yet, or that comes too early to delete."""
    if STATE.seed is None:
        return
    for one in _not_yet(call.service, call.operation):
        for name in _named(call.parameters, one.parameter):
            since = STATE.born.get((one.of or call.service, name))
            if one.after:
                since = max(STATE.wrote.get((call.service, after, name), 0) for after in one.after)
            if _late(since, one.seconds, call.service, call.operation, one.code, name):
                raise AWSError(one.code, one.message.format(name))
    for linked in LINKED:
        if (linked.service, linked.begins) == (call.service, call.operation):
            STATE.born.setdefault((linked.service, "service-linked role", linked.begins), clock.now())
        here = linked.service == call.service and call.operation in linked.operations
        if here and _without_role(linked, call.operation):
            raise AWSError(linked.code, linked.message)
    for busy in BUSY:
        asked = (busy.service, busy.operation) == (call.service, call.operation)
        if asked and (not busy.where or call.parameters.get(busy.where)):
            name = call.parameters.get(busy.parameter)
            what = call.service, call.operation, busy.code, name
            since = STATE.born.setdefault(what, clock.now())
            if _draw("busy", *what) < SHARE and _met(_young(since, busy.seconds, *what), what):
                raise AWSError(busy.code, busy.message.format(name))


def _without_role(one: Linked, operation: str) -> bool:
    since = STATE.born.get((one.service, "service-linked role", one.begins))
    return _late(since, one.seconds, one.service, operation, one.code, "service-linked role")


def launch_problem() -> str:
    """Return why a group's launch fails now; nothing if it doesn't."""
    one = next(one for one in LINKED if one.service == "autoscaling")
    return one.message if STATE.seed is not None and _without_role(one, "Launch") else ""


@functools.cache
def _not_yet(service: str, operation: str) -> list[NotYet]:
    """Return what may be late of an operation."""
    return [
        one
        for one in NOT_YET
        if one.service == service and any(fnmatchcase(operation, name) for name in one.operations)
    ]


def _named(told: dict, pattern: str) -> list[str]:
    values = [value for key, value in told.items() if fnmatchcase(key, pattern)]
    return [name for value in values for name in (value if isinstance(value, list) else [value]) if name]


def wrote(call, response) -> None:
    """Remember what a write that AWS accepted was about: all that its parameters and its answer name."""
    if STATE.seed is None or _READS.match(call.operation):
        return
    _try(call)
    now, body = clock.now(), response.get_data(as_text=True)
    given, answered = set(_strings(call.parameters)), {first or second for first, second in _LEAVES.findall(body)}
    makes = _BORN.match(call.operation)
    if (call.service, call.operation) in _FOLLOWED:
        STATE.wrote |= {(call.service, call.operation, name): now for name in given}
    for name in given | answered:
        key = call.service, name
        STATE.changed[key] = now
        if makes and not (name in given and _USES.match(call.operation)):
            # Made anew after its own end, and not after that of an object in it, or of a policy that it had.
            if call.operation == f"Create{STATE.deleted.get(key)}":
                STATE.born[key] = now
            STATE.born.setdefault(key, now)
    if call.operation.startswith("Delete"):
        for name in given:
            STATE.deleted[call.service, name] = call.operation.removeprefix("Delete")
            STATE.stood = {key: value for key, value in STATE.stood.items() if key[2] != name}


def _try(call) -> None:
    """Let a pipe fail later whose role has just got its policies."""
    for one in TRIED:
        if one.service == call.service and call.operation in one.operations:
            pipe = call.backend().pipes[call.parameters["Name"]]
            since = STATE.changed.get(("iam", pipe.role_arn.rpartition("/")[2]))
            if _late(since, one.seconds, call.service, call.operation, "fails later", pipe.name):
                pipe.fail(one.reason)


def _strings(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


@functools.cache
def install() -> None:
    """Put the lags around moto's answers, over all corrections."""
    for one in SHOWN:
        for operation, path in one.operations.items():
            _around(one, operation, path)
    for odd in ODD:
        _oddly(odd)


def _around(one: Shown, operation: str, path: str) -> None:
    def late(api, told):
        if isinstance(told.get(path), list):
            names = [one.name(resource.get(one.key, "")) for resource in told[path]]
            shown = [_as_seen(one, operation, *pair) for pair in zip(told[path], names, strict=True)]
            unseen = [name for name, seen in zip(names, shown, strict=True) if seen is None]
            _refuse_named(one.service, operation, api, unseen)
            told[path] = [resource for resource in shown if resource is not None]
        elif path in told or not path:
            named = parameters(api) if one.key.startswith("$") else told[path] if path else told
            seen = _as_seen(one, operation, told[path] if path else told, named.get(one.key.lstrip("$"), ""))
            told = told if seen is None else {**told, path: seen} if path else seen
        return told

    showing(one.service, operation, _is_late, late)


def _oddly(one: Odd) -> None:
    def odd(_api, told):
        item = told[one.path]
        since = STATE.born.get((one.service, item[one.key]))
        if _late(since, one.seconds, one.service, one.operation, "odd", item[one.key]):
            told[one.path] = {**item, one.field: item[one.instead]}
        return told

    showing(one.service, one.operation, _is_late, odd)


def _is_late() -> bool:
    return STATE.seed is not None


def _refuse_named(service: str, operation: str, api, unseen: list[str]) -> None:
    """Raise AWS's error where a request names what its answer would lack."""
    for one in _not_yet(service, operation) if unseen else ():
        for name in _named(parameters(api), one.parameter):
            if name in unseen:
                raise AWSError(one.code, one.message.format(name))


def _as_seen(one: Shown, operation: str, resource: dict, name: str) -> dict | None:
    """Return a resource as this answer shows it; None where it isn't seen yet."""
    changed, kept = STATE.changed.get((one.service, name)), (one.service, operation, name)
    if changed is None or clock.now() >= changed + one.seconds:
        STATE.stood[kept] = copy.deepcopy(resource)
        return resource
    if not _late(changed, one.seconds, one.service, operation, "late", name):
        return resource
    fresh = clock.now() < STATE.born.get((one.service, name), 0) + one.seconds
    fresh = fresh or bool(one.known_as and kept not in STATE.stood)
    return None if fresh else copy.deepcopy(STATE.stood.get(kept, resource))


def _lag(*what) -> float:
    """Return by how many seconds something comes later."""
    STATE.asked[what] += 1
    late = _met(_draw(*what, STATE.asked[what]) < SHARE, (*what, ""))
    return LATER * _draw("lag", *what, STATE.asked[what]) if late else 0.0


def lines(stream: str) -> float:
    """Return by how many seconds all lines of a stream come later."""
    return 0.0 if STATE.seed is None else _lag("logs", "lines", stream.partition("/")[0])


def deliveries(rule: str) -> list[float]:
    """Return after how many seconds each an event is delivered for a rule."""
    if STATE.seed is None:
        return [0.0]
    what = "events", "twice", rule
    STATE.asked[what] += 1
    twice = _met(_draw(*what, STATE.asked[what]) < SHARE, (*what, ""))
    return [_lag("events", "late", rule) for _ in range(2 if twice else 1)]


def event(told: dict) -> dict:
    """Return a task's event as AWS may tell it: an interruption without its code, with a container of AWS's own."""
    if STATE.seed is None:
        return told
    STATE.asked["task event"] += 1
    number = STATE.asked["task event"]
    shown = dict(told)
    if told.get("stopCode") == "SpotInterruption" and _draw("code", number) < SHARE:
        _met(True, ("events", "without stopCode", ""))
        del shown["stopCode"]
    if _draw("agent", number) < SHARE:
        _met(True, ("events", "with another container", ""))
        ended = {"exitCode": 0 if _draw("exit", number) < SHARE else 137} if told["lastStatus"] == "STOPPED" else {}
        agent = {"name": "aws-guardduty-agent", "lastStatus": told["lastStatus"], "taskArn": told["taskArn"], **ended}
        shown["containers"] = [agent, *told["containers"]]
    return shown
