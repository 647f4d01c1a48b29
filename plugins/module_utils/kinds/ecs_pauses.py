"""ECS: lifecycle hooks of a service's deployments in one spelling, and where a deployment pauses."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

# What AWS takes for what is unsaid of a hook.
HOOK: dict[str, Any] = {
    "target_type": "AWS_LAMBDA", "target_arn": "", "role_arn": "", "details": {}, "timeout_minutes": 1440,
    "timeout_action": "ROLLBACK",
}  # fmt: skip
AWS_HOOK = {
    "target_type": "targetType", "target_arn": "hookTargetArn", "role_arn": "roleArn", "stages": "lifecycleStages",
    "details": "hookDetails",
}  # fmt: skip
AWS_TIMEOUT = {"timeout_minutes": "timeoutInMinutes", "timeout_action": "action"}
PAUSE = "PAUSE"
AWAITS = "AWAITING_ACTION"


def hooks(given: list[dict] | None) -> list[dict]:
    """Return hooks in one spelling, with what AWS takes for what is unsaid; no order counts."""
    spelled = (
        {**HOOK, **{field: value for field, value in one.items() if value is not None}, "stages": sorted(one["stages"])}
        for one in given or []
    )
    return sorted(spelled, key=lambda one: json.dumps(one, sort_keys=True))


def hooks_from_aws(given: list[dict] | None) -> list[dict]:
    """Return AWS's hooks as ours."""
    return hooks([
        {field: one.get(key) for field, key in AWS_HOOK.items()}
        | {"stages": one.get("lifecycleStages") or []}
        | {field: one.get("timeoutConfiguration", {}).get(key) for field, key in AWS_TIMEOUT.items()}
        for one in given or []
    ])  # fmt: skip


def hooks_to_aws(given: list[dict]) -> list[dict]:
    """Return our hooks as AWS takes them."""
    return [
        {key: one[field] for field, key in AWS_HOOK.items() if one[field]}
        | {"timeoutConfiguration": {key: one[field] for field, key in AWS_TIMEOUT.items()}}
        for one in given
    ]


@dataclass(frozen=True)
class Pause:
    """A deployment that waits at a hook for somebody to continue it."""

    deployment: str
    """The ARN of the service deployment."""
    hook: str
    stage: str
    until: str
    """When its time is over, UTC."""
    action: str
    """What AWS does then: V(CONTINUE) or V(ROLLBACK)."""

    def where(self) -> str:
        """Return where it pauses, until when and what happens then."""
        does = "goes on" if self.action == "CONTINUE" else "is taken back"
        return f"at {self.stage} until {self.until}, when it {does}"

    def record(self) -> dict[str, str]:
        """Return it as records have it."""
        return asdict(self)


def pauses(deployment: dict | None) -> list[Pause]:
    """Return where a service deployment, as DescribeServiceDeployments shows it, waits for somebody."""
    if not deployment or deployment["status"] not in ("PENDING", "IN_PROGRESS"):
        return []
    return [
        Pause(
            deployment["serviceDeploymentArn"], one["hookId"], deployment.get("lifecycleStage", ""),
            utc(one["expiresAt"]), one.get("timeoutAction", HOOK["timeout_action"]),
        )
        for one in deployment.get("lifecycleHookDetails", [])
        if one.get("status") == AWAITS
    ]  # fmt: skip


def utc(when: datetime) -> str:
    """Return a time of AWS's as records have it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def paused(aws, service: dict) -> str:
    """Return where the deployment of a described service pauses, in words; nothing where it doesn't.

    Only a service with hooks is asked for more, and only while it is being deployed.
    """
    deploying = any(one.get("rolloutState") == "IN_PROGRESS" for one in service.get("deployments", []))
    hooked = service.get("deploymentConfiguration", {}).get("lifecycleHooks")
    if not hooked or not (deploying or len(service.get("deployments", [])) > 1):
        return ""
    listed = aws("ecs").list_service_deployments(
        cluster=service["clusterArn"], service=service["serviceArn"], status=["IN_PROGRESS"]
    )["serviceDeployments"]
    arns = [one["serviceDeploymentArn"] for one in listed]
    if not arns:
        return ""
    found = aws("ecs").describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    return next((f"paused {one.where()}" for deployment in found for one in pauses(deployment)), "")
