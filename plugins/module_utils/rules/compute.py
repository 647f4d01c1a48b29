"""What Fargate, Lambda and the queue between them take."""

from __future__ import annotations

from .registry import rule

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


@rule("ecs_api_cpu", "ecs_api_memory")
@rule("ecs_worker_cpu", "ecs_worker_memory")
def fargate_size(cpu, memory):
    """Fargate has these pairs of cpu and memory and no others."""
    if cpu.value not in FARGATE:
        yield f"{cpu}: Fargate has {', '.join(map(str, FARGATE))}"
    elif memory.value not in FARGATE[cpu.value]:
        yield f"{memory}, and {cpu}: with that cpu Fargate has {', '.join(map(str, FARGATE[cpu.value]))} MiB"


@rule("ecs_api_capacity_providers")
@rule("ecs_worker_capacity_providers")
def strategy(providers):
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


@rule("ecs_api_desired_count", "ecs_api_max_count")
@rule("ecs_api_min_count", "ecs_api_max_count")
@rule("ecs_worker_min_count", "ecs_worker_max_count")
def counts(low, high):
    """Autoscaling moves between two counts."""
    if low.value < 0 or low.value > high.value:
        yield f"{low}, and {high}: the first must be 0 or more and not more than the second"


@rule("ecs_api_stop_timeout")
@rule("ecs_worker_stop_timeout")
def stop_timeout(seconds):
    """Fargate waits two minutes at the most."""
    if not 0 <= seconds.value <= 120:
        yield f"{seconds}: Fargate allows 0 to 120 seconds"


@rule("queue_visibility_timeout")
def visibility(seconds):
    """SQS hides a message for half a day at the most."""
    if not 0 <= seconds.value <= 43200:
        yield f"{seconds}: SQS allows 0 to 43200 seconds"
