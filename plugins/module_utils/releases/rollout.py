"""Rolling a release out: all of it runs afterwards, or all of what ran before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..engine.aws import Aws, unless
from ..engine.errors import EngineError, expected, sentence
from ..engine.names import name, tail
from ..engine.waiting import TimedOut, until
from ..kinds.ecr_protected import digests_in, protect
from . import alarms, canary, pauses, records
from .context import STALE_SECONDS, Context, Failed, Say
from .functions import Functions
from .pipe import Check, Pipe
from .services import Services
from .shapes import Became, Before, Begins, Images, Release
from .tasks import image_of, with_image

MIGRATIONS = "migrations"
ROLLBACK = "rollback"
UNSEEN_SECONDS = 10  # for which AWS may not show what was made a moment ago


@dataclass
class Components:
    """What a stack has that a release has images of."""

    services: dict[str, int] = field(default_factory=dict)
    """The services, each with the tasks that it gets where it was never released before."""
    functions: list[str] = field(default_factory=list)
    piped: str = ""
    """What the pipe starts; empty where there is no pipe."""


@dataclass
class Options:
    """How a rollout is done, and of what."""

    components: Components
    timeout: int = 1800
    pause: float = 5.0
    steady: float = 15.0
    check_functions: bool = True
    functions: canary.Strategy = field(default_factory=canary.Strategy)
    worker_check: Check = field(default_factory=Check)
    keep: int = 10
    """To how many releases before the one that runs a rollback may go."""
    every_pause: bool = False
    """Whether each pause of the services' deployments is continued."""


class Rollout:
    """One rollout of one release. Its parts know nothing of each other, and of it only what they are given."""

    def __init__(self, aws: Aws, stack: str, release: Release, options: Options, say: Say):
        """Prepare; nothing is changed yet."""
        self.aws, self.stack, self.release, self.options, self.say = aws, stack, release, options, say
        self._context = Context(aws, stack, release["id"], say, options.timeout, options.pause, options.steady)
        asked = options.components
        self._names = {*asked.services, *asked.functions, *filter(None, [asked.piped])}
        self.services = Services(self._context, asked.services, every_pause=options.every_pause)
        self.functions = Functions(self._context, asked.functions)
        self.pipe = Pipe(self._context, asked.piped, options.worker_check if options.check_functions else None)

    # What there is

    def before(self) -> Before:
        """Return what runs now, as far as a release changes it.

        A component of the release that isn't there is looked for again: a stack that was deployed a moment ago may be
        shown in parts, and what isn't seen would not be released.
        """
        seen: Before = {"services": {}, "functions": {}}

        def whole() -> bool:
            nonlocal seen
            seen = {
                "services": self.services.before(),
                "functions": self.functions.before(),
                "pipe": self.pipe.before(),
            }
            return self._names & set(self.release["images"]) <= set(self.components_of(seen))

        with suppress(TimedOut):
            until(whole, UNSEEN_SECONDS, "", delay=0.5, longest=4)
        return seen

    def components_of(self, before: Before) -> list[str]:
        """Return the components that a release changes."""
        piped = [self.options.components.piped] if before.get("pipe") else []
        return [*before["services"], *before["functions"], *piped]

    def concerned(self, before: Before, kind: str) -> Before:
        """Return what a rollback concerns of what runs: a component that is newer than its release stays as it is."""
        images = self.release["images"]
        newer = [one for one in self.components_of(before) if one not in images] if kind == ROLLBACK else []
        if not newer:
            return before
        self.say(f"{', '.join(newer)}: release {self.release['id']} has no image of it, so it stays as it is")
        piped = self.options.components.piped
        return {
            "services": {one: was for one, was in before["services"].items() if one in images},
            "functions": {one: was for one, was in before["functions"].items() if one in images},
            "pipe": before.get("pipe") if piped in images else None,
        }

    def check(self, before: Before) -> None:
        """Raise EngineError for what can be known to go wrong before anything is changed."""
        components = self.components_of(before)
        if not components:
            raise EngineError(f"{self.stack} has neither services nor functions; run site.yml, which makes them")
        alarms.Watched(self.aws, self.stack, self.options.functions.alarms).states()
        self.services.check(before["services"])
        images = self.release["images"]
        missing = [one for one in components if one not in images]
        if missing:
            raise EngineError(f"release {self.release['id']} has no image of {', '.join(missing)}")
        for component in components:
            records.in_registry(self.aws, self.stack, component, images[component])

    def runs(self, before: Before) -> Images:
        """Return the image of each component that runs now, as far as a release changes it."""
        seen = {component: self.services.image(component) for component in before["services"]}
        seen |= {component: self.functions.image(component) for component in before["functions"]}
        if before.get("pipe"):
            seen[self.options.components.piped] = self.pipe.image()
        return seen

    def protect(self, before: Before, images: set[str], others: bool = False) -> None:
        """Let ECR never expire these images, nor what runs or ran before; all others again, if they aren't to stay."""
        images = images | {*self.runs(before).values(), *(one["image"] for one in before["functions"].values())}
        for component in self.components_of(before):
            repository = name("repository", self.stack, component)
            protect(self.aws, repository, digests_in(self.aws, repository, images), others)

    # Forward

    def forward(self, before: Before) -> Became:
        """Bring the release up and return what it became. Raises Failed if it doesn't come up."""
        images, pipe = self.release["images"], before.get("pipe")
        versions = {one: self.functions.new_version(one, images[one]) for one in before["functions"]}
        piped = self.options.components.piped
        definitions = {piped: self.pipe.prove(images[piped])} if pipe else {}
        definitions |= self.services.forward(before["services"], images)
        self.services.wait()
        if self.options.check_functions:
            for component, version in versions.items():
                self.functions.call(component, version)
        became: Became = {
            "task_definitions": {component: tail(arn) for component, arn in definitions.items()},
            "functions": versions,
        }
        if pipe:
            became["pipe"] = self.pipe.switch(pipe, definitions[piped])
        strategy, calls = self.options.functions, self.options.check_functions
        canary.Canary(self._context, self.functions, strategy, versions, calls=calls).go()
        self._migrations(images)
        self._compare(before)
        self.functions.alone(versions)
        return became

    def _migrations(self, images: Images) -> None:
        """Let the family of the migrations go on from the image of what runs, as site.yml has it."""
        asked = migrations(self.aws, self.stack, images)
        if asked:
            with_image(self.aws, *asked)

    def _compare(self, before: Before) -> None:
        """Raise Failed where what runs is not what was asked for, whatever was said on the way."""
        wanted = self.release["images"]
        wrong: list[str] = []

        def as_wanted() -> bool:
            seen = self.runs(before)
            wrong[:] = [f"{one} runs {image}, not {wanted[one]}" for one, image in seen.items() if image != wanted[one]]
            return not wrong

        try:
            until(as_wanted, STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            raise Failed("; ".join(wrong)) from None

    # Back

    def back(self, before: Before) -> None:
        """Bring everything back to what ran before. Raises EngineError if that fails, too."""
        self.say("back to what ran before")
        self.services.back(before["services"])
        self.functions.back(before["functions"])
        if pipe := before.get("pipe"):
            self.pipe.back(pipe)
        self.services.wait_back()
        self._migrations(self.runs(before))
        # The newest revision of a family is what site.yml goes on from; a rollout that was killed may have left some.
        made = [*self.pipe.registered, *self.services.registered, *self.services.left(before["services"])]
        for arn in dict.fromkeys(made):
            unless("ClientException", self.aws("ecs").deregister_task_definition, taskDefinition=arn)


def migrations(aws: Aws, stack: str, images: Images) -> tuple[str, str, str] | None:
    """Return family, container and image of the migrations, whose image is one of a component; None without any."""
    family = name("service", stack, MIGRATIONS)
    answer = unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=family)
    if answer is None:
        return None
    repository = image_of(answer["taskDefinition"], MIGRATIONS).partition("@")[0]
    image = next((one for one in images.values() if one.partition("@")[0] == repository), None)
    return (family, MIGRATIONS, image) if image else None


def roll_out(aws: Aws, stack: str, identifier: str, kind: str, options: Options, say: Say) -> Release:
    """Roll a release out and return the record of it, which may be paused; a rollback doesn't pause.

    Raises EngineError, with everything back, if it fails.
    """
    told = pauses.refusal(aws, stack)
    if told:
        raise EngineError(told)
    book = records.Releases(aws, stack)
    release = book.get(identifier)
    options = replace(options, every_pause=options.every_pause or kind == ROLLBACK)
    rollout = Rollout(aws, stack, release, options, say)
    everything = book.all()
    killed = records.unfinished(everything)
    before = rollout.concerned(killed["before"] if killed else rollout.before(), kind)
    rollout.check(before)
    if killed:
        say(f"the rollout of {killed['release']} since {killed['started']} was not finished; this one takes over")
    rollout.protect(before, {*release["images"].values(), *records.kept(everything, options.keep)}, others=True)
    begins: Begins = {"kind": kind, "by": records.me(aws), "before": before}
    for one in records.begun(everything, release, begins, f"taken over by the {kind} of {identifier}"):
        book.write(one)
    return bring_up(rollout, book, kind, before)


def bring_up(rollout: Rollout, book: records.Releases, kind: str, before: Before) -> Release:
    """Let a rollout go forward, and return its record. Raises EngineError, with everything back, if it fails."""
    identifier = rollout.release["id"]
    try:
        became = rollout.forward(before)
    except pauses.Paused as paused:
        release = book.get(identifier)
        pauses.mark(rollout.aws, rollout.stack, identifier, release["rollouts"][-1], paused)
        book.write(release)
        return release
    except Exception as error:
        if not expected(error):
            raise  # it stays unfinished: the next run takes over
        release = take_back(rollout, book, before, records.FAILED, sentence(error))
        raise EngineError(f"{kind} of {identifier} failed: {release['rollouts'][-1].get('reason')}") from error
    release = _finish(book, identifier, records.SUCCEEDED, "", became)
    _forget(rollout, book)
    return release


def take_back(rollout: Rollout, book: records.Releases, before: Before, verdict: str, reason: str) -> Release:
    """Bring everything back, and return the record, which says why; it has failed if the way back does."""
    try:
        rollout.back(before)
        reason += "\neverything runs as before again"
    except Exception as worse:
        if not expected(worse):
            raise
        verdict = records.FAILED
        reason += f"\nand the way back failed: {sentence(worse)}\nnext: playbooks/runbooks/rollback.yml"
    release = _finish(book, rollout.release["id"], verdict, reason)
    _forget(rollout, book)
    return release


def _forget(rollout: Rollout, book: records.Releases) -> None:
    """Protect the images of older releases no more; that this fails is no failure of what runs."""
    try:
        rollout.protect(rollout.before(), records.kept(book.all(), rollout.options.keep))
    except Exception as error:
        if not expected(error):
            raise
        rollout.say(f"images of older releases stay protected: {sentence(error)}")


def _finish(
    book: records.Releases, identifier: str, verdict: str, reason: str, became: Became | None = None
) -> Release:
    release = book.get(identifier)
    rollout = release["rollouts"][-1]
    rollout.update({"verdict": verdict, "finished": records.now(), "reason": reason})
    if became:
        rollout.update(became)
    book.write(release)
    return release
