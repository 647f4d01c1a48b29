"""The command line of the emulator."""

import argparse
import json
import math
import sys

from emulator import DEFAULT_PORT, requestlog
from emulator.ask import Refused, ask
from emulator.process import Process


def _start(process: Process, arguments) -> int:
    """Start it in the background, wait until it answers, print its URL."""
    times: tuple[str, ...] = ("--latency", str(arguments.latency), "--provisioning", str(arguments.provisioning))
    if arguments.eventual is not None:
        times += ("--eventual", str(arguments.eventual))
    result = process.start(times if arguments.strict else (*times, "--no-strict"))
    print(process.url)
    print(f"emulator {result}; use it with AWS_ENDPOINT_URL={process.url}", file=sys.stderr)
    return 0


def _stop(process: Process, _arguments) -> int:
    """End the emulator that was started here; nothing running is fine."""
    print(f"emulator on port {process.port}: {process.stop()}")
    return 0


def _status(process: Process, _arguments) -> int:
    """Say whether it runs; the return code is 0 when it does, 3 when it does not."""
    pid = process.pid()
    print(f"emulator on port {process.port}: {f'running, pid {pid}, {process.url}' if pid else 'not running'}")
    return 0 if pid else 3


def _reset(process: Process, _arguments) -> int:
    """Empty the account: every resource of every service is gone."""
    print(f"emulator on port {process.port}: {process.reset()}")
    return 0


def _run(process: Process, arguments) -> int:
    """Serve in the foreground until interrupted; what cannot be answered is logged to stderr."""
    if process.taken():
        raise Refused(f"port {process.port} is taken; choose another one with --port")
    from emulator import containers, eventual, provisioning, server

    containers.write(process.folder / "containers", process.port)
    provisioning.latency, provisioning.scale = arguments.latency / 1000, arguments.provisioning
    eventual.use(arguments.eventual)
    try:
        server.serve(process.port, process.request_file, arguments.strict, ready=process.record)
    finally:
        if process.pid() is None:
            process.forget()
    return 0


def _log(process: Process, arguments) -> int:
    """Print the requests since the last reset, or with --summary how often each operation was called."""
    entries = process.call("log", timeout=30)
    if entries is None:
        raise Refused(f"no emulator runs on port {process.port}; start it first")
    print(requestlog.summary(entries) if arguments.summary else "\n".join(map(requestlog.line, entries)))
    return 0


def _ask(process: Process, arguments) -> int:
    """Ask one of its own addresses, such as dataplane; with a JSON body something is changed."""
    try:
        body = None if arguments.body is None else json.loads(arguments.body)
        print(json.dumps(ask(process.url, arguments.path, body), indent=2))
    except ValueError as wrong:
        raise Refused(f"{arguments.body!r} is no JSON: {wrong}") from wrong
    except OSError as absent:
        raise Refused(f"no emulator runs on port {process.port}; start it first") from absent
    return 0


def _rules(_process: Process, _arguments) -> int:
    """Print every rule of strict mode as a Markdown table."""
    from emulator import strict

    print(strict.table())
    return 0


def _unproven(_process: Process, _arguments) -> int:
    """Print what a run against the embedded AWS does not prove."""
    from emulator import unproven

    print(unproven.text())
    return 0


COMMANDS = {
    "start": _start, "stop": _stop, "status": _status, "reset": _reset, "run": _run, "log": _log, "ask": _ask,
    "rules": _rules, "unproven": _unproven,
}  # fmt: skip


def _amount(text: str) -> float:
    """Return a number that isn't negative, or fail as argparse understands."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: allowed is 0 or more")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="The embedded AWS: one account in memory, on this machine's loopback only.",
        epilog="Logs and the pid are in .emulator/<port>/ of this checkout.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.add_argument(
            "--port", type=int, default=DEFAULT_PORT, help="the port to listen on (default: %(default)s)"
        )
        if name in ("start", "run"):
            command.add_argument(
                "--strict", action=argparse.BooleanOptionalAction, default=True, help="refuse what AWS refuses"
            )
            command.add_argument(
                "--latency", type=_amount, default=0, metavar="MS", help="wait so many milliseconds before each answer"
            )
            command.add_argument(
                "--provisioning", type=_amount, default=0, metavar="SCALE",
                help="let resources take so much of the time that AWS takes to make them: 1 is as on AWS (default: 0)",
            )  # fmt: skip
            command.add_argument(
                "--eventual", type=int, metavar="SEED",
                help="show writes late, as AWS does, drawn from this number (default: at once)",
            )  # fmt: skip
        if name == "ask":
            command.add_argument("path", help="below /_emulator/, for example faults")
            command.add_argument("body", nargs="?", metavar="JSON", help='for example {"deny": ["pipes:*"]}')
        if name == "log":
            command.add_argument("--summary", action="store_true", help="count calls by operation")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return COMMANDS[arguments.command](Process(arguments.port), arguments)
    except Refused as refused:
        print(f"emulator: {refused}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as missing:
        print(f"emulator: {missing}; run it with the project's own Python environment", file=sys.stderr)
        return 1
