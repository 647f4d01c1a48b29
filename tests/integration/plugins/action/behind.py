"""Calls AWS as somebody else would: ``behind: {service, operation, arguments}``."""

from __future__ import annotations

import boto3
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        call = self._task.args
        client = boto3.client(call["service"], region_name=call.get("region", "us-east-1"))
        getattr(client, call["operation"])(**call.get("arguments", {}))
        return {"changed": True}
