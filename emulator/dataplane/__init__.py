"""The data plane: what an account does by itself. Pipes poll, tasks run, events are delivered, schedules fire.

- ``engine``: the timer on the emulator's clock (EMULATOR_SPEED makes it faster, POST /_emulator/clock moves it)
- ``pipes``, ``queues``, ``paths``: from a queue to RunTask
- ``run_task``, ``tasks``, ``task_events``: from RunTask to a task's end, and what is told of it
- ``images``, ``faults``: what runs in place of an image, and what goes wrong on request
- ``services``, ``postgres``, ``loopback``: deployments that can fail, a real database, where tasks and it are
- ``bus``, ``targets``: from an event to those who want it and may have it
- ``functions``, ``environments``, ``runner``, ``metrics``: Lambda, and what CloudWatch counts of it
- ``schedules``, ``expressions``: what fires by the clock
- ``expiry``: which images ECR expires
- ``instances``: what EC2 instances do when they have booted
- ``agents``: the agents beside a task's containers
- ``alarms``, ``flowlogs``: what alarms tell, what flow logs write
- ``guardduty``: what GuardDuty puts into VPCs

Delivery follows AWS also where it is unkind: a pipe deletes its message when RunTask is accepted, whatever becomes of
the task; a target that doesn't permit its rule gets nothing; dead letters need a permission as well.
"""

import atexit
import functools
from collections import Counter

from moto.ecs.models import ecs_backends

from emulator import ACCOUNT, inside, state
from emulator.corrections import rds_maintenance, sns
from emulator.dataplane import (
    agents,
    alarms,
    bus,
    expiry,
    faults,
    flowlogs,
    functions,
    guardduty,
    images,
    instances,
    pipes,
    postgres,
    queues,
    run_task,
    schedules,
    services,
)
from emulator.dataplane.engine import ENGINE
from emulator.lock import LOCK


@functools.cache
def _install() -> None:
    for part in (
        queues, bus, run_task, services, postgres, functions, pipes, schedules, expiry, instances, alarms, flowlogs,
        agents,
    ):  # fmt: skip
        part.install()
    images.load()
    atexit.register(state.reset)


def start(app) -> None:
    """Begin, with the WSGI application that answers what the data plane asks."""
    _install()
    inside.answered_by(app)
    ENGINE.start()


def addresses() -> dict:
    """Return our own addresses under /_emulator/, with what answers them."""
    return {
        ("GET", "images"): images.use,
        ("POST", "images"): images.use,
        ("GET", "databases"): postgres.use,
        ("POST", "databases"): postgres.use,
        ("GET", "faults"): faults.show,
        ("POST", "faults"): faults.use,
        ("POST", "guardduty"): guardduty.monitor,
        ("POST", "maintenance"): rds_maintenance.announce,
        ("POST", "pipes/restart"): pipes.restart,
        ("POST", "subscriptions"): sns.confirm,
        ("GET", "dataplane"): summary,
    }


def summary() -> dict:
    """Tell what is going on."""
    with LOCK:
        tasks = [
            task
            for backend in ecs_backends[ACCOUNT].values()
            for cluster in backend.tasks.values()
            for task in cluster.values()
        ]
        alive = [one for one in tasks if one.status == "RUNNING" and getattr(one, "life", None)]
    return {
        "tasks": dict(Counter(one.status for one in tasks)),
        "hosts": {one.task_arn: one.life.hosts for one in alive},
        "databases": postgres.serving(),
        "functions": functions.running(),
        "pipes": pipes.polling(),
        "schedules": schedules.planned(),
        "planned": ENGINE.planned,
    }
