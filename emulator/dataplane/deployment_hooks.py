"""Lifecycle hooks of service deployments: pauses that wait for people, and functions that are asked.

Which stages there are is ``corrections/ecs_deployments.py``; a deployment leaves its stage when all of its hooks have
succeeded (``next_stage``), and is taken back by one that failed (``failed``, which ``services.py`` asks at each look).
"""

import json
import uuid

from emulator import clock
from emulator.corrections import ecs_deployments, ecs_history
from emulator.corrections.ecs_deployments import LifecycleHook, ServiceDeployment
from emulator.dataplane import bus, functions, targets
from emulator.dataplane.engine import ENGINE, log
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred
from emulator.lock import LOCK
from emulator.permissions import Role

GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
PRINCIPAL = "ecs.amazonaws.com"
MINUTES = 1440  # that a hook has, where nothing is said
AGAIN = 30.0  # seconds after which a function that goes on is asked again
# The stages whose functions are asked again on the way back.
RECURRING = ("PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT")
FAILED = "ECS deployment failed: lifecycle hook failed."
TIMED_OUT = "ECS deployment failed: lifecycle hook timed out."


def install() -> None:
    """Let deployments meet their hooks."""

    @ecs_deployments.enter.around
    def enter(_own, service, record):
        begin(service, record)

    @ecs_history.told.around
    def told(_own, service, record, one):
        _tell(service, record, one)


@does(
    "At each stage that a hook names, for steps of the traffic at each step, it begins anew with an id of its own.",
    documented(GUIDE + "pause-lifecycle-hooks.html", "Pause hooks with linear and canary deployments"),
)
@does(
    "A hook has 1440 minutes, unless it says otherwise, and is a ROLLBACK then, unless it says otherwise.",
    documented(API + "DeploymentLifecycleHookTimeoutConfiguration.html"),
)
@does(
    "The first deployment of a service meets its hooks as well.",
    inferred("CloudFormation waits for a paused new service", "a new service with a pause at POST_SCALE_UP"),
)
def begin(service, record: ServiceDeployment) -> None:
    """Begin the hooks of a deployment's stage."""
    for definition in record.configuration.get("lifecycleHooks") or []:
        if record.stage not in definition.get("lifecycleStages", []):
            continue
        pauses = definition.get("targetType") == "PAUSE"
        minutes = (definition.get("timeoutConfiguration") or {}).get("timeoutInMinutes", MINUTES)
        one = LifecycleHook(
            definition, record.stage,
            f"ecs-pause-{uuid.uuid4().hex}" if pauses else str(uuid.uuid4()),
            "AWAITING_ACTION" if pauses else "IN_PROGRESS", clock.now() + 60.0 * minutes,
            dict(definition.get("hookDetails") or {}), None if pauses else clock.now(),
        )  # fmt: skip
        record.hooks.append(one)
        _tell(service, record, one)


@does(
    "A hook whose time is over is TIMED_OUT; then the deployment goes on, or is taken back, as the hook says.",
    documented(GUIDE + "pause-lifecycle-hooks.html", "Timeout behavior"),
)
@does(
    "One hook that fails takes the deployment back, whatever the others at that stage say.",
    documented(GUIDE + "pause-lifecycle-hooks.html", "Multiple hooks at the same stage"),
)
def failed(service, record: ServiceDeployment) -> str:
    """Look after the hooks of a deployment that goes on, and return why they take it back, if they do."""
    for one in record.hooks:
        if one.open and clock.now() >= one.expires:
            one.status = "TIMED_OUT"
            _tell(service, record, one)
        elif one.open and one.due is not None and clock.now() >= one.due:
            one.due = None
            ENGINE.background(_ask, service, record, one, ENGINE.life)
    if any(one.status == "TIMED_OUT" and one.action == "ROLLBACK" for one in record.hooks):
        return TIMED_OUT
    return FAILED if any(one.status == "FAILED" for one in record.hooks) else ""


@does(
    "The hooks that are still open when a deployment is taken back are FAILED.",
    inferred("no status says that a hook was cancelled", "lifecycleHookDetails of a deployment stopped in a pause"),
)
def cancel(service, record: ServiceDeployment) -> None:
    """A deployment is taken back: nobody waits for its hooks any more."""
    for one in record.hooks:
        if one.open:
            one.status = "FAILED"
            _tell(service, record, one)


# Functions


@does(
    "ECS asks a hook's function with the hook's role, which needs lambda:InvokeFunction.",
    documented(GUIDE + "blue-green-permissions.html"),
)
@does(
    "A function gets executionId, lifecycleStage, resourceArn, executionDetails with the service, the revision and the "
    "traffic's weights, and hookDetails.",
    documented(GUIDE + "lambda-lifecycle-hooks.html", "Lifecycle payloads"),
)
@does(
    "It answers with hookStatus SUCCEEDED, FAILED or IN_PROGRESS; any other answer, and an error, is a failure.",
    documented(GUIDE + "lambda-lifecycle-hooks.html", "hookStatus values"),
)
@does(
    "One that is IN_PROGRESS is asked again after callBackDelay seconds, 30 where it says none, with the hookDetails "
    "that it returned.",
    documented(GUIDE + "lambda-lifecycle-hooks.html", "Passing state with hookDetails"),
)
def _ask(service, record: ServiceDeployment, one: LifecycleHook, life: int) -> None:
    answer = _answer(service, record, one)
    with LOCK:
        if life != ENGINE.life or not one.open:
            return
        if answer.get("hookStatus") == "IN_PROGRESS":
            one.details |= answer.get("hookDetails") or {}
            one.due = clock.now() + float(answer.get("callBackDelay", AGAIN))
            return
        one.status = "SUCCEEDED" if answer.get("hookStatus") == "SUCCEEDED" else "FAILED"
        _tell(service, record, one)


def _answer(service, record: ServiceDeployment, one: LifecycleHook) -> dict:
    """Return what a hook's function says; nothing where it fails, or may not be asked."""
    arn = one.definition.get("hookTargetArn", "")
    with LOCK:
        event = {
            "executionId": str(uuid.uuid4()), "lifecycleStage": one.stage, "resourceArn": record.arn,
            "executionDetails": {
                "serviceArn": service.arn, "targetServiceRevisionArn": record.revision["serviceRevisionArn"],
                "testTrafficWeights": _weights(record, one.stage == "TEST_TRAFFIC_SHIFT", record.test_share),
                "productionTrafficWeights": _weights(
                    record, one.stage in ("PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"), record.share
                ),
            },
            **({"hookDetails": one.details} if one.details else {}),
        }  # fmt: skip
        try:
            role = Role(one.definition.get("roleArn", ""), PRINCIPAL, service.arn)
            role.must("lambda:InvokeFunction", arn, "ECSDeploymentLifecycleHook")
            function = targets.backend("lambda", arn.split(":")[3]).get_function(arn)
        except (AWSError, IndexError) as error:
            ecs_deployments.event(service, f"(service {service.name}) lifecycle hook {arn} failed: {error}")
            return {}
    try:
        outcome = functions.invoke(function, json.dumps(event))
        answer = json.loads(outcome.payload or b"{}") if not outcome.error else {}
    except (AWSError, ValueError) as error:
        log.warning("the lifecycle hook %s failed: %s", arn, error)
        return {}
    return answer if isinstance(answer, dict) else {}


def _weights(record: ServiceDeployment, shown: bool, share: float) -> dict:
    if not shown:
        return {}
    before = dict.fromkeys(record.sources, 100 - share)
    return {record.revision["serviceRevisionArn"]: share, **before}


@does(
    "On the way back ECS asks the functions of PRODUCTION_TRAFFIC_SHIFT and TEST_TRAFFIC_SHIFT again, with the old "
    "revision's share at 100.",
    documented(GUIDE + "lambda-lifecycle-hooks.html", "Lifecycle hooks during rollback"),
)
@does(
    "What they answer then changes nothing.",
    inferred("there is nothing left to go back to", "a hook that fails in a rollback"),
)
def on_the_way_back(service, record: ServiceDeployment) -> None:
    """Ask the functions that are asked when the traffic goes back; only for traffic that had moved."""
    met = {one.stage for one in record.hooks}
    for definition in record.configuration.get("lifecycleHooks") or []:
        for stage in sorted(met & set(RECURRING) & set(definition.get("lifecycleStages", []))):
            if definition.get("targetType") != "PAUSE":
                one = LifecycleHook(
                    definition, stage, "", "IN_PROGRESS", 0.0, dict(definition.get("hookDetails") or {})
                )
                ENGINE.background(_answer, service, record, one)


# Events


@does(
    "A hook's new status is an ECS Hook State Change of the service deployment.",
    documented(GUIDE + "ecs_hook_state_change_events.html"),
)
def _tell(service, record: ServiceDeployment, one: LifecycleHook) -> None:
    bad = one.status in ("FAILED", "TIMED_OUT")
    detail = {
        "eventType": "ERROR" if bad else "INFO",
        "eventName": f"HOOK_{one.status}",
        "hookId": one.number,
        "hookType": one.definition.get("targetType", "AWS_LAMBDA"),
        "expiresAt": bus.iso(one.expires),
        "lifecycleStage": one.stage,
        "clusterArn": service.cluster_arn,
        "serviceArn": service.arn,
        "serviceDeploymentArn": record.arn,
        "updatedAt": bus.iso(clock.now()),
    }
    bus.put("aws.ecs", "ECS Hook State Change", detail, [record.arn], service.arn.split(":")[3])
