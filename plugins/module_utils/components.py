"""The components of a stack: one map of services, tasks and functions, of what a profile and an inventory say.

An entry says only what differs from its type's defaults. Maps are merged deeply, in this order: the profile's, the
variable ``stack_components``, each ``stack_components_<word>`` in the order of its name, ``stack_components_once``. A
null removes a component, or what was said of it; a list takes the place of another one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

SERVICE, TASK, FUNCTION = "service", "task", "function"
WORKFLOW = "workflow"
VARIABLE, ONCE = "stack_components", "stack_components_once"
Entry = dict[str, Any]
Entries = dict[str, Entry]

PROVIDER = {
    "capacity_provider": {
        "type": "str", "required": True, "choices": ["FARGATE", "FARGATE_SPOT"],
        "description": "The capacity provider.",
    },
    "weight": {"type": "int", "default": 0, "description": "Its share of the tasks above the base."},
    "base": {"type": "int", "default": 0, "description": "So many tasks run here in any case."},
}  # fmt: skip
HOOK = {
    "target_arn": {
        "type": "str", "required": True,
        "description": "The function's ARN, with a version or an alias or without. ECS gets a role that may call it.",
    },
    "stages": {
        "type": "list", "elements": "str", "required": True,
        "choices": [
            "PRE_SCALE_UP", "POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT",
            "POST_PRODUCTION_TRAFFIC_SHIFT",
        ],
        "description": "The stages, of which V(PRODUCTION_TRAFFIC_SHIFT), at each step, is gone through on the way "
        "back, too.",
    },
    "details": {
        "type": "dict", "default": {},
        "description": "What the function gets as its C(hookDetails). It is no place for secrets.",
    },
    "timeout_minutes": {
        "type": "int", "default": 1440, "description": "Minutes that it has to say yes or no, V(1) to V(1440).",
    },
    "timeout_action": {
        "type": "str", "default": "ROLLBACK", "choices": ["ROLLBACK", "CONTINUE"],
        "description": "What ECS does then.",
    },
}  # fmt: skip
ALARM = {
    "name": {"type": "str", "description": "Its name; otherwise the component's and the kind's."},
    "threshold": {
        "type": "float",
        "description": "Its threshold, where C(monitoring_thresholds) says none.",
    },
    "period": {"type": "int", "description": "Seconds of a period."},
}


def _alarms(**kinds: str) -> dict[str, Any]:
    return {kind: {"type": "dict", "options": ALARM, "description": description} for kind, description in kinds.items()}


_COMMON: dict[str, dict[str, Any]] = {
    "type": {
        "type": "str", "choices": [SERVICE, TASK, FUNCTION],
        "description": "A service of ECS (standard profile), a task that the pipe starts (ultra profile), or a "
        "function.",
    },
    "title": {"type": "str", "description": "How the dashboard calls it. Otherwise its name."},
    "description": {"type": "str", "description": "What its role, its function and its rule are for."},
    "image": {
        "type": "str", "default": "",
        "description": "Its image, in its repository, by digest or by a tag other than V(latest). Empty for what runs"
        " now.",
    },
    "path": {"type": "str", "description": "Its folder in a checkout that is built. Otherwise its name."},
    "environment": {
        "type": "dict", "default": {},
        "description": "Its environment, besides what the other keys bring. It is no place for secrets.",
    },
    "database": {
        "type": "bool", "default": True,
        "description": "Whether it is told of the database (C(DB_HOST) ...) and may read the application's login.",
    },
    "secrets": {
        "type": "dict", "default": {},
        "description": "Secrets by the variable: V(app), V(database) or a whole ARN, and V(:KEY) for one value of it."
        " A service gets the value, a function the ARN, with which it reads the secret itself.",
    },
    "sends_to": {
        "type": "dict", "default": {},
        "description": "Queues to which it sends, with the variable that has their URL; empty for "
        "C(<QUEUE>_QUEUE_URL).",
    },
    "statements": {
        "type": "list", "elements": "dict", "default": [],
        "description": "Statements of IAM that its role has besides.",
    },
}  # fmt: skip
_ON_FARGATE: dict[str, dict[str, Any]] = {
    "cpu": {"type": "int", "default": 256, "description": "CPU units of a task; 1024 are a vCPU."},
    "memory": {"type": "int", "default": 512, "description": "Memory of a task in MiB."},
    "queue": {
        "type": "str", "default": "",
        "description": "The queue from which it gets its messages, V(workflow) or one of its own; empty for none. A "
        "service takes them itself, and is scaled by them; a task is started by the pipe with each.",
    },
    "queue_variable": {
        "type": "str", "description": "The variable with its queue's URL. Otherwise C(<QUEUE>_QUEUE_URL).",
    },
    "migrations": {
        "type": "bool", "default": False,
        "description": "Whether its image brings the migrations of the database; true of one component.",
    },
    "health_command": {
        "type": "list", "elements": "str",
        "description": "Tells, inside of the container, whether it is well; empty for no check. Otherwise Python asks"
        " for C(/health) behind the load balancer, and nobody elsewhere.",
    },
    "stop_timeout": {
        "type": "int", "default": 60,
        "description": "Seconds that it has to end when it is told to, V(0) to V(120).",
    },
}  # fmt: skip
_SERVICE: dict[str, dict[str, Any]] = {
    "load_balancer": {
        "type": "bool", "default": False,
        "description": "Whether it stands behind the load balancer, on its C(port); true of one component at the "
        "most.",
    },
    "port": {"type": "int", "default": 0, "description": "The port on which the load balancer reaches it."},
    "desired_count": {
        "type": "int",
        "description": "Tasks at the start. Afterwards their number is the autoscaler's. Otherwise C(min_count), or "
        "1, or none where it has a queue.",
    },
    "min_count": {"type": "int", "description": "The least tasks. Otherwise C(desired_count)."},
    "max_count": {"type": "int", "default": 4, "description": "The most tasks."},
    "first_count": {
        "type": "int",
        "description": "Tasks that its first release gives it. Otherwise 1, and none where it has a queue.",
    },
    "spot_weight": {
        "type": "int", "default": 0,
        "description": "The share of spare capacity among its tasks, against 1 of the other. AWS ends such tasks at "
        "will.",
    },
    "capacity_providers": {
        "type": "list", "elements": "dict", "options": PROVIDER,
        "description": "What its tasks run on. Otherwise one and all others on FARGATE, with C(spot_weight) on "
        "FARGATE_SPOT.",
    },
    "grace_seconds": {
        "type": "int", "default": 60,
        "description": "Seconds after a task's start in which failed health checks of the load balancer don't count.",
    },
    "deployment_strategy": {
        "type": "str", "default": "ROLLING", "choices": ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"],
        "description": "How a new revision takes the place of the old one. V(ROLLING) replaces task by task. The "
        "others, behind the load balancer only, start all new tasks beside the old ones, in a second target group, "
        "and then move the traffic, V(BLUE_GREEN) at once, V(CANARY) by one share before all, V(LINEAR) by equal "
        "shares.",
    },
    "bake_minutes": {
        "type": "int", "default": 10,
        "description": "Minutes in which old and new tasks run when all traffic has moved, so that it can go back at "
        "once, V(0) to V(1440). Not with V(ROLLING).",
    },
    "step_percent": {
        "type": "float", "default": 10,
        "description": "The share of the traffic, in percent, that a step of V(CANARY) or V(LINEAR) moves.",
    },
    "step_minutes": {
        "type": "int", "default": 10,
        "description": "Minutes after each step but the last, V(0) to V(1440).",
    },
    "deployment_alarms": {
        "type": "list", "elements": "str", "default": [],
        "description": "Alarms of the role monitoring, for example V(target-5xx), that take a deployment back when "
        "they go off. ECS looks at none of them where one is on before.",
    },
    "pause_stages": {
        "type": "list", "elements": "str", "default": [],
        "choices": ["PRE_SCALE_UP", "POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"],
        "description": "Stages at which each deployment pauses until C(continue_rollout.yml) lets it go on, or "
        "C(stop_rollout.yml) has it taken back: V(PRE_SCALE_UP) before new tasks start, V(POST_SCALE_UP) when all run,"
        " V(PRE_PRODUCTION_TRAFFIC_SHIFT) before each step of the traffic, V(POST_PRODUCTION_TRAFFIC_SHIFT) after the "
        "last. Not with V(ROLLING), and not before the first release. What an apply itself deploys pauses, too.",
    },
    "pause_minutes": {
        "type": "int", "default": 1440,
        "description": "Minutes for which a pause lasts, V(1) to V(20160), which are two weeks.",
    },
    "pause_action": {
        "type": "str", "default": "ROLLBACK", "choices": ["ROLLBACK", "CONTINUE"],
        "description": "What ECS does with a deployment when nobody continued it in that time.",
    },
    "deployment_hooks": {
        "type": "list", "elements": "dict", "default": [], "options": HOOK,
        "description": "Functions of your own that ECS asks at stages of each deployment whether it may go on. One that"
        " doesn't answer with the C(hookStatus) V(SUCCEEDED) or V(IN_PROGRESS) has the deployment taken back. Not with"
        " V(ROLLING), and not before the first release.",
    },
    "circuit_breaker_threshold": {
        "type": "int",
        "description": "With how many failed tasks a deployment is given up and taken back. V(0) for AWS's own way, "
        "half of the desired count, at least 3 and at most 200. Otherwise 2 for a minimum of up to two tasks, else 0."
        " Another number needs botocore of July 2026 or newer.",
    },
    "cpu_target": {
        "type": "int", "default": 60,
        "description": "The load of the processors, in percent, that scaling keeps. A service with a queue is scaled "
        "by that alone.",
    },
    "requests_per_target": {
        "type": "int", "default": 1000,
        "description": "The requests per task and minute that scaling keeps, behind the load balancer.",
    },
    "messages_per_task": {
        "type": "int", "default": 5,
        "description": "The messages of its queue, waiting or in work, for which there is to be one task.",
    },
    "idle_minutes": {
        "type": "int", "default": 10,
        "description": "Minutes without a message after which its tasks are sent to sleep.",
    },
    "alarms": {
        "type": "dict", "default": {},
        "description": "Its alarms by kind; null for one that isn't wanted. Otherwise C(memory), and C(cpu) where it "
        "has no queue.",
        "options": _alarms(cpu="Percent of its CPU, 80.", memory="Percent of its memory, 85, and 90 with a queue."),
    },
}  # fmt: skip
_FUNCTION: dict[str, dict[str, Any]] = {
    "memory": {"type": "int", "default": 256, "description": "Its memory in MB."},
    "timeout": {"type": "int", "default": 120, "description": "Seconds after which a run of it is ended."},
    "schedule": {
        "type": "str", "default": "",
        "description": "When it runs, such as rate(5 minutes) or cron(0 3 * * ? *); empty where no rule calls it.",
    },
    "vpc": {
        "type": "bool", "default": True,
        "description": "Whether it runs in the stack's VPC, where the profile has one: only there it reaches the "
        "database.",
    },
    "alarms": {
        "type": "dict", "default": {},
        "description": "Its alarms by kind; null for one that isn't wanted. Otherwise C(errors).",
        "options": _alarms(
            errors="Failed runs, 0, in five minutes.",
            throttles="Runs that were put off because one still went on, 1, in a quarter of an hour.",
            duration="Milliseconds of a run, four in five of its timeout.",
            silent="Runs in an hour, below which the alarm goes off, 1.",
        ),
    },
}  # fmt: skip
SPECS: dict[str, dict[str, dict[str, Any]]] = {
    SERVICE: _COMMON | _ON_FARGATE | _SERVICE,
    TASK: _COMMON | _ON_FARGATE,
    FUNCTION: _COMMON | _FUNCTION,
}
"""What an entry may say, by its type, as argument specs."""


def _former(component: str, prefix: str, keys: Iterable[str]) -> dict[str, str]:
    return {f"{prefix}_{component}_{key}": f"{component}.{key}" for key in keys}


_COUNTS = ("capacity_providers", "circuit_breaker_threshold", "cpu", "deployment_alarms", "health_command", "max_count")
FORMER: dict[str, str] = {
    **_former("api", "ecs", (
        *_COUNTS, "memory", "min_count", "stop_timeout", "desired_count", "spot_weight", "port", "grace_seconds",
        "deployment_strategy", "bake_minutes", "step_percent", "step_minutes", "cpu_target", "requests_per_target",
    )),
    **_former("worker", "ecs", (
        *_COUNTS, "memory", "min_count", "stop_timeout", "environment", "messages_per_task", "idle_minutes",
    )),
    "ecs_clerk_frontend_url": "api.environment.CLERK_FRONTEND_URL worker.environment.CLERK_FRONTEND_URL",
    "ecs_worker_polls": "worker.type",
    **_former("scheduler", "lambda", ("memory", "timeout", "schedule")),
    **_former("cleanup", "lambda", ("memory", "timeout", "schedule")),
    **{f"registry_{one}_image": f"{one}.image" for one in ("api", "worker", "scheduler", "cleanup")},
    **{f"images_{one}_path": f"{one}.path" for one in ("api", "worker", "scheduler", "cleanup")},
    **dict.fromkeys(("ecs_components", "ecs_service_components", "lambda_components", "registry_components"), ""),
    "release_first_counts": "<component>.first_count",
    "monitoring_api_service": "", "monitoring_worker_service": "", "monitoring_scheduler_function": "",
    "monitoring_scheduler_timeout": "scheduler.timeout", "monitoring_cleanup_function": "",
}  # fmt: skip
"""Variables that are no more, with the place in the map that has their value; empty where the map itself says it."""


def former(name: str) -> str:
    """Return the sentence on a variable that is no more; nothing for any other."""
    if name not in FORMER:
        return ""
    if not FORMER[name]:
        return f"{name} is no variable any more: what a stack has says {VARIABLE}, where null takes a component out"
    return f"{name} is no variable any more: say {' and '.join(map(_map, FORMER[name].split()))}"


def _map(place: str) -> str:
    """Return how a place in the map is written."""
    told = "..."
    for part in reversed([VARIABLE, *place.split(".")]):
        told = f"{{{part}: {told}}}"
    return told[1:-1]


class Said(NamedTuple):
    """A value of an entry, and the variable that says it, such as ``stack_components_sizes.api.cpu``."""

    where: str
    value: Any


def said(variables: Iterable[str]) -> list[str]:
    """Return the names of the variables that say a part of the map, in the order in which they are merged."""
    parts = sorted(one for one in variables if one.startswith(f"{VARIABLE}_") and one != ONCE)
    return [VARIABLE, *parts, ONCE]


def over(below: Any, above: Any) -> Any:
    """Return a value laid over another one: maps are merged, what is null goes, all else takes its place."""
    if not isinstance(above, Mapping):
        return above
    made = dict(below) if isinstance(below, Mapping) else {}
    for key, value in above.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = over(made.get(key), value)
    return made


def merged(*maps: Mapping[str, Any]) -> Entries:
    """Return the components of maps that are laid over each other, whole: each with all keys of its type."""
    named: Entries = {}
    for one in maps:
        named = over(named, one)
    usual: Entries = {name: {"alarms": _usual_alarms(entry)} for name, entry in named.items()}
    for one in maps:
        usual = over(usual, one)
    return {name: whole(name, usual[name]) for name in named}


def whole(name: str, entry: Mapping[str, Any]) -> Entry:
    """Return an entry with all keys of its type, numbers as numbers."""
    spec = SPECS[entry["type"]]
    made: Entry = {key: one.get("default") for key, one in spec.items()}
    made |= entry
    for key, one in spec.items():
        if one["type"] in ("int", "float") and isinstance(made[key], str):
            made[key] = (int if one["type"] == "int" else float)(made[key])
    made |= {key: value for key, value in _derived(name, made).items() if key in spec and made[key] is None}
    if entry["type"] == SERVICE:
        made["demand"] = demand(name, made)
    made["sends_to"] = {queue: variable or _variable(queue) for queue, variable in made["sends_to"].items()}
    made["alarms"] = {kind: {"name": f"{name}-{kind}", **alarm} for kind, alarm in made["alarms"].items()}
    return {"name": name} | made


def demand(name: str, service: Entry) -> Entry:
    """Return what a service needs of an account, at its largest, as ``limits.Demand`` has it."""
    by = {f"{VARIABLE}.{name}.{key}": service[key] for key in ("max_count", "cpu")}
    return {
        "limit": "fargate", "name": f"-{name}", "count": service["max_count"], "cpu": service["cpu"],
        "strategy": service["capacity_providers"], "by": by,
    }  # fmt: skip


def _usual_alarms(entry: Mapping[str, Any]) -> dict[str, Any]:
    if entry.get("type") == SERVICE:
        return {"memory": {}} if entry.get("queue") else {"cpu": {}, "memory": {}}
    return {"errors": {}} if entry.get("type") == FUNCTION else {}


def _derived(name: str, entry: Entry) -> Entry:
    """Return what an entry's keys are that say nothing."""
    least, most = entry.get("min_count"), entry.get("desired_count")
    at_first = 0 if entry.get("queue") else 1
    desired = most if most is not None else least if least is not None else at_first
    minimum = least if least is not None else desired
    port = entry.get("port")
    asks = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/health', timeout=4)"
    return {
        "title": name,
        "description": f"The function {name}" if entry["type"] == FUNCTION else f"What {name} may do",
        "path": name,
        "queue_variable": _variable(entry["queue"]) if entry.get("queue") else "",
        "desired_count": desired,
        "min_count": minimum,
        "first_count": at_first,
        "circuit_breaker_threshold": 2 if minimum <= 2 else 0,
        "capacity_providers": [
            {"capacity_provider": "FARGATE", "base": 1, "weight": 1},
            {"capacity_provider": "FARGATE_SPOT", "weight": entry.get("spot_weight")},
        ],
        "health_command": ["CMD-SHELL", f'python -c "{asks}"'] if entry.get("load_balancer") else [],
    }


def _variable(queue: str) -> str:
    return f"{re.sub('[^A-Za-z0-9]', '_', queue).upper()}_QUEUE_URL"


# What is wrong with the parts

Checked = Callable[[str, dict[str, Any], Any], tuple[list[str], dict[str, Any]]]
"""Says what is wrong with a value of a name and an argument spec: sentences, and the value by its name."""
MADE_OF = {
    "capacity_providers": ("spot_weight",),
    "circuit_breaker_threshold": ("min_count", "desired_count"),
    "desired_count": ("min_count",),
    "health_command": ("port",),
    "min_count": ("desired_count",),
}
"""What keys are made of that say nothing."""


def faults(default: Mapping[str, Any], parts: Mapping[str, Any], checked: Checked) -> list[tuple[str, str]]:
    """Return what is wrong with what variables say of components: the variable, and a sentence on it."""
    found: list[tuple[str, str]] = []
    below: Any = default
    for variable, one in parts.items():
        for name, entry in one.items():
            found += [(variable, told) for told in _of_entry(f"{variable}.{name}", entry, below.get(name), checked)]
        below = over(below, one)
    return found


def _of_entry(where: str, entry: Any, below: Mapping[str, Any] | None, checked: Checked) -> Iterator[str]:
    if entry is None:
        if below is None:
            yield f"{where} is null: there is no such component that could be taken out"
        return
    if not isinstance(entry, Mapping):
        yield f"{where} is {entry!r}: it must be a mapping, or null, which takes the component out"
        return
    kind = entry.get("type", (below or {}).get("type"))
    if kind not in SPECS:
        told = f"{where}.type is {kind!r}" if kind else f"{where} has no type, and there is no such component yet"
        yield f"{told}: allowed are {', '.join(SPECS)}"
        return
    for key in sorted({*entry, *(below or {})} - set(SPECS[kind])):
        if entry.get(key, (below or {}).get(key)) is None:
            continue
        near = difflib.get_close_matches(str(key), SPECS[kind], 1)
        meant = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(SPECS[kind])}"
        yield f"{where}.{key} is no key of a {kind}: {meant}"
    for key in set(SPECS[kind]) & set(entry):
        if entry[key] is not None:
            yield from checked(f"{where}.{key}", SPECS[kind][key], entry[key])[0]


def places(entries: Entries, parts: Mapping[str, Any]) -> tuple[dict[str, dict[str, str]], dict[str, set[str]]]:
    """Return which variable says each key of each component, and of which others those are made that none says."""
    where: dict[str, dict[str, str]] = {}
    made_of: dict[str, set[str]] = {}
    for name, entry in entries.items():
        where[name] = {
            key: next((one for one in reversed([*parts]) if key in (parts[one].get(name) or {})), "") for key in entry
        }
        unsaid = {key for key in MADE_OF if not where[name].get(key)}
        where[name] = {key: f"{one or VARIABLE}.{name}.{key}" for key, one in where[name].items()}
        for key in unsaid & set(entry):
            made_of[where[name][key]] = {where[name][one] for one in MADE_OF[key] if one in entry}
    return where, made_of
