"""What every module of ours does around its work: arguments, errors, exit."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .aws import STEERING, TOLD_TO_ALL, Aws
from .errors import done_before, during, expected, sentence
from .sync import sync

if TYPE_CHECKING:
    from .kind import Kind
    from .typed import Result

TAGS = {
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
}
_describes: ContextVar[bool] = ContextVar("_describes", default=False)


@dataclass
class Described(Exception):
    """What the module of one kind takes; it was asked for that, and does nothing."""

    spec: dict
    """Its own arguments, but for those that a play says to all."""
    options: dict
    """What else it says of them: which exclude each other, and so on."""


def described(main: Callable[[], None]) -> Described:
    """Return what the module of one kind takes, whose ``main`` this is."""
    before = _describes.set(True)
    try:
        main()
    except Described as told:
        return told
    finally:
        _describes.reset(before)
    raise TypeError("this is no module of one kind")


def run(kind: Kind, arguments: dict, **module_options: Any) -> None:
    """Be the module of one kind: the arguments are the kind's fields."""
    spec = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
        **TOLD_TO_ALL,
        **arguments,
        **(TAGS if kind.taggable else {}),
    }
    if _describes.get():
        raise Described({name: told for name, told in spec.items() if name not in TOLD_TO_ALL}, module_options)

    def work(aws: Aws, asked: dict[str, Any], check: bool) -> Result:
        own = {name: asked[name] for name in spec if name not in (*STEERING, *TOLD_TO_ALL)}
        with during(f"{kind.title} {kind.label(own)}"):
            outcome = sync(
                kind,
                aws,
                kind.want(own),
                asked["state"],
                check=check,
                purge_tags=asked.get("purge_tags", True),
                wait=asked["wait"],
                timeout=asked["wait_timeout"],
            )
        return outcome.result()

    answer(work, spec, **module_options)


def answer(work: Callable[[Aws, dict[str, Any], bool], Any], arguments: dict, **module_options: Any) -> None:
    """Be a module whose result is what ``work(aws, asked, check)`` returns; what it can't do is one sentence.

    ``asked`` are the module's arguments, and ``check`` whether it must change nothing. Unsaid, ``changed`` is false.
    What was done before a failure is in its result.
    """
    module = AnsibleAWSModule(argument_spec=arguments, supports_check_mode=True, **module_options)
    try:
        result = work(Aws.of_module(module), module.params, module.check_mode)
    except Exception as error:
        if not expected(error):
            raise
        module.fail_json(msg=sentence(error), **done_before(error))
    module.exit_json(**{"changed": False, **result})


def only_as_action(name: str, arguments: dict) -> None:
    """Be the module beside an action of the same name, which does its work: documentation and arguments."""
    AnsibleAWSModule(argument_spec=arguments).fail_json(msg=f"{name} runs on the controller, as an action")
