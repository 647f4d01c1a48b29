"""Application Auto Scaling: tags, policies by name, and targets that belong together with their policies."""

from moto.applicationautoscaling import models
from moto.ecs.models import ecs_backends

from emulator import inside
from emulator.errors import AWSError
from emulator.evidence import documented, does, lacks
from emulator.patching import adds, answers, correction, replacing

API = "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
lacks(__name__, "Autoscaling", "policies, cooldowns and scheduled actions are kept and move nothing by themselves")

Backend = models.ApplicationAutoscalingBackend
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
ROLE = (
    "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)


# Targets


@correction("application-autoscaling", "a new target needs both capacities and shows a role and what is suspended")
@does(
    "RegisterScalableTarget brings the service's desired count into the target's range.",
    documented(API + "API_RegisterScalableTarget.html"),
)
@does(
    "A deregistered target's policies, their alarms and its scheduled actions go with it.",
    documented(API + "API_DeregisterScalableTarget.html"),
)
def targets():
    @replacing(Backend, "register_scalable_target")
    def register(original, self, namespace, r_id, dimension, **kwargs):
        new = not self._scalable_target_exists(r_id, dimension)
        for key, name in (("min_capacity", "min capacity"), ("max_capacity", "max capacity")):
            if new and kwargs.get(key) is None:
                raise AWSError(
                    "ValidationException", f"{name} should be specified when registering a new scalable target"
                )
        target = original(self, namespace, r_id, dimension, **kwargs)
        if target.min_capacity > target.max_capacity:
            raise AWSError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
        target.role_arn = target.role_arn or ROLE.format(account=self.account_id)
        target.suspended_state = NOT_SUSPENDED | (target.suspended_state or {})
        _into_range(self, target)
        return target

    @replacing(Backend, "deregister_scalable_target")
    def deregister(original, self, namespace, r_id, dimension):
        if not self._scalable_target_exists(r_id, dimension):
            raise AWSError(
                "ObjectNotFoundException",
                f"No scalable target found for service namespace: {namespace}, resource ID: {r_id}, "
                f"scalable dimension: {dimension}",
            )
        original(self, namespace, r_id, dimension)
        for key, policy in list(self.policies.items()):
            if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
                policy.delete_alarms(self.account_id, self.region_name)
                del self.policies[key]
        self.scheduled_actions = [
            one for one in self.scheduled_actions if (one.resource_id, one.scalable_dimension) != (r_id, dimension)
        ]


def _into_range(backend, target) -> None:
    """Bring the desired count of a target's service between its capacities."""
    if target.service_namespace != "ecs":
        return  # tables and the like, which nobody scales here
    _kind, cluster, name = target.resource_id.split("/")
    service = ecs_backends[backend.account_id][backend.region_name].services.get(f"{cluster}:{name}")
    if service is None or service.status != "ACTIVE":
        return
    count = min(max(service.desired_count, target.min_capacity), target.max_capacity)
    if count != service.desired_count:
        inside.client("ecs", backend.region_name).update_service(cluster=cluster, service=name, desiredCount=count)


# Policies and scheduled actions


def _need_target(backend, namespace, resource_id, dimension) -> None:
    if not backend._scalable_target_exists(resource_id, dimension):
        raise AWSError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {namespace}, resource ID: {resource_id}, "
            f"scalable dimension: {dimension}",
        )


@correction("application-autoscaling", "a policy or scheduled action needs a target; a changed policy keeps its ARN")
def policies():
    @replacing(Backend, "put_scaling_policy")
    def put(original, self, policy_name, service_namespace, resource_id, scalable_dimension, **kwargs):
        _need_target(self, service_namespace, resource_id, scalable_dimension)
        key = models.FakeApplicationAutoscalingPolicy.formulate_key(
            service_namespace, resource_id, scalable_dimension, policy_name
        )
        before = self.policies.get(key)
        if before:
            before.delete_alarms(self.account_id, self.region_name)
        policy = original(
            self, policy_name=policy_name, service_namespace=service_namespace, resource_id=resource_id,
            scalable_dimension=scalable_dimension, **kwargs,
        )  # fmt: skip
        if before:
            policy.policy_arn, policy.creation_time = before.policy_arn, before.creation_time
        return policy

    @replacing(Backend, "put_scheduled_action")
    def schedule(original, self, service_namespace, *, resource_id, scalable_dimension, **kwargs):
        _need_target(self, service_namespace, resource_id, scalable_dimension)
        return original(
            self,
            service_namespace=service_namespace,
            resource_id=resource_id,
            scalable_dimension=scalable_dimension,
            **kwargs,
        )

    @replacing(Backend, "delete_scaling_policy")
    def delete(original, self, policy_name, service_namespace, resource_id, scalable_dimension):
        key = models.FakeApplicationAutoscalingPolicy.formulate_key(
            service_namespace, resource_id, scalable_dimension, policy_name
        )
        if key not in self.policies:
            raise AWSError("ObjectNotFoundException", f"No scaling policy found for policy name: {policy_name}")
        return original(self, policy_name, service_namespace, resource_id, scalable_dimension)


@answers("application-autoscaling", "DescribeScalingPolicies", "lists the named policies only")
def describe_policies(api, params, moto):
    answer = moto()
    if params.get("PolicyNames"):
        answer["ScalingPolicies"] = [
            one for one in answer["ScalingPolicies"] if one["PolicyName"] in params["PolicyNames"]
        ]
    if params.get("ResourceId"):  # moto takes a part of an id for the id
        answer["ScalingPolicies"] = [
            one for one in answer["ScalingPolicies"] if one["ResourceId"] == params["ResourceId"]
        ]
    return answer


# Tags


def _target(api, arn: str):
    for targets in api.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    raise AWSError("ResourceNotFoundException", f"The scalable target {arn} was not found")


@answers("application-autoscaling", "RegisterScalableTarget", "keeps the tags it is given")
def register_with_tags(api, params, moto):
    answer = moto()
    target = _target(api, answer["ScalableTargetARN"])
    target.tags = getattr(target, "tags", {}) | params.get("Tags", {})
    return answer


@adds("application-autoscaling", "ListTagsForResource", "lists a target's tags")
def list_tags(api, params):
    return {"Tags": _target(api, params["ResourceARN"]).tags}


@adds("application-autoscaling", "TagResource", "adds tags to a target")
def tag(api, params):
    _target(api, params["ResourceARN"]).tags.update(params["Tags"])
    return {}


@adds("application-autoscaling", "UntagResource", "removes tags from a target")
def untag(api, params):
    for key in params["TagKeys"]:
        _target(api, params["ResourceARN"]).tags.pop(key, None)
    return {}
