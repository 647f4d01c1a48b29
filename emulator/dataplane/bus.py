"""The event bus: events go to the rules that match, and from there to targets that permit it; else to dead letters."""

import copy
import json
import uuid
from datetime import UTC, datetime

from moto.events.models import Rule

from emulator import ACCOUNT, clock, eventual, patterns
from emulator.dataplane import faults, metrics, paths, targets
from emulator.dataplane.engine import ENGINE, log
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks, recorded
from emulator.patching import replacing
from emulator.permissions import Role, Service

GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
lacks(
    __name__,
    "Dead letters of rules",
    "ERROR_CODE is the code of the service that refused where AWS has names of its own, such as THROTTLING",
)

BY_POLICY = ("sqs", "sns", "lambda", "logs")
KINDS = (*BY_POLICY, "ecs")
PRINCIPAL = "events.amazonaws.com"
BACKOFF = 30.0  # seconds before the first retry; doubled for each further one


def iso(seconds: float) -> str:
    """Write a time as events have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@does(
    "AWS's services put their own events on the default bus.",
    documented(ECS + "ecs_service_deployment_events.html", "and ecs_task_events.html"),
)
def put(source: str, kind: str, detail: dict, resources: list[str], region: str) -> None:
    """Put an event of AWS's own on the default bus."""
    event = message(source, kind, detail, resources, region)
    for rule in list(targets.backend("events", region)._get_event_bus("default").rules.values()):
        rule.send_to_targets(event)


@does(
    "An event has version, id, detail-type, source, account, time in whole seconds, region, resources and detail.",
    recorded("events/test_events", "TestEvents::test_put_events_with_time_field"),
)
def message(source: str, kind: str, detail, resources: list[str], region: str, when: float | None = None) -> dict:
    """Return an event as it is delivered; ``when`` is in seconds since the epoch (default: now, by the clock)."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": iso(clock.now() if when is None else when),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


@does(
    "A rule that is disabled delivers nothing.",
    recorded("events/test_events", "TestEventRule::test_disable_re_enable_rule"),
)
@does(
    "Scheduled rules take no events.",
    recorded(
        "events/test_events_schedule",
        "TestScheduleRate::tests_scheduled_rule_does_not_trigger_on_put_events",
    ),
)
@does(
    "EventBridge delivers an event at least once: twice is possible.",
    documented(GUIDE + "eb-troubleshooting.html", "My rule ran more than once in response to one event"),
)
def install() -> None:
    """Let rules deliver as AWS does."""

    @replacing(Rule, "send_to_targets")
    def send(original, self, event, transform_input=True):
        pattern = self.event_pattern.get_pattern()
        if self.state == "DISABLED" or not pattern:  # a schedule alone takes no events
            return
        shown = {key: value for key, value in event.items() if key != "ingestion-time"}
        if isinstance(shown.get("time"), (int, float)):
            shown["time"] = iso(shown["time"])
        if not patterns.matches(pattern, shown):
            return
        for target in list(self.targets):
            if target["Arn"].split(":")[2] in KINDS:
                for _ in range(2 if faults.twice() else 1):
                    for seconds in eventual.deliveries(self.name):
                        if seconds:
                            ENGINE.after(seconds, to_target, self, target, shown)
                        else:
                            to_target(self, target, shown)
        others = [one for one in self.targets if one["Arn"].split(":")[2] not in KINDS]
        if others:  # archives and other buses
            rest = copy.copy(self)
            rest.targets = others
            original(rest, {"ingestion-time": clock.now(), **event}, transform_input)


@does(
    "Queues, topics, functions and log groups let EventBridge in by their own policies, others by the target's "
    "role; with a role of a target that has a policy events may not arrive.",
    documented(GUIDE + "eb-use-resource-based.html"),
)
def to_target(rule, target: dict, event: dict) -> None:
    """Deliver an event to one of a rule's targets."""
    authorities: list[Service | Role] = [Service(PRINCIPAL, rule.arn)]
    if target.get("RoleArn") and target["Arn"].split(":")[2] not in BY_POLICY:
        authorities.append(Role(target["RoleArn"], PRINCIPAL))
    Delivery(
        target["Arn"], transformed(rule, target, event), authorities, target,
        {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"]},
    ).attempt()  # fmt: skip


@does(
    "Input, InputPath and InputTransformer exclude each other; without them the target gets the whole event.",
    documented("https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html"),
)
@does(
    "InputPath gives a target the part of the event that it names.",
    recorded("events/test_events_inputs", "TestInputPath::test_put_events_with_input_path"),
)
@does(
    "An input transformer knows aws.events.rule-arn, rule-name, event, event.json and event.ingestion-time.",
    recorded("events/test_events_inputs", "TestInputTransformer::test_input_transformer_predefined_variables"),
)
def transformed(rule, target: dict, event: dict) -> str:
    """Return what a target gets of an event."""
    if "Input" in target:
        return target["Input"]
    if "InputPath" in target:
        found = paths.find(target["InputPath"], event)
        return json.dumps(None if found is paths.MISSING else found)
    if "InputTransformer" not in target:
        return json.dumps(event)
    given = target["InputTransformer"]
    own = {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event": event,
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event["time"],
    }
    named = given.get("InputPathsMap", {})
    return paths.fill(
        given["InputTemplate"],
        lambda name: paths.find(named[name], event) if name in named else own.get(name, paths.MISSING),
    )


@does(
    "EventBridge tries again for 24 hours and up to 185 times, or as long and as often as the target's "
    "RetryPolicy says.",
    documented(GUIDE + "eb-rule-retry-policy.html"),
)
class Delivery:
    """One event on its way to one target: tried again where that may help, else laid into the dead letters."""

    def __init__(self, arn: str, body: str, authorities: list, target: dict, told: dict):
        self.arn, self.body, self.authorities, self.target, self.told = arn, body, authorities, target, told
        self.tries, self.born = 0, clock.now()
        policy = target.get("RetryPolicy") or {}
        self.retries = policy.get("MaximumRetryAttempts", 185)
        self.age = policy.get("MaximumEventAgeInSeconds", 86400)

    def attempt(self) -> None:
        """Try once."""
        try:
            targets.send(self.arn, self.body, self.authorities, self.target)
        except Exception as problem:  # moto has errors of many classes
            self._failed(getattr(problem, "code", type(problem).__name__), str(getattr(problem, "message", problem)))
        else:
            self._counted(reached=True)

    def _counted(self, reached: bool) -> None:
        if "RULE_ARN" in self.told:  # schedules have metrics of their own
            metrics.count_target(self.told["RULE_ARN"], reached)

    @does(
        "Missing permissions and missing targets aren't tried again: the event goes to the dead-letter queue at once.",
        documented(GUIDE + "eb-rule-dlq.html"),
    )
    @does(
        "A dead letter has RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, RETRY_ATTEMPTS and, where retries "
        "ended, EXHAUSTED_RETRY_CONDITION.",
        documented(GUIDE + "eb-rule-dlq.html"),
    )
    @does(
        "Retries of a delivery are half a minute apart at first, and twice as far each time.",
        inferred(
            "the documentation says exponential back off with jitter, and no numbers",
            "the times of a target's failed invocations",
        ),
    )
    def _failed(self, code: str, text: str) -> None:
        over = None
        if code in targets.RETRIED:
            wait = BACKOFF * 2**self.tries
            if self.tries >= self.retries:
                over = "MaximumRetryAttempts"
            elif clock.now() + wait > self.born + self.age:
                over = "MaximumEventAgeInSeconds"
            else:
                self.tries += 1
                ENGINE.after(wait, self.attempt)
                return
        log.warning("event not delivered to %s: %s: %s", self.arn, code, text)
        self._counted(reached=False)
        letters = (self.target.get("DeadLetterConfig") or {}).get("Arn")
        if not letters:
            return
        told = {**self.told, "ERROR_CODE": code, "ERROR_MESSAGE": text, "RETRY_ATTEMPTS": str(self.tries)}
        if over:
            told["EXHAUSTED_RETRY_CONDITION"] = over
        try:
            targets.send(letters, self.body, self.authorities, attributes=told)
        except AWSError as problem:
            log.warning("the event is lost, %s takes no dead letters: %s", letters, problem.message)
