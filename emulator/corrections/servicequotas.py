"""Service Quotas, and the services' own calls that tell what an account may have and what of it is used."""

from moto.awslambda import responses, urls
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ecs.models import ecs_backends

from emulator import ACCOUNT, quotas
from emulator.errors import AWSError
from emulator.patching import adds, answers, correction

USAGE = "AWS/Usage"
RUNNING = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING")
CODE_BYTES = 80 * 1024**3


def _quota(params, value) -> dict:
    quota = quotas.QUOTAS.get(params["QuotaCode"])
    if quota is None or quota.service != params["ServiceCode"]:
        raise AWSError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    told = {
        "ServiceCode": quota.service, "QuotaCode": quota.code, "QuotaName": quota.name, "Value": float(value(quota)),
        "Unit": "None", "Adjustable": True, "GlobalQuota": False,
    }  # fmt: skip
    if quota.usage:
        service, resource, kind = quota.usage
        told["UsageMetric"] = {
            "MetricNamespace": USAGE,
            "MetricName": "ResourceCount",
            "MetricDimensions": {"Service": service, "Type": "Resource", "Resource": resource, "Class": kind},
            "MetricStatisticRecommendation": "Maximum",
        }
    return {"Quota": told}


@answers("service-quotas", "GetServiceQuota", "tells what the account may have, and the metric of its use")
def get_service_quota(_api, params, _moto):
    return _quota(params, quotas.value)


@adds("service-quotas", "GetAWSDefaultServiceQuota", "tells what an account has by default")
def get_default(_api, params):
    return _quota(params, lambda quota: quota.established)


@answers("cloudwatch", "GetMetricStatistics", "tells the use of quotas that are counted in vCPUs")
def get_metric_statistics(api, params, moto):
    dimensions = {one["Name"]: one["Value"] for one in params.get("Dimensions", [])}
    if params["Namespace"] != USAGE or dimensions.get("Resource") != "vCPU":
        return moto()
    spot, region = dimensions["Class"].endswith("/Spot"), api.region
    used = _tasks(region, spot) if dimensions["Service"] == "Fargate" else 0 if spot else _instances(region)
    point = {"Timestamp": utcnow(), "Unit": "None", **dict.fromkeys(params["Statistics"], float(used))}
    return {"Label": params["MetricName"], "Datapoints": [point] if used else []}


def _tasks(region: str, spot: bool) -> float:
    clusters = ecs_backends[ACCOUNT][region].tasks.values()
    running = [
        task for tasks in clusters for task in tasks.values()
        if task.last_status in RUNNING and (getattr(task, "capacity_provider_name", "") == "FARGATE_SPOT") == spot
    ]  # fmt: skip
    return sum(int(task.cpu or 0) / 1024 for task in running)


def _instances(region: str) -> int:
    running = [one for one in ec2_backends[ACCOUNT][region].all_instances() if one.state == "running"]
    return sum(INSTANCE_TYPES.get(one.instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 1) for one in running)


@correction("lambda", "an account's settings have an address")
def address_of_settings():
    urls.url_paths[r"{0}/2016-08-19/account-settings/?$"] = responses.LambdaResponse.dispatch


@adds("lambda", "GetAccountSettings", "tells an account's limits, and what of its concurrency isn't reserved")
def get_account_settings(api, _params):
    functions, may = api.backend.list_functions(), int(quotas.value(quotas.CONCURRENCY))
    reserved = sum(int(one.reserved_concurrency or 0) for one in functions)
    return {
        "AccountLimit": {
            "TotalCodeSize": CODE_BYTES, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
            "ConcurrentExecutions": may, "UnreservedConcurrentExecutions": may - reserved,
        },
        "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": len(list(functions))},
    }  # fmt: skip


@adds("rds", "DescribeAccountAttributes", "tells what an account may have of RDS, and what it has")
def describe_account_attributes(api, _params):
    held = api.backend.databases.values()
    used = {
        "DBInstances": (quotas.DATABASES, len(held)),
        "AllocatedStorage": (quotas.STORAGE, sum(int(one.allocated_storage or 0) for one in held)),
    }
    told = [
        {"AccountQuotaName": name, "Used": int(count), "Max": int(quotas.value(quota))}
        for name, (quota, count) in used.items()
    ]
    return {"AccountQuotas": told}
