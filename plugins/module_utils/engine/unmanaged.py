"""What nobody declared, beside the stack's resources: in one of them, with its tag, or with its names."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import deleting, listings
from . import tags as tagging
from .aws import optional
from .cache import CachedAws
from .elsewhere import there
from .errors import EngineError
from .listings import Listing
from .names import elsewhere, tail
from .survey import THREADS, Survey, result_or_reason

if TYPE_CHECKING:
    from .aws import Aws
    from .typed import Kinds, Resource


@dataclass(frozen=True)
class Unmanaged:
    """Something that nobody declared."""

    kind: str
    name: str
    where: str
    live: Resource
    listing: Listing | None = None


def find(
    aws: Aws, stack: str, kinds: Kinds, survey: Survey, unreadable: dict | None = None
) -> tuple[list[Unmanaged], dict[str, str]]:
    """Return what nobody declared, and what could not be read.

    ``unreadable`` are, by kind, resources that are known to be the stack's although the survey may not look at them.
    """
    cached = CachedAws(aws)
    ids, names = _known(kinds, (survey.live, unreadable or {}))
    asked = [
        (listing, parent)
        for kind in kinds.values()
        for listing in listings.of(kind)
        for parent in ([one["id"] for one in survey.live.get(listing.parent, [])] if listing.parent else [""])
    ]
    others, refused = result_or_reason(lambda: _others(cached, stack))
    unread = {"names of other stacks": refused} if refused else {}
    with ThreadPoolExecutor(THREADS) as pool:
        tagged = pool.submit(result_or_reason, lambda: _tagged(cached, stack, kinds, ids))
        regions = sorted({kind.region for kind in kinds.values()} - {""})
        more = pool.map(lambda at: result_or_reason(lambda: _tagged(cached.at(at), stack, kinds, ids)), regions)
        answers = list(pool.map(lambda pair: result_or_reason(lambda: items(cached, stack, *pair)), asked))
    found: dict[tuple, Unmanaged] = {}
    for (listing, parent), (listed, refused) in zip(asked, answers, strict=True):
        if refused:
            unread.setdefault(listing.kind, refused)
        for item in listed or []:
            name = item[listing.name] if listing.name else item
            plain = tail(name)
            if name in ids or {(listing.kind, plain), (listing.kind, name)} & names or item_id(item) & ids:
                continue
            if listing.worldwide and elsewhere(plain, aws.region):
                continue  # there the stack of this name is another one
            if parent or belongs(plain, stack, others or ()):
                where = f"in {parent}" if parent else f"with a name of {stack}"
                one = Unmanaged(listing.kind, _title(item, name), where, _plain(item), listing)
                found.setdefault((listing.kind, name), one)
    arns: list[str] = []
    for told, refused in (tagged.result(), *more):
        arns += told or []
        if refused:
            unread["tags"] = refused
    known = {name for (_kind, name), one in found.items() for name in (name, one.name, *item_id(one.live))}
    known |= {tail(name) for name in known}
    for arn in arns:
        if tail(arn) not in known and arn not in known:
            kind = arn.split(":")[2] + "_" + arn.split(":", 5)[5].partition("/")[0].partition(":")[0]
            found[kind, arn] = Unmanaged(kind, arn, f"with the tag Stack of {stack}", {"arn": arn})
    return list(found.values()), unread


def _known(kinds: Kinds, resources: Iterable[dict[str, list[Resource]]]) -> tuple[set, set]:
    """Return the ids and ARNs of the stack's resources, and by what is listed the names that they have there."""
    ids, names = set(), set()
    for name, lives in (pair for by_kind in resources for pair in by_kind.items()):
        kind = kinds.get(name)
        for live in lives:
            ids |= {live[field] for field in ("id", "arn", "url") if live.get(field)}
            if kind is None:
                continue
            for listing in listings.of(kind):
                if listing.field:
                    names.add((listing.kind, live[listing.field]))
                elif listing.kind == name:
                    names.add((name, kind.label(live)))
    ids |= {tail(one) for one in ids}
    return ids, names


def item_id(item: Any) -> set[str]:
    """Return what else identifies an item."""
    if not isinstance(item, dict):
        return set()
    fields = ("Arn", "arn", "GroupId", "LaunchTemplateId", "ARN", "TargetGroupArn", "LoadBalancerArn", "TopicArn")
    return {item[field] for field in fields if item.get(field)}


def _title(item: Any, name: Any) -> str:
    if isinstance(item, dict) and item.get("Tags") and str(name).partition("-")[0] != name:
        title = tagging.from_list([tag for tag in item["Tags"] if "Key" in tag]).get("Name")
        return f"{name} ({title})" if title and title != name else name
    return tail(name)


def _plain(item: Any) -> Any:
    return item if isinstance(item, dict) else {"name": item}


def items(aws: Aws, stack: str, listing: Listing, parent: str = "") -> list:
    """Return what a listing has, but for what is nobody's."""
    what, aws = f"{listing.kind}s that nobody declared", there(aws, listing.region)
    listed = optional(aws, what, listing.service, _listed, aws, listing, _filled(listing.parameters, stack, parent))
    made = listing.skip_names(aws, parent) if listing.skip_names else ()
    return [
        item
        for item in listed or []
        if not (isinstance(item, dict) and (listing.skip(item) or item.get(listing.name) in made))
    ]


def _listed(aws: Aws, listing: Listing, parameters: Any) -> Any:
    client, (key, _, inner) = aws(listing.service), listing.key.partition("/")
    if client.can_paginate(listing.operation):
        listed = aws.pages(listing.service, listing.operation, key, **parameters)
    else:
        listed = getattr(client, listing.operation)(**parameters).get(key)
    return [item for outer in listed or [] for item in outer[inner]] if inner else listed


def _filled(parameters: Any, stack: str, parent: str) -> Any:
    if isinstance(parameters, dict):
        return {key: _filled(value, stack, parent) for key, value in parameters.items()}
    if isinstance(parameters, list):
        return [_filled(value, stack, parent) for value in parameters]
    if isinstance(parameters, str):
        return parameters.replace("{parent}", parent).replace("{stack}", stack)
    return parameters


def belongs(name: str, stack: str, others: Iterable[str]) -> bool:
    """Say whether a name is one of the stack's and not one of another stack that begins alike."""
    parts = [part for part in name.removeprefix("alias/").split("/") if part]
    return any(
        (part == stack or part.startswith(f"{stack}-"))
        and not any(part == other or part.startswith(f"{other}-") for other in others)
        for part in parts
    )


def _others(aws: Aws, stack: str) -> list[str]:
    """Return the names of the account's other stacks that begin like this one's."""
    found = aws.pages("resourcegroupstaggingapi", "get_tag_values", "TagValues", Key="Stack")
    return [value for value in found if value.startswith(f"{stack}-")]


def _tagged(aws: Aws, stack: str, kinds: Kinds, ids: set[str]) -> list[str]:
    """Return the ARNs that carry the stack's tag and aren't known."""
    found = aws.pages(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
        TagFilters=[{"Key": "Stack", "Values": [stack]}],
    )  # fmt: skip
    copies = [part for kind in kinds.values() for part in kind.tag_copies]
    marks = {kind.offspring_tag for kind in kinds.values()}
    arns = [item["ResourceARN"] for item in found if not _of_others(item, marks, aws)]
    return [arn for arn in arns if arn not in ids and tail(arn) not in ids and not any(part in arn for part in copies)]


def _of_others(item: dict[str, Any], marks: set[str], aws: Aws) -> bool:
    """Say whether what has the stack's tag is one of its resources' own, or of the stack of this name elsewhere."""
    tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]}
    # What doesn't say whose it is belongs to the stack of the region in which it is.
    return bool(marks & tags.keys()) or tags.get("Region", aws.region) != aws.home


def delete(aws: Aws, one: Unmanaged, kinds: Kinds) -> None:
    """Delete what nobody declared, when somebody asked for it."""
    listing = one.listing
    if not listing or not listing.delete[0]:
        raise EngineError(f"{one.kind} {one.name} can't be deleted from here; delete it by hand")
    aws = there(aws, listing.region)
    kind, name = kinds.get(one.kind), one.live[listing.name or "name"]
    if kind and kind.identity == ("name",) and not listing.parent:
        found = kind.find(aws, {"name": tail(name)})
        if found:
            deleting.delete(kind, aws, found, deleting.ALONE_SECONDS)
            return
    operation, parameter = listing.delete
    given = {parameter.removesuffix("[]"): [name] if parameter.endswith("[]") else name}
    deleting.each_done(getattr(aws(listing.service), operation)(**given) or {})
