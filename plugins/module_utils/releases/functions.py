"""Functions under a release: each gets its new code and a version of it, and an alias that shows a version."""

from __future__ import annotations

import base64
import json
import time

from ..engine.aws import unless
from ..engine.names import name
from ..engine.plain import plain
from ..engine.waiting import TimedOut, until
from . import diagnosis
from .context import STALE_SECONDS, Context, Failed
from .shapes import FunctionBefore, Json

ALIAS = "live"
MISSING, CONFLICT = "ResourceNotFoundException", "ResourceConflictException"
# What a call of a version is answered with that could be called a moment later.
NOT_NOW = (MISSING, CONFLICT, "TooManyRequestsException", "ResourceNotReadyException", "EC2ThrottledException")
READY_SECONDS = 900  # that Lambda may take to make a large image ready
BUSY_SECONDS = 120
START_SECONDS = 60  # that a function may take to start, which its own timeout does not count
CHECK = {"source": "flow-builder.release", "detail-type": "Check of a release"}


def error_of(payload: bytes, usual: str) -> str:
    """Return what a function answered when it failed; a runtime of its own may answer anything."""
    try:
        answer = json.loads(payload or b"{}")
    except ValueError:
        answer = payload.decode(errors="replace")
    if not isinstance(answer, dict):
        answer = {"errorMessage": answer}
    return plain(f"{answer.get('errorType', usual)}: {answer.get('errorMessage', '')}")


def tail_of(encoded: str) -> list[str]:
    """Return the end of a function's log, which Lambda gives in base64."""
    return base64.b64decode(encoded).decode(errors="replace").splitlines()


class Functions:
    """The functions of one rollout."""

    alias = ALIAS

    def __init__(self, context: Context, names: list[str]):
        """Prepare; nothing is changed yet. ``names`` are the functions that the stack may have."""
        self._context, self._names, self._aws, self._say = context, names, context.aws, context.say

    def _name(self, component: str) -> str:
        return name("function", self._context.stack, component)

    # What there is

    def _find(self, component: str, qualifier: str = "$LATEST") -> Json | None:
        return unless(
            MISSING, self._aws("lambda").get_function, FunctionName=self._name(component), Qualifier=qualifier
        )

    def _latest(self, component: str) -> Json:
        """Return a function that was there when this began, with its newest code."""
        try:
            return until(lambda: self._find(component), STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            raise Failed(f"{component}: its function is gone; run site.yml, which makes it") from None

    def _version(self, component: str, version: str) -> Json:
        """Return one version of a function, which Lambda may show late."""
        what = f"version {version} of {self._name(component)} being shown"
        return until(lambda: self._find(component, version), STALE_SECONDS, what, delay=0.2, longest=4)

    def _alias(self, component: str) -> Json | None:
        return unless(MISSING, self._aws("lambda").get_alias, FunctionName=self._name(component), Name=ALIAS)

    def before(self) -> dict[str, FunctionBefore]:
        """Return the code of the functions that there are, and what their aliases show."""
        found = {component: self._find(component) for component in self._names}
        return {
            component: {"image": one["Code"]["ResolvedImageUri"], "version": self.live_version(component)}
            for component, one in found.items()
            if one
        }

    def live_version(self, component: str) -> str:
        """Return the version that a function's alias shows, without the share that another one may have."""
        alias = self._alias(component)
        return alias["FunctionVersion"] if alias else ""

    def live_image(self, component: str) -> str:
        """Return the image of the version that a function's alias shows; empty before the first release."""
        version = self.live_version(component)
        return (self._find(component, version) or {}).get("Code", {}).get("ResolvedImageUri", "") if version else ""

    def image(self, component: str) -> str:
        """Return the image that a function runs: of its alias, and of its newest code before the first release."""
        return self.live_image(component) or self._latest(component)["Code"]["ResolvedImageUri"]

    # Code and versions

    def new_version(self, component: str, image: str) -> str:
        """Give a function its new code, and return the version of it; the alias doesn't show it yet."""
        function, client = self._name(component), self._aws("lambda")
        live = self.live_version(component)
        if live and (at := self._find(component, live)) and at["Code"].get("ResolvedImageUri") == image:
            self._set_code(component, image)
            return live
        self._set_code(component, image)
        asked = {"FunctionName": function, "Description": self._context.release}
        version = until(
            lambda: unless(CONFLICT, client.publish_version, **asked),
            BUSY_SECONDS, f"{function} being ready for a new version", delay=0.5, longest=4,
        )["Version"]  # fmt: skip

        def active() -> bool:
            configuration = self._version(component, version)["Configuration"]
            if configuration.get("State") == "Failed":
                reason = configuration.get("StateReason") or "Lambda gives no reason"
                raise Failed(f"{component}: version {version} of {function} failed: {reason}")
            return configuration.get("State", "Active") == "Active"

        until(active, READY_SECONDS, f"version {version} of {function} becoming active", delay=0.2)
        self._say(f"{component}: version {version} of {function}")
        return version

    def _set_code(self, component: str, image: str) -> None:
        """Give a function an image, when no other change of it goes on, and wait until it has it."""
        written = ("code", component) in self._context.writes
        if not written and self._latest(component)["Code"].get("ResolvedImageUri") == image:
            return
        function, stale = self._name(component), 0.0
        given: Json | None = None

        def updated() -> bool:
            nonlocal given, stale
            found = self._latest(component)
            configuration = found["Configuration"]
            status = configuration.get("LastUpdateStatus", "Successful")
            if status == "InProgress":
                return False
            if given and time.monotonic() < stale and configuration["LastModified"] < given["LastModified"]:
                return False  # a read that is too early
            if given and status == "Failed":
                reason = configuration.get("LastUpdateStatusReason") or "Lambda refused the image"
                raise Failed(f"{component}: {reason}")
            if given and found["Code"].get("ResolvedImageUri") == image:
                return True
            # A conflict is another change that is under way, or this one, told by a call whose answer was lost.
            call, asked = self._aws("lambda").update_function_code, {"FunctionName": function, "ImageUri": image}
            given = self._context.writes.make("code", component, call, (CONFLICT,), **asked) or given
            stale = time.monotonic() + STALE_SECONDS
            return False

        until(updated, READY_SECONDS, f"the new code of {function}", delay=0.2)

    def call(self, component: str, version: str) -> None:
        """Call a version once, before the schedule does."""
        function = self._name(component)
        may_take = self._version(component, version)["Configuration"]["Timeout"]
        client = self._aws.patient("lambda", may_take + START_SECONDS)

        def answered() -> Json | None:
            return unless(
                NOT_NOW, client.invoke,
                FunctionName=function, Qualifier=version, LogType="Tail", Payload=json.dumps(CHECK).encode(),
            )  # fmt: skip

        answer = until(answered, may_take + BUSY_SECONDS, f"{function} having a moment for a call")
        if answer.get("FunctionError"):
            error = error_of(answer["Payload"].read(), answer["FunctionError"])
            lines = diagnosis.own_lines(tail_of(answer.get("LogResult", "")))
            ended = diagnosis.Ended(function, diagnosis.FUNCTION, error, lines=lines)
            names = self._context.names(component, name("lambda_log_group", self._context.stack, component))
            raise Failed(f"{component}: a call of version {version} failed\n{diagnosis.report([ended], names)}")
        self._say(f"{component}: a call of version {version} succeeded")

    # The alias

    def switch(self, component: str, version: str) -> None:
        """Let a function's alias show one version, and no other with a share."""
        if ("alias", component) in self._context.writes or not self._shows(component, version):
            self.point(component, version, {})
            self._say(f"{component}: {ALIAS} is version {version}")

    def _shows(self, component: str, version: str) -> bool:
        """Say whether a function's alias shows a version alone."""
        alias = self._alias(component) or {}
        shared = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        return alias.get("FunctionVersion") == version and not shared

    def point(self, component: str, version: str, weights: dict[str, float]) -> None:
        """Let a function's alias show a version, and others with a share of its calls."""
        function, client = self._name(component), self._aws("lambda")
        asked = {
            "FunctionName": function, "Name": ALIAS, "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }  # fmt: skip
        ways = [client.update_alias, client.create_alias]
        ways, codes = ways if self._alias(component) else ways[::-1], (CONFLICT, MISSING)
        # A conflict is another change that goes on, or an alias that is there: by a call whose answer was lost, or
        # unseen by an early read. One that isn't there may be a version that isn't seen yet, too.
        until(
            lambda: any(self._context.writes.make("alias", component, one, codes, **asked) for one in ways),
            BUSY_SECONDS, f"{function} letting its alias show version {version}", delay=0.5, longest=4,
        )  # fmt: skip

    def alone(self, versions: dict[str, str]) -> None:
        """Raise Failed where a function's alias doesn't show its version, or another one with a share."""
        wrong: list[str] = []

        def settled() -> bool:
            wrong[:] = [one for one, version in versions.items() if not self._shows(one, version)]
            return not wrong

        try:
            until(settled, STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            shown = ", ".join(f"{one} doesn't show version {versions[one]} alone" for one in wrong)
            raise Failed(f"the alias {ALIAS} of {shown}") from None

    # Back

    def back(self, before: dict[str, FunctionBefore]) -> None:
        """Give the functions their code of before, and let their aliases show what they showed."""
        versions = {component: was["version"] for component, was in before.items() if was["version"]}
        for component, was in before.items():
            self._set_code(component, was["image"])
        for component, version in versions.items():
            self.switch(component, version)
        self.alone(versions)
