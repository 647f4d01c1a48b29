"""Writes the pages of a report from the playbook's templates.

An action of one step: ansible-core's own takes two modules, each in a process of its own, for every file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, meta, nodes

MARKUP = ("html", "xml")
OURS = Path(__file__).resolve().parents[2] / "playbooks/templates"
"""Where the pages' common layout is, and those of the collection's own playbooks."""


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
        folders = [Path(self._loader.get_basedir(), "templates"), OURS]
        # What AWS says, or somebody's tag, is text wherever it stands.
        engine = Environment(
            loader=FileSystemLoader(folders), autoescape=ending in MARKUP, trim_blocks=True,
            undefined=StrictUndefined,
        )  # fmt: skip
        template = f"{name}.{ending}.j2"
        names = set()
        for parsed in self._parsed(engine, template):
            for called in {node.name for node in parsed.find_all(nodes.Filter)} - set(engine.filters):
                engine.filters[called] = filter_loader.get(called).j2_function
            names |= meta.find_undeclared_variables(parsed) & set(task_vars)
        return engine.get_template(template).render({one: self._templar.template(task_vars[one]) for one in names})

    def _parsed(self, engine, template):
        """Yield a template and those that it extends or imports."""
        try:
            parsed = engine.parse(engine.loader.get_source(engine, template)[0])
        except TemplateNotFound as missing:
            raise AnsibleActionFail(f"there is no template {missing} for a report") from missing
        yield parsed
        for one in meta.find_referenced_templates(parsed):
            yield from self._parsed(engine, one)


def write(page: Path, text: str) -> None:
    """Write a page for its owner alone, since it shows what a stack is made of; an older one could be read by all."""
    page.parent.mkdir(0o700, parents=True, exist_ok=True)
    page.unlink(missing_ok=True)
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
