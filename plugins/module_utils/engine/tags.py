"""AWS writes tags in three ways; the engine knows one: a dict."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

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


def plan(live: dict, wanted: dict, purge: bool) -> tuple[dict[str, str], list[str]]:
    """Return the tags to add or change, and the keys to remove."""
    add = {key: value for key, value in wanted.items() if live.get(key) != value}
    return add, sorted(set(live) - set(wanted)) if purge else []
