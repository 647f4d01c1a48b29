"""Everything in one run, because on a shared machine only ratios within a run mean something."""

import argparse
import statistics
import tempfile
from dataclasses import fields
from pathlib import Path

from bench import floor, ways
from bench.processes import Aws, Failed, Measure


def median(measures: list[Measure]) -> Measure:
    """Return the median of each figure."""
    return Measure(*(statistics.median(getattr(one, field.name) for one in measures) for field in fields(Measure)))


def table(title: str, head: list[str], rows: list[list]) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(f'{cell:.2f}' if isinstance(cell, float) else str(cell) for cell in row)} |", flush=True)


def lives(arguments, folder: Path) -> None:
    """Compare the ways, phase by phase."""
    slow, skipped = [ways.STOCK], []
    other = ways.mitogen()
    (skipped if isinstance(other, str) else slow).append(other)
    told: dict[str, list[dict[str, Measure]]] = {ways.OURS.title: []}
    floors, empty = {1: [], 8: []}, []
    with_terraform = arguments.terraform_mirror and arguments.terraform_peer
    if not with_terraform:
        skipped.append("Terraform is not measured: name --terraform-mirror and --terraform-peer.")
    with Aws() as aws:
        for number in range(arguments.runs):
            for way in [ways.OURS, *(slow if number < arguments.slow_runs else [])]:
                told.setdefault(way.title, []).append(way.life(aws, folder))
            aws.reset()
            hosts = ways.inventory(folder, 1)
            ways.OURS.play(aws, "standard", hosts)
            before = len(aws.requests())
            check = ways.OURS.play(aws, "standard", hosts, "--check")
            asked = aws.requests()[before:]
            empty.append(ways.OURS.play(aws, floor.empty(folder, check.tasks), hosts))
            for threads, seconds in floors.items():
                seconds.append(floor.replay(aws, asked, threads))
            if with_terraform:
                one = ways.terraform(arguments.terraform_mirror, arguments.terraform_peer)
                told.setdefault("Terraform", []).append(one)
    medians = {
        title: {phase: median([one[phase] for one in runs]) for phase in ways.PHASES if phase in runs[0]}
        for title, runs in told.items()
    }
    ours = medians[ways.OURS.title]
    rows = [
        [phase, title, one.seconds, one.seconds / ours[phase].seconds, one.cpu, round(one.peak), round(one.requests)]
        for phase in ways.PHASES
        for title, phases in medians.items()
        for one in [phases.get(phase)]
        if one
    ]
    for threads, seconds in floors.items():
        least = statistics.median(seconds)
        title = f"floor: its questions, {threads} thread{'s' if threads > 1 else ''}"
        rows.append(["no-op check", title, least, least / ours["no-op check"].seconds, "", "", ""])
    least = median(empty)
    title = f"floor: Ansible with {least.tasks:.0f} tasks that do nothing"
    ratio = least.seconds / ours["no-op check"].seconds
    rows.append(["no-op check", title, least.seconds, ratio, least.cpu, round(least.peak), 0])
    head = ["phase", "way", "seconds", "times ours", "CPU seconds", "peak MiB", "requests"]
    runs = f"medians of {arguments.runs}, of stock and Mitogen {arguments.slow_runs}"
    table(f"One stack of prod's sizes, {runs}", head, rows)
    for sentence in skipped:
        print(f"\n{sentence}")


def far(arguments, folder: Path) -> None:
    """Measure with AWS's latency and times."""
    longest = 480 * 0.05 + 120 * 0.05  # the database, and the services that need its address
    rows = []
    for title, latency, provisioning, phase in (
        ("fresh apply, 30 ms, resources take 0.05 of AWS's time", 30, 0.05, "fresh apply"),
        ("no-op apply, 60 ms", 60, 0, "no-op apply"),
    ):
        with Aws(latency, provisioning) as aws:
            measures = []
            for _ in range(arguments.runs):
                aws.reset()
                hosts = ways.inventory(folder, 1)
                first = ways.OURS.play(aws, "standard", hosts)
                measures.append(first if phase == "fresh apply" else ways.OURS.play(aws, "standard", hosts))
            seconds = median(measures).seconds
            ratio = f"{seconds / longest:.2f} of the longest chain of waits, {longest:.0f} s" if provisioning else ""
            rows.append([title, seconds, ratio])
    if arguments.terraform_mirror and arguments.terraform_peer:
        plan = ways.terraform(arguments.terraform_mirror, arguments.terraform_peer, 60)["no-op apply"].seconds
        rows.append(["terraform plan, 60 ms, one run", plan, f"ours is {rows[-1][1] / plan:.2f} of it"])
    table("As far away as AWS", ["what", "seconds", ""], rows)


def growth(arguments, folder: Path) -> None:
    """Measure more and more stacks in one inventory."""
    rows, first = [], None
    with Aws() as aws:
        for stacks in arguments.growth:
            aws.reset()
            one = ways.OURS.play(
                aws, "standard", ways.inventory(folder, stacks), "--check", "--forks", str(arguments.forks)
            )
            first = first or one
            rows.append([stacks, one.seconds, one.seconds / stacks, one.seconds / first.seconds, round(one.peak)])
    head = ["stacks", "seconds", "seconds a stack", "times the first", "peak MiB"]
    table(f"Check from empty of several stacks, --forks {arguments.forks}", head, rows)


def main(argv: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="medians of so many runs (default: 3)")
    parser.add_argument("--only", choices=["lives", "far", "growth"], action="append", help="a part of it")
    parser.add_argument("--slow-runs", type=int, default=1, help="so many runs of stock and Mitogen; 0 for none")
    parser.add_argument("--growth", type=lambda text: [int(one) for one in text.split(",")], default=[1, 2, 4, 8, 16])
    parser.add_argument("--forks", type=int, default=4)
    parser.add_argument("--terraform-mirror", type=Path, help="folder with registry.terraform.io")
    parser.add_argument("--terraform-peer", type=Path, help="folder with measure.py and moto_plus.py")
    arguments = parser.parse_args(argv)
    parts = {"lives": lives, "far": far, "growth": growth}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in arguments.only or parts:
                parts[name](arguments, Path(folder))
    except Failed as failed:
        print(failed)
        return 1
    return 0
