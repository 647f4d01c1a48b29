"""Rolls a release out and shows how it goes on. An action, because a module can't show anything before its end."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.releases import plan, records, resuming
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.canary import Strategy
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.pipe import BODY, Check
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, roll_out
from ansible_collections.flow_builder.aws.plugins.modules.release_rollout import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction

RESUME = {resuming.CONTINUE: resuming.continue_rollout, resuming.STOP: resuming.stop_rollout}


class ActionModule(AwsAction):
    """Roll out."""

    arguments = ARGUMENTS

    def work(self, aws, asked):
        """Return the release as it is recorded afterwards."""
        functions, components = asked["functions"], asked["components"]
        options = Options(
            Components(**components | {"services": {one: int(count) for one, count in components["services"].items()}}),
            asked["timeout"], asked["pause"], asked["steady_seconds"], asked["check_functions"],
            Strategy(
                functions["strategy"], functions["percentage"], functions["interval"], functions["bake"],
                functions["alarms"],
            ),
            Check(asked["check_body"] or BODY, asked["check_command"]), asked["keep_releases"], asked["every_pause"],
        )  # fmt: skip
        stack, name, kind = asked["stack"], asked["release"], asked["kind"]
        resume = RESUME.get(kind)
        if self._task.check_mode and resume:
            return plan.resumed(aws, stack, name, kind, options)
        if self._task.check_mode:
            return plan.rollout(aws, stack, name, asked["images"], kind, options, self.say)
        if resume:
            release, changed = resume(aws, stack, name, options, self.say)
        else:
            release, changed = roll_out(aws, stack, name, kind, options, self.say), True
        last = records.rollouts([release])[-1]
        where = last.get("reason", "") if last["verdict"] == records.PAUSED else ""
        return {"changed": changed, "release": release, "verdict": last["verdict"], "paused": where}
