"""Reconciles a list of resources: orders them, answers what is as wanted, and writes what is independent at once.

The main process decides, in threads; each write is a process of its own, which may run a community module.
"""

from __future__ import annotations

import copy
import multiprocessing
import os
import signal
import traceback
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import keeper
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import (
    EngineError,
    done_before,
    expected,
    keep_done,
    sentence,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.lease import before_writes
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import Resolver, references
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import (
    Decision,
    Outcome,
    carry_out,
    decide,
    foretell,
    known,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.typed import Resource
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.modules.resources import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils import batch, run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction
from ansible_collections.flow_builder.aws.plugins.plugin_utils.community import writer
from ansible_collections.flow_builder.aws.plugins.plugin_utils.core import OwnTemplates

THREADS = 12
WRITES = 8
"""How many resources are written at once."""
WAIT_SECONDS = 1800
FORK = multiprocessing.get_context("fork")


class ActionModule(OwnTemplates, AwsAction):
    """Bring a list of resources to what is wanted."""

    arguments = ARGUMENTS
    own_templates = ("resources",)

    variables: dict

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return a result for each resource, and what they come to."""
        self.variables = task_vars or {}
        keeper.bind()
        result = super().run(tmp, task_vars)
        if self._task.diff:
            result["diff"] = [one["diff"] for one in result["results"] if one.get("diff")]
        return result

    def work(self, aws: Aws, asked: dict[str, Any]) -> dict[str, Any]:
        """Reconcile the entries; what was done before a failure is in the error."""
        # As they were written: the checked ones have lost what says that they are templates.
        entries = batch.read(self._task.args["resources"], self._templar)
        reconciling = Reconciling(self, aws, entries)
        try:
            reconciling.go()
        except Exception as error:
            keep_done(error, {"results": reconciling.results()})
            raise
        results = reconciling.results()
        return {
            "changed": any(one["changed"] for one in results),
            "results": results,
            "warnings": reconciling.told["warnings"],
            "deprecations": reconciling.told["deprecations"],
        }


class Reconciling:
    """One batch on its way."""

    def __init__(self, action: ActionModule, aws: Aws, entries: list[batch.Entry]) -> None:
        """Take the action whose task it is."""
        self._action, self._aws, self._entries = action, aws, entries
        self._check = action._task.check_mode
        self._resolver = Resolver(aws, KINDS, self._check)
        self._results: dict[int, dict] = {}
        self._left_by_failures: list[dict] = []
        self._faults: list[str] = []
        self.told: dict[str, list] = {"warnings": [], "deprecations": []}

    def results(self) -> list[dict]:
        """Return what was done so far, in the order of the entries."""
        return [self._results[number] for number in sorted(self._results)] + self._left_by_failures

    def go(self) -> None:
        """Reconcile all entries. Raises EngineError with a sentence for each that failed."""
        self._refuse_what_nobody_makes()
        waiting, queue = set(range(len(self._entries))), list[tuple]()
        running: dict[Connection, tuple[BaseProcess, int]] = {}
        try:
            while waiting or queue or running:
                if self._faults:
                    waiting, queue = set(), []  # what is on its way ends; nothing more begins
                while ready := {number for number in waiting if self._entries[number].needs <= set(self._results)}:
                    waiting -= ready
                    queue += self._decided(sorted(ready))
                    if self._faults and not self._check:
                        break
                if self._check and self._faults:
                    break
                while queue and len(running) < WRITES and not self._faults:
                    process, answers, number = self._begun(*queue.pop(0))
                    running[answers] = process, number
                ended = set(wait(list(running))) if running else set()
                for answers in [one for one in running if one in ended]:
                    process, number = running.pop(answers)
                    self._ended(number, answers, process)
        except BaseException:  # a task's timeout
            for process, _number in running.values():
                process.kill()
                process.join()
            raise
        if self._faults:
            raise EngineError("; ".join(self._faults))

    def _refuse_what_nobody_makes(self) -> None:
        """Find what the entries need of others, before anything is written."""
        here = {(entry.kind.name, entry.label) for entry in self._entries}
        for entry in self._entries:
            for one in sorted(references(entry.arguments)) if not entry.absent else ():
                if (one.kind, one.name) not in here:
                    self._resolver.resolve(str(one), entry.who)

    def _decided(self, numbers: list[int]) -> list[tuple[int, batch.Taken, Decision]]:
        """Decide on entries that can be decided on now; return those that are to be written, and settle the others."""
        groups: dict[Any, list[tuple]] = {}
        for number in numbers:
            entry = self._entries[number]
            try:
                taken = entry.taken(self._resolver.resolve(entry.arguments, "" if entry.absent else entry.who))
                want = entry.kind.want(taken.described)
                if not self._check:
                    known(entry.kind, want)
                groups.setdefault((entry.kind.name, entry.kind.scope(want) or number), []).append((number, taken, want))
            except Exception as error:
                self._failed(number, error)
        self._aws.lists.clear()  # what was written since isn't in them
        if len(groups) > 1:
            with ThreadPoolExecutor(min(THREADS, len(groups))) as pool:
                decided = [one for several in pool.map(self._decide, groups.values()) for one in several]
        else:
            decided = [one for group in groups.values() for one in self._decide(group)]
        left = []
        for number, taken, decision in sorted(decided, key=lambda one: one[0]):
            entry = self._entries[number]
            if isinstance(decision, Exception):
                self._failed(number, decision)
                continue
            try:
                waits = taken.say("wait", True)
                if decision.action in ("create", "update", "replace"):
                    batch.judge_theirs(entry)
                if self._check:
                    self._done(number, taken, foretell(decision, self._aws, waits))
                elif decision.at_rest(waits):
                    self._done(number, taken, carry_out(decision, self._aws, waits))
                else:
                    left.append((number, taken, decision))
            except Exception as error:
                self._failed(number, error)
        return left

    def _decide(self, group: list[tuple]) -> list[tuple]:
        """Decide on resources that one list may show."""
        aws = copy.copy(self._aws)
        aws.tasks = len(group)
        found: list[tuple] = []
        for number, taken, want in group:
            try:
                kind = self._entries[number].kind
                decided = decide(kind, aws, want, taken.say("state", "present"), taken.say("purge_tags", True))
                found.append((number, taken, decided))
            except Exception as error:
                found.append((number, taken, error))
        return found

    def _done(self, number: int, taken: batch.Taken, outcome: Outcome) -> None:
        self._settled(number, taken.shown(outcome.result()), outcome.after)

    def _settled(self, number: int, result: dict, after: Resource | None) -> None:
        entry = self._entries[number]
        self._resolver.keep(entry.kind, entry.label, after)
        self._results[number] = result
        if result["action"] == "none":
            self._action.say(f"  {'ok':8}{result['kind']} {entry.label}")
        else:
            self._action.say(run_summary.line(result).strip())

    def _failed(self, number: int, error: Exception) -> None:
        entry = self._entries[number]
        if not expected(error):
            raise error
        self._fault(sentence(error, entry.who), done_before(error))

    def _fault(self, told: str, done: dict) -> None:
        self._faults.append(told)
        self._action.say(f"! {told}")
        if done:
            self._left_by_failures.append(done)

    # A process for each write

    def _begun(self, number: int, taken: batch.Taken, decision: Decision) -> tuple:
        """Begin a write."""
        before_writes()  # it takes the lock where nobody has, once for all processes
        answers, told = FORK.Pipe(duplex=False)
        process = FORK.Process(target=self._write, args=(number, taken, decision, told))
        process.start()
        told.close()
        return process, answers, number

    def _write(self, number: int, taken: batch.Taken, decision: Decision, told: Connection) -> None:
        """Be the process that writes one resource."""
        keeper.die_with_parent(signal.SIGKILL)
        for one in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(one, signal.SIG_DFL)
        entry, result = self._entries[number], dict[str, Any]()
        try:
            self._aws.afresh()
            write = None
            if not entry.kind.ours:
                reached, variables = self._action.connection, self._action.variables
                write = writer(self._action, entry.kind, self._aws, taken.arguments, reached, variables, result)
            wait_for, seconds = taken.say("wait", True), taken.say("wait_timeout", WAIT_SECONDS)
            outcome = carry_out(decision, self._aws, wait_for, seconds, write)
            answer: dict[str, Any] = {"result": taken.shown(outcome.result()), "after": outcome.after}
        except Exception as error:
            if expected(error):
                answer = {"fault": sentence(error, entry.who), "done": taken.shown(done_before(error))}
            else:
                answer = {"died": f"{entry.who}: {traceback.format_exc()}"}
        told.send({**answer, **result})
        told.close()
        os._exit(0)

    def _ended(self, number: int, answers: Connection, process: BaseProcess) -> None:
        """Take what a write has come to."""
        try:
            answer = answers.recv()
        except EOFError:
            told = f"{self._entries[number].who}: the process that wrote it was killed; run again"
            answer = {"fault": told, "done": {}}
        answers.close()
        process.join()
        for key, several in self.told.items():
            several += answer.get(key) or []
        if "died" in answer:
            raise AnsibleError(answer["died"])
        if "fault" in answer:
            self._fault(answer["fault"], answer["done"])
        else:
            self._settled(number, answer["result"], answer["after"])
