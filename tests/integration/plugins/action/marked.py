"""Tags a resource as an organisation would: ``marked: {task: {<module>: {<arguments>}}, tags: {...}}``."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        ((module, arguments),) = self._task.args["task"].items()
        if module == "flow_builder.aws.described":
            ((module, arguments),) = arguments.items()
        kind = next(kind for kind in KINDS.values() if kind.module == module)
        steering = ("state", "purge_tags", "wait", "wait_timeout")
        want = kind.want({key: value for key, value in arguments.items() if key not in steering})
        aws = Aws.of_arguments({"region": "us-east-1"})
        live, tags = kind.find(aws, want), self._task.args["tags"]
        if not tags.items() <= live["tags"].items():  # a key that is being deleted takes none
            kind.tag(aws, live, tags, [])
        return {"changed": True}
