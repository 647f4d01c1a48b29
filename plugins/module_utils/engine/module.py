"""What every module of ours does around the engine: arguments, errors, exit."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .aws import SAID, Aws
from .errors import expected, sentence
from .sync import sync

STEERING = ("state", "purge_tags", "wait", "wait_timeout", "account_id", "lock", *SAID)


def run(kind, arguments: dict, **module_options) -> None:
    """Be the module of one kind: the arguments are the kind's fields."""
    spec = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
        "account_id": {"type": "str"},
        **SAID,
        "lock": {"type": "str"},
        **arguments,
    }
    if kind.taggable:
        spec |= {
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": True},
        }
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True, **module_options)
    own = {name: module.params[name] for name in spec if name not in STEERING}
    try:
        outcome = sync(
            kind,
            Aws.of_module(module),
            kind.want(own),
            module.params["state"],
            check=module.check_mode,
            purge_tags=module.params.get("purge_tags", True),
            wait=module.params["wait"],
            timeout=module.params["wait_timeout"],
        )
    except Exception as error:
        if not expected(error):
            raise
        module.fail_json(msg=sentence(error, f"{kind.title} {kind.label(own)}"))
    module.exit_json(**outcome.result())
