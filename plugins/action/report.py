"""Writes the pages of a report from the playbook's templates.

An action of one step: ansible-core's own takes two modules, each in a process of its own, for every file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain


class ActionModule(ActionBase):
    """Write the pages."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Write each format's page; a report is no change of a stack."""
        result = super().run(tmp, task_vars)
        _validated, given = self.validate_argument_spec(
            {
                "directory": {"type": "path", "required": True},
                "name": {"type": "str", "required": True},
                "formats": {"type": "list", "elements": "str", "required": True},
            }
        )
        folder = Path(given["directory"])
        folder.mkdir(0o755, parents=True, exist_ok=True)
        pages = {folder / f"{given['name']}.{ending}": f"{given['name']}.{ending}.j2" for ending in given["formats"]}
        for page, template in pages.items():
            page.write_text(plain(self._filled(template, task_vars), sys.maxsize), encoding="utf-8")
        return {**result, "changed": False, "pages": list(map(str, pages))}

    def _filled(self, template, task_vars):
        source = self._find_needle("templates", template)
        text = trust_as_template(Path(source).read_text(encoding="utf-8"))
        templar = self._templar.copy_with_new_env(searchpath=[str(Path(source).parent)], available_variables=task_vars)
        return templar.template(text, escape_backslashes=False, overrides={"trim_blocks": True}) or ""
