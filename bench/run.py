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
    compared, skipped = [ways.OURS], []
    if arguments.stock:
        compared.append(ways.STOCK)
    other = ways.mitogen()
    (skipped if isinstance(other, str) else compared).append(other)
    told: dict[str, list[dict[str, Measure]]] = {way.title: [] for way in compared}
    floors = {1: [], 8: []}
    with_terraform = arguments.terraform_mirror and arguments.terraform_peer
    if not with_terraform:
        skipped.append("Terraform is not measured: name --terraform-mirror and --terraform-peer.")
    with Aws() as aws:
        for _ in range(arguments.runs):
            for way in compared:
                told[way.title].append(way.life(aws, folder))
            aws.reset()
            hosts = ways.inventory(folder, 1)
            ways.OURS.play(aws, "standard", hosts)
            before = len(aws.requests())
            ways.OURS.play(aws, "standard", hosts, "--check")
            asked = aws.requests()[before:]
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
    head = ["phase", "way", "seconds", "times ours", "CPU seconds", "peak MiB", "requests"]
    table(f"One stack of prod's sizes, medians of {arguments.runs}", head, rows)
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
    parser.add_argument("--stock", action=argparse.BooleanOptionalAction, default=True, help="measure stock too")
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
