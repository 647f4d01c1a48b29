"""Writes what is said elsewhere already: roles' READMEs from their argument specs, strict mode's rules, what the
inventories come to, what AWX is told.

``python scripts/document.py`` writes, ``--check`` only says which files are out of date (exit 1).
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
UNPROVEN = "recorded nor documented as well; all of them are [a page of their own](data-plane.md).\n"


def plain(text) -> str:
    """Return Ansible's documentation markup as Markdown, on one line."""
    text = " ".join(text if isinstance(text, list) else [text or ""])
    text = re.sub(r"[A-Z]\(([^)]*)\)", r"`\1`", text)
    return " ".join(text.split()).replace("|", "\\|")


def default(value) -> str:
    """Return a default value as one short piece of code."""
    if value is None:
        return "required"
    text = value if isinstance(value, str) and value else yaml.safe_dump(value, default_flow_style=True, width=10_000)
    text = " ".join(text.split("\n...")[0].split())
    return f"`{text if len(text) <= 80 else text[:77] + '...'}`".replace("|", "\\|")


def rows(options: dict, prefix: str = "") -> list[str]:
    """Return the table's rows for options and, below each, for its suboptions."""
    made = []
    for name, option in options.items():
        kind = option.get("type", "str") + (f" of {option['elements']}" if option.get("elements") else "")
        allowed = ", ".join(f"`{choice}`" for choice in option.get("choices", []))
        choices = f" One of {allowed}." if allowed else ""
        value = "required" if option.get("required") else default(option["default"]) if "default" in option else ""
        made.append(f"| {prefix}`{name}` | {kind} | {value} | {plain(option.get('description'))}{choices} |")
        made += rows(option.get("options", {}), f"{prefix}`{name}`.")
    return made


def role_readme(role: Path) -> str:
    """Return a role's README."""
    spec = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    description = spec["description"] if isinstance(spec["description"], list) else [spec["description"]]
    lines = [f"# {role.name}", "", *(plain(part) for part in description), ""]
    more = role / "meta/README.md"
    lines += [more.read_text().rstrip(), ""] if more.exists() else []
    lines += ["## Variables", "", "| variable | type | default | what it is |", "|---|---|---|---|"]
    lines += rows(spec.get("options", {}))
    variables = role / "vars/main.yml"
    outputs = yaml.safe_load(variables.read_text()) if variables.exists() else {}
    public = [name for name in outputs or {} if not name.startswith("__")]
    if public:
        named = ", ".join(f"`{name}`" for name in public)
        lines += ["", "## Outputs", "", f"Later roles and plays may use: {named}."]
    lines += components() if role.name == "stack" else []
    lines += ["", "*Written by `make docs` from the role's argument specs.*"]
    return "\n".join(lines) + "\n"


def components() -> list[str]:
    """Return what an entry of the map of components may say, and where former variables are now."""
    from ansible_collections.flow_builder.aws.plugins.module_utils.components import FORMER, SPECS

    tables: dict[tuple, dict] = {}
    for spec in SPECS.values():
        for key, one in spec.items():
            of = tuple(kind for kind, other in SPECS.items() if key in other and (other[key] == one))
            tables.setdefault(of, {})[key] = one
    lines = ["", "## Components", "", "Keys of an entry of `stack_components`, by the types that have them."]
    for of, keys in tables.items():
        title = "Of all" if len(of) == len(SPECS) else f"Of {' and '.join(f'a {kind}' for kind in of)}"
        lines += ["", f"### {title}", "", "| key | type | default | what it is |", "|---|---|---|---|", *rows(keys)]
    lines += ["", "### Variables that are no more", "", "| variable | what says it now |", "|---|---|"]
    for name, place in FORMER.items():
        lines.append(f"| `{name}` | {' and '.join(f'`{one}`' for one in place.split()) or 'the map itself'} |")
    return lines


def refusals() -> str:
    """Return the page on what AWS refuses because of the state that something is in."""
    from ansible.plugins.loader import init_plugin_loader

    with warnings.catch_warnings(action="ignore"):  # a test's process has it already
        init_plugin_loader([str(ROOT / "collections")])
    from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import UNSEEN_SECONDS
    from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

    def table(*heads, rows):
        lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
        return "\n".join(lines + [f"| {' | '.join(cells)} |" for cells in rows])

    states = table("kind", "when", "AWS's code", "what a run does", rows=[
        (kind.title, one.state, one.code, one.then) for kind in KINDS.values() for one in kind.refusals
    ])
    waited = table("kind", "AWS's code", "with the words", "seconds", rows=[
        (kind.title, code or "any", words or "any", str(kind.settle_seconds))
        for kind in KINDS.values() for code, words in kind.settling
    ])
    fixed = table("kind", "field", "why", rows=[
        (kind.title, f"`{name}`", why) for kind in KINDS.values() for name, why in sorted(kind.immutable.items())
    ])
    return f"""# What AWS refuses, and what a run does about it

A check of an apply that AWS will refuse would be a wrong plan. Each kind says what it can see before a write: a plan
is refused then, in the words in which the apply is. What can't be seen, or passes by itself, is waited out.

Limits of an account are the preflight's, and what variables can say wrongly is refused before the first AWS call.

## States

{states}

Whatever a later task waits for and that has failed for good (a certificate, a load balancer, an endpoint, a NAT
gateway, a database) makes the plan fail as well, in AWS's own words.

## What passes by itself

A write that is answered so is tried again, for so long, and as long is waited until AWS shows what was written. Where
AWS answers that it doesn't find what a write names (a code with NotFound, NoSuch, NonExist or NotExist), the write is
tried again for {UNSEEN_SECONDS} seconds, since it may be new; for the kind's seconds where that is the resource itself,
and in the steps that follow a creation, which isn't repeated.

{waited}

## What can't be changed

{fixed}

*Written by `make docs`.*
"""


def data_plane(evidence) -> str:
    """Return the page on what AWS does by itself."""
    return f"""# What AWS does by itself

The embedded AWS does it as these {evidence.summary()}. Each rule stands beside the function that implements it, as
`@does(sentence, source)` of `emulator/evidence.py`, and a test asks what is new for its rule.

- **recorded**: a recording of AWS's answers shows it, named by repository, commit and test
- **documented**: AWS's documentation says so
- **issue**: somebody met it on AWS and said so, or carries code for it
- **inferred**: concluded from something else; then it's said what a real account, or a page, would settle

What of AWS isn't there at all is in [the embedded AWS](embedded-aws.md#what-a-run-here-does-not-prove).

{evidence.table()}

*Written by `make docs`.*
"""


def filled(text: str, name: str, content: str) -> str:
    """Return a page with other content between the marks of this name."""
    before, begin, rest = text.partition(f"<!-- {name} -->\n")
    _old, end, after = rest.partition(f"<!-- end of {name} -->")
    return f"{before}{begin}{content}\n{end}{after}"


def fields() -> str:
    """Return the table of what AWS takes for each kind and the kinds leave."""
    from tests.judges import inputs

    return inputs.page()


def documents() -> dict[Path, str]:
    """Return every written file with its text."""
    import inventories

    inventories.load()
    import awx_vars
    import first_deployment

    from emulator import evidence, lags, strict, unproven

    made = {role / "README.md": role_readme(role) for role in sorted((ROOT / "roles").iterdir()) if role.is_dir()}
    made[ROOT / "docs/strict-rules.md"] = (
        "# What the embedded AWS refuses\n\nStrict mode judges every request by botocore's models (patterns, lengths, "
        "ranges, enums) and by these rules.\n\n" + strict.table() + "\n\n*Written by `make docs`.*\n"
    )
    made[ROOT / "docs/lags.md"] = (
        "# When the embedded AWS is late\n\nWith `--eventual SEED`, for a few seconds each, drawn from the seed. AWS "
        "may take minutes; the sources say so.\n\n" + lags.table() + "\n\n*Written by `make docs`.*\n"
    )
    made[ROOT / "docs/data-plane.md"] = data_plane(evidence)
    made[ROOT / "docs/refusals.md"] = refusals()
    page = ROOT / "docs/embedded-aws.md"
    told = page.read_text().split(UNPROVEN)[0]
    made[page] = told + UNPROVEN + "\n" + unproven.markdown() + "\n\n*This list is written by `make docs`.*\n"
    page = ROOT / "docs/first-deployment.md"
    made[page] = first_deployment.filled(page.read_text())
    page = ROOT / "docs/truth.md"
    made[page] = filled(filled(page.read_text(), "fields", fields()), "rules", evidence.figures())
    return made | awx_vars.documents()


def main() -> int:
    """Write the files, or name those that are out of date."""
    made = documents()
    stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if "--check" not in sys.argv:
            path.write_text(made[path])
        print(path.relative_to(ROOT))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
