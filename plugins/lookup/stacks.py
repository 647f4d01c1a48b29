"""The hosts of a play: the stacks that a run is for. Where there is none, the run ends with a sentence.

A lookup, because what makes a play's ``hosts`` is all that runs where a play has no host: no task does, and who else
looks at a run's end, a callback, may not be enabled.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.lookup import LookupBase
from ansible.release import __version__

DOCUMENTATION = """
name: stacks
short_description: The stacks that a play is for
version_added: "0.1.0"
description:
  - Returns the pattern of hosts that it is given, of groups that the inventory has, for a play's C(hosts), and ends the
    run with a sentence where no host of the inventory, within C(--limit), matches it. Ansible itself ends such a run
    with success.
  - Ends it also where a host is in the groups of both profiles or of none, where a source of the inventory could not be
    read, and where C(--skip-tags) leaves out the checks that every play begins with.
author: The Flow Builder on AWS project (@flow-builder)
options:
  _terms:
    description: The pattern of hosts.
    type: str
    required: true
  among:
    description: The pattern that must match, where other plays of the same run are for the rest of it.
    type: str
"""

EXAMPLES = """
- name: Something about all stacks
  hosts: "{{ lookup('flow_builder.aws.stacks', 'standard:ultra') }}"
  gather_facts: false
  tasks: []
"""

RETURN = """
_raw:
  description: The pattern of hosts.
  type: list
  elements: str
"""

PROFILES = ("standard", "ultra")
RUNTIME = Path(__file__).resolve().parents[2] / "meta/runtime.yml"


class LookupModule(LookupBase):
    """Judge what a run is for."""

    def run(self, terms: list[str], variables: Any = None, **options: Any) -> list[str]:
        """Return the pattern of hosts."""
        self.set_options(var_options=variables, direct=options)
        (pattern,) = terms
        if not context.CLIARGS.get("syntax"):  # which is about no inventory
            sources = list(variables.get("ansible_inventory_sources") or [])
            meant = self.get_option("among") or pattern
            refused = (
                too_old(__version__, RUNTIME.read_text())
                or unread(self._loader, sources)
                or fault(variables["groups"], meant, variables.get("ansible_limit"), sources)
                or unchecked(variables.get("ansible_skip_tags"))
            )
            if refused:
                raise AnsibleLookupError(refused)
        # Ansible warns of a group that an inventory doesn't have, which is nothing to be warned of.
        there = [group for group in pattern.split(":") if group in variables["groups"]]
        return [":".join(there) or "all:!all"]


def too_old(version: str, runtime: str) -> str:
    """Return the sentence on an ansible-core older than meta/runtime.yml asks for: Ansible itself only warns."""
    (least,) = re.findall(r'^requires_ansible: ">=([\d.]+)"$', runtime, re.MULTILINE)
    here, wanted = ([int(part) for part in re.findall(r"\d+", text)[:2]] for text in (version, least))
    return f"ansible-core is {version}: flow_builder.aws needs {least} or newer" if here < wanted else ""


def unread(loader: Any, sources: list[str]) -> str:
    """Return the sentence on a source of the inventory that nothing could read: Ansible only warns of it."""
    if C.INVENTORY_ANY_UNPARSED_IS_FAILED:
        return ""  # it has failed already
    try:
        Strict(loader, sources)
    except AnsibleError as error:
        return f"{error.message}: see the warnings above; mend it, or name another inventory with -i"
    return ""


class Strict(InventoryManager):
    """An inventory whose every source is read, as with C(any_unparsed_is_failed)."""

    def parse_source(self, source: str, cache: bool = False) -> bool:
        """Read a source, or each file of a folder."""
        if not super().parse_source(source, cache) and (source != "/etc/ansible/hosts" or Path(source).exists()):
            raise AnsibleError(f"Completely failed to parse inventory source {source}")
        return True


def fault(groups: dict[str, list[str]], pattern: str, limit: str | None, sources: list[str]) -> str:
    """Return why hosts of an inventory, by group, are not what a run can be for; nothing if they are."""
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in {**dict.fromkeys(PROFILES, []), **groups}.items():  # one that isn't there is nothing to warn of
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group)
    inventory.subset(limit)
    meant = [host.name for host in inventory.get_hosts("all") if host.name != "localhost"]
    profiles = {profile: [host for host in meant if host in groups.get(profile, [])] for profile in PROFILES}
    both = [host for host in meant if all(host in hosts for hosts in profiles.values())]
    if both:
        return f"{', '.join(both)} in both groups, {' and '.join(PROFILES)}: a stack has one profile, so leave out one"
    if not inventory.get_hosts(pattern):
        where = ", ".join(map(short, sources)) or "nothing"
        limited = f" within --limit {limit}" if limit else ""
        return (
            f"no stack is meant: the inventory is {where}, where {pattern.replace(':', ' or ')} has no host{limited}; "
            f"there {in_words(groups)}"
        )
    none = [host for host in meant if not any(host in hosts for hosts in profiles.values())]
    if none:
        return (
            f"{', '.join(none)} in no profile's group: each host is a stack in the group {' or '.join(PROFILES)}; "
            f"put it there, or leave it out with --limit '{':'.join(PROFILES)}'"
        )
    return ""


def in_words(groups: dict[str, list[str]]) -> str:
    """Return the hosts that there are, by group, in words."""
    known = {group: hosts for group, hosts in groups.items() if hosts and group != "all"}
    return "are " + "; ".join(f"{group}: {', '.join(hosts)}" for group, hosts in known.items()) if known else "is none"


def short(source: str) -> str:
    """Return a source as people name it."""
    path = Path(source)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else source


def unchecked(skipped: list[str] | None) -> str:
    """Return the sentence on tags that leave out what comes before the first AWS call."""
    if "always" in (skipped or ()):
        return "--skip-tags has always, by which every play checks its variables and account: leave it out"
    return ""
