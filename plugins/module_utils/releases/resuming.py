"""Going on with a rollout that pauses, or was killed: it is continued to its verdict, or everything is taken back."""

from __future__ import annotations

from dataclasses import replace

from ..engine import between
from ..engine.aws import Aws
from ..engine.errors import EngineError
from . import pauses, records
from .context import Context, Say
from .rollout import ROLLBACK, Options, Rollout, bring_up, take_back
from .services import Services
from .shapes import Continued, NamedRollout, Release, RolloutRecord

CONTINUE, STOP = "continue", "stop"


def continue_rollout(aws: Aws, stack: str, identifier: str, options: Options, say: Say) -> tuple[Release, bool]:
    """Continue the rollout that is paused; return its record, which may be paused again, and whether anything was done.

    One that has gone on, or was finished already, is as good; ``identifier`` says which release it must be of, unless
    it is empty. What an apply deployed is continued as well. Raises EngineError, with everything back, if it was taken
    back or fails, and where nothing is paused.
    """
    book, left = records.Releases(aws, stack), resumable(aws, stack, identifier, CONTINUE, options)
    if left["verdict"] not in records.UNFINISHED:
        release = book.get(left["release"])
        services = Rollout(aws, stack, release, replace(options, every_pause=True), say).services
        waiting = services.paused(services.before())
        services.go_on(waiting)
        services.follow(waiting)
        if not waiting:
            say(f"the {left['kind']} of {left['release']} has succeeded; nothing pauses")
        return release, bool(waiting)
    release, before = book.get(left["release"]), left["before"]
    options = replace(options, every_pause=options.every_pause or left["kind"] == ROLLBACK)
    rollout = Rollout(aws, stack, release, options, say)
    rollout.check(before)
    became, told = pauses.look(aws, left)
    waiting = rollout.services.paused(before["services"])
    if not waiting and not left.get("paused"):
        raise EngineError(
            f"the {left['kind']} of {left['release']} since {left['started']} was not finished, and no deployment "
            "pauses: playbooks/runbooks/rollout.yml takes it over, playbooks/runbooks/stop_rollout.yml takes it back"
        )
    entry = release["rollouts"][-1]
    where = entry.get("reason", "").partition(";")[0]
    if became == "bad":
        take_back(rollout, book, before, records.FAILED, f"{where}; {told}")
        between.forget(aws, stack)
        raise EngineError(f"{left['kind']} of {left['release']} failed: {_last(book, release).get('reason')}")
    by: Continued = {"by": records.me(aws), "at": records.now(), "paused": where}
    entry.update({"verdict": records.RUNNING, "reason": "", "continued": [*entry.get("continued", []), by]})
    book.write(release)
    between.forget(aws, stack)
    if not waiting:
        say(f"the {left['kind']} of {left['release']} pauses no more: {told}")
    rollout.services.go_on(waiting)
    return bring_up(rollout, book, left["kind"], before), True


def stop_rollout(aws: Aws, stack: str, identifier: str, options: Options, say: Say) -> tuple[Release, bool]:
    """Take the rollout that is paused, or was killed, back; return its record, and whether anything was done.

    One that ended so already is as good. What an apply deployed is taken back as well, where it pauses. Raises
    EngineError where that fails, and for one that has succeeded.
    """
    book, left = records.Releases(aws, stack), resumable(aws, stack, identifier, STOP, options)
    if left["verdict"] not in records.UNFINISHED:
        services = Rollout(aws, stack, book.get(left["release"]), options, say).services
        waiting = services.paused(services.before())
        services.take_back(waiting)
        if waiting:
            return book.get(left["release"]), True
        say(f"the {left['kind']} of {left['release']} has {_ended(left)}; nothing is to be stopped")
        return book.get(left["release"]), False
    release = book.get(left["release"])
    rollout = Rollout(aws, stack, release, replace(options, every_pause=True), say)
    paused = release["rollouts"][-1].get("reason", "").partition(";")[0]
    why = f"stopped by {records.me(aws)}" + (f" while {paused}" if paused else "")
    release = take_back(rollout, book, left["before"], records.STOPPED, why)
    between.forget(aws, stack)
    ended = release["rollouts"][-1]
    if ended["verdict"] != records.STOPPED:
        raise EngineError(f"{left['release']}: {ended.get('reason')}")
    return release, True


def resumable(aws: Aws, stack: str, identifier: str, kind: str, options: Options) -> NamedRollout:
    """Return the rollout that is to be continued or stopped, or the newest one where it has ended so already.

    Raises EngineError where it has ended otherwise and nothing pauses, and where it isn't of the release that was
    named, if one was.
    """
    everything = records.Releases(aws, stack).all()
    found = records.unfinished(everything) or next(reversed(records.rollouts(everything)), None)
    if found is None:
        raise EngineError(f"nothing of {stack} pauses: nothing was rolled out yet")
    if identifier and found["release"] != identifier:
        raise EngineError(f"release_name is {identifier!r}, but the newest rollout of {stack} is of {found['release']}")
    succeeded = found["verdict"] == records.SUCCEEDED
    ended = found["verdict"] not in records.UNFINISHED and succeeded != (kind == CONTINUE)
    if ended and not waits(aws, stack, options):
        more = "; playbooks/runbooks/rollback.yml goes back to what ran before" if succeeded else f": {_ended(found)}"
        raise EngineError(
            f"nothing of {stack} pauses: the {found['kind']} of {found['release']} has "
            f"{'succeeded' if succeeded else 'ended'}{more}"
        )
    return found


def waits(aws: Aws, stack: str, options: Options) -> bool:
    """Say whether any deployment of a stack's services pauses, whoever began it."""
    services = Services(Context(aws, stack, "", lambda _line: None, 0, 0, 0), options.components.services)
    return bool(services.paused(services.before()))


def _last(book: records.Releases, release: Release) -> RolloutRecord:
    return book.get(release["id"])["rollouts"][-1]


def _ended(rollout: NamedRollout) -> str:
    return f"{rollout['verdict']}: {rollout.get('reason', '').partition(chr(10))[0]}"
