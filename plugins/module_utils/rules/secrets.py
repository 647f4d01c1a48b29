"""What would let others read a secret, where only text in the open can stand."""

from __future__ import annotations

from ..engine.plain import without_credentials
from ..engine.secrets import secret, valued
from .registry import Sentences, Variable, rule


@rule("images_arguments")
def arguments(given: Variable) -> Sentences:
    """An image tells everybody who pulls it with which arguments it was built."""
    for name, value in given.value.items():
        if secret(name, value):
            yield f"{given.name} has {name}: everybody who pulls the image can read it; let the build do without it"
        elif not isinstance(value, (str, int)) or isinstance(value, bool):
            yield f"{given.name} has {name} with the value {value!r}: it must be text, so write it in quotes"


@rule("fargate.health_command")
@rule("migrations_command")
@rule("release_migration_command")
@rule("release_check_command")
def commands(words: Variable) -> Sentences:
    """Task definitions and overrides are read by everybody who may look at tasks."""
    if any(map(valued, words.value)):
        yield f"{words.name} has a secret in it: everybody who may look at tasks can read it, so put it into a secret"


@rule("*_tags")
def tags(tags: Variable) -> Sentences:
    """Tags stand in bills and lists."""
    for key, value in tags.value.items() if isinstance(tags.value, dict) else ():
        if valued(value):
            yield f"{tags.name} has the tag {key!r} with a secret in it: everybody who sees a bill can read it"


@rule("release_source")
def addresses(address: Variable) -> Sentences:
    """A checkout's address often has the token that it was fetched with."""
    if without_credentials(address.value) != address.value or valued(address.value):
        yield f"{address.name} has a password or token in it, which would be shown and recorded: leave it out"
