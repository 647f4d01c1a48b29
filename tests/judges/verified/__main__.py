"""``VERIFIED=GITDIR python -m tests.judges.verified [--show] [PATTERN ...]``."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from emulator.ask import Refused
from tests.judges.others import Missing, embedded, export, reasons
from tests.judges.recorded import operations
from tests.judges.verified import verdict

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FOLDER = ROOT / ".cache/verified"
DIFFERENCES = HERE / "differences.txt"
COMMIT = "0af643a5d"
GET = f"get getmoto/moto at {COMMIT}, and name its folder by VERIFIED=DIR"
# moto's folders, where they aren't called as boto3 calls the service without its hyphens.
FOLDERS = {"lambda": "awslambda"}
MARKS = ("aws_verified", "network", "requires_docker", "requires_clean_slate")


def prepare(repository: str | None) -> Path:
    """Return the folder of the export."""
    if not repository:
        raise Missing(f"there are no tests that were run on AWS: {GET}")
    return export(Path(repository), FOLDER / "tree", ["tests"], GET, _finish, COMMIT)


def _finish(made: Path) -> None:
    (made / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\nmarkers = {json.dumps(MARKS)}\n")


def files(tree: Path, patterns: list[str]) -> list[str]:
    """Return the files in which tests of our services are that were run on AWS, of all or of those that match."""
    services = {one.partition(".")[0] for one in operations.ours()}
    folders = {f"test_{FOLDERS.get(one, one.replace('-', ''))}" for one in services}
    found = sorted(
        str(path.relative_to(tree))
        for path in tree.glob("tests/test_*/**/test_*.py")
        if path.relative_to(tree).parts[1] in folders and "aws_verified" in path.read_text()
    )
    chosen = [one for one in found if not patterns or any(pattern in one for pattern in patterns)]
    if not chosen:
        raise Missing(f"no file of {tree} has tests that were run on AWS: {', '.join(patterns) or 'all'}")
    return chosen


def start(tree: Path, chosen: list[str], name: str, url: str | None) -> subprocess.Popen:
    """Start the tests: against the embedded AWS at ``url`` as they run on AWS, without one on moto."""
    (FOLDER / f"{name}.jsonl").write_text("")
    environ = {
        **os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tree, HERE, ROOT))), "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "VERIFIED_RESULTS": str(FOLDER / f"{name}.jsonl"),
    }  # fmt: skip
    for variable in ("AWS_ENDPOINT_URL", "VERIFIED_URL", "MOTO_TEST_ALLOW_AWS_REQUEST"):
        environ.pop(variable, None)
    if url:
        environ |= {"AWS_ENDPOINT_URL": url, "VERIFIED_URL": url, "MOTO_TEST_ALLOW_AWS_REQUEST": "true"}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-W", "ignore", "-pno:cacheprovider", "-pplugin"]
    with (FOLDER / f"{name}.log").open("w") as log:
        return subprocess.Popen([*command, *chosen], cwd=tree, env=environ, stdout=log, stderr=log)


def finish(running: subprocess.Popen, name: str) -> dict[str, dict]:
    """Return what became of each test."""
    code = running.wait()
    told = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]
    if code not in (0, 1) or not told:
        raise Missing(f"the tests didn't run: {FOLDER / name}.log")
    return {one["test"]: one for one in told}


def main() -> int:
    """Run the tests on both, print the figures, and say whether each difference has its reason."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges.verified", description=__doc__)
    parser.add_argument("--show", action="store_true", help="print each difference")
    parser.add_argument("patterns", nargs="*", help="parts of names of their files (default: all)")
    options = parser.parse_args()
    process = None
    try:
        tree = prepare(os.environ.get("VERIFIED"))
        chosen = files(tree, options.patterns)
        process = embedded()
        running = [start(tree, chosen, "moto", None), start(tree, chosen, "embedded", process.url)]
        moto, ours = (finish(one, name) for one, name in zip(running, ("moto", "embedded"), strict=True))
    except (Missing, Refused, OSError) as missing:
        print(f"verified: {missing}", file=sys.stderr)
        return 2
    finally:
        if process:
            process.stop()
    results = verdict.judged(moto, ours, operations.ours())
    if options.show:
        for one in results:
            if one.kind == verdict.DIFFERS:
                print(f"{one.test}{'' if one.called else ' (not ours)'}\n{one.why}\n")
    print(verdict.table(results))
    found = verdict.problems(results, reasons(DIFFERENCES))
    print("\n".join(found) or "each test that passes on moto passes on the embedded AWS, or has its reason")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
