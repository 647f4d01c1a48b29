"""Runs the AWS modules of local tasks inside the worker, for a twentieth of what starting a Python each costs.

Enabled in ansible.cfg; without these lines everything works the same, at stock speed:

    [defaults]
    action_plugins = plugins/fast
    callbacks_enabled = flow_builder.aws.preload

The first makes ansible-core take this class for its generic action, the second loads boto3 and the modules in the
parent, before it forks its workers. ansible-core still builds the arguments and reads the result. What is replaced is
the middle: instead of a shell that starts a Python that unpacks the module, a fork of the worker runs it. A fork and
not a call, so that the module's globals, environment, output, exit, threads and crashes are its own, as at stock.
Modules of this collection, which leave nothing behind, are called by the worker itself, which ends with its task: they
share its connections for all items of a loop. Whatever is unusual goes the stock way.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins import action
from ansible.utils.display import Display
from ansible_collections.flow_builder.aws.plugins.callback import preload
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import keeper
from ansible_collections.flow_builder.aws.plugins.plugin_utils import core

# While this file is loaded it stands in sys.modules under the stock one's name, so that one is taken by its path.
_spec: Any = importlib.util.spec_from_file_location("stock_normal", Path(action.__path__[0], "normal.py"))
stock: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stock)

display = Display()
STARTS_DIFFERENTLY = ("PYTHON", "LD_")  # environment that a Python reads when it starts, too late for a fork
LEAVES_NOTHING = "ansible_collections.flow_builder.aws."


class Fast(stock.ActionModule):
    """Ansible-core's generic action, with a short way for AWS modules."""

    _fast = None
    """The module's Python name, where it runs in a fork."""

    def run(self, tmp=None, task_vars=None):
        """Choose the way, then let ansible-core do the rest; the worker is not to outlive its run."""
        keeper.bind()
        self._fast = self._choose(task_vars)
        return super().run(tmp, task_vars)

    def _choose(self, task_vars):
        """Return the module's Python name if nothing about this task needs a process started from nothing."""
        usual = (
            sys.platform == "linux"
            and preload.botocore  # without it the stock way says what is missing
            and threading.active_count() == 1  # a fork has no other threads, but the locks that they hold
            and self._connection.ansible_name == "ansible.builtin.local"
            and not self._connection.become
            and not self._task.async_val
            and not C.DEFAULT_KEEP_REMOTE_FILES
            and not C.config.get_config_value("PYTHON_MODULE_RLIMIT_NOFILE", variables=task_vars)
            and not core.wants_more(task_vars)
        )
        if not usual:
            return None
        try:
            found = self._shared_loader_obj.module_loader.find_plugin_with_context(
                self._task.action, collection_list=self._task.collections
            )
            if not found.resolved or not found.resolved_fqcn.startswith(preload.OURS):
                return None
            self._environment: dict[str, str] = {}
            self._compute_environment_string(self._environment)
            if any(str(name).startswith(STARTS_DIFFERENTLY) for name in self._environment):
                return None
            self._path = found.plugin_resolved_path
            name = core.module_name(self._path)
            return name if self._same_python(task_vars) and preload.warm(name) else None
        except (AnsibleError, LookupError, ValueError):
            return None  # the stock way says what is wrong

    def _same_python(self, task_vars):
        host = self._task.delegate_to
        known = task_vars["ansible_delegated_vars"][host] if host else task_vars
        found = core.interpreter(known, self._templar)
        if not found:
            return False  # the stock way discovers it, and the next task knows it
        self._shebang, interpreter = found
        own, theirs = Path(sys.executable), Path(interpreter)
        # By folder too: a virtual environment's Python is a link to one that knows other packages.
        return theirs.parent == own.parent and theirs.resolve() == own.resolve()

    def _is_pipelining_enabled(self, module_style, wrap_async=False):
        return bool(self._fast) or super()._is_pipelining_enabled(module_style, wrap_async)

    def _configure_module(self, module_name, module_args, task_vars):
        if not self._fast:
            return super()._configure_module(module_name, module_args, task_vars)
        self._remote_tmp = module_args["_ansible_remote_tmp"]
        return core.built(module_name, module_args, self._shebang), self._path

    def _low_level_execute_command(self, cmd, sudoable=True, in_data=None, **options):
        if not self._fast or in_data is None:
            return super()._low_level_execute_command(cmd, sudoable=sudoable, in_data=in_data, **options)
        way = here if self._fast.startswith(LEAVES_NOTHING) else in_fork
        place = "the worker" if way is here else "a fork of the worker"
        display.vvv(f"RUN {self._fast} in {place}", host=self._play_context.remote_addr)
        rc, out, err = way(self._fast, in_data, self._environment, self._loader.get_basedir(), self._remote_tmp)
        return {
            "rc": rc,
            "stdout": out,
            "stdout_lines": out.splitlines(),
            "stderr": err,
            "stderr_lines": err.splitlines(),
        }


def here(name, *module):
    """Run a module in this process, and return return code, output and errors; put everything back then."""
    out, err = io.StringIO(), io.StringIO()
    streams, arguments, folder = (sys.stdout, sys.stderr), sys.argv, Path.cwd()
    environment = dict(os.environ)
    try:
        with core.put_back():
            sys.stdout, sys.stderr = out, err
            rc = as_module(name, *module)
    finally:
        sys.stdout, sys.stderr, sys.argv = *streams, arguments
        os.chdir(folder)
        surround(environment)
    return rc, out.getvalue(), err.getvalue()


def in_fork(name, *module):
    """Run a module in a fork, as if a Python had been started for it, and return return code, output and errors."""
    with contextlib.ExitStack() as stack:
        out, err = (stack.enter_context(os.fdopen(os.memfd_create(one), "rb")) for one in ("out", "err"))
        process = core.fork(_serve, out, err, name, *module)
        process.start()
        try:
            process.join()
        except BaseException:  # a task's timeout
            process.kill()
            process.join()
            raise
        code = process.exitcode
        process.close()
        # Read from the start: the fork writes through the same file.
        texts = (os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0) for stream in (out, err))
        rc = code if code >= 0 else 128 - code  # a signal, as a shell tells it
        return rc, *(to_text(text, errors="surrogate_then_replace") for text in texts)


def _serve(out, err, *module):
    """Be the module's process: what follows makes it the one that a started Python would be."""
    keeper.die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.exit(as_module(*module))


def as_module(name, arguments, environment, folder, remote_tmp):
    """Run a module as ansible-core's wrapper does, and return what it exits with."""
    sys.argv = sys.argv[:1]
    surround(os.environ | {str(key): str(value) for key, value in environment.items()})
    os.chdir(folder)
    with contextlib.suppress(OSError, RuntimeError):  # at stock the shell makes it; AnsibleModule warns if not
        Path(os.path.expandvars(remote_tmp)).expanduser().mkdir(mode=0o700, parents=True, exist_ok=True)
    # Under its own name, so that the loader with the compiled code is found; it is executed as __main__.
    sys.modules[name] = importlib.util.module_from_spec(preload.warm(name))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*found in sys.modules.*", RuntimeWarning)
            core.run_module(name, arguments)
    except SystemExit as ended:
        return ended.code


def surround(environment):
    """Make this the process's environment."""
    if dict(os.environ) != environment:
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()


core.warn()
ActionModule = Fast if core.known else stock.ActionModule
