"""How a stack is now: one look at all of it, and what only AWS's own words of the moment tell.

Each part is a function that takes what was seen and returns its facts; what is wrong it notes as a problem, what is
only to be known as a warning. What may not be read is noted as unreadable: such a stack is never called healthy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

from ..engine import drift, lease, record, state
from ..engine.errors import expected, sentence
from ..engine.survey import survey
from ..kinds.catalogue import KINDS
from ..releases import pauses, records
from ..releases.shapes import NamedRollout
from . import metrics
from .metrics import Query, Series
from .times import ago, spoken

if TYPE_CHECKING:
    from ..engine.aws import Aws
    from ..engine.drift import Drift
    from ..engine.typed import Resource

THREADS = 8
CERTIFICATE_DAYS = 14
"""With fewer days left a certificate is a problem: ACM renews it 60 days before its end."""
BACKUP_HOURS = 24
"""An older backup is a problem: RDS makes one a day, and can restore to five minutes ago."""
SCHEDULE_SECONDS = 25 * 3600
"""How far back the last run of a schedule is looked for."""
EVENTS = 3
"""How many of a service's last events are told."""
WORST = 5
"""How many findings of drift are told; its own check tells all."""
RUNS = (
    "available", "backing-up", "configuring-enhanced-monitoring", "configuring-iam-database-auth",
    "configuring-log-exports", "modifying", "renaming", "storage-config-upgrade", "storage-optimization", "upgrading",
)  # fmt: skip
"""The states of a database in which it answers, or will within minutes (RDS user guide, DB instance status)."""


@dataclass
class Status:
    """What is known of a stack, and what is wrong with it."""

    aws: Aws
    stack: str
    now: datetime
    since: timedelta | None = None
    live: dict[str, list[Resource]] = field(default_factory=dict)
    values: dict[Query, Series] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> list[Resource]:
        """Return the stack's resources of a kind."""
        return self.live.get(kind, [])

    def problem(self, component: str, summary: str) -> None:
        """Note what is wrong."""
        self.problems.append({"component": component, "summary": summary})

    def warn(self, component: str, summary: str) -> None:
        """Note what is to be known."""
        self.notices.append({"component": component, "summary": summary})

    def series(self, query: Query) -> Series:
        """Return a metric's values."""
        return self.values.get(query, Series())

    @property
    def verdict(self) -> str:
        """Return healthy, unhealthy, or unknown where something could not be read."""
        return "unhealthy" if self.problems else "unknown" if self.unreadable else "healthy"


def status(aws: Aws, stack: str, now: datetime, since: timedelta | None = None) -> Status:
    """Look at a stack. ``since`` asks for the metrics of that long, too."""
    told = Status(aws, stack, now, since)
    if not state.exists(aws, stack):
        told.problem("stack", f"{stack} has no state bucket: nothing was applied here, or it was destroyed")
        return told
    _part(told, "drift", _drift)
    wanted = [*_queries(told), *_plotted(told)]
    with ThreadPoolExecutor(THREADS) as pool:
        values = pool.submit(_read, told, "metrics", lambda: metrics.fetch(aws, wanted, now))
        others = [pool.submit(_part, told, name, part) for name, part in PARTS.items() if part is not _drift]
        told.values = values.result() or {}
        for other in others:
            other.result()
    for name, part in AFTER.items():
        _part(told, name, part)
    told.facts["series"] = _shown(told)
    told.problems.sort(key=lambda one: (one["component"], one["summary"]))
    told.notices.sort(key=lambda one: (one["component"], one["summary"]))
    return told


def _part(told: Status, name: str, part: Callable[[Status], Any]) -> None:
    told.facts[name] = _read(told, name, lambda: part(told))


def _read(told: Status, name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:
        if not expected(error):
            raise
        told.unreadable[name] = sentence(error)
        return None


def component(resource: Resource) -> str:
    """Return whose a resource is, by its tag."""
    return (resource.get("tags") or {}).get("Component", "") or "stack"


# The whole stack


def _drift(told: Status) -> dict[str, Any]:
    """See all resources, and compare them with the record, unless they are being changed."""
    (by, unrecorded), kept = lease.others(told.aws, told.stack), record.read(told.aws, told.stack)
    told.facts["lock"] = {"held": bool(by), "by": by}
    if kept and not by:
        kept = record.owing(kept, KINDS, unrecorded)
    found = drift.drift(told.aws, told.stack, KINDS, kept, trail=False) if kept and not by else None
    seen = found.seen if found else survey(told.aws, told.stack, KINDS)
    told.live = seen.live
    told.unreadable |= found.unreadable if found else seen.unreadable
    if not kept:
        told.problem("stack", "no apply of it has ended: it has no record")
    return {**_applied(kept), "compared": bool(found), "resources": seen.count(), **_found(told, found)}


def _applied(kept: dict | None) -> dict[str, Any]:
    return {key: (kept or {}).get(key) or "" for key in ("time", "who", "commit")}


def _found(told: Status, found: Drift | None) -> dict[str, Any]:
    if found is None:
        return {"findings": 0, "worst": []}
    if found.findings:
        told.problem("stack", f"{len(found.findings)} findings of drift; see playbooks/drift.yml")
    return {
        "findings": len(found.findings),
        "worst": [
            f"{one.severity} {one.category} {one.kind} {one.name} {one.path}".strip() for one in found.findings[:WORST]
        ],
    }


# What metrics there are to ask for


def _metric(namespace: str, metric: str, statistic: str = "Maximum", **dimensions: str) -> Query:
    return Query(namespace, metric, tuple(sorted(dimensions.items())), statistic)


def _age(queue: Resource) -> Query:
    return _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName=queue["name"])


def _free(database: Resource) -> Query:
    return _metric("AWS/RDS", "FreeStorageSpace", "Minimum", DBInstanceIdentifier=database["db_instance_identifier"])


def _connections(database: Resource) -> Query:
    return _metric("AWS/RDS", "DatabaseConnections", DBInstanceIdentifier=database["db_instance_identifier"])


def _runs(rule: Resource) -> Query:
    return Query("AWS/Events", "Invocations", (("RuleName", rule["name"]),), "Sum", SCHEDULE_SECONDS, 300)


def _queries(told: Status) -> list[Query]:
    """Return what the parts look at."""
    databases = told.of("rds_instance")
    return [
        *map(_age, told.of("sqs_queue")), *map(_free, databases), *map(_connections, databases),
        *(_runs(rule) for rule in told.of("event_rule") if rule["schedule_expression"]),
    ]  # fmt: skip


def _plotted(told: Status) -> list[Query]:
    """Return what is shown over time, if a time was asked for."""
    return [query for _component, _title, query in _plots(told)]


def _plots(told: Status) -> list[tuple[str, str, Query]]:
    """Return component, title and query of each plot."""
    if told.since is None:
        return []
    seconds = int(told.since.total_seconds())
    step = metrics.period(seconds)

    def over(namespace: str, metric: str, statistic: str, **dimensions: str) -> Query:
        return Query(namespace, metric, tuple(sorted(dimensions.items())), statistic, seconds, step)

    plots = []
    for queue in told.of("sqs_queue"):
        for metric in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"):
            plots.append(
                (
                    component(queue),
                    f"{queue['name']} {metric}",
                    over("AWS/SQS", metric, "Maximum", QueueName=queue["name"]),
                )
            )
    for service in told.of("ecs_service"):
        cluster = service["cluster"].rpartition("/")[2]
        for metric in ("CPUUtilization", "MemoryUtilization"):
            query = over("AWS/ECS", metric, "Average", ClusterName=cluster, ServiceName=service["name"])
            plots.append((component(service), f"{service['name']} {metric}", query))
    for function in told.of("lambda_function"):
        for metric in ("Invocations", "Errors"):
            query = over("AWS/Lambda", metric, "Sum", FunctionName=function["name"])
            plots.append((component(function), f"{function['name']} {metric}", query))
    return plots


def _shown(told: Status) -> list[dict[str, Any]]:
    """Return the plots, those of which CloudWatch has nothing, too: that is an answer."""
    shown = []
    for of, title, query in _plots(told):
        start, points = told.now - timedelta(seconds=query.seconds), told.series(query).points
        shown.append({
            "component": of, "title": title, "statistic": query.statistic, "period": query.period,
            "start": start.isoformat(), "end": told.now.isoformat(),
            "points": [[at.astimezone(UTC).isoformat(), value] for at, value in points],
            # Where in the time each is, of 100.
            "places": [round(100 * (at - start).total_seconds() / query.seconds, 2) for at, _value in points],
        })  # fmt: skip
    return shown


# Parts that ask AWS


def _release(told: Status) -> dict[str, Any]:
    """Tell what runs since when, and how the last rollout ended."""
    everything = records.Releases(told.aws, told.stack).all()
    current, rollouts = records.current(everything), records.rollouts(everything)
    last = rollouts[-1] if rollouts else None
    left = records.unfinished(everything)
    if left and left["verdict"] == records.PAUSED:
        _paused(told, left)
    elif left and not told.facts["lock"]["held"]:
        told.problem("release", "the last rollout was killed: roll out again, or roll back")
    elif last and last["verdict"] == records.FAILED:
        told.warn("release", f"the last rollout, of {last['release']}, failed; what ran before it runs")
    good = [one for one in rollouts if one["verdict"] == records.SUCCEEDED]
    return {
        "name": current["id"] if current else "", "since": (good[-1].get("finished") or "") if good else "",
        "last": records.line(last) if last else "",
    }  # fmt: skip


def _paused(told: Status, rollout: NamedRollout) -> None:
    """Tell of a rollout that waits for people, or did so for too long."""
    became, where = pauses.look(told.aws, rollout)
    name = f"the rollout of {rollout['release']}"
    if became == "waits":
        told.warn("release", f"{name} is paused, {where}: continue or stop it")
    else:
        told.problem("release", f"{name} was paused and isn't finished: {where}; continue_rollout.yml finishes it")


def _services(told: Status) -> list[dict[str, Any]]:
    """Tell each service's tasks, deployment and last events."""
    by_cluster: dict[str, list[str]] = {}
    for one in told.of("ecs_service"):
        by_cluster.setdefault(one["cluster"], []).append(one["name"])
    facts = []
    for cluster, names in by_cluster.items():
        for some in batched(names, 10):
            answer = told.aws("ecs").describe_services(cluster=cluster, services=list(some))
            facts += [_service(told, one) for one in answer["services"]]
    return facts


def _service(told: Status, one: dict[str, Any]) -> dict[str, Any]:
    primary: dict[str, Any] = next((each for each in one["deployments"] if each["status"] == "PRIMARY"), {})
    rollout = primary.get("rolloutState", "")
    name, desired, running = one["serviceName"], one["desiredCount"], one["runningCount"]
    events = [each["message"] for each in one.get("events", [])[:EVENTS]]
    if rollout == "FAILED":
        told.problem(name, f"its deployment failed: {primary.get('rolloutStateReason') or 'ECS gives no reason'}")
    elif running < desired and rollout == "IN_PROGRESS":
        told.warn(name, f"it is being deployed: {running} of {desired} tasks run")
    elif running < desired:
        told.problem(name, f"{running} of {desired} tasks run; ECS says: {events[0] if events else 'nothing'}")
    return {
        "name": name, "desired": desired, "running": running, "pending": one["pendingCount"], "deployment": rollout,
        "deployments": len(one["deployments"]), "events": events,
    }  # fmt: skip


def _tasks(told: Status) -> dict[str, Any]:
    """Tell how many tasks run, and how many of them on Spot."""
    providers: list[str] = []
    for cluster in told.of("ecs_cluster"):
        arns = told.aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster["name"])
        for some in batched(arns, 100):
            answer = told.aws("ecs").describe_tasks(cluster=cluster["name"], tasks=list(some))
            providers += [one.get("capacityProviderName", "") for one in answer["tasks"]]
    return {"running": len(providers), "spot": providers.count("FARGATE_SPOT")}


def _queues(told: Status) -> list[dict[str, Any]]:
    """Tell what waits in each queue, and what failed: a queue that sends nothing on is where failures end."""
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    facts = []
    for queue in told.of("sqs_queue"):
        answer = told.aws("sqs").get_queue_attributes(QueueUrl=queue["url"], AttributeNames=list(names))
        waiting, taken, delayed = (int(answer["Attributes"][name]) for name in names)
        failures, all_of_it = not queue["redrive_policy"], waiting + taken + delayed
        if failures and all_of_it:
            told.problem(component(queue), f"{all_of_it} messages failed and are kept in {queue['name']}")
        facts.append(
            {"name": queue["name"], "failures": failures, "waiting": waiting, "in_flight": taken, "delayed": delayed}
        )
    return facts


def _database(told: Status) -> list[dict[str, Any]]:
    """Tell a database's state, its pending maintenance, and its newest backup."""
    facts = []
    for one in told.of("rds_instance"):
        name = one["db_instance_identifier"]
        live = told.aws("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        pending = told.aws.pages(
            "rds", "describe_pending_maintenance_actions", "PendingMaintenanceActions",
            Filters=[{"Name": "db-instance-id", "Values": [live["DBInstanceArn"]]}],
        )  # fmt: skip
        actions = [
            each.get("Description") or each["Action"]
            for item in pending
            for each in item["PendingMaintenanceActionDetails"]
        ]
        if live["DBInstanceStatus"] not in RUNS:
            told.problem("database", f"{name} is {live['DBInstanceStatus']}")
        for action in actions:
            told.warn("database", f"maintenance is pending: {action}")
        restorable = live.get("LatestRestorableTime")
        _backup(told, name, live, restorable)
        facts.append({
            "name": name, "state": live["DBInstanceStatus"], "engine_version": live["EngineVersion"],
            "allocated_gib": live["AllocatedStorage"], "maintenance": actions,
            "changes_pending": sorted(live.get("PendingModifiedValues") or {}),
            "newest_backup": restorable.astimezone(UTC).isoformat() if restorable else "",
            "backup_age": ago(restorable, told.now),
        })  # fmt: skip
    return facts


def _backup(told: Status, name: str, live: dict[str, Any], restorable: datetime | None) -> None:
    made = live.get("InstanceCreateTime") or told.now
    newest, day = restorable or made, timedelta(hours=BACKUP_HOURS)
    if not live.get("BackupRetentionPeriod"):
        told.warn("database", f"{name} keeps no backups: database_backup_retention_days is 0")
    elif told.now - newest > day and live["DBInstanceStatus"] in RUNS:
        made_when = f"is of {ago(restorable, told.now)}" if restorable else "is still to be made"
        told.problem("database", f"the newest backup of {name} {made_when}")


def _certificates(told: Status) -> list[dict[str, Any]]:
    """Tell how long each certificate holds that a listener serves, or that the stack has."""
    served = {
        each["CertificateArn"] for balancer in told.of("load_balancer") for listener in balancer["listeners"]
        for each in listener.get("Certificates") or []
    }  # fmt: skip
    facts = []
    for arn in sorted(served | {one["arn"] for one in told.of("certificate")}):
        one = told.aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]
        ends = one.get("NotAfter")
        days = (ends - told.now).days if ends else None
        renewal = (one.get("RenewalSummary") or {}).get("RenewalStatus", "")
        if one["Status"] != "ISSUED":
            told.problem("load_balancer", f"the certificate of {one['DomainName']} is {one['Status']}")
        elif days is not None and days < CERTIFICATE_DAYS:
            more = f"; its renewal is {renewal}" if renewal else ""
            told.problem("load_balancer", f"the certificate of {one['DomainName']} ends in {days} days{more}")
        facts.append({"domain": one["DomainName"], "status": one["Status"], "days": days, "renewal": renewal})
    return facts


def _alarms(told: Status) -> dict[str, Any]:
    """Tell the alarms that are on, and those that CloudWatch can't evaluate."""
    names = [one["name"] for one in told.of("metric_alarm")]
    found = [
        one for some in batched(names, 100)
        for one in told.aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=list(some))
    ]  # fmt: skip
    on = [one for one in found if one["StateValue"] == "ALARM"]
    broken = [one for one in found if one.get("EvaluationState") in ("EVALUATION_ERROR", "EVALUATION_FAILURE")]
    # The autoscaler's alarms are on whenever it has something to do.
    scaling = {name for name in names if _scales(told, name)}
    for one in on:
        if one["AlarmName"] not in scaling:
            told.problem(
                "monitoring",
                f"the alarm {one['AlarmName']} is on: {one.get('StateReason') or 'CloudWatch gives no reason'}",
            )
    for one in broken:
        told.problem("monitoring", f"the alarm {one['AlarmName']} can't be evaluated: {one['EvaluationState']}")
    silent = [one["AlarmName"] for one in found if not one["ActionsEnabled"]]
    for name in silent:
        told.warn("monitoring", f"the alarm {name} tells nobody: its actions are switched off")
    return {
        "count": len(found), "on": sorted(one["AlarmName"] for one in on),
        "unevaluated": sorted(one["AlarmName"] for one in broken), "silent": sorted(silent),
        "without_data": sorted(one["AlarmName"] for one in found if one["StateValue"] == "INSUFFICIENT_DATA"),
    }  # fmt: skip


def _scales(told: Status, name: str) -> bool:
    alarm: Resource = next(one for one in told.of("metric_alarm") if one["name"] == name)
    return any(":autoscaling:" in action for action in alarm["alarm_actions"])


PARTS: dict[str, Callable[[Status], Any]] = {
    "release": _release, "services": _services, "tasks": _tasks, "queues": _queues, "database": _database,
    "certificates": _certificates, "alarms": _alarms,
}  # fmt: skip


# Parts that need the metrics, or nothing more


def _ages(told: Status) -> dict[str, float | None]:
    """Tell how old the oldest message of each queue is, in seconds."""
    return {queue["name"]: told.series(_age(queue)).last for queue in told.of("sqs_queue")}


def _storage(told: Status) -> dict[str, dict[str, float | None]]:
    """Tell each database's free storage in GiB, and its connections."""
    return {
        one["db_instance_identifier"]: {
            "free_gib": None if (free := told.series(_free(one)).last) is None else round(free / 2**30, 2),
            "connections": told.series(_connections(one)).last,
        }
        for one in told.of("rds_instance")
    }


def _schedules(told: Status) -> list[dict[str, Any]]:
    """Tell what is called by the clock, and when it was called last."""
    facts = []
    for rule in told.of("event_rule"):
        if not rule["schedule_expression"]:
            continue
        runs = [at for at, count in told.series(_runs(rule)).points if count]
        last, every = (runs[-1].astimezone(UTC) if runs else None), interval(rule["schedule_expression"])
        # A call is counted up to a period late.
        if rule["enabled"] and every and last and told.now - last > 2 * every + timedelta(minutes=10):
            told.problem(
                component(rule),
                f"{rule['name']} fired last {ago(last, told.now)}, and is due every {spoken(every)}",
            )
        facts.append({
            "name": rule["name"], "schedule": rule["schedule_expression"], "enabled": rule["enabled"],
            "last": last.isoformat() if last else "",
            "ago": ago(last, told.now) if last else "not in the last 25 hours",
        })  # fmt: skip
    return facts


def interval(expression: str) -> timedelta | None:
    """Return how often a rate fires; None for cron expressions, which may be years apart."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def _pipes(told: Status) -> list[dict[str, Any]]:
    """Tell whether each pipe does what is wanted."""
    for one in told.of("pipes_pipe"):
        if one["state"] != one["desired_state"]:
            told.problem(
                component(one),
                f"the pipe {one['name']} is {one['state']}: {one['state_reason'] or 'AWS gives no reason'}",
            )
    return [
        {"name": one["name"], "state": one["state"], "desired": one["desired_state"], "reason": one["state_reason"]}
        for one in told.of("pipes_pipe")
    ]


def _subscriptions(told: Status) -> list[dict[str, Any]]:
    """Tell who of the alarms' listeners hasn't confirmed, and whether there is any."""
    facts = []
    for topic in told.of("sns_topic"):
        listed = told.aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic["arn"])
        if not listed:
            told.warn("monitoring", f"nobody hears the alarms of {topic['name']}: monitoring_subscriptions is empty")
        for one in listed:
            confirmed = one["SubscriptionArn"].startswith("arn:")
            facts.append({"endpoint": one["Endpoint"], "protocol": one["Protocol"], "confirmed": confirmed})
            if not confirmed:
                told.warn("monitoring", f"{one['Endpoint']} hasn't confirmed its subscription, so it hears no alarm")
    return facts


AFTER: dict[str, Callable[[Status], Any]] = {
    "ages": _ages, "storage": _storage, "schedules": _schedules, "pipes": _pipes, "subscriptions": _subscriptions,
}  # fmt: skip
