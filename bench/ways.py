"""The ways of deploying a stack that are compared."""

import importlib.util
import json
import shlex
import subprocess
import sys
from pathlib import Path

from bench.processes import CREDENTIALS, ROOT, Aws, Measure, run

# Prod's sizes; without what only the real prod has: a domain, and protection from being destroyed.
VARIABLES = {
    "stack_protected": False,
    "stack_disposable": True,
    "load_balancer_domain_name": "",
    "load_balancer_manage_zone": False,
    "load_balancer_plain_http": True,
}
PHASES = (
    "check from empty", "fresh apply", "no-op apply", "no-op apply, all tasks", "no-op check", "drift check", "destroy",
)  # fmt: skip
# All tasks, also where a run knows that it has nothing to do.
FULL = ("-e", '{"stack_full_run": true}')


def inventory(folder: Path, stacks: int) -> Path:
    """Write an inventory of stacks of prod's sizes."""
    hosts = {f"flow-builder-bench-{number}": {} for number in range(1, stacks + 1)}
    path = folder / f"{stacks}.json"
    path.write_text(json.dumps({"standard": {"hosts": hosts}}))
    for name in ("group_vars", "host_vars"):
        if (ROOT / "inventories/prod" / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to(ROOT / "inventories/prod" / name)
    return path


class Ansible:
    """Ansible, with some of its settings."""

    def __init__(self, title: str, **settings: str):
        """Take settings as environment variables."""
        self.title, self._settings = title, settings

    def play(self, aws: Aws, playbook: str | Path, hosts: Path, *arguments: str) -> Measure:
        """Run a playbook of the collection by its name, or another one by its path, and measure it."""
        path = playbook if isinstance(playbook, Path) else f"playbooks/{playbook}.yml"
        before = len(aws.requests())
        measure = run(
            [
                sys.executable, "-m", "ansible", "playbook", str(path), "-i", str(hosts),
                "-e", json.dumps(VARIABLES), *arguments,
            ],
            {**CREDENTIALS, **self._settings, "AWS_ENDPOINT_URL": aws.url},
        )  # fmt: skip
        measure.requests = len(aws.requests()) - before
        return measure

    def life(self, aws: Aws, folder: Path) -> dict[str, Measure]:
        """Put one stack through its life in an empty account."""
        aws.reset()
        hosts, told = inventory(folder, 1), {}
        told["check from empty"] = self.play(aws, "standard", hosts, "--check")
        told["fresh apply"] = self.play(aws, "standard", hosts)
        told["no-op apply"] = self.play(aws, "standard", hosts)
        told["no-op apply, all tasks"] = self.play(aws, "standard", hosts, *FULL)
        told["no-op check"] = self.play(aws, "standard", hosts, "--check")
        told["drift check"] = self.play(aws, "drift", hosts)
        told["destroy"] = self.play(aws, "destroy", hosts)
        return told


OURS = Ansible("this project")
STOCK = Ansible(
    "stock ansible-core", ANSIBLE_ACTION_PLUGINS="none", ANSIBLE_CALLBACKS_ENABLED="flow_builder.aws.summary"
)


def mitogen() -> Ansible | str:
    """Return Mitogen's way, or why there is none."""
    found = importlib.util.find_spec("ansible_mitogen")
    if found is None:
        return "Mitogen is not measured: it is not installed (bench/requirements.txt)."
    return Ansible(
        "Mitogen", ANSIBLE_ACTION_PLUGINS="none", ANSIBLE_CALLBACKS_ENABLED="flow_builder.aws.summary",
        ANSIBLE_STRATEGY="mitogen_linear",
        ANSIBLE_STRATEGY_PLUGINS=str(Path(found.origin).parent / "plugins/strategy"),
    )  # fmt: skip


def terraform(mirror: Path, peer: Path, latency: int = 0) -> dict[str, Measure]:
    """Let the Terraform peer measure one life of its own stack, with a latency in milliseconds if asked to."""
    moto = [str(peer / "moto_plus.py")]
    if latency:
        moto = [str(ROOT / "bench/slow.py"), str(latency), *moto]
    command = [
        sys.executable, str(peer / "measure.py"), "standard", "--env", "prod", "--mirror", str(mirror),
        "--moto", shlex.join([sys.executable, *moto]), "--var", "enable_autoscaling=true",
    ]  # fmt: skip
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    phases = json.loads(told)["median"]
    plans = dict.fromkeys(("no-op apply", "no-op check", "drift check"), "plan")
    names = {"fresh apply": "apply", **plans, "destroy": "destroy"}
    return {
        ours: Measure(one["seconds"], one["cpu_seconds"], one["peak_rss_mib"], one["requests"])
        for ours, theirs in names.items()
        for one in [phases[theirs]]
    }
