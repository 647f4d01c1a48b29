"""Takes and releases a stack's lock. An action, because the lock is the run's own: it ends with ansible-playbook."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lease, lock, record
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, expected, sentence
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import pauses
from ansible_collections.flow_builder.aws.plugins.modules.stack_lock import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction


class ActionModule(AwsAction):
    """Hold a lock."""

    arguments = ARGUMENTS

    def work(self, aws, asked):
        """Return whether the run holds the lock; that is no change of the stack."""
        stack, takes = asked["stack"], asked["state"] == "present"
        refusal = (lambda _aws, _stack: "") if asked["although_paused"] else pauses.refusal
        if self._task.check_mode:
            told = pauses.refusal(aws, stack, check=True) if takes and not asked["although_paused"] else ""
            warnings = [f"a run that writes would be refused: {told}"] if told else []
            return {"changed": False, "held": False, "msg": "check mode takes no lock", "warnings": warnings}
        if takes:
            held, told = lease.hold(
                aws, stack, asked["purpose"], asked["seconds"], asked["wait_seconds"], asked["first"], refusal
            )
            return {"changed": False, "held": held, "msg": told}
        if asked["holder"] != "self":
            return {"changed": False, "held": False, "msg": take_away(aws, stack, asked["holder"] == "any")}
        owed = self._owe(aws, stack)
        told, trouble = lease.let_go(aws, stack)
        return {"changed": False, "held": False, "msg": told, "warnings": [one for one in (owed, trouble) if one]}

    def _owe(self, aws, stack):
        """Leave to the next run's record what this one changed and ends without recording; return why it couldn't."""
        summary = run_summary.read().get(self._host, run_summary.RunSummary())
        changed = lease.inherited(aws, stack) + lease.changed_by(aws, stack, summary.unrecorded)
        if not changed:
            lease.recorded(aws, stack)  # what it began and AWS refused
            return ""
        lease.guard(aws, stack)
        try:
            if record.owe(aws, stack, KINDS, changed):
                lease.recorded(aws, stack)
        except Exception as error:
            if not expected(error):
                raise
            return f"what this run changed stands in no record, but in its lock: {sentence(error)}"
        return ""


def take_away(aws, stack: str, living: bool) -> str:
    """Take somebody's lock away, and say whose it was. Raises EngineError for one that is alive, unless it may be."""
    held = lock.current(aws, stack)
    if held is None:
        return f"{stack} has no lock"
    told, left = lock.describe(stack, held), lock.left(held)
    if lock.unrecorded(held):
        return f"{stack} has no lock any more. The last one tells the next run what no record has: {told}"
    if left and not held["damage"] and not living:
        raise EngineError(
            f"{told}: that run lives, or died a moment ago. If it is dead the lock is free by itself in {left} s; to "
            f"take it away from a living run: -e confirm_unlock={stack}"
        )
    if not lock.release(aws, stack, held, held.get("begun")):
        raise EngineError(f"{told}, and was taken, renewed or released this very moment; look again")
    more = f". If that run still lives it stops by itself: begin another one in {left} s" if left else ""
    return f"{told}: released{more}"
