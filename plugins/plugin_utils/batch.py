"""What a task of the action ``resources`` says: its entries, read one by one, judged, and put in order."""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_docstring
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION, STEERING, TRUST
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, during
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import Described, described
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import references
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.plugin_utils.core import plain_data, with_variables

KEYWORDS = ("name", "for_each", "when")
"""What an entry may say besides its module."""
WRITERS = {kind.module: kind for kind in KINDS.values()}
SHORT = {module.rpartition(".")[2]: module for module in WRITERS}


@dataclass
class Entry:
    """One resource of a batch."""

    place: str
    """How a sentence on the entry begins."""
    kind: Kind
    arguments: dict
    """The module's, with the references in them."""
    label: str = ""
    """What people call the resource."""
    needs: set[int] = field(default_factory=set)
    """The numbers of the entries that come before it."""

    @property
    def who(self) -> str:
        """Return what sentences on the resource begin with."""
        return f"{self.kind.title} {self.label}"

    @property
    def absent(self) -> bool:
        """Whether the resource is to be deleted."""
        return self.arguments.get("state") == "absent"

    def taken(self, arguments: dict) -> Taken:
        """Return arguments, with no references any more, as the module takes them."""
        if not self.kind.ours:
            return Taken(arguments, ())
        module = _module(self.kind.module)
        validated = ArgumentSpecValidator(module.spec, **module.options).validate(arguments)
        if validated.errors.errors:
            raise EngineError(f"{self.place}: {self.kind.module}: {validated.errors.errors[0].msg}")
        # By their own names, not by aliases.
        taken = {name: validated.validated_parameters[name] for name in module.spec}
        return Taken(taken, tuple(validated._no_log_values))


@dataclass
class Taken:
    """The arguments of a module, as it takes them."""

    arguments: dict
    secrets: tuple
    """The values that nobody may see."""

    @property
    def described(self) -> dict:
        """Return those that describe the resource."""
        return {name: value for name, value in self.arguments.items() if name not in STEERING}

    def say(self, name: str, otherwise: Any) -> Any:
        """Return one that says how it is written."""
        value = self.arguments.get(name)
        return otherwise if value is None else value

    def shown(self, result: Any) -> Any:
        """Return a result without what nobody may see."""
        return remove_values(result, self.secrets) if self.secrets else result


@functools.cache
def _module(name: str) -> Described:
    """Return what a module of ours takes."""
    collection, _, short = name.rpartition(".")
    return described(importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{short}").main)


@functools.cache
def _theirs(name: str) -> frozenset[str]:
    """Return the arguments of a community module, as it documents them; nothing where it isn't installed."""
    found = module_loader.find_plugin_with_context(name)
    if not found.resolved:
        raise EngineError(f"{name} isn't installed")
    document = get_docstring(found.plugin_resolved_path, fragment_loader, collection_name=name.rpartition(".")[0])[0]
    options = (document or {}).get("options") or {}
    return frozenset({*options, *(alias for one in options.values() for alias in one.get("aliases") or ())})


def kind_of(place: str, module: str) -> Kind:
    """Return the kind that a module writes, which may be named without its collection."""
    kind = WRITERS.get(SHORT.get(module, module))
    if kind is None:
        near = difflib.get_close_matches(module, [*SHORT, *WRITERS], 1)
        told = f"did you mean {near[0]}?" if near else f"these are known: {', '.join(sorted(SHORT))}"
        raise EngineError(f"{place} names {module!r}, which is no module of a resource; {told}")
    return kind


def modules(said: Any) -> list[str]:
    """Return the full names of the modules that entries name, as far as they can be read before they are templated."""
    named = [key for one in said if isinstance(one, dict) for key in one] if isinstance(said, list) else []
    return [SHORT.get(key, key) for key in dict.fromkeys(named) if SHORT.get(key, key) in WRITERS]


def read(said: Any, templar: Any) -> list[Entry]:
    """Return the entries of a task, each templated by itself, with what comes before each.

    Raises EngineError for what can't be meant, before anything is asked of AWS.
    """
    if not isinstance(said, list):
        raise EngineError("resources must be a list, each item a module with its arguments")
    own: dict = _settled(said, templar)
    templar = with_variables(templar, own)
    made = [entry for number, one in enumerate(said) for entry in _entries(f"resources[{number}]", one, templar, own)]
    for entry in made:
        _judge(entry)
    _put_in_order(made)
    return made


def _settled(said: list, templar: Any) -> dict:
    """Return the values of the variables that entries mention several times, templated once.

    What is made of an item isn't among them, nor what isn't known: that is templated where it is used.
    """
    variables = templar.available_variables
    mentioned = Counter(
        name
        for one in said
        if isinstance(one, dict)
        for name in re.findall(r"[a-z_]\w+", str(one)) * (2 if "for_each" in one else 1)
    )
    found = {}
    for name, count in mentioned.items():
        text = variables.get(name) if count > 1 else None
        if isinstance(text, str) and "{{" in text and not _of_an_item(name, variables, set()):
            with contextlib.suppress(AnsibleError):
                found[name] = templar.template(text)
    return found


def _of_an_item(name: str, variables: Any, seen: set[str]) -> bool:
    """Say whether a variable is made of an item, however far away; a text that may be one counts."""
    seen.add(name)
    raw = str(variables[name])
    mentioned = set(re.findall(r"[a-z_]\w+", raw)) if "{{" in raw else set()
    return bool(mentioned & {"item", "index"}) or any(
        _of_an_item(other, variables, seen) for other in mentioned - seen if other in variables and other not in seen
    )


def _entries(place: str, one: Any, templar: Any, own: dict) -> Iterator[Entry]:
    if not isinstance(one, dict):
        raise EngineError(f"{place} must be a module with its arguments")
    place = f"{place} {one['name']!r}" if isinstance(one.get("name"), str) else place
    named = [key for key in one if key not in KEYWORDS]
    if len(named) != 1:
        raise EngineError(
            f"{place} names {' and '.join(map(str, named)) or 'no module'}: an entry is one module with its arguments, "
            f"and may say {', '.join(KEYWORDS)} besides"
        )
    kind = kind_of(place, named[0])
    for variables in _items(place, one, templar):
        own.update(variables)
        at = f"{place}, item {variables['index']}" if variables else place
        try:
            conditions = one.get("when", [])
            if not all(map(templar.evaluate_conditional, conditions if isinstance(conditions, list) else [conditions])):
                continue
            arguments = templar.template(one[named[0]])
        except AnsibleError as error:
            raise EngineError(f"{at}: {error}") from error
        finally:
            for name in variables:
                del own[name]
        if not isinstance(arguments or {}, dict):
            raise EngineError(f"{at}: the arguments of {named[0]} must be a mapping")
        yield Entry(at, kind, plain_data(arguments or {}))


def _items(place: str, one: dict, templar: Any) -> Iterator[dict]:
    """Yield the variables of each item; one time none where there is no ``for_each``."""
    if "for_each" not in one:
        yield {}
        return
    try:
        each = templar.template(one["for_each"])
    except AnsibleError as error:
        raise EngineError(f"{place}: for_each: {error}") from error
    if isinstance(each, dict):
        each = [{"key": key, "value": value} for key, value in each.items()]
    if not isinstance(each, (list, tuple)):
        raise EngineError(f"{place}: for_each must be a list or a mapping, not {each!r}")
    for index, item in enumerate(each):
        yield {"item": item, "index": index}


def _judge(entry: Entry) -> None:
    """Refuse arguments that the module doesn't take, and give the entry its name.

    A community module's own are looked up only where something is to be written (``judge_theirs``).
    """
    kind, arguments = entry.kind, entry.arguments
    if kind.ours:
        _refuse_others(entry)
    with during(entry.place):
        try:
            entry.label = kind.label(kind.want(entry.taken(arguments).described))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EngineError(f"{kind.module} can't take its arguments: {error}") from error
    if has_placeholder(entry.label):
        raise EngineError(f"{entry.place}: the name of a {kind.title} must be known, and can't be {entry.label}")


def judge_theirs(entry: Entry) -> None:
    """Refuse arguments that a community's module doesn't take: where a resource is as wanted, it has them all."""
    if not entry.kind.ours:
        _refuse_others(entry)


def known(kind: Kind) -> set[str]:
    """Return the arguments that an entry of a kind may have."""
    if not kind.ours:
        return {*_theirs(kind.module)} - {*CONNECTION, *TRUST}
    spec = _module(kind.module).spec
    return {*spec, *(alias for one in spec.values() for alias in one.get("aliases", ()))}


def _refuse_others(entry: Entry) -> None:
    there = known(entry.kind)
    for name in entry.arguments:
        if name not in there:
            near = difflib.get_close_matches(name, there, 1)
            told = f"did you mean {near[0]}?" if near else f"it takes {', '.join(sorted(there))}"
            raise EngineError(f"{entry.place}: {name!r} is no argument of {entry.kind.module}; {told}")


def _put_in_order(entries: list[Entry]) -> None:
    """Let each entry come after what it speaks of, after what its kind is built on, and deletions after all before."""
    by_name: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries):
        before = by_name.setdefault((entry.kind.name, entry.label), number)
        twins = entries[before].arguments, entry.arguments
        if before != number and all(twins[0].get(one) == twins[1].get(one) for one in entry.kind.identity):
            raise EngineError(f"{entry.place} and {entries[before].place} are both {entry.who}")
    for number, entry in enumerate(entries):
        entry.needs = {other for other in range(number) if entry.absent or entries[other].kind.name in entry.kind.needs}
        for one in references(entry.arguments):
            if by_name.get((one.kind, one.name), number) != number:
                entry.needs.add(by_name[one.kind, one.name])
    done: set[int] = set()
    while len(done) < len(entries):
        ready = {number for number, entry in enumerate(entries) if entry.needs <= done} - done
        if not ready:
            left = sorted(set(range(len(entries))) - done)
            told = ", ".join(entries[number].who for number in left)
            raise EngineError(f"each of {told} needs another one of them first")
        done |= ready
