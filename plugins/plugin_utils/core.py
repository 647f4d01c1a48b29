"""What we take of ansible-core's inside, and what we change of it while it runs: here, and nowhere else.

One gate: with a version that is KNOWN all of it is there; with any other one nothing of it is touched, a run works at
stock speed, and says so once. What an action may do by ansible-core's own word needs no gate, and isn't here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import operator
from collections import ChainMap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display

KNOWN = ("2.21",)
"""The versions of ansible-core, by their first two numbers, whose inside is as this file takes it."""
PROFILE = "legacy"  # how arguments and results are written as JSON; a module can't choose while _MODULE_METADATA is off
MANY = 100

try:
    if ".".join(__version__.split(".")[:2]) not in KNOWN:
        raise ImportError(__version__)
    from ansible._internal._templating import _engine, _jinja_bits, _lazy_containers
    from ansible.executor import module_common
    from ansible.module_utils import _internal
    from ansible.module_utils._internal import _traceback
    from ansible.module_utils._internal._ansiballz import _loader
    from ansible.module_utils.common import warnings as module_warnings
    from ansible.module_utils.common.json import Direction, get_module_encoder
    from ansible.utils.multiprocessing import context
except ImportError:
    known = False
else:
    known = True

try:  # only read, so it's tried in any version: what it finds is a fault in somebody's variables
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None


def warn() -> None:
    """Say that the short ways aren't taken, where they aren't; ansible-core says the same sentence once in a run."""
    if not known:
        Display().warning(
            f"flow_builder.aws runs at stock speed because ansible-core {__version__} isn't known to it, as "
            f"{' and '.join(KNOWN)} {'are' if len(KNOWN) > 1 else 'is'}"
        )


# Templates


def where_written(value: Any) -> tuple[str, int, int] | None:
    """Return file, line and column, from 1, of a value that YAML read; None where that isn't known."""
    origin = Origin.get_tag(value) if Origin else None
    if not origin or not origin.path or not origin.line_num:
        return None
    return str(origin.path), origin.line_num, origin.col_num or 1


def with_variables(templar: Any, variables: dict) -> Any:
    """Return a templar that knows more variables than a task's own, which they hide; none of those is copied.

    They may change while it is in use, and it goes on knowing the filters that it has loaded.
    """
    return templar.copy_with_new_env(available_variables=ChainMap(variables, templar.available_variables))


def plain_data(value: Any) -> Any:
    """Return a value without what ansible-core keeps with it, such as where it was written."""
    if isinstance(value, dict):
        return {plain_data(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    return int.__index__(value) if isinstance(value, int) and not isinstance(value, bool) else value


class OwnTemplates:
    """Mixed into an action that templates some of its arguments itself, with ``with_variables`` for example.

    ansible-core marks the way as experimental, and says by its name that it is there, in any version. One
    that no longer has it gives such an action everything templated, by the task's own variables.
    """

    own_templates: tuple[str, ...] = ()
    """The arguments that it gets as they were written; one that is a template of a list is that list, as written."""
    keeps_templates = hasattr(ActionBase, "finalize_task_arg")

    if keeps_templates:

        @classmethod
        def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
            """Return what the action gets as an argument."""
            if name in cls.own_templates:
                return templar.resolve_to_container(value)
            return super().finalize_task_arg(name, value, templar, context)  # type: ignore[misc]  # an action's


def compile_template(text: str) -> None:
    """Compile a template, for whoever needs it next; a wrong one says so in its task."""
    if known:
        _engine.TemplateEngine()._compile_template(text, _engine.TemplateOptions.DEFAULT)


def remember_templates() -> None:
    """Let this process, and all its forks, compile each template once, and wrap a host's variables once."""
    if known and not _stock:
        _stock["compile"] = _jinja_bits.AnsibleEnvironment.compile
        _stock["wrap"] = _lazy_containers._AnsibleLazyTemplateDict._lazy_values
        _jinja_bits.AnsibleEnvironment.compile = _compile_once
        _lazy_containers._AnsibleLazyTemplateDict._lazy_values = staticmethod(_wrap_once)


_stock: dict = {}
"""Ansible-core's own functions, where they were replaced."""
_compiled: dict = {}
_wrapped: dict = {}


def _compile_once(environment: Any, source: Any, *args: Any, **options: Any) -> Any:
    """Compile a template, or remember its code, which is the same wherever the same text stands."""
    if args or options or environment.overlayed or not isinstance(source, str):
        return _stock["compile"](environment, source, *args, **options)
    compiling = _jinja_bits._TemplateCompileContext.current(optional=True)
    key = str(source), compiling and compiling.escape_backslashes
    if key not in _compiled:
        _compiled[key] = _stock["compile"](environment, source)
    return _compiled[key]


def _wrap_once(values: dict, lazy_options: Any) -> Any:
    """Wrap a host's variables for a template, or take the wrappers from the template before: they hold no state.

    Each template is given all variables in a new dict; to wrap them anew is a tenth of a task's time.
    """
    if len(values) < MANY:
        return _stock["wrap"](values, lazy_options)
    names, items, pairs = _wrapped.get(id(values), ((), (), ()))
    same = len(items) == len(values) and all(map(operator.is_, items, values.values())) and names == list(values)
    if not same:
        pairs = [(key, _lazy_containers._LazyValue(value)) for key, value in values.items()]
        if len(_wrapped) > MANY:
            _wrapped.clear()
        _wrapped[id(values)] = list(values), list(values.values()), pairs
    templar = _engine.TemplateContext.current().templar
    return _lazy_containers._LazyValueSource(source=pairs, templar=templar, lazy_options=lazy_options)


# Modules in a process of the controller


def wants_more(task_vars: dict) -> bool:
    """Say whether a module is to be started with what only ansible-core's own way has: a debugger, coverage ..."""
    return bool(
        C.config.get_config_value("_MODULE_METADATA")
        or module_common._builder.ExtensionManager.create(task_vars).extension_names
    )


def module_name(path: str) -> str:
    """Return the Python name of a collection's module."""
    return module_common._get_ansible_module_fqn(path)


def interpreter(variables: dict, templar: Any) -> tuple[str, str] | None:
    """Return a module's first line and the Python that it names; None where that is still to be discovered."""
    try:
        return module_common._get_shebang("/usr/bin/python", variables, templar)
    except module_common.InterpreterDiscoveryRequiredError:
        return None


def built(module: str, arguments: dict, shebang: str) -> Any:
    """Return what ansible-core sends to a module's process: here the arguments alone."""
    encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    try:
        data = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
    except TypeError as error:
        raise AnsibleError(f"Failed to serialize arguments for the {module!r} module.") from error
    return module_common._BuiltModule(
        b_module_data=data,
        module_style="new",
        shebang=shebang,
        serialization_profile=PROFILE,
        has_environment=True,
    )


def fork(target: Callable[..., None], *arguments: Any) -> Any:
    """Return a process to start, as ansible-core forks its workers."""
    return context.Process(target=target, args=arguments, daemon=True)


@contextlib.contextmanager
def put_back() -> Iterator[None]:
    """Put back, when a module has run in this process, what ``run_module`` changed."""
    controller = _internal.is_controller, _internal.import_controller_module
    enabled, handlers, level = _traceback._is_traceback_enabled, logging.root.handlers[:], logging.root.level
    kept = [(one, dict(one)) for one in (module_warnings._global_warnings, module_warnings._global_deprecations)]
    try:
        yield
    finally:
        logging.root.handlers[:], logging.root.level = handlers, level
        _internal.is_controller, _internal.import_controller_module = controller
        _traceback._is_traceback_enabled = enabled
        for one, content in kept:
            one.clear()
            one.update(content)


def run_module(name: str, arguments: bytes) -> None:
    """Run a module as ansible-core's wrapper does; it ends by SystemExit."""
    # ansible-core's module_utils ask whether they are on the controller; from here on they aren't.
    _internal.is_controller = False
    _internal.import_controller_module = lambda _name, /: None
    _traceback._is_traceback_enabled = _traceback._is_module_traceback_enabled
    for told in (module_warnings._global_warnings, module_warnings._global_deprecations):
        told.clear()
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    _loader.run_module(
        json_params=arguments,
        profile=PROFILE,
        module_fqn=name,
        modlib_path=str(Path(C.__file__).parents[1]),
        extensions={},
    )
