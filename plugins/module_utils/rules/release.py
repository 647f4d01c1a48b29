"""How a release goes out."""

from __future__ import annotations

from ..releases.records import IDENTIFIER
from .registry import Sentences, Variable, rule

MINUTE = 60


@rule("release_name")
@rule("release_compare")
def release_name(name: Variable) -> Sentences:
    """A release is an object of this name, and a tag of the snapshot before its migration."""
    if name.value and not IDENTIFIER.fullmatch(name.value):
        yield f"{name}: allowed are letters, digits, dot, dash and underscore, up to 64, a letter or digit first"


@rule("release_timeout")
@rule("release_migration_timeout")
@rule("release_snapshot_timeout")
def some_time(seconds: Variable) -> Sentences:
    """In no time nothing ends."""
    if seconds.value < 1:
        yield f"{seconds}: allowed is 1 second and more"


@rule("release_lambda_percentage")
def percentage(percent: Variable) -> Sentences:
    """A share of the calls that is none, or all of them, is no step."""
    if not 1 <= percent.value <= 99:
        yield f"{percent}: allowed are 1 to 99 percent"


@rule("release_lambda_interval", "release_lambda_strategy")
def interval(seconds: Variable, strategy: Variable) -> Sentences:
    """CloudWatch counts by minutes: a shorter step would be judged by nothing."""
    if strategy.value != "all_at_once" and seconds.value < MINUTE:
        yield f"{seconds} and {strategy}: a step takes at least {MINUTE} seconds, or CloudWatch has counted nothing"


@rule("release_lambda_bake")
def bake(seconds: Variable) -> Sentences:
    """A time before now is no time; one shorter than a minute sees nothing."""
    if seconds.value != 0 and seconds.value < MINUTE:
        yield f"{seconds}: allowed are 0 for none, and {MINUTE} seconds and more"


@rule("release_lambda_alarms", "release_lambda_strategy", "release_lambda_bake")
def alarms(names: Variable, strategy: Variable, bake: Variable) -> Sentences:
    """Alarms are looked at while functions are judged."""
    if names.value and strategy.value == "all_at_once" and not bake.value:
        yield f"{names} with {strategy} and {bake}: nothing looks at the alarms; say canary or linear, or a bake time"
