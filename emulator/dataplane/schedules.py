"""Schedules: rules with a schedule expression and EventBridge Scheduler's schedules, on the emulator's clock."""

import uuid

from moto.events.models import EventsBackend
from moto.scheduler.models import EventBridgeSchedulerBackend

from emulator import clock
from emulator.corrections import replacing
from emulator.dataplane import bus, expressions
from emulator.dataplane.engine import ENGINE, log
from emulator.dataplane.permissions import Role

PRINCIPAL = "scheduler.amazonaws.com"
CAUGHT_UP = 60  # times at most that are made up for when the clock was moved over many
_plans: dict[str, "Plan"] = {}


class Plan:
    """When one rule or schedule fires."""

    def __init__(self, said: tuple, resource, fire):
        self.said, self.resource, self.fire = said, resource, fire
        self.begun, self.over = clock.now(), False
        self._next(self.begun)

    def _next(self, after: float) -> None:
        expression, zone, start, end = self.said[:4]
        after = max(after, float(start or 0) - 1e-3)
        try:
            when = expressions.following(expression, after, float(start or self.begun), zone)
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


def _rule(rule, gone: bool = False) -> None:
    expression = rule.scheduled_expression
    _sync(rule, (expression, "UTC", None, None), bool(expression) and rule.state != "DISABLED" and not gone, _fire_rule)


def _fire_rule(rule, when: float) -> None:
    event = bus.message("aws.events", "Scheduled Event", {}, [rule.arn], rule.region_name, when)
    for target in list(rule.targets):
        bus.to_target(rule, target, event)


def _schedule(schedule, gone: bool = False) -> None:
    said = (
        schedule.schedule_expression, schedule.schedule_expression_timezone, schedule.start_date, schedule.end_date,
    )  # fmt: skip
    _sync(schedule, said, schedule.state == "ENABLED" and not gone, _fire_schedule)


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
        from emulator.dataplane import targets

        targets.backend("scheduler", region).delete_schedule(schedule.group_name, schedule.name)


def end_all() -> None:
    """Forget every plan."""
    _plans.clear()


def planned() -> list[str]:
    """Name what is going to fire."""
    return sorted(_plans)


ENGINE.at_end(end_all)


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
