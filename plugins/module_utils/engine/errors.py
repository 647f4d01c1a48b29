"""One sentence for each thing that can go wrong with AWS."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .plain import plain

try:
    import botocore.exceptions as boto
except ImportError:  # AnsibleAWSModule says so
    boto = None

HINTS = {
    "AccessDenied": "allow {action} to the caller",
    "AccessDeniedException": "allow {action} to the caller",
    "UnauthorizedOperation": "allow {action} to the caller",
    "AuthFailure": "check the credentials",
    "ExpiredToken": "renew the credentials",
    "ExpiredTokenException": "renew the credentials",
    "InvalidClientTokenId": "check the access key",
    "UnrecognizedClientException": "check the access key",
    "SignatureDoesNotMatch": "check the secret key and this machine's clock",
    "OptInRequired": "enable the region or service for this account",
    "RequestLimitExceeded": "try again later",
    "ThrottlingException": "try again later",
    "LimitExceededException": "ask AWS for a higher quota or delete what is not used",
    "DependencyViolation": "delete what still uses it",
}


DENIED = ("AccessDenied", "AccessDeniedException")
"""How services say that the caller may not; EC2 has a word of its own."""


# AWS's codes for "there is no such thing here": in this region, in this partition, for a resource of this sort.
UNSUPPORTED = {
    "InvalidAction", "MethodNotAllowed", "NotImplemented", "UnknownOperationException", "UnsupportedArgument",
    "UnsupportedOperation", "UnsupportedOperationException", "XNotImplemented",
}  # fmt: skip
# Lambda and Route 53 say it with the code by which they refuse a caller: only their words tell the two apart.
UNSUPPORTED_WORDS = (
    "unable to determine service/operation name to be authori",
    "is not available for the current aws account",
)


# Parts of AWS's codes for "there is no such thing", which may also mean "I don't see it yet".
GONE = re.compile("NotFound|NoSuch|NonExist|NotExist|DoesNotExist")
# Where AWS's code stands in what a community module, or an answer for each resource, tells in words.
CODE = re.compile(r"(?:An error occurred \(|refused with |^)([\w.]+)(?:\)|: )")


class EngineError(Exception):
    """A failure that is already one clear sentence."""

    done: dict | None = None
    """The result of what was done before it, if anything was."""


def keep_done(error: Exception, result: dict | None) -> None:
    """Let a failure tell what was done before it: the result of that."""
    vars(error)["done"] = result


def done_before(error: Exception) -> dict:
    """Return the result of what was done before a failure; nothing where it tells of nothing."""
    return getattr(error, "done", None) or {}


class NotYet(EngineError):
    """What is needed isn't seen, and may only be seen late."""


def code(error: Exception) -> str:
    """Return AWS's error code, or nothing."""
    return getattr(error, "response", {}).get("Error", {}).get("Code", "")


def not_found(error: Exception, more: Iterable[tuple[str, str]] = ()) -> bool:
    """Say whether AWS answered that there is no such thing: it isn't there, or not seen everywhere yet.

    ``more`` are a kind's own words for it: (code, part of the message).
    """
    if isinstance(error, NotYet):
        return True
    told = code(error) or " ".join(CODE.findall(str(error)) if isinstance(error, EngineError) else ())
    return bool(GONE.search(told)) or any(name == told and text in str(error) for name, text in more)


def unsupported(error: Exception) -> bool:
    """Say whether AWS refused a read because there is no such thing here, for anybody: not because of who asks."""
    told = getattr(error, "response", {}).get("Error", {}).get("Message", "").lower()
    if code(error) in (*DENIED, "UnauthorizedOperation"):
        return any(words in told for words in UNSUPPORTED_WORDS)
    return code(error) in UNSUPPORTED or "not supported" in told


def unless(
    codes: str | Iterable[str], call: Callable[..., Any], *arguments: Any, otherwise: Any = None, **keywords: Any
) -> Any:
    """Return what a call returns, or ``otherwise`` when AWS answers with one of the error codes."""
    try:
        return call(*arguments, **keywords)
    except Exception as error:
        if code(error) in ({codes} if isinstance(codes, str) else set(codes)):
            return otherwise
        raise


def expected(error: Exception) -> bool:
    """Say whether an error is AWS's or the user's, and not a fault of this code."""
    return isinstance(error, (EngineError, boto.BotoCoreError, boto.ClientError))


@contextlib.contextmanager
def during(doing: str) -> Iterator[None]:
    """Let what is expected to go wrong say what it was about."""
    try:
        yield
    except Exception as error:
        if not expected(error):
            raise
        told = EngineError(sentence(error, doing))
        keep_done(told, done_before(error))
        raise told from error


def sentence(error: Exception, doing: str = "") -> str:
    """Return what happened and what to do about it, in one sentence that is fit for a terminal and a record."""
    return plain(_sentence(error, doing))


def _sentence(error: Exception, doing: str) -> str:
    prefix = f"{doing}: " if doing else ""
    if boto is None or isinstance(error, EngineError):
        told = str(error)
        return told if told.startswith(doing) else prefix + told
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError)):
        return prefix + (
            "no complete AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or run where a role gives them"
        )
    if isinstance(error, boto.ProfileNotFound):
        return prefix + f"{error}; name a profile of ~/.aws/config"
    if isinstance(error, (boto.NoRegionError, boto.InvalidRegionError)):
        return prefix + "no valid AWS region is known; set stack_region, for example us-east-1"
    if isinstance(error, (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ConnectionClosedError)):
        url = getattr(error, "kwargs", {}).get("endpoint_url", "")
        return prefix + f"AWS can't be reached at {url}; check the network, the region and AWS_ENDPOINT_URL"
    if isinstance(error, boto.ReadTimeoutError):
        url = getattr(error, "kwargs", {}).get("endpoint_url", "")
        return prefix + f"AWS didn't answer in time at {url}; look at what became of it, then run again"
    if isinstance(error, boto.ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        hint = "" if unsupported(error) else HINTS.get(code(error), "").format(action=error.operation_name)
        told = f"{error.operation_name} was refused with {code(error)}: {message}".rstrip(".: ")
        return prefix + told + (f"; {hint}" if hint else "")
    return prefix + (str(error) or type(error).__name__)
