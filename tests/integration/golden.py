"""What every inventory plans, writes and records on an empty account: kept in ``tests/golden``, a line for each thing.

What AWS makes up (ids, addresses, times) is told by what it belongs to, or by its sort. ``GOLDEN=write`` keeps what a
run does now as what is right: look at what git shows of it before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter

from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from .conftest import ROOT
from .recorder import READS

FOLDER = ROOT / "tests/golden"
# What AWS makes up, by sort.
MADE_UP = [
    ("time", r"\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d:?\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?|\b1[7-9]\d{8}(\.\d+)?\b"),
    ("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("token", r"\b[0-9a-f]{32}\b|(?<=:scalable-target/)\w+"),
    ("digest", r"\b[0-9a-f]{64}\b|(?<![\w+/])[\w+/]{43}="),
    ("id", r"(?<=-)[0-9a-f]{17}\b|(?<=-)[0-9a-f]{8}\b|(?<=/)[0-9a-f]{16}\b|(?<=-)\d+(?=\.[\w-]+\.elb\.)"),
    ("unique", r"\bA[A-Z0-9]{3}[A-Z0-9]{16,17}\b|\bdb-[A-Z0-9]{26}\b|\b(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{13,}\b"),
    ("suffix", r"(?<=:secret:)(?P<name>[\w!/.<>-]+)-[A-Za-z0-9]{6}(?![\w-])"),
    ("address", r"\b(?!10\.|172\.|192\.168\.|0\.)\d{1,3}(\.\d{1,3}){3}\b(:[3-6]\d{4}\b)?"),
]
YEAR_2001 = 1_000_000_000_000  # in milliseconds; nothing of ours is as large
# Fields whose values are nothing but made up.
KEYS = {"CurrentKeyMaterialId", "PrivateIp"}
# What a record says of its run; and the objects that a run writes for itself.
OF_THE_RUN = {"ansible", "collection", "commit", "host", "time", "user", "who"}
BOOKS = re.compile(r"(lock|record|unchanged|records/.*|changes/.*|trail.*)\.jsonl?$")


def told(value, names: dict[str, str]):
    """Return a value without what AWS made up; where that decides an order there is none."""
    if isinstance(value, dict):
        return {_text(key, names): "<made up>" if key in KEYS else told(item, names) for key, item in value.items()}
    if isinstance(value, list):
        items = [told(item, names) for item in value]
        same = items == value and not all(isinstance(one, dict) and "Key" in one for one in items)
        return items if same else sorted(items, key=lambda one: json.dumps(one, sort_keys=True))
    if isinstance(value, str):
        return _text(value, names)
    return "<time>" if isinstance(value, int) and value > YEAR_2001 else value


def _text(text: str, names: dict[str, str]) -> str:
    for made_up, name in names.items():
        text = text.replace(made_up, name)
    for sort, pattern in MADE_UP:
        text = re.sub(pattern, lambda hit, sort=sort: "-".join([*hit.groupdict().values(), f"<{sort}>"]), text)
    return text


def names_of(records: list[dict]) -> dict[str, str]:
    """Return what AWS made up for each resource, with how it is told; the longest first, which others may be part of."""
    ids = {}
    for one in records:
        for kind, lives in one["resources"].items():
            for live in lives:
                made_up = live.get("id")
                if isinstance(made_up, str) and re.search(r"[0-9a-f]{8}", made_up):
                    ids[made_up] = f"<{kind} {KINDS[kind].label(live)}>"
    return {made_up: ids[made_up] for made_up in sorted(ids, key=len, reverse=True) if made_up not in ids[made_up]}


def planned(run, names) -> Counter:
    """Return what a check tells of each resource."""
    return Counter(
        _line(one["kind"], told(one["name"], names), one["action"], told(_data(one.get("diff", {}).get("after")), names))
        for one in run.resources()
    )


def _data(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def recorded(records: list[dict], names) -> Counter:
    """Return what the records keep of each resource, and of the run."""
    lines = Counter()
    for one in records:
        for kind, lives in one["resources"].items():
            lines.update(_line(kind, told(live, names)) for live in lives)
        rest = {key: value for key, value in one.items() if key not in {"resources", *OF_THE_RUN}}
        lines[_line(one["stack"], told(rest, names))] += 1
    return lines


def written(log: list[dict], names) -> Counter:
    """Return the requests that write, but for those of the books."""
    return Counter(
        _line(one["service"], one["operation"], told(one["parameters"], names))
        for one in log
        if one["status"] < 400 and not one["operation"].startswith(READS) and not BOOKS.search(str(one["parameters"].get("Key", "")))
    )


def _line(*parts) -> str:
    return json.dumps(parts, sort_keys=True, default=str)


def differences(inventory: str, plan, log: list[dict], records: list[dict]):
    """Yield what is no longer as it was kept: of a check, the log of the apply after it, and what that recorded."""
    names = names_of(records)
    yield from _compared(inventory, "plan", planned(plan, names))
    yield from _compared(inventory, "writes", written(log, names))
    yield from _compared(inventory, "record", recorded(records, names))


def _compared(inventory: str, what: str, now: Counter):
    path = FOLDER / f"{inventory}.{what}.jsonl"
    if os.environ.get("GOLDEN") == "write":
        path.write_text("".join(f"{line}\n" for line in sorted(now.elements())))
        return
    kept = Counter(path.read_text().splitlines())
    for line in sorted(kept - now):
        yield f"{what} lacks, since {path.name} has: {line[:1500]}"
    for line in sorted(now - kept):
        yield f"{what} has, which {path.name} lacks: {line[:1500]}"
