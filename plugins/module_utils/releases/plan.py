"""What a rollout would do, for check mode."""

from __future__ import annotations

from ..engine.aws import Aws
from ..engine.errors import EngineError
from ..engine.names import name, tail
from . import pauses, records
from .context import Say
from .functions import Functions
from .resuming import CONTINUE, resumable, waits
from .rollout import ROLLBACK, Options, Rollout, migrations
from .shapes import FunctionBefore, Images, Json, Plan, Release, ServiceBefore
from .tasks import definition, image_of, revision

NEW = "a new version"


def rollout(aws: Aws, stack: str, identifier: str, images: Images, kind: str, options: Options, say: Say) -> Plan:
    """Return what rolling a release out would change, in the way in which resources tell it.

    Raises EngineError for what the rollout itself would refuse. With ``images`` the release needn't be recorded.
    """
    told = pauses.refusal(aws, stack, check=True)
    if told:
        raise EngineError(told)
    book = records.Releases(aws, stack)
    release = _unrecorded(stack, identifier, images) if images else book.get(identifier)
    killed = records.unfinished(book.all())
    planned = Rollout(aws, stack, release, options, say)
    now = planned.concerned(planned.before(), kind)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    planned.check(planned.concerned(killed["before"], kind) if killed else now)
    for component, was in now["services"].items():
        before[component], after[component] = _service(aws, stack, component, was, release["images"][component])
    for component, shown in now["functions"].items():
        image = release["images"][component]
        before[component], after[component] = _function(planned.functions, component, shown, image)
    if now.get("pipe"):
        piped = options.components.piped
        before[piped] = records.short(planned.pipe.image())
        after[piped] = records.short(release["images"][piped])
    if kind == ROLLBACK and (asked := migrations(aws, stack, release["images"])):
        before["migrations"], after["migrations"] = _revision(aws, *asked)
    over = f"takes over the rollout of {killed['release']}, which was not finished" if killed else ""
    return {
        "kind": "release", "name": release["id"], "action": "update" if before != after or killed else "none",
        "reason": over, "changed": before != after or bool(killed), "diff": {"before": before, "after": after},
        "msg": f"{kind} of {release['id']}",
    }  # fmt: skip


def resumed(aws: Aws, stack: str, identifier: str, kind: str, options: Options) -> Plan:
    """Return what continuing, or stopping, the rollout that is paused would do. Raises EngineError as that would."""
    left = resumable(aws, stack, identifier, kind, options)
    does = left["verdict"] in records.UNFINISHED or waits(aws, stack, options)
    where = left.get("reason", "").partition("\n")[0]
    back = f"is taken back, {where}" if where else "is taken back"
    after = ("goes on" if kind == CONTINUE else back) if does else left["verdict"]
    return {
        "kind": "release", "name": left["release"], "action": "update" if does else "none", "reason": where,
        "changed": does, "diff": {"before": {"rollout": left["verdict"]}, "after": {"rollout": after}},
        "msg": f"{kind} of {left['release']}",
    }  # fmt: skip


def _unrecorded(stack: str, identifier: str, images: Images) -> Release:
    """Return a release as it would be recorded, as far as a rollout reads it."""
    return {
        "id": identifier, "stack": stack, "created": "", "by": "", "images": images, "migration": {}, "rollouts": [],
    }  # fmt: skip


def next_of(newest: Json, container: str, image: str) -> str:
    """Return the revision that a family will have with an image, given its newest."""
    if image_of(newest, container) == image:
        return tail(newest["taskDefinitionArn"])
    return f"{newest['family']}:{revision(newest['taskDefinitionArn']) + 1}"


def _revision(aws: Aws, family: str, container: str, image: str) -> tuple[str, str]:
    newest, _tags = definition(aws, family)
    here = f"{tail(newest['taskDefinitionArn'])} with {records.short(image_of(newest, container))}"
    return here, f"{next_of(newest, container, image)} with {records.short(image)}"


def _service(aws: Aws, stack: str, component: str, was: ServiceBefore, image: str) -> tuple[str, str]:
    runs, _tags = definition(aws, was["task_definition"])
    newest, _tags = definition(aws, name("service", stack, component))
    here = f"{tail(was['task_definition'])} with {records.short(image_of(runs, component))}"
    return here, f"{next_of(newest, component, image)} with {records.short(image)}"


def _function(functions: Functions, component: str, was: FunctionBefore, image: str) -> tuple[str, str]:
    shown = functions.live_image(component)
    version = was["version"] or "none"
    here = f"version {version} with {records.short(shown or was['image'])}"
    return here, f"{f'version {version}' if shown == image else NEW} with {records.short(image)}"
