"""``RECORDED=GITDIR python -m tests.judges.recorded [--url URL] [--show] [--keep] [SERVICE[:FILE] ...]``."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from emulator.ask import Refused, ask
from tests.judges.others import Missing, embedded
from tests.judges.recorded import operations, verdict
from tests.judges.recorded.export import FOLDER, HERE, SERVICES, environment, prepare

# Their folders, where they aren't called as boto3 calls the service.
FOLDERS = {"lambda": "lambda_"}


def run(tree: Path, url: str, service: str, names: str, seconds: int) -> list[dict]:
    """Return what became of each of a service's recorded tests, of all of its files or of those of one name."""
    folder = tree / SERVICES / FOLDERS.get(service, service)
    files = sorted(str(one.relative_to(tree)) for one in folder.glob(names or "test_*.py"))
    if not files:
        raise Missing(f"there are no recorded tests of {service} in {folder}")
    results = FOLDER / f"{service}.jsonl"
    results.write_text("")
    host = f"localhost:{urlsplit(url).port}"  # below which buckets have names of their own
    environ = {
        **os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tree / "localstack-core", tree, HERE))),
        "RECORDED_RESULTS": str(results), "RECORDED_OPERATIONS": str(operations.FILE), "TEST_SKIP_LOCALSTACK_START": "1", "TEST_AWS_ENDPOINT_URL": url,
        "LOCALSTACK_HOST": host, "USE_SSL": "0", "GATEWAY_LISTEN": host, "DISABLE_EVENTS": "1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "TEST_AWS_ACCOUNT_ID": "123456789012",
    }  # fmt: skip
    plugins = (
        "localstack.testing.pytest.fixtures",
        "localstack_snapshot.pytest.snapshot",
        "plugin",
        "no:cacheprovider",
    )
    command = [
        environment(), "-m", "pytest", f"--confcutdir={folder.relative_to(tree)}", "-q", "--snapshot-verify",
        "--continue-on-collection-errors",
        "--timeout=25", "-m", "aws_validated", "--tb=line", "-W", "ignore", *(f"-p{one}" for one in plugins), *files,
    ]  # fmt: skip
    with (FOLDER / f"{service}.log").open("w") as log:
        try:
            done = subprocess.run(command, cwd=tree, env=environ, stdout=log, stderr=log, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise Missing(f"the recorded tests of {service} weren't done in {seconds} s") from None
    told = [json.loads(line) for line in results.read_text().splitlines()]
    if done.returncode == 5:
        raise Missing(f"no recorded test of {service} calls nothing but what we call")
    if done.returncode not in (0, 1) or not told:
        raise Missing(f"the recorded tests of {service} didn't run: {log.name}")
    return told


def show(results: dict[str, list[dict]]) -> None:
    """Print each difference."""
    for service, tests in results.items():
        for one in tests:
            kind = verdict.verdict(one)
            if kind != "as AWS":
                refused = [each for each in one["refusals"] if each[1] != each[2]]
                print(f"{service}/{one['test']}: {kind}\n{one['why']}\n{refused or ''}\n")


def main() -> int:
    """Run, print the figures, and say whether they are good."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges.recorded", description=__doc__)
    parser.add_argument("--url", help="an embedded AWS that runs already; without it one is started for this")
    parser.add_argument("--show", action="store_true", help="print each difference")
    parser.add_argument("--keep", action="store_true", help="write the figures down as those that may not become worse")
    parser.add_argument("--seconds", type=int, default=900, help="for one service (default: %(default)s)")
    parser.add_argument("services", nargs="*", help="boto3's names, each with :PATTERN for some of its files")
    options = parser.parse_args()
    process = None
    try:
        tree = prepare(os.environ.get("RECORDED"))
        if options.url is None:
            process = embedded()
        url = options.url or process.url
        results = {}
        for named in options.services or verdict.read():
            service, _, names = named.partition(":")
            ask(url, "reset", {})
            results[service] = run(tree, url, service, names, options.seconds)
    except (Missing, Refused, OSError) as missing:
        print(f"recorded: {missing}", file=sys.stderr)
        return 2
    finally:
        if process:
            process.stop()
    if options.show:
        show(results)
    figures = {service: verdict.count(tests) for service, tests in results.items()}
    print(verdict.table(figures))
    if options.keep:
        verdict.write(figures)
    found = verdict.problems(results)
    print("\n".join(found) or "no figure is worse than it was, each goal is reached, each difference has its reason")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
