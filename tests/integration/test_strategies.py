"""Releases that go out by shares of the traffic: good ones, and bad ones, after each of which the one before runs.

One embedded AWS with a real PostgreSQL and one stack for all tests, whose API is deployed blue/green.
"""

from __future__ import annotations

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.canary import Strategy
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, roll_out

from .releasing import COMPONENTS, STACK, Story, release
from .releasing import emulator as emulator
from .releasing import play as play

ALARM = f"{STACK}-target-5xx"
VARIABLES = {
    "stack_components_once": {
        "api": {"deployment_strategy": "BLUE_GREEN", "bake_minutes": 0, "deployment_alarms": ["target-5xx"]},
    },
}
STACK_OF = ("-e", json.dumps(VARIABLES), "--limit", STACK)
# Nearly all calls go to the new version, so that a few are enough to meet it. A minute of AWS's is too long for a test.
CANARY = Strategy("canary", 99, interval=1.5, bake=1.0, alarms=["cleanup-errors"])
OPTIONS = Options(COMPONENTS, timeout=90, pause=0.2, steady=1.0, functions=CANARY)
# Answers the check of a release, and nothing else.
BREAKS = """
import json, sys
event = json.load(sys.stdin)
if event.get("source") != "flow-builder.release":
    raise SystemExit("ValueError: the new code can't read this event")
print(json.dumps({"checked": True}))
"""


class Shares(Story):
    """The stack, and what its traffic and its functions' calls do."""

    def __init__(self, url, folder):
        super().__init__(url, folder)
        self.when = {}

    def say(self, line):
        self.said.append(line)
        for words, action in self.when.items():
            if words in line:
                action()

    def roll_out(self, name, kind="rollout"):
        self.said.clear()
        return roll_out(self.aws, STACK, name, kind, OPTIONS, self.say)

    def call(self):
        """Call the cleanup as its schedule does, a few times."""
        for _ in range(4):
            self.client("lambda").invoke(FunctionName=f"{STACK}-cleanup", Qualifier="live", Payload=b"{}")

    def alarm(self, state):
        self.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="too many errors")

    def traffic(self):
        """Return the weights of the production rule: the first target group, the second."""
        elb = self.client("elbv2")
        (balancer,) = elb.describe_load_balancers(Names=[f"{STACK}-alb"])["LoadBalancers"]
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        (rule,) = [one for one in rules if one["Priority"] == "1000"]
        told = {one["TargetGroupArn"]: one["Weight"] for one in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}
        groups = elb.describe_target_groups(Names=[f"{STACK}-api", f"{STACK}-alt"])["TargetGroups"]
        by_name = {one["TargetGroupName"]: told[one["TargetGroupArn"]] for one in groups}
        return [by_name[f"{STACK}-api"], by_name[f"{STACK}-alt"]]

    def aliases(self):
        found = {}
        for component in ("scheduler", "cleanup"):
            alias = self.client("lambda").get_alias(FunctionName=f"{STACK}-{component}", Name="live")
            assert not (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"), "a share is left"
            found[component] = alias["FunctionVersion"]
        return found

    def heard(self, *words):
        for word in words:
            assert any(word in line for line in self.said), f"{word!r} was not said:\n" + "\n".join(self.said)


@pytest.fixture(scope="module")
def deployed(emulator, play, tmp_path_factory):
    """The stack with its first release, and its schedules on."""
    made = Shares(emulator.url, tmp_path_factory.mktemp("apps"))
    rc, output = play("standard.yml", *STACK_OF)
    assert rc == 0, output[-3000:]
    assert made.traffic() == [100, 0]
    first = made.images("one")
    rc, output = play("runbooks/rollout.yml", *release("one", first))
    assert rc == 0, output[-4000:]
    assert made.runs() == first
    rc, output = play("standard.yml", *STACK_OF)
    assert rc == 0, output[-3000:]
    assert sorted(made.traffic()) == [0, 100]
    return made


@pytest.fixture
def story(deployed):
    """The stack, to which nothing happens meanwhile but what a test says."""
    deployed.when = {}
    return deployed


def test_a_step_that_nothing_can_be_seen_in_is_refused(play, story):
    canary = json.dumps({"release_lambda_strategy": "canary", "release_lambda_interval": 5})
    rc, output = play("runbooks/rollout.yml", *release("one"), "-e", canary)
    assert rc == 2 and "a step takes at least 60 seconds" in output, output[-2000:]
    assert len(story.book.get("one")["rollouts"]) == 1


def test_an_alarm_that_does_not_exist_is_refused(story):
    options = Options(COMPONENTS, functions=Strategy("canary", alarms=["none"]))
    with pytest.raises(EngineError, match=f"there is no alarm {STACK}-none"):
        roll_out(story.aws, STACK, "one", "rollout", options, story.say)
    assert len(story.book.get("one")["rollouts"]) == 1


def test_the_traffic_and_the_functions_calls_move_to_a_good_one(story):
    before, images = story.traffic(), story.images("two")
    story.make("two", images)
    story.when = {"of the calls go to version": story.call}
    story.roll_out("two")
    story.heard(
        "BLUE_GREEN", "100 % of the traffic is the new revision's", "cleanup: 99% of the calls go to version",
        "with all of the calls",
    )  # fmt: skip
    counted = [line for line in story.said if "cleanup: version" in line and " 0 counted" not in line]
    assert any("0 failed" in line for line in counted), story.said
    assert story.runs() == images
    assert story.traffic() == before[::-1]


def test_all_comes_back_from_a_function_that_fails_for_real_calls_only(story):
    versions, bad = story.aliases(), story.images("breaks", ["api", "cleanup"])
    story.behaves(bad["cleanup"], run=["python3", "-c", BREAKS])
    story.make("breaks", bad)
    story.when = {"of the calls go to version": story.call}
    why = story.refused(
        "breaks", "cleanup: version .* with 99% of the calls fails", "calls failed", "can't read this event",
        "fails when it is called", "next: aws logs tail /aws/lambda/",
    )  # fmt: skip
    assert "ECS" not in why.replace("/aws/ecs", "")
    assert story.aliases() == versions
    story.call()  # and what runs again does its work


def test_an_api_that_does_not_come_up_never_gets_traffic(story):
    served, bad, weights = story.traffic(), story.images("crash", ["api"]), []
    story.behaves(bad["api"], run=["python3", "-c", "raise SystemExit('no KeyError: SETTING')"])
    story.make("crash", bad)
    story.when = {"api: ": lambda: weights.append(story.traffic())}
    # No circuit breaker ends this: the rollout counts the tasks, and has ECS take the deployment back.
    story.refused(
        "crash", "api: [2-9] of its tasks failed, and 2 are enough", "exit code 1", "no KeyError: SETTING",
        "the program crashes",
    )  # fmt: skip
    story.heard("api: its deployment is taken back")
    assert all(one == served for one in weights) and weights
    assert story.traffic() == served


def test_an_alarm_takes_a_deployment_back_and_is_named(story):
    served = story.traffic()
    story.alarm("OK")
    story.make("alarm", story.images("alarm", ["api"]))
    story.when = {"api: ": lambda: story.alarm("ALARM")}
    story.refused("alarm", f"because of the alarm {ALARM}", "too many errors", "describe-alarm-history")
    assert story.traffic() == served


def test_an_alarm_that_is_on_already_counts_for_nothing_and_the_runbook_says_so(play, story):
    ran, served, images = story.runs(), story.traffic(), story.images("three", ["api"])
    story.alarm("ALARM")
    rc, output = play("runbooks/rollout.yml", *release("three", images))
    assert rc == 0, output[-4000:]
    for word in (f"{ALARM} is on already, so ECS looks at no alarm", "BLUE_GREEN CLEAN_UP"):
        assert word in output, f"{word!r} is not in: {output[-4000:]}"
    assert story.runs() == ran | images
    assert story.traffic() == served[::-1]
    story.alarm("OK")


def test_nothing_is_left_to_plan_and_nothing_has_drifted(play, story):
    rc, output = play("standard.yml", "--check", *STACK_OF)
    assert rc == 0 and "0 to create, 0 to change, 0 to replace, 0 to delete" in output, output[-3000:]
    rc, output = play("drift.yml", *STACK_OF)
    assert rc == 0, output[-3000:]
