"""A view on AWS that asks each question once: many kinds look at the same parents."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from .aws import Aws, tags_of, unless
from .errors import DENIED


class CachedAws(Aws):
    """An Aws for one look at a whole stack. It must not outlive the look, and nothing must be written through it."""

    def __init__(self, aws: Aws) -> None:
        """Look through another Aws."""
        super().__init__(lambda service: CachedClient(aws(service), self._once), aws.region)
        self._through = aws
        self.home = getattr(aws, "home", aws.region)
        self.ignored_tags = aws.ignored_tags
        if "account" in vars(aws):
            self.account = aws.account
        self.notes = getattr(aws, "notes", self.notes)
        self._known: dict[Any, Future] = {}
        self._asking = threading.Lock()
        self._asked = 0

    @property
    def calls(self) -> int:
        """How many questions were asked of AWS, in all regions."""
        return self._asked + sum(one.calls for one in self._elsewhere.values() if isinstance(one, CachedAws))

    def at(self, region: str) -> Aws:
        """Return the same view in another region, which remembers as long."""
        if region == self.region:
            return self
        with self._asking:
            return self._elsewhere.setdefault(region, CachedAws(self._through.at(region)))

    def anew(self) -> CachedAws:
        """Return a view on the same AWS that remembers nothing yet."""
        return CachedAws(self._through)

    def _once(self, question: Any, ask: Callable[[], Any]) -> Any:
        """Return what was answered before, or ask; whoever asks meanwhile waits for that answer."""
        with self._asking:
            first = question not in self._known
            future = self._known.setdefault(question, Future())
            self._asked += first
        if first:
            try:
                future.set_result(ask())
            except BaseException as error:  # everybody who asked gets it
                future.set_exception(error)
        return copy.deepcopy(future.result())

    def pages(self, service: str, operation: str, key: str, /, **arguments: Any) -> list:
        """Return all items of a paginated call."""
        question = (service, operation, "pages", key, json.dumps(arguments, sort_keys=True, default=str))
        return self._once(question, lambda: super(CachedAws, self).pages(service, operation, key, **arguments))


class PrefetchAws(CachedAws):
    """A memory for a look that may be seconds old: one call tells all tags of a stack."""

    def __init__(self, aws: Aws, stack: str) -> None:
        """Ask for the tags; without the permission each is asked for by itself."""
        super().__init__(aws)
        self._tags = unless(DENIED, tags_of, self, stack, otherwise={})

    def tags(self, arn: str, ask: Callable[..., Any]) -> dict[str, str]:
        """Return the tags that are known; a resource that isn't the stack's is asked for them."""
        return self._tags[arn] if arn in self._tags else ask()


class CachedClient:
    """A boto3 client whose answers are remembered."""

    def __init__(self, client: Any, once: Callable[..., Any]) -> None:
        self._client, self._of, self._once = client, client.meta.service_model.service_name, once

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return found

        def asked(**arguments: Any) -> Any:
            question = (self._of, name, json.dumps(arguments, sort_keys=True, default=str))
            return self._once(question, lambda: found(**arguments))

        return asked
