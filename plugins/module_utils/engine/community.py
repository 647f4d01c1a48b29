"""What else the engine knows about a kind that a module of the community's writes, run by the ``described`` action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .kind import Kind

if TYPE_CHECKING:
    from .aws import Aws
    from .typed import Resource


class CommunityKind(Kind):
    """A kind whose module is the community's: the module creates, and changes where the kind has no ``update``."""

    ours = False
    arguments: dict[str, str] = {}
    """The module's argument names where they differ from our fields."""
    controls: frozenset[str] = frozenset()
    """Arguments that steer the module and describe nothing."""
    fixed_arguments: dict = {}
    """Arguments that it always gets, so that no task has to repeat them."""
    connection: dict[str, str] = {}
    """The module's connection arguments where they are called otherwise."""

    def want(self, arguments: dict) -> dict:
        """Return the fields that the module's arguments ask for."""
        said = {self.field_of(key): value for key, value in arguments.items() if key not in self.controls}
        return super().want(said)

    def field_of(self, argument: str) -> str:
        """Return the field that an argument of the module says."""
        return self.arguments.get(argument, argument)

    def prepare(self, aws: Aws, live: Resource, want: Resource) -> None:
        """Undo in the live resource what the module, which runs next, doesn't see."""

    def lookup_arguments(self, live: Resource) -> dict:
        """Return the arguments by which the module finds this very resource, where its name isn't enough."""
        return {}

    def preserved_arguments(self, live: Resource, arguments: dict) -> dict:
        """Return the module's arguments in which what somebody else moves is as it is live."""
        return {}

    def tags_argument(self, live: Resource, given: Any, stay: dict[str, str]) -> Any:
        """Return the tags given to the module and those that stay, as it takes them."""
        return {**(given or {}), **stay}
