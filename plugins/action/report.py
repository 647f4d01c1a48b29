"""Writes the pages of a report from the playbook's templates.

An action of one step: ansible-core's own takes two modules, each in a process of its own, for every file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain
from jinja2 import Environment, StrictUndefined, meta, nodes

MARKUP = ("html", "xml")


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
        pages = {
            Path(given["directory"], f"{given['name']}.{ending}"): self._filled(given["name"], ending, task_vars)
            for ending in given["formats"]
        }
        for page, text in pages.items():
            write(page, plain(text, sys.maxsize))
        return {**result, "changed": False, "pages": list(map(str, pages))}

    def _filled(self, name, ending, task_vars):
        """Return a page. Ansible makes the values and Jinja the page, since Ansible's own engine escapes nothing."""
        text = Path(self._find_needle("templates", f"{name}.{ending}.j2")).read_text(encoding="utf-8")
        # What AWS says, or somebody's tag, is text wherever it stands.
        engine = Environment(autoescape=ending in MARKUP, trim_blocks=True, undefined=StrictUndefined)
        parsed = engine.parse(text)
        for called in {node.name for node in parsed.find_all(nodes.Filter)} - set(engine.filters):
            engine.filters[called] = filter_loader.get(called).j2_function
        names = meta.find_undeclared_variables(parsed) & set(task_vars)
        return engine.from_string(text).render({one: self._templar.template(task_vars[one]) for one in names})


def write(page: Path, text: str) -> None:
    """Write a page for its owner alone, since it shows what a stack is made of; an older one could be read by all."""
    page.parent.mkdir(0o700, parents=True, exist_ok=True)
    page.unlink(missing_ok=True)
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
