"""Schedules: rules with a schedule expression and EventBridge Scheduler's schedules, on the emulator's clock."""

import uuid

from moto.events.models import EventsBackend
from moto.scheduler.models import EventBridgeSchedulerBackend

from emulator import clock, state
from emulator.dataplane import bus, expressions, targets
from emulator.dataplane.engine import ENGINE, log
from emulator.evidence import documented, does, inferred, lacks, recorded
from emulator.patching import replacing
from emulator.permissions import Role

GUIDE = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/"
lacks(__name__, "Flexible time windows", "schedules fire at the beginning of theirs")

PRINCIPAL = "scheduler.amazonaws.com"
CAUGHT_UP = 60  # times at most that are made up for when the clock was moved over many
_plans: dict[str, "Plan"] = state.held({})


@does(
    "What was due while nobody looked isn't lost: each time fires.",
    inferred("AWS's clock doesn't jump; ours does in tests", "nothing on AWS"),
)
class Plan:
    """When one rule or schedule fires."""

    def __init__(self, said: tuple, resource, fire):
        self.said, self.resource, self.fire = said, resource, fire
        self.begun, self.over = float(said[2] or clock.now()), False
        # A rule's rate begins with a pause, a schedule's with its first time.
        self._next(clock.now() if fire is _fire_rule else min(self.begun, clock.now()) - 1e-3)

    def _next(self, after: float) -> None:
        expression, zone, start, end = self.said[:4]
        after = max(after, float(start or 0) - 1e-3)
        try:
            when = expressions.following(expression, after, self.begun, zone)
        except ValueError as problem:
            log.warning("%s never fires: %s", self.resource.arn, problem)
            return
        if when is not None and not (end and when > float(end)):
            ENGINE.at(when, self._due, when)

    def _due(self, when: float) -> None:
        if self.over:
            return
        self.fire(self.resource, when)
        behind = expressions.following(*self.said[:1], when, self.begun, self.said[1])
        late = clock.now() - when
        if behind and late > CAUGHT_UP * (behind - when):
            when = clock.now()  # nobody wants a year's worth of them
        self._next(when)


def _sync(resource, said: tuple, enabled: bool, fire) -> None:
    known = _plans.get(resource.arn)
    if known and enabled and known.said == said:
        known.resource = resource
        return
    if known:
        known.over = True
        del _plans[resource.arn]
    if enabled:
        _plans[resource.arn] = Plan(said, resource, fire)


@does(
    "A rule's schedule is in UTC.",
    documented("https://repost.aws/knowledge-center/eventbridge-scheduler-adjust-dst"),
)
@does(
    "A rule's rate counts from the rule's creation, and fires first when it has passed once.",
    inferred(
        "LocalStack's test of it on AWS waits as long, another one says that the first may come at once",
        "the time from PutRule to the first event",
    ),
)
def _rule(rule, gone: bool = False) -> None:
    expression = rule.scheduled_expression
    _sync(rule, (expression, "UTC", None, None), bool(expression) and rule.state != "DISABLED" and not gone, _fire_rule)


@does(
    "A scheduled rule sends a Scheduled Event of aws.events with an empty detail and the rule's ARN.",
    recorded("events/test_events_schedule", "TestScheduleRate::tests_schedule_rate_target_sqs"),
)
def _fire_rule(rule, when: float) -> None:
    event = bus.message("aws.events", "Scheduled Event", {}, [rule.arn], rule.region_name, when)
    for target in list(rule.targets):
        bus.to_target(rule, target, event)


@does(
    "A schedule's rate begins at its StartDate, or at once without one, and ends at its EndDate.",
    documented(GUIDE + "schedule-types.html", "Rate-based schedules"),
)
def _schedule(schedule, gone: bool = False) -> None:
    said = (
        schedule.schedule_expression, schedule.schedule_expression_timezone, schedule.start_date, schedule.end_date,
    )  # fmt: skip
    _sync(schedule, said, schedule.state == "ENABLED" and not gone, _fire_schedule)


@does(
    "A schedule fills in <aws.scheduler.schedule-arn>, scheduled-time, execution-id and attempt-number in its input.",
    documented(GUIDE + "managing-schedule-context-attributes.html"),
)
@does(
    "A schedule delivers with its role, tries again by its RetryPolicy, and puts what it can't deliver into "
    "its dead-letter queue.",
    documented(GUIDE + "configuring-schedule-dlq.html"),
)
@does(
    "A schedule that is over is deleted where ActionAfterCompletion says so.",
    documented(
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
        "ActionAfterCompletion",
    ),
)
def _fire_schedule(schedule, when: float) -> None:
    target, region = schedule.target, schedule.arn.split(":")[3]
    group = schedule.arn.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
    execution = str(uuid.uuid4())
    body = target.get("Input") or "{}"
    for name, value in {
        "schedule-arn": schedule.arn,
        "scheduled-time": bus.iso(when),
        "execution-id": execution,
        "attempt-number": "1",
    }.items():
        body = body.replace(f"<aws.scheduler.{name}>", value)
    told = {"SCHEDULE_ARN": schedule.arn, "TARGET_ARN": target["Arn"], "EXECUTION_ID": execution}
    bus.Delivery(target["Arn"], body, [Role(target["RoleArn"], PRINCIPAL, group)], target, told).attempt()
    log.debug("%s fired in %s", schedule.arn, region)
    if schedule.schedule_expression.startswith("at(") and schedule.action_after_completion == "DELETE":
        _schedule(schedule, gone=True)
        targets.backend("scheduler", region).delete_schedule(schedule.group_name, schedule.name)


def planned() -> list[str]:
    """Name what is going to fire."""
    return sorted(_plans)


def install() -> None:
    """Let schedules fire."""

    @replacing(EventsBackend, "put_rule")
    def put_rule(original, self, *args, **kwargs):
        rule = original(self, *args, **kwargs)
        _rule(rule)
        return rule

    for name in ("enable_rule", "disable_rule", "delete_rule"):
        _rule_changed(name)
    for name in ("create_schedule", "update_schedule"):
        _schedule_changed(name)

    @replacing(EventBridgeSchedulerBackend, "delete_schedule")
    def delete(original, self, group_name, name):
        schedule = self.get_schedule(group_name, name)
        original(self, group_name, name)
        _schedule(schedule, gone=True)

    @replacing(EventBridgeSchedulerBackend, "delete_schedule_group")
    def delete_group(original, self, name):
        for schedule in self.get_schedule_group(name).schedules.values():
            _schedule(schedule, gone=True)
        original(self, name)


def _rule_changed(name: str) -> None:
    @replacing(EventsBackend, name)
    def changed(original, self, name, event_bus_arn=None):
        bus_name = self._normalize_event_bus_arn(event_bus_arn)
        rule = self.event_buses[bus_name].rules.get(name) if bus_name in self.event_buses else None
        answer = original(self, name, event_bus_arn)
        if rule:
            _rule(rule, gone=rule.name not in self.event_buses[bus_name].rules)
        return answer


def _schedule_changed(name: str) -> None:
    @replacing(EventBridgeSchedulerBackend, name)
    def changed(original, self, *args, **kwargs):
        schedule = original(self, *args, **kwargs)
        _schedule(schedule)
        return schedule
