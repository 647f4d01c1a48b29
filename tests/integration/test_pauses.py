"""Releases that pause: continued, stopped, forgotten until their time is over, and killed; and who is refused meanwhile.

One embedded AWS with a real PostgreSQL and one stack for all tests, whose API is deployed blue/green and pauses before
its traffic moves.
"""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, unless
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.resuming import continue_rollout, stop_rollout
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options

from emulator.ask import ask
from tests.soon import soon

from .releasing import COMPONENTS, STACK, Story, playing, release
from .releasing import emulator as emulator

STAGE = "PRE_PRODUCTION_TRAFFIC_SHIFT"
API = {"deployment_strategy": "BLUE_GREEN", "bake_minutes": 0, "pause_stages": [STAGE], "pause_minutes": 60}
OPTIONS = Options(COMPONENTS, timeout=90, pause=0.2, steady=1.0)


def api(**more):
    """Return the arguments that say how the API is; the last ones count."""
    return "-e", json.dumps({"stack_components_once": {"api": {**API, **more}}})


class Pauses(Story):
    """The stack, whose releases pause."""

    def resume(self, how, name=""):
        self.said.clear()
        return how(self.aws, STACK, name, OPTIONS, self.said.append)

    def paused(self, name):
        """Roll a new release out until it pauses, and return what ran before and its own images."""
        before, images = self.runs(), self.images(name, ["api", "cleanup"])
        self.make(name, images)
        assert self.roll_out(name)["rollouts"][-1]["verdict"] == "paused"
        return before, {**before, **images}

    def last(self, name):
        return self.book.get(name)["rollouts"][-1]

    def hours(self, count):
        ask(self.url, f"clock?seconds={count * 3600}", {}, "POST")

    def hook(self, **more):
        """Let the service's pause be otherwise, behind our back."""
        told = {"targetType": "PAUSE", "lifecycleStages": [STAGE], "timeoutConfiguration": {"timeoutInMinutes": 60, **more}}
        self.client("ecs").update_service(
            cluster=f"{STACK}-cluster", service=f"{STACK}-api", deploymentConfiguration={"lifecycleHooks": [told]}
        )

    def function(self):
        """Make a function that answers with the status that its details have, and return its ARN."""
        packed, trust = io.BytesIO(), {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "def handler(event, context):\n    return {'hookStatus': event['hookDetails']['status']}\n")
        role = self.client("iam").create_role(
            RoleName="asked", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]
        return soon(
            lambda: unless(
                "InvalidParameterValueException", self.client("lambda").create_function,  # it doesn't see the role yet
                FunctionName="asked", Runtime="python3.13", Handler="app.handler", Code={"ZipFile": packed.getvalue()}, Role=role,
            )
        )["FunctionArn"]  # fmt: skip

    def deployment(self):
        """Return the API's newest service deployment."""
        ecs = self.client("ecs")
        listed = ecs.list_service_deployments(cluster=f"{STACK}-cluster", service=f"{STACK}-api")["serviceDeployments"]
        (found,) = ecs.describe_service_deployments(serviceDeploymentArns=[listed[0]["serviceDeploymentArn"]])["serviceDeployments"]
        return found

    def comes_to(self, **fields):
        """Wait until the API's newest service deployment shows this."""
        soon(lambda: fields.items() <= self.deployment().items(), self.deployment)


@pytest.fixture(scope="module")
def play(emulator):
    """Run a playbook."""
    return playing(emulator.url, STACK, *api())


@pytest.fixture(scope="module")
def story(emulator, play, tmp_path_factory):
    """The stack with its first release, which didn't pause; from now on releases do."""
    made = Pauses(emulator.url, tmp_path_factory.mktemp("apps"))
    made.play = play
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]
    first = made.images("one")
    rc, output = play("runbooks/rollout.yml", *release("one", first))
    assert rc == 0 and made.last("one")["verdict"] == "succeeded", output[-4000:]
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]
    assert made.runs() == first
    return made


def test_bad_input_is_refused_first(play, story):
    for said, words in (
        (api(deployment_strategy="ROLLING"), "pauses with BLUE_GREEN, CANARY and LINEAR only"),
        (api(pause_stages=["PRODUCTION_TRAFFIC_SHIFT"]), "PRE_PRODUCTION_TRAFFIC_SHIFT, POST_PRODUCTION_TRAFFIC_SHIFT"),
    ):
        rc, output = play("standard.yml", *said)
        assert rc == 2 and words in output, output[-2000:]


def test_nothing_pauses_yet(play, story):
    rc, output = play("runbooks/continue_rollout.yml")
    assert rc == 0 and "the rollout of one has succeeded; nothing pauses" in output, output[-2000:]
    with pytest.raises(EngineError, match="nothing of .* pauses: the rollout of one has succeeded; .*rollback.yml"):
        story.resume(stop_rollout)


def test_a_release_pauses_and_keeps_others_from_writing_until_it_is_continued(play, story):
    before, images = story.runs(), story.images("two", ["api", "cleanup"])
    rc, output = play("runbooks/rollout.yml", *release("two", images))
    told = f"release two is paused, api at {STAGE} until "
    assert rc == 0 and told in " ".join(output.split()), output[-4000:]
    assert (story.last("two")["verdict"], set(story.last("two")["paused"])) == ("paused", {"api"})
    with pytest.raises(EngineError, match=f"{told}.*continue_rollout.yml continues it.*stop_rollout.yml"):
        story.roll_out("one")
    with pytest.raises(EngineError, match="release_name is 'one', but the newest rollout of .* is of two"):
        story.resume(continue_rollout, "one")
    rc, output = play("standard.yml")
    assert rc == 2 and told in output, output[-3000:]
    rc, output = play("standard.yml", "--check")
    assert rc == 0 and f"a run that writes would be refused: {told}" in output, output[-3000:]
    rc, output = play("drift.yml")
    assert rc == 0 and f"{STACK}-api is paused at {STAGE}" in output, output[-3000:]
    assert "paused: api at" in " ".join(story.history("two", "one").split())
    rc, output = play("runbooks/continue_rollout.yml", "--check")
    assert rc == 0 and "rollout: paused -> goes on" in output, output[-3000:]
    assert story.last("two")["verdict"] == "paused"
    rc, output = play("runbooks/continue_rollout.yml", "-e", "release_name=two")
    assert rc == 0 and f"it is continued at {STAGE}" in output, output[-4000:]
    last = story.last("two")
    assert (last["verdict"], len(last["continued"])) == ("succeeded", 1)
    assert story.runs() == {**before, **images}
    assert story.resume(continue_rollout)[1] is False


def test_a_release_that_is_stopped_leaves_nothing(play, story):
    before, _images = story.paused("stopped")
    rc, output = play("runbooks/stop_rollout.yml")
    assert rc == 0, output[-4000:]
    last = story.last("stopped")
    assert last["verdict"] == "stopped" and f"while api at {STAGE}" in last["reason"], last
    assert story.runs() == before
    assert story.resume(stop_rollout)[1] is False
    with pytest.raises(EngineError, match="pauses: the rollout of stopped has ended: stopped"):
        story.resume(continue_rollout)


def test_a_release_that_nobody_continues_is_taken_back_and_has_failed(story):
    before, _images = story.paused("late")
    story.hours(1)
    with pytest.raises(EngineError, match="nobody continued it in that time.*\neverything runs as before again"):
        story.resume(continue_rollout)
    assert story.last("late")["verdict"] == "failed"
    assert story.runs() == before
    story.make("next", story.images("next", ["api"]))
    assert story.roll_out("next")["rollouts"][-1]["verdict"] == "paused"
    story.resume(stop_rollout)


def test_who_comes_after_its_time_finds_out_and_takes_over(story):
    before, _images = story.paused("forgotten")
    story.hours(1)
    story.comes_to(status="ROLLBACK_SUCCESSFUL")
    story.make("after", story.images("after", ["api"]))
    assert story.roll_out("after")["rollouts"][-1]["verdict"] == "paused"
    last = story.last("forgotten")
    assert last["verdict"] == "interrupted"
    assert "nobody continued it in that time" in last["reason"] and "taken over by the rollout of after" in last["reason"]
    story.resume(stop_rollout)
    assert story.runs() == before


def test_a_release_that_goes_on_by_itself_has_its_verdict_from_the_next_run(story):
    story.hook(action="CONTINUE")
    _before, images = story.paused("by-itself")
    story.hours(1)
    story.comes_to(status="SUCCESSFUL")
    release_now, changed = story.resume(continue_rollout)
    assert changed and release_now["rollouts"][-1]["verdict"] == "succeeded"
    assert any("nobody continued it in that time, and ECS goes on with it" in line for line in story.said), story.said
    assert story.runs() == images
    story.hook(action="ROLLBACK")


def test_a_run_that_is_killed_leaves_a_pause_that_can_be_continued(story, emulator):
    before, images = story.runs(), story.images("killed", ["api"])
    story.make("killed", images)
    story.killed_at("DescribeServiceDeployments", "killed", emulator)
    story.comes_to(lifecycleStage=STAGE)
    assert story.resume(continue_rollout)[0]["rollouts"][-1]["verdict"] == "succeeded"
    assert story.runs() == {**before, **images}


def test_a_rollback_does_not_pause(story):
    back = story.book.get("by-itself")["images"]
    assert story.roll_out("by-itself", "rollback")["rollouts"][-1]["verdict"] == "succeeded"
    assert story.runs() == back


def test_what_an_apply_deploys_pauses_too_and_is_continued_all_the_same(play, story):
    before = story.runs()
    rc, output = play("standard.yml", *api(stop_timeout=61))
    assert rc == 2 and f"its deployment is paused at {STAGE}" in output and "continue_rollout.yml" in output, output[-3000:]
    assert story.resume(continue_rollout)[1]
    rc, output = play("standard.yml", *api(stop_timeout=61))
    assert rc == 0, output[-3000:]
    rc, output = play("standard.yml")
    assert rc == 2, output[-3000:]
    assert story.resume(stop_rollout)[1]
    assert story.runs() == before
    story.comes_to(status="ROLLBACK_SUCCESSFUL")
    rc, output = play("standard.yml")
    assert rc == 2 and story.resume(continue_rollout)[1], output[-3000:]


def test_a_function_that_says_no_has_a_release_taken_back(play, story):
    hook = {"target_arn": story.function(), "stages": ["POST_SCALE_UP"], "details": {"status": "FAILED"}}
    hooked = api(pause_stages=[], deployment_hooks=[hook])
    rc, output = play("standard.yml", *hooked)
    assert rc == 0, output[-3000:]
    story.make("refused", story.images("refused", ["api"]))
    story.refused("refused", "ECS gave its deployment up because of the hook asked", "next: aws logs tail /aws/lambda/asked ")
    rc, output = play("standard.yml", "--check", *hooked)
    assert rc == 0 and "0 to create, 0 to change, 0 to replace, 0 to delete" in output, output[-3000:]
