"""Rolling a release out: all of it runs afterwards, or all of what ran before."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ..engine.aws import unless
from ..engine.errors import EngineError, code, expected, sentence
from ..engine.names import name, tail
from ..engine.plain import plain
from ..engine.waiting import TimedOut, until
from ..kinds.ecr import ARCHITECTURES
from ..kinds.ecr_protected import digests_in, protect
from ..kinds.ecs_service import breaker_from_aws, tolerated
from . import alarms, canary, diagnosis, records
from .deployments import Deployments, shifts, waits
from .pipe import Check, Pipe
from .tasks import Log, definition, image_of, listed, with_image

SERVICES, FUNCTIONS = ("api", "worker"), ("scheduler", "cleanup")
ALIAS = "live"
MIGRATIONS = "migrations"
MISSING, CONFLICT = "ResourceNotFoundException", "ResourceConflictException"
# What a call of a version is answered with that could be called a moment later.
NOT_NOW = (MISSING, CONFLICT, "TooManyRequestsException", "ResourceNotReadyException", "EC2ThrottledException")
FUNCTION_SECONDS = 900  # that Lambda may take to make a large image ready
STALE_SECONDS = 60  # for which AWS may answer as if a change had not been made
UNSEEN_SECONDS = 10  # for which AWS may not show what was made a moment ago
BUSY_SECONDS = 120
START_SECONDS = 60  # that a function may take to start, which its own timeout does not count
CHECK = {"source": "flow-builder.release", "detail-type": "Check of a release"}
LOGS_OF = 3  # the logs of so many tasks are read


class Failed(EngineError):
    """What was asked for does not run."""


@dataclass
class Options:
    """How a rollout is done."""

    timeout: int = 1800
    pause: float = 5.0
    steady: float = 15.0
    check_functions: bool = True
    first_counts: dict[str, int] = field(default_factory=dict)
    functions: canary.Strategy = field(default_factory=canary.Strategy)
    worker_check: Check = field(default_factory=Check)
    keep: int = 10
    """To how many releases before the one that runs a rollback may go."""


def judge(service: dict, deployment: str, asked: str) -> tuple[str, str]:
    """Return whether what runs is what was asked for, V(good), V(bad) or V(wait), and a sentence on it.

    ``deployment`` is the one that was begun. Another one in its place, or another task definition, is a rollback.
    """
    all_of = service["deployments"]
    primary = next((one for one in all_of if one["status"] == "PRIMARY"), None)
    ours = next((one for one in all_of if one["id"] == deployment), None)
    if ours and ours.get("rolloutState") == "FAILED":
        return "bad", ours.get("rolloutStateReason") or "its deployment failed"
    if primary is None or primary["id"] != deployment:
        told = tail(primary["taskDefinition"]) if primary else "nothing"
        return "bad", f"PRIMARY is {told} again and not {tail(asked)}: ECS rolled back, or somebody else deployed"
    if primary["taskDefinition"] != asked:
        return "bad", f"PRIMARY is {tail(primary['taskDefinition'])} and not {tail(asked)}"
    steady = primary.get("rolloutState", "COMPLETED") == "COMPLETED" and len(all_of) == 1
    if steady and service["runningCount"] == service["desiredCount"]:
        return "good", f"{tail(asked)} runs with {service['runningCount']} tasks"
    return "wait", primary.get("rolloutStateReason", "")


def by_itself(task: dict) -> bool:
    """Say whether a task ended by a fault of its own: it wasn't scaled in, reclaimed or stopped by people."""
    reason = task.get("stoppedReason", "")  # AWS may leave the code of an interruption out
    told = task.get("stopCode") in ("SpotInterruption", "TerminationNotice", "UserInitiated")
    return not (told or "Spot Task was interrupted" in reason or "Scaling activity" in reason)


def limit_of(service: dict) -> int:
    """Return with how many failed tasks a service's deployment has failed."""
    return tolerated(breaker_from_aws(service.get("deploymentConfiguration", {})), service["desiredCount"])


def progress(component: str, service: dict, healthy: str) -> str:
    """Return where a service is in one line."""
    primary = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), {})
    failed = f", {primary['failedTasks']} failed" if primary.get("failedTasks") else ""
    return (
        f"{component}: {tail(primary.get('taskDefinition', ''))} {primary.get('rolloutState', '')}, "
        f"{primary.get('desiredCount', 0)} desired, {primary.get('runningCount', 0)} running, "
        f"{primary.get('pendingCount', 0)} pending{failed}{healthy}"
    )


class Rollout:
    """One rollout of one release."""

    def __init__(self, aws, stack: str, release: dict, options: Options, say):
        """Prepare; nothing is changed yet."""
        self.aws, self.stack, self.release, self.options, self.say = aws, stack, release, options, say
        self.cluster = name("cluster", stack)
        self.alias = ALIAS
        self.pipe = Pipe(self)
        self.told = Deployments(aws, stack, self.cluster, say)
        self.registered: list[str] = []
        self.written: set[tuple[str, str]] = set()
        """What of which component this rollout wrote: a read that is late would show it as it is to be again."""
        self.spared: set[str] = set()
        """Tasks that ended before they could say anything of this rollout."""
        self.deployments: dict[str, tuple[str, str]] = {}

    # What there is

    def _service(self, component: str) -> dict | None:
        found = unless(
            "ClusterNotFoundException", self.aws("ecs").describe_services,
            cluster=self.cluster, services=[name("service", self.stack, component)], otherwise={"services": []},
        )["services"]  # fmt: skip
        return next((one for one in found if one["status"] == "ACTIVE"), None)

    def _running(self, component: str) -> dict:
        """Return a service that was there when this began; a single answer without it says nothing."""
        try:
            return until(lambda: self._service(component), STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            raise Failed(f"{component}: its service is gone; run site.yml, which makes it") from None

    def _function(self, component: str, qualifier: str = "$LATEST") -> dict | None:
        return unless(
            MISSING, self.aws("lambda").get_function,
            FunctionName=name("function", self.stack, component), Qualifier=qualifier,
        )  # fmt: skip

    def _latest(self, component: str) -> dict:
        """Return a function that was there when this began, with its newest code."""
        try:
            return until(lambda: self._function(component), STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            raise Failed(f"{component}: its function is gone; run site.yml, which makes it") from None

    def _version(self, component: str, version: str) -> dict:
        """Return one version of a function, which Lambda may show late."""
        what = f"version {version} of {name('function', self.stack, component)} being shown"
        return until(lambda: self._function(component, version), STALE_SECONDS, what, delay=0.2, longest=4)

    def write(self, what: str, component: str, call, codes: tuple[str, ...], **asked):
        """Change something, remember it unless AWS refused, and return the answer; None for one of the error codes."""
        try:
            answer = unless(codes, call, **asked)
        except Exception as error:
            if not code(error):  # no answer, so it may have been done
                self.written.add((what, component))
            raise
        if answer is not None:
            self.written.add((what, component))
        return answer

    def before(self) -> dict:
        """Return what runs now, as far as a release changes it.

        A component of the release that isn't there is looked for again: a stack that was deployed a moment ago may be
        shown in parts, and what isn't seen would not be released.
        """
        seen: dict = {}

        def whole():
            seen.update(self._seen())
            return set(self.release["images"]) <= set(components_of(seen))

        with suppress(TimedOut):
            until(whole, UNSEEN_SECONDS, "", delay=0.5, longest=4)
        return seen

    def _seen(self) -> dict:
        services = {one: self._service(one) for one in SERVICES}
        functions = {one: self._function(one) for one in FUNCTIONS}
        return {
            "services": {
                component: {"task_definition": one["taskDefinition"], "desired": one["desiredCount"]}
                for component, one in services.items()
                if one
            },
            "functions": {
                component: {"image": one["Code"]["ResolvedImageUri"], "version": self.live_version(component)}
                for component, one in functions.items()
                if one
            },
            "pipe": self.pipe.before(),
        }

    def live_version(self, component: str) -> str:
        """Return the version that a function's alias shows, without the share that another one may have."""
        alias = self._alias(component)
        return alias["FunctionVersion"] if alias else ""

    def shown(self, component: str) -> str:
        """Return the image of the version that a function's alias shows; empty before the first release."""
        version = self.live_version(component)
        return (self._function(component, version) or {}).get("Code", {}).get("ResolvedImageUri", "") if version else ""

    def _alias(self, component: str) -> dict | None:
        return unless(
            MISSING, self.aws("lambda").get_alias, FunctionName=name("function", self.stack, component), Name=ALIAS
        )

    def check(self, before: dict) -> None:
        """Raise EngineError for what can be known to go wrong before anything is changed."""
        components = components_of(before)
        if not components:
            raise EngineError(f"{self.stack} has neither services nor functions; run site.yml, which makes them")
        alarms.Watched(self.aws, self.stack, self.options.functions.alarms).states()
        for component in before["services"]:
            self.told.check(self._service(component))
        images = self.release["images"]
        missing = [one for one in components if one not in images]
        if missing:
            raise EngineError(f"release {self.release['id']} has no image of {', '.join(missing)}")
        for component in components:
            records.in_registry(self.aws, self.stack, component, images[component])

    # Forward

    def forward(self, before: dict) -> dict:
        """Bring the release up and return what it became. Raises Failed if it doesn't come up."""
        images = self.release["images"]
        versions = {one: self._new_version(one, images[one]) for one in before["functions"]}
        definitions, more = {}, {}
        if before.get("pipe"):
            definitions["worker"] = self.pipe.prove(images["worker"])
        for component, was in before["services"].items():
            family = name("service", self.stack, component)
            definitions[component], new = with_image(self.aws, family, component, images[component])
            if new:
                self.registered.append(definitions[component])
            self._update(component, definitions[component], self._count(component, was))
        self.wait()
        if self.options.check_functions:
            for component, version in versions.items():
                self.call(component, version)
        if before.get("pipe"):
            more["pipe"] = self.pipe.switch(before["pipe"], definitions["worker"])
        canary.Canary(self, versions).go()
        self._migrations(images)
        self._compare(before)
        self._alone(versions)
        return {"task_definitions": {key: tail(arn) for key, arn in definitions.items()}, "functions": versions, **more}

    def _count(self, component: str, was: dict) -> int | None:
        """Return how many tasks a service is to have that was never released; None leaves it to the autoscaler."""
        told, _tags = definition(self.aws, was["task_definition"])
        first = image_of(told, component).rpartition("@")[2] in ARCHITECTURES
        return self.options.first_counts.get(component) if first and not was["desired"] else None

    def _update(self, component: str, asked: str, count: int | None) -> None:
        service, written = self._running(component), ("service", component) in self.written
        known = {one["id"] for one in service["deployments"]}
        deploys = written or service["taskDefinition"] != asked
        if deploys or (count is not None and service["desiredCount"] != count):
            more = {} if count is None else {"desiredCount": count}
            if deploys:
                self.told.begin(component)
            service = self.write(
                "service", component, self.aws("ecs").update_service, (),
                cluster=self.cluster, service=service["serviceName"], taskDefinition=asked, **more,
            )["service"]  # fmt: skip
        # With two target groups AWS needn't call the new one PRIMARY before the traffic is its.
        begun = min(
            service["deployments"], key=lambda one: (one["taskDefinition"] != asked, one["status"] != "PRIMARY")
        )
        if deploys and begun["id"] in known:
            self.told.none(component)  # it was there all the time
        self.deployments[component] = (begun["id"], asked)
        self.say(f"{component}: {tail(asked)} is deployed, {service['desiredCount']} tasks")

    def wait(self) -> None:
        """Wait until all services run what was asked for, and go on doing so for a moment."""
        if not self.deployments:
            return
        started, shown, good_since, limit = time.monotonic(), {}, None, 0.0
        while True:
            states = {}
            for component, (deployment, asked) in self.deployments.items():
                service = self._running(component)
                states[component], told = judge(service, deployment, asked)
                unseen = deployment not in {one["id"] for one in service["deployments"]}
                if unseen and time.monotonic() < started + STALE_SECONDS:
                    states[component] = "wait"  # early reads show what was before, in turn with others: judged below
                look = self.told.look(component, asked)
                configuration = service.get("deploymentConfiguration", {})
                limit = max(limit, waits(configuration))
                if shifts(configuration) and look.state == "wait":
                    states[component] = "wait"  # PRIMARY counts when it is over
                line = progress(component, service, self._healthy(service)) + (f"; {look.line}" if look.line else "")
                if shown.get(component) != line:
                    shown[component] = line
                    self.say(line)
                if "bad" in (states[component], look.state):
                    look = self.told.why(component, asked)
                    if look.alarms:
                        raise Failed(f"{component}: {look.reason}\n{self.told.explain(look.alarms)}")
                    told = look.reason or told
                    raise Failed(f"{component}: {told}\n{self._why(component, deployment, asked)}")
                if states[component] == "good" and look.state == "wait":
                    states[component] = "wait"
                if shifts(configuration):
                    # Nothing promises that ECS's circuit breaker looks at this, so the tasks are counted here.
                    failed, most = len(self._ended(component, deployment)), limit_of(service)
                    if failed >= most:
                        raise Failed(
                            f"{component}: {failed} of its tasks failed, and {most} are enough\n"
                            f"{self._why(component, deployment, asked)}"
                        )
                if states[component] == "good" and self._ended(component, deployment):
                    raise Failed(
                        f"{component}: its tasks start and end again\n{self._why(component, deployment, asked)}"
                    )
            if all(state == "good" for state in states.values()):
                good_since = good_since or time.monotonic()
                if time.monotonic() >= good_since + self.options.steady:
                    return
            else:
                good_since = None
            if time.monotonic() > started + self.options.timeout + limit:
                slow = next(one for one, state in states.items() if state != "good")
                raise Failed(
                    f"{slow}: not up after {self.options.timeout} seconds\n{self._why(slow, *self.deployments[slow])}"
                )
            time.sleep(self.options.pause)

    def _healthy(self, service: dict) -> str:
        counts = []
        for balancer in service.get("loadBalancers", []):
            other = balancer.get("advancedConfiguration", {}).get("alternateTargetGroupArn")
            for group in filter(None, (balancer.get("targetGroupArn"), other)):
                told = self.aws("elbv2").describe_target_health(TargetGroupArn=group)
                counts += [one["TargetHealth"]["State"] == "healthy" for one in told["TargetHealthDescriptions"]]
        return f", {sum(counts)} of {len(counts)} targets healthy" if counts else ""

    def _ended(self, component: str, deployment: str) -> list[dict]:
        """Return the deployment's tasks that ended by themselves, the newest first."""
        service = name("service", self.stack, component)
        found = listed(self.aws, self.cluster, serviceName=service, desiredStatus="STOPPED")
        mine = [
            one
            for one in found
            if one.get("startedBy") == deployment and by_itself(one) and one["taskArn"] not in self.spared
        ]
        return sorted(mine, key=lambda one: str(one.get("createdAt", "")), reverse=True)

    def _why(self, component: str, deployment: str, asked: str) -> str:
        told, _tags = definition(self.aws, asked)
        ended, group = [], ""
        for index, task in enumerate(self._ended(component, deployment)):
            one = diagnosis.Ended.of(task, component)
            log = Log(self.aws, told, component, task["taskArn"])
            group = log.group
            if index < LOGS_OF:
                one.lines = log.more()
            ended.append(one)
        return diagnosis.report(ended, self.names(component, group))

    def names(self, component: str, group: str) -> dict[str, str]:
        """Return what the next command of a diagnosis is made of."""
        return {
            "stack": self.stack,
            "component": component,
            "cluster": self.cluster,
            "repository": name("repository", self.stack, component),
            "release": self.release["id"],
            "group": group,
            "execution_role": name("role", self.stack, "ecs-execution", self.aws.region),
            "pipe_role": name("role", self.stack, "pipe", self.aws.region),
        }

    # Functions

    def _new_version(self, component: str, image: str) -> str:
        """Give a function its new code, and return the version of it; the alias doesn't show it yet."""
        function, client = name("function", self.stack, component), self.aws("lambda")
        live = self.live_version(component)
        if live and (at := self._function(component, live)) and at["Code"].get("ResolvedImageUri") == image:
            self._code(component, image)
            return live
        self._code(component, image)
        version = until(
            lambda: unless(CONFLICT, client.publish_version, FunctionName=function, Description=self.release["id"]),
            BUSY_SECONDS, f"{function} being ready for a new version", delay=0.5, longest=4,
        )["Version"]  # fmt: skip

        def active():
            told = self._version(component, version)["Configuration"]
            if told.get("State") == "Failed":
                reason = told.get("StateReason") or "Lambda gives no reason"
                raise Failed(f"{component}: version {version} of {function} failed: {reason}")
            return told.get("State", "Active") == "Active"

        until(active, FUNCTION_SECONDS, f"version {version} of {function} becoming active", delay=0.2)
        self.say(f"{component}: version {version} of {function}")
        return version

    def _code(self, component: str, image: str) -> None:
        """Give a function an image, when no other change of it goes on, and wait until it has it."""
        if ("code", component) not in self.written and self._latest(component)["Code"].get("ResolvedImageUri") == image:
            return
        function, given, stale = name("function", self.stack, component), None, 0.0

        def updated():
            nonlocal given, stale
            told = self._latest(component)
            configuration = told["Configuration"]
            status = configuration.get("LastUpdateStatus", "Successful")
            if status == "InProgress":
                return False
            if given and time.monotonic() < stale and configuration["LastModified"] < given["LastModified"]:
                return False  # a read that is too early
            if given and status == "Failed":
                reason = configuration.get("LastUpdateStatusReason") or "Lambda refused the image"
                raise Failed(f"{component}: {reason}")
            if given and told["Code"].get("ResolvedImageUri") == image:
                return True
            # A conflict is another change that is under way, or this one, told by a call whose answer was lost.
            call = self.aws("lambda").update_function_code
            given = self.write("code", component, call, (CONFLICT,), FunctionName=function, ImageUri=image) or given
            stale = time.monotonic() + STALE_SECONDS
            return False

        until(updated, FUNCTION_SECONDS, f"the new code of {function}", delay=0.2)

    def call(self, component: str, version: str) -> None:
        """Call a version once, before the schedule does."""
        function = name("function", self.stack, component)
        may_take = self._version(component, version)["Configuration"]["Timeout"]
        client = self.aws.patient("lambda", may_take + START_SECONDS)

        def called():
            return unless(
                NOT_NOW, client.invoke,
                FunctionName=function, Qualifier=version, LogType="Tail", Payload=json.dumps(CHECK).encode(),
            )  # fmt: skip

        answer = until(called, may_take + BUSY_SECONDS, f"{function} having a moment for a call")
        if answer.get("FunctionError"):
            said = error_of(answer["Payload"].read(), answer["FunctionError"])
            one = diagnosis.Ended(
                function, diagnosis.FUNCTION, said,
                lines=diagnosis.own_lines(tail_of(answer.get("LogResult", ""))),
            )  # fmt: skip
            names = self.names(component, name("lambda_log_group", self.stack, component))
            raise Failed(f"{component}: a call of version {version} failed\n{diagnosis.report([one], names)}")
        self.say(f"{component}: a call of version {version} succeeded")

    def switch(self, component: str, version: str) -> None:
        """Let a function's alias show one version, and no other with a share."""
        if ("alias", component) in self.written or not self._shows(component, version):
            self.point(component, version, {})
            self.say(f"{component}: {ALIAS} is version {version}")

    def _shows(self, component: str, version: str) -> bool:
        """Say whether a function's alias shows a version alone."""
        alias = self._alias(component) or {}
        shared = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        return alias.get("FunctionVersion") == version and not shared

    def point(self, component: str, version: str, weights: dict[str, float]) -> None:
        """Let a function's alias show a version, and others with a share of its calls."""
        function, client = name("function", self.stack, component), self.aws("lambda")
        asked = {
            "FunctionName": function, "Name": ALIAS, "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }  # fmt: skip
        ways = [client.update_alias, client.create_alias]
        ways = ways if self._alias(component) else ways[::-1]
        # A conflict is another change that goes on, or an alias that is there: by a call whose answer was lost, or
        # unseen by an early read. One that isn't there may be a version that isn't seen yet, too.
        until(
            lambda: any(self.write("alias", component, one, (CONFLICT, MISSING), **asked) for one in ways),
            BUSY_SECONDS, f"{function} letting its alias show version {version}", delay=0.5, longest=4,
        )  # fmt: skip

    def _alone(self, versions: dict[str, str]) -> None:
        """Raise Failed where a function's alias doesn't show its version, or another one with a share."""
        wrong: list[str] = []

        def alone():
            wrong[:] = [one for one, version in versions.items() if not self._shows(one, version)]
            return not wrong

        try:
            until(alone, STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            told = ", ".join(f"{one} doesn't show version {versions[one]} alone" for one in wrong)
            raise Failed(f"the alias {ALIAS} of {told}") from None

    def _migrations(self, images: dict[str, str]) -> None:
        """Let the family of the migrations go on from the image of what runs, as site.yml has it."""
        asked = migrations(self.aws, self.stack, images)
        if asked:
            with_image(self.aws, *asked)

    def runs(self, before: dict) -> dict[str, str]:
        """Return the image of each component that runs now, as far as a release changes it."""
        seen = {}
        for component in before["services"]:
            told, _tags = definition(self.aws, self._running(component)["taskDefinition"])
            seen[component] = image_of(told, component)
        for component in before["functions"]:
            seen[component] = self.shown(component) or self._latest(component)["Code"]["ResolvedImageUri"]
        if before.get("pipe"):
            seen["worker"] = self.pipe.image()
        return seen

    def protect(self, before: dict, images: set[str], others: bool = False) -> None:
        """Let ECR never expire these images, nor what runs or ran before; all others again, if they aren't to stay."""
        images = images | {*self.runs(before).values(), *(one["image"] for one in before["functions"].values())}
        for component in components_of(before):
            repository = name("repository", self.stack, component)
            protect(self.aws, repository, digests_in(self.aws, repository, images), others)

    def _compare(self, before: dict) -> None:
        """Raise Failed where what runs is not what was asked for, whatever was said on the way."""
        wanted, wrong = self.release["images"], []

        def as_wanted():
            seen = self.runs(before)
            wrong[:] = [f"{one} runs {image}, not {wanted[one]}" for one, image in seen.items() if image != wanted[one]]
            return not wrong

        try:
            until(as_wanted, STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            raise Failed("; ".join(wrong)) from None

    # Back

    def back(self, before: dict) -> None:
        """Bring everything back to what ran before. Raises EngineError if that fails, too."""
        self.say("back to what ran before")
        for component in before["services"]:
            configuration = self._running(component).get("deploymentConfiguration", {})
            self.told.settle(component, begun=component in self.deployments and shifts(configuration))
        self.deployments = {}
        self.told.forget()
        for component, was in before["services"].items():
            service = self._running(component)
            count = was["desired"] if service["desiredCount"] != was["desired"] and not was["desired"] else None
            self._update(component, was["task_definition"], count)
        versions = {component: was["version"] for component, was in before["functions"].items() if was["version"]}
        for component, was in before["functions"].items():
            self._code(component, was["image"])
        for component, version in versions.items():
            self.switch(component, version)
        self._alone(versions)
        if before.get("pipe"):
            self.pipe.back(before["pipe"])
        # Where traffic is moved back, the deployment from before counts again, with all that ended in it since.
        for component, (deployment, _asked) in self.deployments.items():
            self.spared |= {one["taskArn"] for one in self._ended(component, deployment)}
        self.wait()
        self._migrations(self.runs(before))
        # The newest revision of a family is what site.yml goes on from; a rollout that was killed may have left some.
        for arn in dict.fromkeys([*self.registered, *self._left(before)]):
            unless("ClientException", self.aws("ecs").deregister_task_definition, taskDefinition=arn)

    def _left(self, before: dict) -> list[str]:
        """Return the revisions with another image that are newer than what ran before."""
        left = []
        for component, was in before["services"].items():
            image = image_of(definition(self.aws, was["task_definition"])[0], component)
            family = name("service", self.stack, component)
            arns = self.aws.pages(
                "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
            )
            newer = [one for one in arns if revision(one) > revision(was["task_definition"])]
            left += [one for one in newer if image_of(definition(self.aws, one)[0], component) != image]
        return left


def components_of(before: dict) -> list[str]:
    """Return the components that a release changes."""
    return [*before["services"], *before["functions"], *(["worker"] if before.get("pipe") else [])]


def migrations(aws, stack: str, images: dict[str, str]) -> tuple[str, str, str] | None:
    """Return family, container and image of the migrations, whose image is one of a component; None without any."""
    family = name("service", stack, MIGRATIONS)
    answer = unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=family)
    if answer is None:
        return None
    repository = image_of(answer["taskDefinition"], MIGRATIONS).partition("@")[0]
    image = next((one for one in images.values() if one.partition("@")[0] == repository), None)
    return (family, MIGRATIONS, image) if image else None


def revision(arn: str) -> int:
    """Return the number of a task definition's revision."""
    return int(arn.rpartition(":")[2])


def error_of(payload: bytes, usual: str) -> str:
    """Return what a function answered when it failed; a runtime of its own may answer anything."""
    try:
        told = json.loads(payload or b"{}")
    except ValueError:
        told = payload.decode(errors="replace")
    if not isinstance(told, dict):
        told = {"errorMessage": told}
    return plain(f"{told.get('errorType', usual)}: {told.get('errorMessage', '')}")


def tail_of(encoded: str) -> list[str]:
    """Return the end of a function's log, which Lambda gives in base64."""
    return base64.b64decode(encoded).decode(errors="replace").splitlines()


def roll_out(aws, stack: str, identifier: str, kind: str, options: Options, say) -> dict:
    """Roll a release out and return the record of it. Raises EngineError, with everything back, if it fails."""
    book = records.Releases(aws, stack)
    release = book.get(identifier)
    rollout = Rollout(aws, stack, release, options, say)
    everything = book.all()
    killed = records.unfinished(everything)
    before = killed["before"] if killed else rollout.before()
    rollout.check(before)
    if killed:
        say(f"the rollout of {killed['release']} since {killed['started']} was not finished; this one takes over")
    rollout.protect(before, {*release["images"].values(), *records.kept(everything, options.keep)}, others=True)
    begins = {"kind": kind, "by": records.me(aws), "before": before}
    for one in records.begun(everything, release, begins, f"taken over by the {kind} of {identifier}"):
        book.write(one)
    try:
        became = rollout.forward(before)
    except Exception as error:
        if not expected(error):
            raise  # it stays unfinished: the next run takes over
        reason = sentence(error)
        try:
            rollout.back(before)
            reason += "\neverything runs as before again"
        except Exception as worse:
            if not expected(worse):
                raise
            reason += f"\nand the way back failed: {sentence(worse)}\nnext: playbooks/runbooks/rollback.yml"
        _finish(book, identifier, records.FAILED, reason)
        _forget(rollout, book)
        raise EngineError(f"{kind} of {identifier} failed: {reason}") from error
    release = _finish(book, identifier, records.SUCCEEDED, "", became)
    _forget(rollout, book)
    return release


def _forget(rollout: Rollout, book) -> None:
    """Protect the images of older releases no more; that this fails is no failure of what runs."""
    try:
        rollout.protect(rollout.before(), records.kept(book.all(), rollout.options.keep))
    except Exception as error:
        if not expected(error):
            raise
        rollout.say(f"images of older releases stay protected: {sentence(error)}")


def _finish(book, identifier: str, verdict: str, reason: str, became: dict | None = None) -> dict:
    release = book.get(identifier)
    release["rollouts"][-1] |= {"verdict": verdict, "finished": records.now(), "reason": reason, **(became or {})}
    book.write(release)
    return release
