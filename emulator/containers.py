"""Settings of podman, buildah and skopeo with which they use ECR's registry here: plain HTTP, on this machine only.

``scripts/embedded.sh`` names them in the environment, beside the address of everything else.
"""

import os
import resource
import shutil
from pathlib import Path

from emulator import ACCOUNT, HOST

HYBRID = Path("/sys/fs/cgroup/unified")
SYSTEMD = Path("/run/systemd/system")


def registries(port: int) -> str:
    """Return where the registry is, also for those who pull by a repository's own address on AWS."""
    import boto3

    session, here = boto3.session.Session(), f"{HOST}:{port}"
    names = [here]
    for partition, suffix in (("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")):
        names += [f"{ACCOUNT}.dkr.ecr.{region}.{suffix}" for region in session.get_available_regions("ecr", partition)]
    return "\n".join(f'[[registry]]\nprefix = "{name}"\nlocation = "{here}"\ninsecure = true\n' for name in names)


def engine() -> str:
    """Return what containers can have here: no more files than this process may open, and what fits the cgroups."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = 1024 if most == resource.RLIM_INFINITY else min(1024, most)
    lines = ["[containers]", f'default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]', 'netns = "host"']
    lines += ["[engine]", 'events_logger = "file"']
    if not SYSTEMD.exists():
        lines.append('cgroup_manager = "cgroupfs"')
    if HYBRID.exists() and shutil.which("runc"):  # crun doesn't do cgroups of both versions
        lines.append('runtime = "runc"')
    return "\n".join(lines) + "\n"


def write(folder: Path, port: int) -> dict[str, str]:
    """Write the settings and return the environment that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("registries.conf", registries(port)), ("containers.conf", engine())):
        # Whoever reads it meanwhile sees the old one or the new one.
        fresh = folder / f"{name}.{os.getpid()}"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(folder / name)
    return {
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "BUILDAH_ISOLATION": "chroot",  # builds need no container then
    }
