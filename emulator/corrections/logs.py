"""CloudWatch Logs: retention periods, keys, classes, deletion protection and saved queries."""

import json
import uuid

from moto.core.utils import unix_time_millis
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from emulator.errors import AWSError
from emulator.patching import adds, answers, correction, replacing

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


@correction("logs", "PutRetentionPolicy takes only the periods that there are")
def retention():
    @replacing(LogsBackend, "put_retention_policy")
    def put(original, self, log_group_name, retention_in_days):
        if int(retention_in_days) not in RETENTIONS:
            raise AWSError(
                "InvalidParameterException",
                f"1 validation error detected: Value '{retention_in_days}' at 'retentionInDays' failed to satisfy "
                f"constraint: Member must satisfy enum value set: {list(RETENTIONS)}",
            )
        return original(self, log_group_name, retention_in_days)


@correction("logs", "DescribeLogGroups looks for a pattern anywhere in a name")
def patterns():
    @replacing(LogsResponse, "describe_log_groups")
    def describe(original, self):
        pattern = self._get_param("logGroupNamePattern")
        if not pattern:
            return original(self)
        groups = self.logs_backend.describe_log_groups(limit=100_000)[0]
        found = [one.to_describe_dict() for one in groups if pattern.lower() in one.name.lower()]
        return json.dumps({"logGroups": found[: self._get_param("limit", 50)]})


@correction("logs", "a log stream that isn't found is told as one")
def streams_not_found():
    @replacing(LogGroup, "get_log_events")
    def get(original, self, log_stream_name, *args, **kwargs):
        if log_stream_name not in self.streams:
            raise AWSError("ResourceNotFoundException", "The specified log stream does not exist.")
        return original(self, log_stream_name, *args, **kwargs)


# A key for a log group that exists already


def _group(api, params: dict) -> LogGroup:
    name = params.get("logGroupName") or params.get("resourceIdentifier", "").split(":log-group:")[-1].removesuffix(
        ":*"
    )
    if name not in api.logs_backend.groups:
        raise AWSError("ResourceNotFoundException", "The specified log group does not exist.")
    return api.logs_backend.groups[name]


@adds("logs", "AssociateKmsKey", "encrypts a log group with a key from now on")
def associate_key(api, params):
    _group(api, params).kms_key_id = params["kmsKeyId"]
    return {}


@adds("logs", "DisassociateKmsKey", "no longer encrypts a log group with a key of ours")
def disassociate_key(api, params):
    _group(api, params).kms_key_id = None
    return {}


# Class and deletion protection


@answers("logs", "CreateLogGroup", "takes the group's class and protection")
def create_group(api, params, moto):
    answer = moto()
    group = _group(api, params)
    group.log_class = params.get("logGroupClass", "STANDARD")
    group.deletion_protection = params.get("deletionProtectionEnabled", False)
    return answer


@answers("logs", "DescribeLogGroups", "tells each group's class and protection")
def describe_groups(api, params, moto):
    answer = moto()
    for one in answer["logGroups"]:
        group = api.logs_backend.groups[one["logGroupName"]]
        one["logGroupClass"] = getattr(group, "log_class", "STANDARD")
        one["deletionProtectionEnabled"] = getattr(group, "deletion_protection", False)
    return answer


@adds("logs", "PutLogGroupDeletionProtection", "turns a log group's protection on or off")
def protect_group(api, params):
    _group(api, {"resourceIdentifier": params["logGroupIdentifier"]}).deletion_protection = params[
        "deletionProtectionEnabled"
    ]
    return {}


# Saved queries


@correction("logs", "saved queries belong to the account")
def query_definitions():
    @replacing(LogsBackend, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.query_definitions = {}


@adds("logs", "PutQueryDefinition", "saves a query, or changes the one with the given id")
def put_query(api, params):
    saved, identifier = api.logs_backend.query_definitions, params.get("queryDefinitionId")
    if identifier and identifier not in saved:
        raise AWSError("ResourceNotFoundException", "The specified query definition does not exist.")
    identifier = identifier or str(uuid.uuid4())
    kept = {key: params[key] for key in ("name", "queryString", "logGroupNames", "queryLanguage") if key in params}
    saved[identifier] = {
        "queryDefinitionId": identifier,
        "logGroupNames": [],
        "lastModified": int(unix_time_millis()),
    } | kept
    return {"queryDefinitionId": identifier}


@adds("logs", "DescribeQueryDefinitions", "lists saved queries by the beginning of their names")
def describe_queries(api, params):
    saved = sorted(api.logs_backend.query_definitions.values(), key=lambda one: one["name"])
    prefix = params.get("queryDefinitionNamePrefix", "")
    return {"queryDefinitions": [one for one in saved if one["name"].startswith(prefix)]}


@adds("logs", "DeleteQueryDefinition", "deletes a saved query")
def delete_query(api, params):
    if api.logs_backend.query_definitions.pop(params["queryDefinitionId"], None) is None:
        raise AWSError("ResourceNotFoundException", "The specified query definition does not exist.")
    return {"success": True}


# Data protection


@adds("logs", "PutDataProtectionPolicy", "says what of a log group's events is masked")
def put_protection(api, params):
    group = _protected(api, params)
    group.data_protection = params["policyDocument"]
    return {"logGroupIdentifier": group.name, "policyDocument": group.data_protection}


@adds("logs", "GetDataProtectionPolicy", "tells a log group's policy, or only the group where it has none")
def get_protection(api, params):
    group = _protected(api, params)
    policy = getattr(group, "data_protection", None)
    return {"logGroupIdentifier": group.name} | ({"policyDocument": policy} if policy else {})


@adds("logs", "DeleteDataProtectionPolicy", "masks nothing any more")
def delete_protection(api, params):
    _protected(api, params).data_protection = None
    return {}


def _protected(api, params):
    return _group(api, {"resourceIdentifier": params["logGroupIdentifier"]})
