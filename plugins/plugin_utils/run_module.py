"""How our actions run a module, in the short way or in ansible-core's, whichever its task goes."""

from __future__ import annotations

from typing import Any


def run_module(action: Any, task: Any, task_vars: dict) -> dict:
    """Run the module of a task as ansible-core does it for a task without an action of its own; return its answer."""
    return action._shared_loader_obj.action_loader.get(
        "ansible.legacy.normal",
        task=task,
        connection=action._connection,
        play_context=action._play_context,
        loader=action._loader,
        templar=action._templar,
        shared_loader_obj=action._shared_loader_obj,
    ).run(task_vars=task_vars)
