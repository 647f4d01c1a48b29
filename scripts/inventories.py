"""What the committed inventories come to: a stack's variables, as a run has them before it asks AWS anything."""

from __future__ import annotations

from pathlib import Path

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template
from ansible.vars.manager import VariableManager

ROOT = Path(__file__).resolve().parent.parent
PROFILES = ("standard", "ultra")
ZONES = "abcdef"


def load() -> None:
    """Let Python and Ansible find the collection."""
    init_plugin_loader([str(ROOT / "collections")])


def stacks(name: str) -> dict[str, Templar]:
    """Return what templates the variables of an inventory's stacks, by stack."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(ROOT / "inventories" / name)])
    variables = VariableManager(loader=loader, inventory=inventory)
    return {host.name: _templar(loader, variables.get_vars(host=host)) for host in inventory.get_hosts()}


def value(templar: Templar, name: str):
    """Return a variable's value."""
    return templar.template(trust_as_template("{{ " + name + " }}"))


def _templar(loader: DataLoader, said: dict) -> Templar:
    """Lay over each other, as a profile's play does: roles' defaults, the inventory, the play, roles' own."""
    (profile,) = set(PROFILES) & set(said["group_names"])
    (play,) = _load(loader, ROOT / f"playbooks/{profile}.yml")
    roles = [role.rpartition(".")[2] for role in dict.fromkeys(_roles(play["tasks"]))]
    variables: dict = {}
    for layer in [*_files(loader, roles, "defaults"), said, play.get("vars") or {}, *_files(loader, roles, "vars")]:
        variables |= layer
    region = Templar(loader=loader, variables=variables).template(variables["stack_region"])
    return Templar(
        loader=loader, variables=variables | {"stack_availability_zones": [f"{region}{letter}" for letter in ZONES]}
    )


def _files(loader: DataLoader, roles: list[str], folder: str) -> list[dict]:
    return [_load(loader, ROOT / f"roles/{role}/{folder}/main.yml") or {} for role in roles]


def _load(loader: DataLoader, path: Path):
    return loader.load_from_file(str(path), trusted_as_template=True) if path.is_file() else None


def _roles(tasks: list[dict]) -> list[str]:
    """Return the roles that tasks import, in order."""
    found = []
    for task in tasks:
        found += _roles(task.get("block", []))
        found += [given["name"] for action, given in task.items() if action.endswith(("import_role", "include_role"))]
    return found


