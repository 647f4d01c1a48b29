"""Returns what this run's tasks have done to a stack so far, or would do, and who runs it.

An action, because it runs in a fork of the process with which all tasks share their summary; a module has it not.
"""

from __future__ import annotations

import getpass
import platform
import subprocess
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.fingerprint import collection_version

ROOT = Path(__file__).resolve().parents[2]


class ActionModule(ActionBase):
    """Return the summary."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Return the resources, the plan and the run; fail where a check run could not check all."""
        result = super().run(tmp, task_vars)
        _validated, given = self.validate_argument_spec({"fail_on_unknown": {"type": "bool", "default": True}})
        run_summary.require_shared()
        summary = run_summary.read().get(task_vars["inventory_hostname"], run_summary.RunSummary())
        if summary.unknown and given["fail_on_unknown"]:
            raise AnsibleActionFail("the plan is unknown: " + "; ".join(summary.unknown))
        result.update(
            changed=False,
            check=summary.check,
            actions=summary.actions,
            lines=[run_summary.line(item).strip() for item in summary.actions],
            counts=summary.counts(),
            unknown=summary.unknown,
            notes=list(dict.fromkeys(summary.notes)),
            declared=sorted({*summary.declared}),
            changed_resources=summary.changed_resources,
            questions=summary.questions,
            unready=summary.unready(),
            all_tasks=run_summary.all_tasks(task_vars),
            run={
                "user": getpass.getuser(),
                "host": platform.node(),
                "inventory_host": task_vars["inventory_hostname"],
                "profile": self._profile(task_vars),
                "commit": commit(),
                "collection": collection_version(ROOT),
                "ansible": __version__,
            },
        )
        return result

    def _profile(self, task_vars) -> str:
        """Return the stack's profile; a play without a role of ours doesn't know the role's default."""
        defaults = self._loader.load_from_file(str(ROOT / "roles/stack/defaults/main.yml"), trusted_as_template=True)
        return self._templar.template(task_vars.get("stack_profile", defaults["stack_profile"]))


def commit() -> str:
    """Return the checkout's commit, with a plus where files differ from it; nothing outside of a checkout."""

    def git(*words):
        return subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, errors="replace", check=False, timeout=20
        ).stdout.strip()

    try:
        head = git("rev-parse", "HEAD")
        return head + ("+" if head and git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""
