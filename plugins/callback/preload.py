"""Loads what the next task's AWS module needs, in the parent, so that each forked worker has it already.

A callback and not part of the action, because the action first exists in the worker, whose memory dies with the task.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import importlib
import importlib.util
import inspect
import re
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader, module_loader
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import prefetch
from ansible_collections.flow_builder.aws.plugins.plugin_utils import batch, core

try:
    import botocore.client
    import botocore.hooks
    import botocore.session
except ImportError:  # each module says so itself
    botocore = None

DOCUMENTATION = r"""
name: preload
type: aggregate
short_description: Loads AWS modules before the workers are forked
description:
  - Imports what a task's AWS module imports, and the boto3 service models that it uses, once for all tasks of a run.
  - Changes no result. It serves the in-process runner in C(plugins/fast), and actions that call boto3 themselves.
requirements:
  - enabled in C(callbacks_enabled)
"""

OURS = ("amazon.aws.", "awx.awx.", "community.aws.", "flow_builder.aws.")
IMPORTED = re.compile(r"^\s*(?:from|import) ((?:ansible_collections|boto)[\w.]+)", re.MULTILINE)
SERVICES = re.compile(r"""(?:client\(|\bservice\s*=)\s*["']([a-z0-9-]+)["']""")


def remember(owner, name: str) -> None:
    """Give a function of botocore's a memory. Its answer depends on the last argument; a dictionary answer is copied.

    Botocore keeps these answers in each session, and each module makes a session. Kept in the parent they are worked
    out once, and a worker shares the memory that they take instead of filling its own.
    """
    function, known = getattr(owner, name, None), {}
    if function is None:  # another botocore: slower, not wrong
        return

    @functools.wraps(function)
    def remembering(*args, **options):
        key = id(args[-1]) if isinstance(args[-1], dict) else args[-1]
        if key not in known:
            known[key] = args[-1], function(*args, **options)  # kept with its argument, so that the id stays its own
        return copy.copy(known[key][1]) if isinstance(known[key][1], dict) else known[key][1]

    setattr(owner, name, remembering)


if botocore:
    remember(botocore.session, "create_loader")  # of a search path: it keeps the service models that it parsed
    remember(botocore.client, "ServiceModel")
    remember(botocore.client.ClientCreator, "_create_methods")
    remember(botocore.client.ClientCreator, "_create_name_mapping")
    remember(botocore.hooks, "accepts_kwargs")
    remember(botocore.hooks.EventAliaser, "_alias_event_name")


@functools.cache
def warm(name: str):
    """Load what the module needs and return its spec, whose loader keeps the compiled code; run nothing of it.

    Only the names that it imports are read from its source: to import the module itself would run its body, whose
    deprecation warnings belong in the task's result.
    """
    try:
        spec = importlib.util.find_spec(name)
        loader: Any = spec and spec.loader  # Ansible's own, which has more than any loader has
        loader.get_code(name)
        source = loader.get_source(name)
    except Exception:  # noqa: BLE001 - not found, not Python: whoever runs it says so
        return None
    source = source if isinstance(source, str) else source.decode()
    for imported in sorted(set(IMPORTED.findall(source))):
        try:
            used = importlib.import_module(imported)
        except Exception:  # noqa: BLE001 - the module copes or says so itself
            continue
        if ".kinds." in imported:  # our own modules leave the service to the kind
            for kind in (*vars(used).values(), *getattr(used, "KINDS", {}).values()):
                warm_service(getattr(kind, "service", ""))
    for service in set(SERVICES.findall(source)):
        warm_service(service)
    gc.freeze()  # a collection in a worker would write to, and so copy, every page that it shares with the parent
    return spec


@functools.cache
def warm_service(service) -> None:
    """Make a client once, which parses the models and endpoint rules of its service, and its other two models."""
    if not botocore or not isinstance(service, str) or not service:
        return
    try:
        session = botocore.session.Session()
        session.create_client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
        for model in ("paginators-1", "waiters-2"):
            session.get_component("data_loader").load_service_model(service, model)
    except Exception:  # noqa: BLE001 - an unknown service, an unusable profile: what fails here fails in the module, aloud
        return


core.remember_templates()


def warm_templates(*values) -> None:
    """Compile the templates in values, at any depth, and load the filters that they use."""
    left = list(values)
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, (list, tuple)):
            left.extend(value)
        elif isinstance(value, str) and "{{" in value:
            core.compile_template(value)


class CallbackModule(CallbackBase):
    """Warm each task's module just before the task's workers are forked."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "flow_builder.aws.preload"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        """Make room for what a look at a whole stack shows, and load what each worker would load."""
        super().__init__()
        core.warn()
        prefetch.share()
        action_loader.get("ansible.legacy.normal", class_only=True)
        inspect.stack()  # ansible-core does that for each loop without items; the first time it reads a lot

    def v2_playbook_on_play_start(self, play):
        """Warm what the roles' variables are made of."""
        for role in play.roles:
            warm_templates(role.get_default_vars(), role.get_vars(include_params=False))
        gc.freeze()

    def v2_playbook_on_task_start(self, task, is_conditional):
        """Warm the module; an action of ours names those that it calls as an argument, or in the entries of one."""
        warm_templates(task.args, task.loop, task.vars)
        arguments = task.args or {}
        for name in (task.resolved_action or task.action, *arguments, *batch.modules(arguments.get("resources"))):
            if str(name).startswith(OURS):
                with contextlib.suppress(AnsibleError):  # a module that was removed: the task says so
                    found = module_loader.find_plugin_with_context(name, ignore_deprecated=True)
                    if found.resolved and found.plugin_resolved_path.endswith(".py"):
                        warm(found.plugin_resolved_name)

    def v2_playbook_on_handler_task_start(self, task):
        """Warm a handler's module."""
        self.v2_playbook_on_task_start(task, False)
