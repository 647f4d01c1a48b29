"""The recordings of a clone of cloud-custodian, object by object."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator

import botocore.session

COMMIT = "df800e9"
WHERE = "tests/data/placebo"
NAME = re.compile(r"([\w.-]+)\.(\w+)_\d+\.json")


def recordings(clone: str) -> Iterator[tuple[str, str, dict]]:
    """Yield the endpoint prefix, the operation and the data of each recorded answer that nobody trimmed."""
    listed = subprocess.run(
        ["git", "-C", clone, "ls-tree", "-r", COMMIT, WHERE], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    blobs = {}
    for line in listed.splitlines():
        told, path = line.split("\t", 1)
        found = NAME.fullmatch(path.rpartition("/")[2])
        if found:
            blobs[told.split()[2]] = found.groups()  # the same answer is counted once
    out = subprocess.run(
        ["git", "-C", clone, "cat-file", "--batch"], input="\n".join(blobs).encode(), capture_output=True, check=True
    ).stdout  # fmt: skip
    at = 0
    for service, operation in blobs.values():
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[2])
        text, at = out[end + 1 : end + 1 + size], end + 2 + size
        try:
            answer = json.loads(text)
        except ValueError:
            continue
        data = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(data, dict) and as_recorded(data.get("ResponseMetadata") or {}) and not answer_failed(answer):
            yield service, operation, data


def as_recorded(metadata: dict) -> bool:
    """Say whether an answer is AWS's own: one without these was trimmed, one with such a number made up."""
    number = metadata.get("RequestId") or "x"
    return bool(metadata.get("HTTPHeaders")) and not number.startswith("12345678")


def answer_failed(answer: dict) -> bool:
    """Say whether a recorded answer is an error."""
    return answer.get("status_code", 200) >= 300 or "Error" in answer["data"]


@functools.cache
def prefix(service: str) -> str:
    """Return the name by which the recordings call a service of boto3."""
    return botocore.session.get_session().get_service_model(service).endpoint_prefix


class Objects:
    """How many objects of each kind there were in answers, and how many had which key."""

    def __init__(self):
        self.count: Counter = Counter()
        self.keys: dict[str, Counter] = defaultdict(Counter)

    def add(self, shape, data, path="", when=lambda path, item: True) -> None:
        """Count an answer, as far as the model knows it; ``when`` says of an object whether it counts."""
        if data is None:
            return
        if shape.type_name == "structure":
            if not when(path, data):
                return
            self.count[path] += 1
            for name, member in shape.members.items():
                if name in data:
                    self.keys[path][name] += 1
                    self.add(member, data[name], f"{path}.{name}" if path else name, when)
        elif shape.type_name == "list":
            for item in data:
                self.add(shape.member, item, f"{path}[]", when)

    def most(self, path: str, share=0.5) -> set[str]:
        """Return the keys that most objects of a path carry."""
        return {key for key, count in self.keys[path].items() if count > share * self.count[path]}
