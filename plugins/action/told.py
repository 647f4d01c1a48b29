"""Returns what this run's tasks have told of a stack so far, and who runs it.

An action, because it runs in a fork of the process with which all tasks share what they tell; a module has it not.
"""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
from pathlib import Path

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible_collections.flow_builder.aws.plugins.plugin_utils import telling

ROOT = Path(__file__).resolve().parents[2]


class ActionModule(ActionBase):
    """Tell what was told."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Return the resources, the plan and the run; fail where a check run could not check all."""
        result = super().run(tmp, task_vars)
        _validated, given = self.validate_argument_spec({"fail_on_unknown": {"type": "bool", "default": True}})
        telling.shared()
        told = telling.told().get(task_vars["inventory_hostname"], telling.Told())
        if told.unknown and given["fail_on_unknown"]:
            raise AnsibleActionFail("the plan is unknown: " + "; ".join(told.unknown))
        result.update(
            changed=False,
            check=told.check,
            items=told.items,
            lines=[telling.line(item).strip() for item in told.items],
            counts=told.counts(),
            unknown=told.unknown,
            notes=list(dict.fromkeys(told.notes)),
            declared=sorted({*told.seen}),
            touched=told.touched,
            questions=told.questions,
            unready=told.unready(),
            whole=self._whole(task_vars),
            run={
                "user": getpass.getuser(),
                "host": platform.node(),
                "inventory_host": task_vars["inventory_hostname"],
                "profile": self._templar.template(task_vars.get("stack_profile")),
                "commit": commit(),
                "collection": version(),
                "ansible": __version__,
            },
        )
        return result

    @staticmethod
    def _whole(task_vars):
        chosen = context.CLIARGS.get("start_at_task") or context.CLIARGS.get("step")
        every = list(task_vars.get("ansible_run_tags") or ["all"]) == ["all"]
        return every and not task_vars.get("ansible_skip_tags") and not chosen


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


def version() -> str:
    """Return the collection's version: as its galaxy.yml says it, or where it is installed, its manifest."""
    galaxy, manifest = ROOT / "galaxy.yml", ROOT / "MANIFEST.json"
    if manifest.is_file():
        return json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    lines = galaxy.read_text(encoding="utf-8").splitlines() if galaxy.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("version:")), "")
