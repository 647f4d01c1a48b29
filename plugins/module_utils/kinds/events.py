"""EventBridge: rules and where they send."""

from __future__ import annotations

import json

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.severity import Severity
from ..engine.shapes import camel, shape, snake
from ..engine.unmodelled import keep_unmodelled

MISSING = "ResourceNotFoundException"


class Rule(Kind):
    """A rule of the default bus, with its targets."""

    name = "event_rule"
    title = "EventBridge rule"
    service = "events"
    module = "flow_builder.aws.cloudwatchevent_rule"
    cloudformation = "AWS::Events::Rule"
    properties = {"State": "enabled"}
    needs = ("lambda_function", "sqs_queue", "iam_role", "ecs_cluster", "ecs_taskdefinition")
    settling = (("ValidationException", "cannot be assumed"), ("ConcurrentModificationException", ""))
    severities = (Severity("high", "targets*"),)
    unmanaged = (
        Listing("list_rules", "Rules", "Name", delete=("delete_rule", "Name")),
        Listing(
            "list_schedules", "Schedules", "Name", delete=("delete_schedule", "Name"),
            kind="schedule", service="scheduler",
        ),
    )  # fmt: skip

    def want(self, arguments):
        """Patterns and inputs are compared as JSON, targets have no order."""
        want = super().want(arguments)
        if "event_pattern" in want:
            want["event_pattern"] = _json(want["event_pattern"])
        if "targets" in want:
            want["targets"] = sorted((target(one) for one in want["targets"]), key=lambda one: one["id"])
        return want

    def find(self, aws, want):
        """Return the rule of this name, with its targets."""
        rule = unless(MISSING, aws("events").describe_rule, Name=want["name"])
        return self._live(aws, rule) if rule else None

    def stack(self, aws, stack):
        """Return the rules tagged with the stack."""
        items = aws.pages("events", "list_rules", "Rules")
        found = (self._live(aws, rule) for rule in items if stack in rule["Name"])
        return [rule for rule in found if rule["tags"].get("Stack") == stack]

    @keep_unmodelled
    def _live(self, aws, rule):
        events, arn = aws("events"), rule["Arn"]
        targets = aws.pages("events", "list_targets_by_rule", "Targets", Rule=rule["Name"])
        said = (target(snake(_shape(aws), one)) for one in targets)
        return {
            "name": rule["Name"],
            "arn": rule["Arn"],
            "description": rule.get("Description", ""),
            "schedule_expression": rule.get("ScheduleExpression", ""),
            "event_pattern": _json(rule.get("EventPattern", "")),
            "enabled": rule["State"] != "DISABLED",
            "role_arn": rule.get("RoleArn", ""),
            "targets": sorted(said, key=lambda one: one["id"]),
            "tags": aws.tags(arn, lambda: tagging.from_list(events.list_tags_for_resource(ResourceARN=arn)["Tags"])),
        }

    def create(self, aws, want):
        """Put the rule."""
        self._put(aws, want, Tags=tagging.to_list(want.get("tags", {})))

    def complete(self, aws, want, made):
        """Put its targets."""
        self._aim(aws, want["name"], want.get("targets", []))

    def update(self, aws, live, want, changes):
        """Put the rule whole, since EventBridge forgets what a call doesn't say; take foreign targets off it."""
        if changes - {"targets"}:
            self._put(aws, {**live, **want})
        if "targets" in changes:
            known = {one["id"]: one for one in live["targets"]}
            self._aim(aws, want["name"], [one for one in want["targets"] if known.pop(one["id"], None) != one])
            self._unaim(aws, want["name"], sorted(known))

    def _put(self, aws, want, **more):
        said = {key: want[name] for name, key in RULE_ARGUMENTS.items() if want.get(name)}
        aws("events").put_rule(State="ENABLED" if want.get("enabled", True) else "DISABLED", **said, **more)

    def _aim(self, aws, name, targets):
        if targets:
            said = [camel(_shape(aws), one) for one in targets]
            _all_taken(aws("events").put_targets(Rule=name, Targets=said))

    def _unaim(self, aws, name, ids):
        if ids:
            _all_taken(aws("events").remove_targets(Rule=name, Ids=ids))

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("events").tag_resource(ResourceARN=live["arn"], Tags=tagging.to_list(add))
        if remove:
            aws("events").untag_resource(ResourceARN=live["arn"], TagKeys=remove)

    def delete(self, aws, live):
        """Take the targets off the rule, and delete it."""
        unless(MISSING, self._unaim, aws, live["name"], [one["id"] for one in live["targets"]])
        unless(MISSING, aws("events").delete_rule, Name=live["name"])

    def computed(self, aws, want):
        """A rule's ARN can be computed."""
        return {"arn": aws.arn("events", f"rule/{want['name']}")}


RULE_ARGUMENTS = {
    "name": "Name",
    "description": "Description",
    "schedule_expression": "ScheduleExpression",
    "event_pattern": "EventPattern",
    "role_arn": "RoleArn",
}
# EventBridge answers these where nothing was said.
ECS = {"task_count": 1, "enable_ecs_managed_tags": False, "enable_execute_command": False}


def target(said: dict) -> dict:
    """Return a target in one spelling: what is said, JSON input by its meaning, ECS with its defaults."""
    told = {key: value for key, value in _plain(said).items() if value not in ({}, [])}
    if "input" in told:
        told["input"] = _json(told["input"])
    if "ecs_parameters" in told:
        told["ecs_parameters"] = {**ECS, **told["ecs_parameters"]}
    return told


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _json(value):
    """Return JSON in one spelling."""
    if not value:
        return ""
    return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)


def _shape(aws):
    return shape(aws("events"), "PutTargets", "Targets")


def _all_taken(answer):
    """EventBridge refuses targets one by one, with success: make it a failure."""
    for one in answer.get("FailedEntries") or []:
        raise EngineError(f"target {one['TargetId']} was refused with {one['ErrorCode']}: {one.get('ErrorMessage')}")


RULE = Rule()
