"""What our actions that watch AWS have in common: arguments, the connection, one line at a time, errors."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION, TOLD_TO_ALL, Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import Resolver
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary


class AwsAction(ActionBase):
    """An action on AWS, with live output."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False
    arguments: dict = {}

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict:
        """Check the arguments and work."""
        result = super().run(tmp, task_vars)
        run_summary.require_shared()
        self._host = (task_vars or {}).get("inventory_hostname", "")
        connection = {"type": "str"}
        _checked, asked = self.validate_argument_spec(
            {**self.arguments, **dict.fromkeys(CONNECTION[:-1], connection), "aws_config": {"type": "dict"}}
        )
        self.connection = {key: value for key, value in asked.items() if key in CONNECTION and value is not None}
        said = {key: asked[key] for key in TOLD_TO_ALL if asked.get(key)}
        try:
            lock = None if self._task.check_mode else asked.get("lock")
            aws = Aws.of_arguments({**self.connection, **said}, lock)
            asked = Resolver(aws, KINDS, self._task.check_mode).resolve(asked)
            result.update(self.work(aws, asked))
        except Exception as error:
            if not expected(error):
                raise
            run_summary.fail(self._task, self._host, error)
        run_summary.finish(self._task, self._host, result)
        return result

    def say(self, line: str) -> None:
        """Show a line now."""
        Display().display(f"  {self._host}: {plain(line)}")

    def work(self, aws: Aws, asked: dict[str, Any]) -> dict:
        """Do what the action is for, and return its result."""
        raise NotImplementedError
