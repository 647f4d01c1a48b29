"""ECS: what is told of the deployments of a service, and how one is stopped, or continued."""

from datetime import UTC, datetime

from moto.core.utils import utcnow

from emulator.corrections.ecs_deployments import (
    GOING_ON,
    LifecycleHook,
    ServiceDeployment,
    advanced_configuration,
    history,
)
from emulator.corrections.ecs_services import settle
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred
from emulator.patching import adds, hook

GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"


def _brief(service, record: ServiceDeployment) -> dict:
    """Return a deployment as ListServiceDeployments has it."""
    return _said({
        "serviceDeploymentArn": record.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": record.created,
        "startedAt": record.created,
        "finishedAt": record.finished,
        "stoppedAt": record.finished if record.status == "STOPPED" else None,
        "targetServiceRevisionArn": record.revision["serviceRevisionArn"],
        "status": record.status,
        "statusReason": record.reason,
    })  # fmt: skip


def _said(told: dict) -> dict:
    return {key: value for key, value in told.items() if value not in (None, "")}


@does(
    "A service deployment shows source and target revision, its breaker and alarms, and its rollback.",
    documented(API + "ServiceDeployment.html"),
)
@does("A stopped deployment has a time at which it stopped.", documented(API + "ServiceDeployment.html", "stoppedAt"))
@does(
    "A rolling deployment shows no lifecycle stage.",
    inferred("its stages are said of two revisions only", "DescribeServiceDeployments of a rolling deployment"),
)
def _whole(service, record: ServiceDeployment) -> dict:
    config = record.configuration
    alarms = config.get("alarms") or {}
    watching = "MONITORING" if record.status in GOING_ON else "MONITORING_COMPLETE"
    wanted, counted = service.desired_count, {one["id"]: one for one in service.deployments}
    runs = counted.get(record.deployment, {}).get("runningCount", 0)
    target = {
        "arn": record.revision["serviceRevisionArn"], "requestedTaskCount": wanted, "runningTaskCount": runs,
        "pendingTaskCount": max(0, wanted - runs),
    }  # fmt: skip
    sources = [{"arn": arn, "requestedTaskCount": wanted} for arn in record.sources]
    if not record.rolling:
        target["requestedProductionTrafficWeight"] = record.share
        for one in sources:
            one["requestedProductionTrafficWeight"] = 100.0 - record.share
        if advanced_configuration(service).get("testListenerRule"):
            target["requestedTestTrafficWeight"] = record.test_share
            for one in sources:
                one["requestedTestTrafficWeight"] = 100.0 - record.test_share
    told = _brief(service, record)
    told.pop("targetServiceRevisionArn")
    return _said({
        **told,
        "updatedAt": utcnow(),
        "sourceServiceRevisions": sources,
        "targetServiceRevision": target,
        "lifecycleStage": record.stage,
        "lifecycleHookDetails": [_hook(one) for one in record.hooks] or None,
        "deploymentConfiguration": config,
        "rollback": record.rollback,
        "deploymentCircuitBreaker": {
            "status": watching if record.breaks else "DISABLED", "failureCount": record.failures,
            "threshold": record.threshold(wanted),
        },
        "alarms": {
            "status": "TRIGGERED" if record.alarmed
            else watching if alarms.get("enable") and not record.ignores_alarms else "DISABLED",
            "alarmNames": alarms.get("alarmNames", []), "triggeredAlarmNames": record.alarmed,
        },
    })  # fmt: skip


@does(
    "A deployment shows its hooks with id, type, target, status, the time at which they expire and what happens then.",
    documented(API + "DeploymentLifecycleHookDetail.html"),
)
@does(
    "It goes on showing the hooks that have ended.",
    inferred("their statuses include SUCCEEDED", "lifecycleHookDetails after a pause was continued"),
)
def _hook(one: LifecycleHook) -> dict:
    return _said({
        "hookId": one.number,
        "targetType": one.definition.get("targetType", "AWS_LAMBDA"),
        "targetArn": one.definition.get("hookTargetArn"),
        "status": one.status,
        "expiresAt": datetime.fromtimestamp(one.expires, UTC),
        "timeoutAction": one.action,
    })  # fmt: skip


def _service(api, params: dict):
    cluster = api.ecs_backend._get_cluster(params.get("cluster", "default").split("/")[-1])
    service = api.ecs_backend.services.get(f"{cluster.name}:{params['service'].split('/')[-1]}")
    if service is None:
        raise AWSError("ServiceNotFoundException", "Service not found.")
    return service


def _found(api, arn: str, key=lambda record: record.arn) -> tuple | None:
    return next(
        (
            (service, record)
            for service in api.ecs_backend.services.values()
            for record in history(service)
            if key(record) == arn
        ),
        None,
    )


@adds("ecs", "ListServiceDeployments", "lists a service's deployments, the newest first, by pages")
def list_service_deployments(api, params):
    service = _service(api, params)
    settle(api.ecs_backend, service)
    wanted, time = params.get("status"), params.get("createdAt") or {}
    found = [
        _brief(service, one)
        for one in history(service)
        if (not wanted or one.status in wanted) and _within(one.created, time)
    ]
    first, most = int(params.get("nextToken") or 0), params.get("maxResults", 20)
    more = {"nextToken": str(first + most)} if first + most < len(found) else {}
    return {"serviceDeployments": found[first : first + most], **more}


def _within(created, time: dict) -> bool:
    seconds = created.timestamp()
    after, before = (_seconds(time.get(key)) for key in ("after", "before"))
    return (after is None or seconds > after) and (before is None or seconds < before)


def _seconds(value) -> float | None:
    return value.timestamp() if hasattr(value, "timestamp") else value


@adds("ecs", "DescribeServiceDeployments", "describes deployments by ARN")
def describe_service_deployments(api, params):
    found, failures = [], []
    for arn in params["serviceDeploymentArns"]:
        pair = _found(api, arn)
        if pair:
            settle(api.ecs_backend, pair[0])
            found.append(_whole(*pair))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"serviceDeployments": found, "failures": failures}


@adds("ecs", "DescribeServiceRevisions", "describes what deployments brought, by ARN")
def describe_service_revisions(api, params):
    found, failures = [], []
    for arn in params["serviceRevisionArns"]:
        pair = _found(api, arn, lambda record: record.revision["serviceRevisionArn"])
        if pair:
            resolved = [{"targetGroupArn": pair[1].group}] if pair[1].group else []
            found.append({**pair[1].revision, "resolvedConfiguration": {"loadBalancers": resolved}})
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"serviceRevisions": found, "failures": failures}


@adds("ecs", "StopServiceDeployment", "takes a deployment that goes on back")
@does(
    "A deployment that is stopped goes through ROLLBACK_REQUESTED to its rollback, also where none is configured.",
    documented(GUIDE + "stop-service-deployment.html"),
)
def stop_service_deployment(api, params):
    pair = _found(api, params["serviceDeploymentArn"])
    if pair is None:
        raise AWSError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
    service, record = pair
    if record.status not in GOING_ON:
        raise AWSError("ConflictException", f"The service deployment is {record.status} and can't be stopped.")
    if record.status in ("PENDING", "IN_PROGRESS"):
        record.asked_to = params.get("stopType", "ROLLBACK")
        record.status = "STOP_REQUESTED" if record.asked_to == "ABORT" else "ROLLBACK_REQUESTED"
    return {"serviceDeploymentArn": record.arn}


@hook
def told(service, record: ServiceDeployment, one: LifecycleHook) -> None:
    """A hook has another status; the data plane tells others so."""


@adds("ecs", "ContinueServiceDeployment", "continues a deployment that pauses at a hook, or takes it back")
@does(
    "A hook in AWAITING_ACTION is SUCCEEDED by CONTINUE, which is what is meant where nothing is said, and FAILED by "
    "ROLLBACK, which takes the deployment back.",
    documented(API + "ContinueServiceDeployment.html"),
)
@does(
    "Any other hook, and one of a deployment that isn't IN_PROGRESS, is refused with InvalidParameterException.",
    inferred("the operation has no error that fits better", "ContinueServiceDeployment twice for one hook"),
)
def continue_service_deployment(api, params):
    pair = _found(api, params["serviceDeploymentArn"])
    if pair is None:
        raise AWSError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
    service, record = pair
    settle(api.ecs_backend, service)  # its time may be over
    one = next((one for one in record.hooks if one.number == params["hookId"]), None)
    if one is None or one.status != "AWAITING_ACTION" or record.status != "IN_PROGRESS":
        raise AWSError("InvalidParameterException", f"The hook {params['hookId']} is not awaiting an action.")
    one.status = "SUCCEEDED" if params.get("action", "CONTINUE") == "CONTINUE" else "FAILED"
    told(service, record, one)
    return {"serviceDeploymentArn": record.arn}
