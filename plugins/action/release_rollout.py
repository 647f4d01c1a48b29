"""Rolls a release out and shows how it goes on. An action, because a module can't show anything before its end."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.releases import plan
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.canary import Strategy
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.pipe import BODY, Check
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, roll_out
from ansible_collections.flow_builder.aws.plugins.modules.release_rollout import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction


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
            Check(asked["check_body"] or BODY, asked["check_command"]), asked["keep_releases"],
        )  # fmt: skip
        if self._task.check_mode:
            what = asked["release"], asked["images"], asked["kind"]
            return plan.rollout(aws, asked["stack"], *what, options, self.say)
        release = roll_out(aws, asked["stack"], asked["release"], asked["kind"], options, self.say)
        return {"changed": True, "release": release}
