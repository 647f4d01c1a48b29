"""The recorded tests on this machine: an export of their repository, and an environment in which they run."""

import subprocess
import sys
from pathlib import Path

from tests.judges import others
from tests.judges.others import Missing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FOLDER = ROOT / ".cache/recorded"
PINS = HERE / "requirements.txt"
SERVICES = "tests/aws/services"
WANTED = ("localstack-core", "tests/aws", "tests/__init__.py", "tests/conftest.py")
GET = "get localstack/localstack at 8b9a79f, and name its folder by RECORDED=DIR"


def prepare(repository: str | None) -> Path:
    """Return the folder of the export; its environment is ready then."""
    if not repository:
        raise Missing(f"there are no recorded answers: {GET}")
    environment()
    return tree(Path(repository))


def tree(repository: Path) -> Path:
    """Return the export of a repository, made anew where it is another commit's."""
    return others.export(repository, FOLDER / "tree", WANTED, GET, _finish)


def _finish(made: Path) -> None:
    (made / "localstack-core/localstack/version.py").write_text('__version__ = version = "0.0"\n')
    for folder in ("tests", "tests/aws"):  # plugin.py takes fixtures from them; as conftest they would start things
        (made / folder / "conftest.py").rename(made / folder / "upstream.py")
    (made / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")  # answers are found by names relative to it


def environment() -> Path:
    """Return the Python of the tests' environment, made anew where its pins have changed."""
    made = FOLDER / "venv"
    python, stamp = made / "bin/python", made / "pins"
    if stamp.exists() and stamp.read_bytes() == PINS.read_bytes():
        return python
    FOLDER.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", made],
        [python, "-m", "pip", "install", "-q", "-r", PINS],
    ):
        if subprocess.run(command, check=False).returncode:
            raise Missing(
                f"the environment of the recorded tests can't be made in {made}: {command[-1]} can't be installed"
            )
    stamp.write_bytes(PINS.read_bytes())
    return python
