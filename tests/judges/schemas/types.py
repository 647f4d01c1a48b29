"""CloudFormation's types, as cfn-lint's wheel brings their schemas, and our resources as their properties."""

from __future__ import annotations

import functools
import json

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"


@functools.cache
def schema(name: str) -> dict:
    """Return a type's schema, such as AWS::SQS::Queue's."""
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema


def paths(name: str, kind: str) -> set[str]:
    """Return a type's paths of one kind: createOnly, conditionalCreateOnly, readOnly, writeOnly."""
    return {path.removeprefix("/properties/") for path in schema(name).get(f"{kind}Properties", [])}


def at(name: str, path: str) -> dict | None:
    """Return what a type's schema says of a path such as Metrics/*/MetricStat/Stat; nothing for one that isn't there."""
    found = schema(name)
    for step in path.split("/"):
        found = resolved(found, name)
        found = found.get("items") if step == "*" else found.get("properties", {}).get(step)
        if found is None:
            return None
    return resolved(found, name)


def resolved(part: dict, name: str) -> dict:
    """Return a part of a type's schema without references, and with the properties of all its choices."""
    while "$ref" in part:
        part = schema(name)["definitions"][part["$ref"].rpartition("/")[2]]
    choices = [resolved(one, name) for key in ("oneOf", "anyOf", "allOf") for one in part.get(key, [])]
    if any("properties" in one or "type" in one for one in choices):
        every = {key: value for one in choices for key, value in one.get("properties", {}).items()}
        kinds = [one["type"] for one in (*choices, part) if "type" in one]
        part = {**part, "properties": {**every, **part.get("properties", {})}, **({"type": kinds[-1]} if kinds else {})}
    return part


def plain(name: str) -> str:
    """Return a name as all spell it: a field's, a property's, an AWS answer's."""
    return name.replace("_", "").lower()


class Mapping:
    """One type's properties, made of what a kind's resources are."""

    def __init__(self, name: str, names: dict[str, str]):
        self._name, self._names = name, names
        self.used: set[str] = set()
        """The names of ours that became a property, at any depth."""

    def properties(self, live: dict) -> dict:
        """Return a live resource as the type's properties; those that AWS only tells are left out."""
        told = paths(self._name, "readOnly")
        made = self._object(schema(self._name), live, (live,), "")
        return {key: value for key, value in made.items() if key not in told}

    def _object(self, part, value, scopes, path) -> dict:
        if not part.get("properties"):
            self._use(value)
            return value or {}
        ours = {plain(key): key for key in value} if isinstance(value, dict) else {}
        made = {}
        for name, of in part["properties"].items():
            where = f"{path}/{name}" if path else name
            found = None
            if where in self._names:
                found = self._source(self._names[where], scopes)
            elif plain(name) in ours:
                self.used.add(ours[plain(name)])
                found = value[ours[plain(name)]]
            shaped = self._shaped(resolved(of, self._name), found, scopes, where)
            if shaped not in (None, "", [], {}):
                made[name] = shaped
        return made

    def _source(self, source, scopes):
        if source.startswith("="):
            return source[1:]
        if source == ".":
            return scopes[0]
        first, *more = source.split("/")
        found = next((scope for scope in scopes if first in scope), {}).get(first)
        self.used.add(first)
        for step in more:
            self.used.add(step)
            found = (found or {}).get(step)
        return found

    def _use(self, value):
        if isinstance(value, dict):
            self.used.update(value)

    def _shaped(self, part, value, scopes, path):
        kinds = part.get("type", "object" if "properties" in part else "string")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        beneath = any(name.startswith(f"{path}/") for name in self._names)
        if "array" in kinds and not isinstance(value, str):
            return self._list(part, value, scopes, path, beneath)
        if kinds == ["object"] and not isinstance(value, dict):
            value = None  # a field of the same name, whose value is one of the object's
        if "object" in kinds and (value is None or isinstance(value, dict)):
            if value is None and not beneath:
                return None
            inner = (value, *scopes) if isinstance(value, dict) else scopes
            return self._object(part, value, inner, path)
        return scalar(kinds, part, value) if "array" not in kinds else [value] if value else None

    def _list(self, part, value, scopes, path, beneath):
        items = resolved(part.get("items", {}), self._name)
        names = list(items.get("properties", {}))
        if isinstance(value, dict) and {"Value"} < set(names) and len(set(names) & {"Key", "Name"}) == 1:
            key = next(iter({"Key", "Name"} & set(names)))
            self._use(value)
            return [{key: name, "Value": str(one)} for name, one in sorted(value.items()) if one != ""]
        if value is None:
            if not any(name.startswith(f"{path}/*/") for name in self._names):
                return None
            made = self._object(items, None, scopes, f"{path}/*")
            # What is always so says nothing by itself.
            said = {key for key in made if not self._names.get(f"{path}/*/{key}", "").startswith("=")}
            return [made] if said else None
        every = value if isinstance(value, list) else [value]
        return [self._shaped(items, one, scopes, f"{path}/*") for one in every]


def scalar(kinds: list[str], part: dict, value):
    """Return a value in the type's spelling: CloudFormation takes numbers as text, and AWS tells flags in words."""
    if isinstance(value, list) and "array" not in kinds:
        return scalar(kinds, part, value[0]) if len(value) == 1 else ",".join(map(str, value)) or None
    if isinstance(value, dict) and "object" not in kinds:
        return json.dumps(value) if value else None
    if isinstance(value, bool) and "boolean" not in kinds:
        words = {word.lower(): word for word in part.get("enum", [])}
        told = ("enabled", "true") if value else ("disabled", "suspended", "false")
        return next((words[word] for word in told if word in words), str(value).lower())
    if isinstance(value, str) and set(kinds) <= {"integer", "number"} and value.lstrip("-").replace(".", "").isdigit():
        return float(value) if "." in value else int(value)
    if isinstance(value, str) and kinds == ["boolean"] and value in ("true", "false"):
        return value == "true"
    if isinstance(value, int | float) and set(kinds) == {"string"}:
        return str(value)
    return int(value) if isinstance(value, float) and kinds == ["integer"] and value.is_integer() else value
