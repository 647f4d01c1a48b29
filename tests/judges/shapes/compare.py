"""The keys that AWS's answers carry in most cases, against those of the embedded AWS, where a kind reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import botocore.session

from .recordings import Objects, prefix, recordings

JUDGED = ("rds", "ecs", "ecr", "elbv2")
"""The services whose answers must lack nothing."""

OTHER_ENGINES = ("aurora", "mysql", "mariadb", "oracle", "sqlserver", "docdb", "neptune")

ZIP = "the recorded functions are all of zips, most of ours of images"
EXCEPTIONS = {
    ("ecs", "DescribeServices", "services[].launchType"): "ours have a capacity provider strategy, which excludes it",
    ("ecs", "DescribeServices", "services[].deployments[].launchType"): "as above",
    (
        "ecs",
        "DescribeTaskDefinition",
        "taskDefinition.containerDefinitions[].dockerLabels",
    ): "it was given; ours have none",
    (
        "rds",
        "DescribeDBParameters",
        "Parameters[].AllowedValues",
    ): "the embedded AWS knows those of the parameters that people set; no kind reads it",
    ("s3", "ListBuckets", "Owner.DisplayName"): "S3 has told no display names since 21 November 2025 (its API reference)",
    ("lambda", "GetFunction", "Configuration.Handler"): ZIP,
    ("lambda", "GetFunction", "Configuration.Runtime"): ZIP,
    ("lambda", "GetFunction", "Code.Location"): ZIP,
    ("lambda", "ListFunctions", "Functions[].Handler"): ZIP,
    ("lambda", "ListFunctions", "Functions[].Runtime"): ZIP,
    ("s3", "GetBucketAcl", "Grants[].Grantee.URI"): "grants to everybody, which ours have none of",
    ("secretsmanager", "ListSecrets", "SecretList[].LastAccessedDate"): "only of what was read on another day",
}
"""Keys, by service, operation and path, that ours lack, and why."""


def counts(path: str, item: dict) -> bool:
    """Say whether a recorded object is of the sort that we make: databases are PostgreSQL's."""
    return not str(item.get("Engine", "")).startswith(OTHER_ENGINES)


class Answers:
    """Clients that keep what they are answered, by service and operation."""

    def __init__(self, session: boto3.session.Session, url: str):
        self._session, self._url = session, url
        self.objects: dict[tuple[str, str], Objects] = defaultdict(Objects)

    def client(self, service: str):
        """Return a client that keeps its answers."""
        made = self._session.client(service, endpoint_url=self._url)
        made.meta.events.register("after-call", lambda **told: self._keep(service, **told))
        return made

    def _keep(self, service, http_response, parsed, model, **_more):
        if http_response.status_code < 300:
            self.objects[service, model.name].add(model.output_shape, parsed)


@dataclass(frozen=True)
class Missing:
    """A key that ours lack."""

    service: str
    operation: str
    path: str
    """Where it would be, such as DBInstances[].Endpoint."""
    recorded: str
    """How many of the recorded objects have it, of how many."""
    ours: str


@dataclass
class Table:
    """What was compared of a service."""

    operations: set[str]
    objects: int = 0
    keys: int = 0


def compare(clone: str, answers: dict[tuple[str, str], Objects]) -> tuple[dict[str, Table], list[Missing]]:
    """Return what was compared, by service, and what ours lack."""
    session = botocore.session.get_session()
    shapes = {
        (prefix(service), operation): (
            service,
            session.get_service_model(service).operation_model(operation).output_shape,
        )
        for service, operation in answers
    }
    recorded: dict[tuple[str, str], Objects] = defaultdict(Objects)
    for service, operation, data in recordings(clone):
        known = shapes.get((service, operation))
        # The recordings have both generations of load balancers under one name.
        if known and known[1] is not None and set(data) & set(known[1].members):
            recorded[known[0], operation].add(known[1], data, when=counts)
    tables: dict[str, Table] = {}
    return tables, list(_missing(recorded, answers, tables))


def _missing(recorded, answers, tables) -> Iterator[Missing]:
    for (service, operation), theirs in sorted(recorded.items()):
        ours = answers[service, operation]
        table = tables.setdefault(service, Table(set()))
        table.operations.add(operation)
        for path in theirs.count:
            if not path or not ours.count[path]:  # the answer itself pages; what we have none of has no keys
                continue
            table.objects += theirs.count[path]
            for key in sorted(theirs.most(path)):
                table.keys += 1
                if key not in ours.most(path):
                    yield Missing(
                        service, operation, f"{path}.{key}",
                        f"{theirs.keys[path][key]} of {theirs.count[path]}",
                        f"{ours.keys[path][key]} of {ours.count[path]}",
                    )  # fmt: skip
