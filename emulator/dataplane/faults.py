"""Faults on request: what happens to a share of the tasks, drawn from a seed, and which calls are denied.

What a task meets is drawn from the seed and the task's own overrides (but for ids that AWS made), so it doesn't depend
on the order in which tasks start; another attempt with another number in its environment draws anew.
"""

import json
import math
import random
import re
from collections import Counter
from fnmatch import fnmatchcase

from emulator import state, validation
from emulator.errors import AWSError
from emulator.evidence import documented, does, lacks

lacks(__name__, "Capacity", "Fargate and Spot capacity is there unless a fault is asked for")

NONE, CRASH, SPOT, START = "none", "crash", "spot", "start"
NEVER = (  # (stop code, reason) of a task that never starts; on Spot it's the capacity as well
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}",
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# How services say that somebody may not; the others say it as the last one does.
DENIED = {"ec2": "UnauthorizedOperation", "s3": "AccessDenied", "iam": "AccessDenied", "": "AccessDeniedException"}
_rates: dict = state.held({})
_met: Counter = state.held(Counter())


class Killed(Exception):
    """What an instance's console says when its user data is killed."""


def use(
    seed: int | None = None, crash=0.0, spot=0.0, start=0.0, twice=0.0, boot=0.0, family: str = "*", deny=()
) -> dict:
    """Replace the faults by others, and show them.

    ``crash``, ``spot`` and ``start`` are the shares, up to 1 in sum, of the tasks that crash, are interrupted on Spot
    and never start, of families that match the pattern ``family``; ``twice`` is that of events that come twice,
    ``boot`` that of instances whose user data ends with an error. What tasks meet is drawn from ``seed``, or by chance.
    ``deny`` are calls that nobody may make, such as ``logs:DescribeLogGroups`` or ``pipes:*``.
    """
    for name, share in {"crash": crash, "spot": spot, "start": start, "twice": twice, "boot": boot}.items():
        validation.number(0, 1)(name, share)
    if crash + spot + start > 1:
        raise validation.Invalid(f"crash, spot and start are {crash}, {spot} and {start}: allowed is a sum up to 1")
    if seed is not None:
        validation.number(-math.inf, whole=True)("seed", seed)
    validation.text("family", family)
    validation.texts("deny", deny)
    forget()
    _rates.update(seed=seed, crash=crash, spot=spot, start=start, twice=twice, boot=boot)
    _rates.update(family=family, deny=list(deny))
    return show()


def show() -> dict:
    """Tell the shares, and how many tasks met what."""
    return {"faults": dict(_rates), "met": dict(_met)}


def forget() -> None:
    """Do no harm any more."""
    _rates.clear()
    _met.clear()


def judge(call) -> None:
    """Refuse a call that nobody may make."""
    action = f"{call.service}:{call.operation}"
    if any(fnmatchcase(action, denied) for denied in _rates.get("deny", ())):
        code = DENIED.get(call.service, DENIED[""])
        raise AWSError(code, f"User: {call.caller} is not authorized to perform: {action}")


@does(
    "Fargate takes Spot capacity back whenever it needs it.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"),
)
def draw(task) -> tuple[str, random.Random]:
    """Return what a task meets, and the dice for the rest."""
    told = _ID.sub("", json.dumps(task.overrides.get("containerOverrides") or _met.total() + 1, sort_keys=True))
    dice = random.Random(f"{_rates.get('seed')}/{told}")
    met = _choose(task, dice.random()) if _rates else NONE
    if _rates and _rates["seed"] is None:
        met = _choose(task, random.random())
    _met[met] += 1
    return met, dice


def _choose(task, share: float) -> str:
    family = task.task_definition_arn.split("/")[-1].split(":")[0]
    if not fnmatchcase(family, _rates["family"]):
        return NONE
    spot = _rates["spot"] if task.capacity_provider_name == "FARGATE_SPOT" else 0.0
    for name, rate in ((CRASH, _rates["crash"]), (START, _rates["start"]), (SPOT, spot)):
        if share < rate:
            return name
        share -= rate
    return NONE


def twice() -> bool:
    """Tell whether an event is to be delivered twice, which EventBridge may do."""
    return bool(_rates) and random.random() < _rates["twice"]


def boot() -> None:
    """Raise Killed for an instance whose user data ends with an error."""
    if _rates and random.random() < _rates["boot"]:
        raise Killed("Out of memory: Killed process 1984 (dnf) total-vm:601232kB")
