"""What Fargate and Lambda take."""

from __future__ import annotations

import re

from .registry import Sentences, Variable, rule

# cpu units: the memory that goes with them, in MiB.
FARGATE = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
PROVIDERS = ("FARGATE", "FARGATE_SPOT")
DAY, FORTNIGHT = 1440, 20160  # minutes
HOOKS = 10  # functions that a service's deployments may ask


@rule("fargate.cpu", "fargate.memory")
def fargate_size(cpu: Variable, memory: Variable) -> Sentences:
    """Fargate has these pairs of cpu and memory and no others."""
    if cpu.value not in FARGATE:
        yield f"{cpu}: Fargate has {', '.join(map(str, FARGATE))}"
    elif memory.value not in FARGATE[cpu.value]:
        yield f"{memory}, and {cpu}: with that cpu Fargate has {', '.join(map(str, FARGATE[cpu.value]))} MiB"


@rule("service.capacity_providers")
@rule("pipes_capacity_providers")
def strategy(providers: Variable) -> Sentences:
    """A capacity provider strategy of Fargate."""
    names = [entry.get("capacity_provider") for entry in providers.value]
    allowed = f"allowed is a list of {' and '.join(PROVIDERS)}, each once, with weight 0 to 1000 and one base"
    if not names or len(names) != len(set(names)) or not set(names) <= set(PROVIDERS):
        yield f"{providers}: {allowed}"
    if sum(1 for entry in providers.value if entry.get("base")) > 1:
        yield f"{providers}: only one provider may have a base"
    weights = [entry.get("weight") or 0 for entry in providers.value]
    if names and (not any(weights) or not all(0 <= weight <= 1000 for weight in weights)):
        yield f"{providers}: each weight must be 0 to 1000, and one at least more than 0"


@rule("service.min_count", "service.desired_count")
@rule("service.desired_count", "service.max_count")
@rule("service.min_count", "service.max_count")
def counts(low: Variable, high: Variable) -> Sentences:
    """Autoscaling moves between two counts."""
    if low.value < 0 or low.value > high.value:
        yield f"{low}, and {high}: the first must be 0 or more and not more than the second"


@rule("service.max_count")
@rule("service.messages_per_task")
@rule("service.idle_minutes")
@rule("service.requests_per_target")
@rule("registry_keep_images")
@rule("stack_keep_releases")
@rule("registry_untagged_days")
def one_at_least(count: Variable) -> Sentences:
    """What counts something that there must be."""
    if count.value < 1:
        yield f"{count}: at least 1 is allowed"


@rule("service.circuit_breaker_threshold")
def failed_tasks(count: Variable) -> Sentences:
    """A number of failed tasks, or none for AWS's own way."""
    if count.value < 0:
        yield f"{count}: allowed are 1 and more, and 0 for AWS's own share of the tasks"


@rule("service.cpu_target")
def load(percent: Variable) -> Sentences:
    """Scaling keeps a part of the processors busy."""
    if not 1 <= percent.value <= 100:
        yield f"{percent}: allowed are 1 to 100 percent"


@rule("service.spot_weight")
def spot_weight(weight: Variable) -> Sentences:
    """The weights of a capacity provider strategy."""
    if not 0 <= weight.value <= 1000:
        yield f"{weight}: ECS allows 0 to 1000"


@rule("fargate.stop_timeout")
def stop_timeout(seconds: Variable) -> Sentences:
    """Fargate waits two minutes at the most."""
    if not 0 <= seconds.value <= 120:
        yield f"{seconds}: Fargate allows 0 to 120 seconds"


@rule("service.stop_timeout", "queue_visibility_timeout_seconds", "service.queue")
def last_message(seconds: Variable, visibility: Variable, queue: Variable) -> Sentences:
    """A service that is told to end may finish its message."""
    if queue.value and seconds.value > visibility.value:
        yield (
            f"{seconds}, and {visibility}: the first must not be more than the second, or another worker gets the "
            "message that this one still finishes"
        )


@rule("ecs_user")
def user(name: Variable) -> Sentences:
    """A number needs no entry in the image."""
    if not re.fullmatch(r"(\d+(:\d+)?)?", name.value, re.ASCII):
        yield f"{name}: it must be a user's number, with a group's or without, such as 1000:1000; or empty"


@rule("ecs_writable_paths")
def writable(paths: Variable) -> Sentences:
    """Each folder is a volume."""
    for path in paths.value:
        if not re.fullmatch(r"(/[^/\s]+)+", path) or {".", ".."} & set(path.split("/")):
            yield f"{paths.name} has {path!r}: it must be an absolute path of a folder, such as /tmp"
    if len(set(paths.value)) < len(paths.value):
        yield f"{paths}: each folder may be named only once"


@rule("lambda_architecture", "registry_architecture")
@rule("ecs_architecture", "registry_architecture")
def processor(architecture: Variable, built: Variable) -> Sentences:
    """Images run on the processor that they are built for."""
    if (architecture.value.lower() == "arm64") != (built.value == "arm64"):
        yield f"{architecture}, and {built}: both must be the same processor"


@rule("component.image")
def image(name: Variable) -> Sentences:
    """An image is named so that it is the same tomorrow."""
    found = re.fullmatch(r"[a-z0-9.-]+(:\d+)?/[a-z0-9._/-]+(@sha256:[0-9a-f]{64}|:[\w.-]{1,128})", name.value or "")
    if name.value and (not found or found[2] == ":latest"):
        yield f"{name}: it must be an image of the component's repository with @sha256:<digest> or a tag, not latest"


@rule("function.memory")
@rule("jobs_memory")
def function_memory(size: Variable) -> Sentences:
    """Lambda's limits."""
    if not 128 <= size.value <= 10240:
        yield f"{size}: Lambda allows 128 to 10240 MB"


@rule("function.timeout")
@rule("jobs_timeout")
def function_timeout(seconds: Variable) -> Sentences:
    """A function runs for a quarter of an hour at the most."""
    if not 1 <= seconds.value <= 900:
        yield f"{seconds}: Lambda allows 1 to 900 seconds"


@rule("function.schedule")
def schedule(text: Variable) -> Sentences:
    """EventBridge's grammar: one minute, but two minutes."""
    rate = r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)"
    cron = r"cron\(\S+( \S+){5}\)"
    if text.value and not re.fullmatch(f"{rate}|{cron}", text.value):
        yield f"{text}: it must be such as rate(1 hour), rate(5 minutes) or cron(0 3 * * ? *)"


@rule("lambda_reserved_concurrency")
def concurrency(count: Variable) -> Sentences:
    """At least one run, or nothing set aside."""
    if count.value != -1 and count.value < 1:
        yield f"{count}: allowed are 1 and more, and -1 for nothing set aside"


@rule("lambda_failures_retention_days")
@rule("jobs_failed_retention_days")
def failures(days: Variable) -> Sentences:
    """SQS keeps messages for two weeks at the most."""
    if not 1 <= days.value <= 14:
        yield f"{days}: SQS allows 1 to 14 days"


@rule("service.bake_minutes")
@rule("service.step_minutes")
def minutes(value: Variable) -> Sentences:
    """ECS waits for up to a day."""
    if not 0 <= value.value <= 1440:
        yield f"{value}: allowed are 0 to 1440 minutes"


@rule("service.step_percent", "service.deployment_strategy")
def step(percent: Variable, strategy: Variable) -> Sentences:
    """A share of the traffic has one place after the point; a linear step isn't tiny, and less than all is a step."""
    least = {"CANARY": 0.1, "LINEAR": 3.0}.get(strategy.value)
    if least and not (least <= percent.value < 100 and abs(percent.value * 10 - round(percent.value * 10)) < 1e-6):
        yield f"{percent} with {strategy}: allowed are {least:g} to 99.9 percent, with one place after the point"


@rule("service.deployment_strategy", "load_balancer_two_groups", "service.load_balancer")
def two_groups(strategy: Variable, two: Variable, balanced: Variable) -> Sentences:
    """Traffic moves between two target groups; one of them alone would stand idle with ROLLING."""
    if balanced.value and (strategy.value == "ROLLING") == two.value:
        yield f"{strategy}, and {two}: say true for any strategy but ROLLING, and false for that"


@rule("service.deployment_alarms", "monitoring_alarms")
def deployment_alarms(names: Variable, made: Variable) -> Sentences:
    """An alarm that doesn't exist never goes off, and nothing would be taken back."""
    if names.value and not made.value:
        yield f"{names}, but {made}: there would be no such alarm; make the alarms or name none"


@rule("service.deployment_strategy", "load_balancer_stickiness")
def sticky(strategy: Variable, stickiness: Variable) -> Sentences:
    """Clients that stay with their task would stay with the old tasks for as long as those run."""
    if strategy.value != "ROLLING" and stickiness.value:
        yield f"{strategy} with {stickiness}: clients would keep the old tasks; say one of them otherwise"


@rule("service.pause_stages", "service.deployment_strategy")
def pauses(stages: Variable, strategy: Variable) -> Sentences:
    """AWS tells of the stages of two revisions that run beside each other, and of no others."""
    if stages.value and strategy.value == "ROLLING":
        yield f"{stages} with {strategy}: a deployment pauses with BLUE_GREEN, CANARY and LINEAR only"
    if len(set(stages.value)) < len(stages.value):
        yield f"{stages}: each stage may be named only once"


@rule("service.deployment_hooks", "service.deployment_strategy")
def deployment_hooks(hooks: Variable, strategy: Variable) -> Sentences:
    """ECS asks functions, in stages that only two revisions beside each other go through."""
    if hooks.value and strategy.value == "ROLLING":
        yield f"{hooks.name} with {strategy}: functions are asked with BLUE_GREEN, CANARY and LINEAR only"
    if len(hooks.value) > HOOKS:
        yield f"{hooks.name} has {len(hooks.value)} functions: ECS allows {HOOKS}"
    for one in hooks.value:
        arn, stages, minutes = one.get("target_arn", ""), one.get("stages") or [], one.get("timeout_minutes", DAY)
        if not re.fullmatch(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?", arn):
            yield f"{hooks.name} has target_arn {arn!r}: it must be the ARN of a function"
        if not 1 <= int(minutes) <= DAY:
            yield f"{hooks.name} has timeout_minutes {minutes!r}: ECS allows a function 1 to {DAY} minutes"
        if not stages or len(set(stages)) < len(stages):
            yield f"{hooks.name} has stages {stages!r}: name each stage once, and one at least"


@rule("service.pause_minutes")
def pause_minutes(minutes: Variable) -> Sentences:
    """A pause has an end."""
    if not 1 <= minutes.value <= FORTNIGHT:
        yield f"{minutes}: ECS allows 1 to {FORTNIGHT} minutes, which are two weeks"
