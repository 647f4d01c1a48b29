"""Looks a resource up by its kind alone: ``live: {<module>: {<arguments>}}``."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        ((module, arguments),) = self._task.args.items()
        if module == "flow_builder.aws.described":
            ((module, arguments),) = arguments.items()
        kind = next(kind for kind in KINDS.values() if kind.module == module)
        steering = ("state", "purge_tags", "wait", "wait_timeout")
        want = kind.want({key: value for key, value in arguments.items() if key not in steering})
        return {"resource": kind.find(Aws.of_arguments({"region": "us-east-1"}), want)}
