"""How the engine reaches AWS, from a module and from the controller alike."""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import EndpointConnectionError
except ImportError:  # AnsibleAWSModule says so
    pass

from . import lease
from .errors import sentence, unsupported
from .errors import unless as unless  # noqa: PLC0414 -- most who ask AWS need it

CONNECTION = ("region", "profile", "access_key", "secret_key", "session_token", "endpoint_url", "aws_config")
# What a play says once, by module_defaults, to all that the engine writes.
SAID = {
    "ignored_tags": {"type": "list", "elements": "str", "default": []},
    "may_lose": {"type": "list", "elements": "str", "default": []},
}
TOLD_TO_ALL = {"account_id": {"type": "str"}, "lock": {"type": "str"}, "stack_region": {"type": "str"}, **SAID}
# How a resource is brought to what is wanted; the other arguments describe it.
STEERING = ("state", "purge_tags", "wait", "wait_timeout")
TRUST = ("validate_certs", "aws_ca_bundle")
_kept: dict[str, Aws] = {}


class Aws:
    """One account and region: clients made once, and what they have in common."""

    def __init__(self, connect: Any, region: str) -> None:
        """Take a function from service name to client, and the region.

        The function takes more of botocore's options, for ``patient``, and another ``region``, for ``at``.
        """
        self._connect = connect
        self._clients: dict = {}
        self._making = threading.Lock()  # boto3 sessions make one client at a time; the clients are thread-safe
        self.region = region
        self.home = region
        """The stack's own region, where its bucket and its lock are: this one, unless a task names another."""
        self._elsewhere: dict[str, Aws] = {}
        self.tasks = 0
        """How many items of a loop it has served."""
        self.lists: dict = {}
        """What was listed of a kind for the items of a loop to come."""
        self.endpoint = ""
        """Where AWS is, if not where it usually is."""
        self.ignored_tags: tuple[str, ...] = ()
        """Patterns of the keys of tags that somebody else puts on resources."""
        self.may_lose: frozenset[str] = frozenset()
        """The resources, as kind/name, of which a write may destroy what nobody can bring back."""
        self.notes: set[str] = set()
        """What was told as absent because AWS doesn't have it here."""
        self.connection: dict = {}
        """The arguments that it was made of, for another process."""

    @classmethod
    def of_module(cls, module: Any) -> Aws:
        """Use the connection arguments of an AnsibleAWSModule, and the clients of the loop's items before."""
        aws = cls._kept_for(module.params, module.region)

        def connect(service: str, region: str | None = None, **more: Any) -> Any:
            return module.client(service, config=config(**more), **({"region": region} if region else {}))

        aws._connect = connect
        lease.guard(aws.at(aws.home), None if module.check_mode else module.params.get("lock"))
        return aws

    @classmethod
    def _kept_for(cls, arguments: dict, region: str) -> Aws:
        """Return the one Aws of this process for a connection: it outlives the items of a loop, and never a task."""
        said = [arguments.get(name) for name in CONNECTION] + [region]
        told = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
        key = json.dumps([said, told], sort_keys=True, default=str)
        if key not in _kept:
            _kept[key] = cls(None, region)
        aws = _kept[key]
        aws.tasks += 1
        aws.home = arguments.get("stack_region") or region
        aws.endpoint = arguments.get("endpoint_url") or os.environ.get("AWS_ENDPOINT_URL", "")
        aws.ignored_tags = tuple(arguments.get("ignored_tags") or ())
        aws.may_lose = frozenset(arguments.get("may_lose") or ())
        aws.connection = {name: arguments.get(name) for name in (*CONNECTION, *TRUST)} | {"region": region}
        if arguments.get("account_id"):
            aws.account = arguments["account_id"]
        return aws

    @classmethod
    def of_arguments(cls, arguments: dict, lock: str | None = None) -> Aws:
        """Use the connection arguments that every AWS module takes, on the controller, in the same way."""
        session = boto3.session.Session(
            aws_access_key_id=arguments.get("access_key"),
            aws_secret_access_key=arguments.get("secret_key"),
            aws_session_token=arguments.get("session_token"),
            profile_name=arguments.get("profile"),
            region_name=arguments.get("region"),
        )
        url = arguments.get("endpoint_url")
        aws = cls._kept_for(arguments, session.region_name)

        def connect(service: str, region: str | None = None, **more: Any) -> Any:
            return session.client(service, region_name=region, endpoint_url=url, config=config(**more))

        aws._connect = connect
        lease.guard(aws.at(aws.home), lock)
        return aws

    def at(self, region: str) -> Aws:
        """Return the same account in another region."""
        if region == self.region:
            return self
        with self._making:
            if region not in self._elsewhere:
                self._elsewhere[region] = Aws(functools.partial(self._connected, region), region)
        there = self._elsewhere[region]
        there.home, there.endpoint, there.notes = self.home, self.endpoint, self.notes
        there.ignored_tags, there.may_lose = self.ignored_tags, self.may_lose
        there.connection = {**self.connection, "region": region}
        if "account" in vars(self):
            there.account = self.account
        return there

    def _connected(self, place: str, service: str, region: str | None = None, **more: Any) -> Any:
        return self._connect(service, region=region or place, **more)

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        return self._client(service)

    def patient(self, service: str, seconds: int) -> Any:
        """Return a client for one long call: it waits these seconds for the answer, and sends nothing twice.

        What answers after minutes may have begun, or ended, when no answer comes: sent again, it would run again. A
        NAT gateway forgets a connection on which nothing passes for 350 seconds, hence the keepalive.
        """
        once = {"mode": "standard", "total_max_attempts": 1}
        return self._client(service, read_timeout=seconds, retries=once, tcp_keepalive=True)

    def _client(self, service: str, **more: Any) -> Any:
        key = (service, more.get("read_timeout"))
        with self._making:
            if key not in self._clients:
                self._clients[key] = self._connect(service, **more)
            return self._clients[key]

    def afresh(self) -> None:
        """Let a fork connect by itself: connections are not shared, though the clients are."""
        for client in self._clients.values():
            client.close()
        for there in self._elsewhere.values():
            there.afresh()

    @cached_property
    def account(self) -> str:
        """The account's id."""
        return self("sts").get_caller_identity()["Account"]

    @cached_property
    def partition(self) -> str:
        """The partition of the region: aws, aws-cn, aws-us-gov ..."""
        return boto3.session.Session().get_partition_for_region(self.region)

    @cached_property
    def suffix(self) -> str:
        """The domain of the partition's addresses."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """Return the ARN of a resource of this account and region."""
        return ":".join(
            ["arn", self.partition, service, self.region if region else "", self.account if account else "", resource]
        )

    def offers(self, service: str) -> bool:
        """Say whether AWS has a service in the region, as far as boto3 knows; global ones are everywhere."""
        regions = boto3.session.Session().get_available_regions(service, self.partition)
        return not regions or self.region in regions

    def tags(self, arn: str, ask: Callable[..., Any]) -> dict[str, str]:
        """Return a resource's tags, which ``ask`` asks for: a look at a whole stack knows them already."""
        return ask()

    def pages(self, service: str, operation: str, key: str, /, **arguments: Any) -> list:
        """Return all items of a call that answers by pages, also of one for which botocore has no paginator."""
        client = self(service)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**arguments)
        else:
            pages = _pages(getattr(client, operation), arguments)
        return [item for page in pages for item in page.get(key) or []]


def _pages(call: Callable[..., Any], arguments: dict) -> Iterator[dict[str, Any]]:
    """Yield the pages of a call, by the token that each has for the next."""
    more: dict = {}
    while True:
        page = call(**arguments, **more)
        yield page
        if not page.get("nextToken"):
            return
        more = {"nextToken": page["nextToken"]}


def tags_of(aws: Aws, stack: str, *kinds: str) -> dict[str, dict[str, str]]:
    """Return the tags of a stack's resources of AWS's kinds, or of all, by ARN, at once; they may be seconds old."""
    mappings = aws.pages(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
        TagFilters=[{"Key": "Stack", "Values": [stack]}], ResourceTypeFilters=list(kinds), ResourcesPerPage=100,
    )  # fmt: skip
    return {one["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in mappings}


def config(**more: Any) -> Any:
    """Return how clients work, with more options: throttling is retried with exponential backoff and jitter."""
    return Config(**{"retries": {"mode": "standard", "max_attempts": 6}, **more})


def optional(
    aws: Aws, what: str, service: str, call: Callable[..., Any], *arguments: Any, otherwise: Any = None, **keywords: Any
) -> Any:
    """Return what an optional read returns, or ``otherwise``, with a note, where AWS has no such thing here.

    A caller who may not read, and an AWS that can't be reached, are errors as ever.
    """
    try:
        return call(*arguments, **keywords)
    except Exception as error:
        if not (unsupported(error) or isinstance(error, EndpointConnectionError) and not aws.offers(service)):
            raise
        aws.notes.add(f"told as none, since AWS doesn't have it in {aws.region}: {sentence(error, what)}")
        return otherwise
