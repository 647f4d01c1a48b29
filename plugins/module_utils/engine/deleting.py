"""The end of one resource: AWS lets it go only when nothing uses it any more, and is late to notice that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import EngineError, code, expected, sentence
from .waiting import TimedOut, until

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Resource, Words

# AWS's words for "something that I haven't finished deleting still uses this", and "I am in the middle of something":
# codes, each with a part of the message where the code alone says too little.
IN_USE = (
    ("BucketNotEmpty", ""),
    ("ClusterContainsServicesException", ""),
    ("ClusterContainsTasksException", ""),
    ("ConcurrentModificationException", ""),
    ("ConcurrentUpdateException", ""),
    ("ConflictException", ""),
    ("DeleteConflict", ""),
    ("DependencyViolation", ""),
    ("HostedZoneNotEmpty", ""),
    ("InvalidDBInstanceState", ""),
    ("InvalidDBParameterGroupState", ""),
    ("InvalidDBSubnetGroupStateFault", ""),
    ("InvalidGroup.InUse", ""),
    ("InvalidIPAddress.InUse", ""),
    ("InvalidNetworkInterface.InUse", ""),
    # A protection that was lifted a moment ago.
    ("InvalidParameterCombination", "disable deletion protection"),
    ("OperationInProgress", ""),
    ("OperationNotPermitted", "deletion protection"),
    ("ValidationException", "deletion protection"),
    ("OperationAborted", ""),
    ("OperationAbortedException", ""),
    ("PriorRequestNotComplete", ""),
    ("ResourceConflictException", "in progress"),
    ("ResourceInUse", ""),
    ("ResourceInUseException", ""),
    ("ScalingActivityInProgress", ""),
    ("UpdateInProgressException", ""),
    ("ValidationException", "since it has targets"),
)
# And for "I am deleting it already".
GOING = (
    ("InvalidDBInstanceState", "is already being deleted"),
    ("InvalidRequestException", "was deleted"),
    ("InvalidRequestException", "marked for deletion"),
)

ALONE_SECONDS = 1200
"""How long AWS may hold on to something that is deleted alone, and not with its stack; to a certificate so long."""


def says(error: Exception, words: Words) -> bool:
    """Say whether AWS's error is one of (code, part of the message); some codes end with Fault in some places."""
    told = code(error).removesuffix("Fault")
    return any(told == name.removesuffix("Fault") and text in str(error) for name, text in words)


def delete(kind: Kind, aws: Aws, live: Resource, timeout: int, ours: frozenset[str] = frozenset()) -> None:
    """Delete a resource as soon as AWS lets it go.

    ``ours`` are ids of what else is deleted together with it. Raises EngineError when AWS refuses, at once when
    somebody else uses the resource, since waiting would not end that.
    """
    label, refused = f"{kind.title} {kind.label(live)}", []

    def deleted() -> bool:
        try:
            kind.delete(aws, live)
        except Exception as error:
            if not expected(error):
                raise
            if says(error, GOING):
                return True
            if not says(error, IN_USE):
                raise EngineError(sentence(error, label)) from error
            others = kind.obstacles(aws, live, ours)
            if others:
                raise EngineError(f"{label} isn't deleted: {'; '.join(others)}") from error
            refused.append(sentence(error))
            return False
        return True

    try:
        until(deleted, timeout, label)
    except TimedOut as error:
        raise TimedOut(f"{label} is still in use after {timeout} seconds: {refused[-1]}") from error


def each_done(answer: dict, gone: Iterable[str] = ("NotFound", "MISSING")) -> None:
    """Raise EngineError for single resources with which AWS failed, where it doesn't answer with an error for all.

    ``gone`` are parts of the codes that say that a resource isn't there, which is no failure.
    """
    failed = [(one["Error"]["Code"], one["Error"]["Message"]) for one in answer.get("Unsuccessful") or []]
    for one in answer.get("failures") or []:
        keys = (("failureCode", "reason"), ("failureReason", "detail"))  # of ECR, of ECS
        failed.append(tuple(one.get(key) or one.get(other, "") for key, other in keys))
    for word, message in failed:
        if not any(part in word for part in gone):
            raise EngineError(f"{word}: {message}")
