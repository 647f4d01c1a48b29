"""AWS writes tags in three ways; the engine knows one: a dict."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

if TYPE_CHECKING:
    from .typed import Resource

RESERVED = "aws:"


def to_list(tags: dict, key: str = "Key", value: str = "Value") -> list[dict]:
    """Return tags as the list of pairs that most services take."""
    return ansible_dict_to_boto3_tag_list(tags, tag_name_key_name=key, tag_value_key_name=value)


def from_list(tags: list[dict] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return tags as a dict, without those that AWS reserves for itself."""
    pairs = boto3_tag_list_to_ansible_dict(tags or [], tag_name_key_name=key, tag_value_key_name=value)
    return own(pairs)


def own(tags: dict | None) -> dict[str, str]:
    """Return tags without those that AWS reserves for itself."""
    return {key: value for key, value in sorted((tags or {}).items()) if not key.startswith(RESERVED)}


def ours(tags: dict, stack: str, region: str) -> bool:
    """Say whether tags are a stack's of this region, where an account has one list of all regions."""
    return (tags.get("Stack"), tags.get("Region")) == (stack, region)


def foreign(tags: dict | None, patterns: Iterable[str]) -> dict[str, str]:
    """Return the tags that somebody else puts on resources, whose keys match one of the patterns (as of file names)."""
    return {key: value for key, value in (tags or {}).items() if any(fnmatchcase(key, one) for one in patterns)}


def without_foreign(resource: Resource, patterns: Iterable[str]) -> dict:
    """Return a resource without the tags that somebody else puts on it."""
    theirs = foreign(resource.get("tags"), patterns)
    if not theirs:
        return resource
    return {**resource, "tags": {key: value for key, value in resource["tags"].items() if key not in theirs}}


def plan(live: Resource, wanted: dict, purge: bool, kept: Iterable[str] = ()) -> tuple[dict[str, str], list[str]]:
    """Return the tags to add or change, and the keys to remove; keys that match ``kept`` are never removed."""
    add = {key: value for key, value in wanted.items() if live.get(key) != value}
    return add, sorted(set(live) - set(wanted) - set(foreign(live, kept))) if purge else []
