"""Lambda: a function of an image needs the image, and keeps all of its configuration."""

import copy
import hashlib
import json
import re
import uuid
from urllib.parse import unquote

from moto.awslambda import models
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.responses import LambdaResponse
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends

from emulator.evidence import documented, does, recorded
from emulator.patching import Obsolete, adds, answers, correction, replacing
from emulator.permissions import Service

Function, Backend, Storage = models.LambdaFunction, models.LambdaBackend, models.LambdaStorage
# What moto drops of a create or an update, by its name in the answer.
KEPT = ("DeadLetterConfig", "FileSystemConfigs", "LoggingConfig", "SnapStart")


# Images


def _image(function, uri: str):
    """Find an image in ECR by its URI with tag or digest; None if it is not there."""
    repository, separator, wanted = uri.partition("@")
    kind = "imageDigest"
    if not separator:
        kind, (repository, _, wanted) = "imageTag", uri.rpartition(":")
    name = repository.partition("/")[2]
    backend = models.ecr_backends[function.account_id][function.region]
    if name not in backend.repositories:
        return None
    images = backend.batch_get_image(repository_name=name, image_ids=[{kind: wanted}])["images"]
    return images[0] if images else None


@correction("lambda", "an image must exist in ECR, and Lambda fetches it; CodeSha256 is its digest, kept to")
def images():
    @replacing(Function, "_set_function_code")
    def set_code(original, self, spec):
        if "ImageUri" not in spec:
            return original(self, spec)
        uri = spec["ImageUri"]
        image = _image(self, uri)
        if image is None:
            raise InvalidParameterValueException(f"Source image {uri} does not exist. Provide a valid source image.")
        if spec.get("DryRun"):
            return None
        _fetch(self, uri)
        self.code_sha_256 = image.get_image_digest().removeprefix("sha256:")
        self.code_size = 0  # as AWS shows it for images
        self.code = {**self.code, "ImageUri": uri}  # its published versions share what was there before
        repository = uri.partition("@")[0]
        if "@" not in uri:
            repository = uri.rpartition(":")[0]
        self.resolved_image_uri = f"{repository}@{image.get_image_digest()}"
        return None

    @replacing(Function, "get_code")
    def get_code(original, self):
        answer = original(self)
        if "ImageUri" in self.code:
            answer["Code"]["ResolvedImageUri"] = self.resolved_image_uri
        if self.reserved_concurrency is not None:  # 0 is a reservation too: nothing may run
            answer["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return answer


FETCHING = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@does(
    "Lambda fetches a function's image by the repository's policy.",
    documented("https://repost.aws/knowledge-center/lambda-ecr-image"),
)
@does(
    "Lambda adds LambdaECRImageRetrievalPolicy to a repository's policy where whoever makes the function may.",
    documented("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-images.html", "Amazon ECR permissions"),
)
def _fetch(function, uri: str) -> None:
    """Let Lambda fetch an image in its own name, by the repository's policy.

    Where that doesn't let it Lambda adds a statement by itself, as whoever makes the function may: here everybody.
    """
    repository = models.ecr_backends[function.account_id][function.region].repositories[
        re.split("[:@]", uri.partition("/")[2])[0]
    ]
    functions = f"arn:aws:lambda:{function.region}:{function.account_id}:function:"
    fetching = Service("lambda.amazonaws.com", functions + function.function_name)
    if all(fetching.may(action, "*", repository.policy, owner=repository.arn) for action in FETCHING):
        return
    document = json.loads(repository.policy or '{"Version": "2008-10-17", "Statement": []}')
    document["Statement"].append({
        "Sid": "LambdaECRImageRetrievalPolicy", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": list(FETCHING), "Condition": {"StringLike": {"aws:sourceArn": f"{functions}*"}},
    })  # fmt: skip
    repository.policy = json.dumps(document)


# Configuration


@correction("lambda", "a function keeps its whole configuration and shows no empty ImageConfig")
def configuration():
    @replacing(Function, "__init__")
    def init(original, self, account_id, spec, region, version=1):
        original(self, account_id, spec, region, version)
        _take(self, spec)

    @replacing(Function, "update_configuration")
    def update(original, self, updates):
        if "ImageConfig" in updates:
            self.image_config = models.ImageConfig(updates["ImageConfig"])
        if "EphemeralStorage" in updates:
            self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
        self.tracing_config = updates.get("TracingConfig", self.tracing_config)
        self.kms_key_arn = updates.get("KMSKeyArn", self.kms_key_arn)
        if "Environment" in updates:
            updates = updates | {"Environment": {"Variables": {}} | updates["Environment"]}
        _take(self, updates)
        return original(self, updates)

    @replacing(Function, "update_function_code")
    def update_code(original, self, spec):
        self.architectures = spec.get("Architectures", self.architectures)
        _take(self, {})
        return original(self, spec)

    @replacing(Function, "get_configuration")
    def get(original, self, on_create=False):
        answer = original(self, on_create)
        config = answer.get("ImageConfigResponse", {}).get("ImageConfig", {})
        config = {key: value for key, value in config.items() if value}
        answer.pop("ImageConfigResponse", None)
        if config:
            answer["ImageConfigResponse"] = {"ImageConfig": config}
        answer["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        for key, value in self.kept.items():
            if key == "SnapStart" or key == "LoggingConfig":
                answer[key] = answer[key] | value
            elif value and value != {"TargetArn": ""}:
                answer[key] = value
        answer["RevisionId"] = self.revision_id
        if not answer["Layers"]:
            del answer["Layers"]
        if self.package_type != "Image":
            digest = hashlib.sha256(self.run_time.encode()).hexdigest()
            answer["RuntimeVersionConfig"] = {"RuntimeVersionArn": f"arn:aws:lambda:{self.region}::runtime:{digest}"}
        return answer

    if not isinstance(Function.vpc_config, property):
        raise Obsolete("vpc_config is no property")
    Function.vpc_config = property(_vpc_config)


# What a list doesn't tell, as the API reference of ListFunctions has it.
UNLISTED = (
    "State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "RuntimeVersionConfig",
)  # fmt: skip


def _list(_api, _params, moto):
    answer = moto()
    for one in answer.get("Functions", answer.get("Versions", ())):
        for key in UNLISTED:
            one.pop(key, None)
    return answer


for _operation in ("ListFunctions", "ListVersionsByFunction"):
    answers("lambda", _operation, "leaves out how a function is doing")(_list)


@does(
    "An update is answered with LastUpdateStatus InProgress, and changes the function's revision again when it "
    "is done.",
    recorded("lambda_/test_lambda_api", "TestLambdaRevisions::test_function_revisions_basic"),
)
def _updated(api, params, moto):
    """Answer that the update goes on, and let the next read find another revision, as it is done by then."""
    answer = moto()
    if not params.get("DryRun"):
        answer |= {
            "LastUpdateStatus": "InProgress", "LastUpdateStatusReason": "The function is being created.",
            "LastUpdateStatusReasonCode": "Creating",
        }  # fmt: skip
        api.backend.get_function(params["FunctionName"]).revision_id = str(uuid.uuid4())
    return answer


for _operation in ("UpdateFunctionCode", "UpdateFunctionConfiguration"):
    answers("lambda", _operation, "answers before the update is done")(_updated)


def _take(function, spec: dict) -> None:
    function.kept = getattr(function, "kept", {}) | {key: spec[key] for key in KEPT if key in spec}
    function.revision_id = str(uuid.uuid4())
    function.last_modified = utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _vpc_config(function) -> dict | None:
    """Show the VPC that the subnets are in."""
    config = function._vpc_config
    if not config or not config.get("SubnetIds"):
        return (
            {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False} if config else None
        )
    subnet = ec2_backends[function.account_id][function.region].get_subnet(config["SubnetIds"][0])
    return {"Ipv6AllowedForDualStack": False, **config, "VpcId": subnet.vpc_id}


@correction("lambda", "a function's network must exist")
def network():
    @replacing(Backend, "create_function")
    def create(original, self, spec):
        _check_network(self, spec.get("VpcConfig") or {})
        return original(self, spec)

    @replacing(Backend, "update_function_configuration")
    def update(original, self, function_name, qualifier, body):
        _check_network(self, body.get("VpcConfig") or {})
        return original(self, function_name, qualifier, body)


def _check_network(backend, config: dict) -> None:
    network = ec2_backends[backend.account_id][backend.region_name]
    known = {subnet for zone in network.subnets.values() for subnet in zone}
    for subnet in config.get("SubnetIds", []):
        if subnet not in known:
            raise InvalidParameterValueException(
                f"Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
                f"EC2 Error Message: The subnet ID '{subnet}' does not exist"
            )
    for group in config.get("SecurityGroupIds", []):
        if network.get_security_group_from_id(group) is None:
            raise InvalidParameterValueException(
                f"Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. "
                f"EC2 Error Message: The security group '{group}' does not exist"
            )


# Asynchronous invocation


@correction("lambda", "PutFunctionEventInvokeConfig replaces the configuration, Update changes a part of it")
def event_invoke_config():
    @replacing(Backend, "put_function_event_invoke_config")
    def put(original, self, function_name, config):
        function = self.get_function(function_name)
        function.event_invoke_config.clear()
        destinations = {"OnSuccess": {}, "OnFailure": {}} | config.get("DestinationConfig", {})
        answer = original(self, function_name, config | {"DestinationConfig": destinations})
        made = function.event_invoke_config[0]
        made.arn = function.function_arn + ("" if getattr(function, "alias", None) else ":$LATEST")
        made.last_modified = utcnow().timestamp()
        return answer | made.response()

    @replacing(Backend, "update_function_event_invoke_config")
    def update(_original, self, function_name, config):
        function = self.get_function(function_name)
        before = function.event_invoke_config[0].config if function.event_invoke_config else {}
        return self.put_function_event_invoke_config(function_name, before | config)


@correction("lambda", "DeleteFunctionEventInvokeConfig deletes that of its qualifier only")
def delete_event_invoke_config():
    @replacing(Backend, "delete_function_event_invoke_config")
    def delete(_original, self, function_name):
        self.get_function_event_invoke_config(function_name)  # refuses where there is none
        self.get_function(function_name).event_invoke_config.clear()


# Versions and aliases


@correction("lambda", "DeleteFunction of a version that a function doesn't have deletes nothing")
def delete_nothing():
    @replacing(Storage, "del_function")
    def delete(original, self, name_or_arn, qualifier=None):
        name = name_or_arn.split(":function:")[-1].partition(":")[0]
        held = self._functions.get(name)
        if held and qualifier and qualifier.isdigit() and self._get_version(name, qualifier) is None:
            return
        original(self, name_or_arn, qualifier)


@correction("lambda", "PublishVersion makes no version where nothing was updated since the last one")
@does(
    "PublishVersion makes no version when nothing has changed since the last one.",
    documented("https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html"),
)
def publish_version():
    @replacing(Storage, "publish_version")
    def publish(original, self, name_or_arn, description=""):
        latest = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        published = len(self._functions[latest.function_name]["versions"])
        made = original(self, name_or_arn, description)
        latest.code_or_config_updated = False  # moto forgets it with the first version
        if len(self._functions[latest.function_name]["versions"]) > published:
            made.event_invoke_config, made.policy = [], models.Policy(made)
        return made

    @replacing(Function, "update_function_code")
    def update(original, self, spec):
        before = self.code_or_config_updated
        answer = original(self, spec)
        if spec.get("DryRun"):
            self.code_or_config_updated = before
        return answer


@correction("lambda", "an alias has a policy and asynchronous settings of its own, whatever version it shows")
def aliases():
    @replacing(Storage, "get_function_by_name_with_qualifier")
    def get(original, self, name, qualifier=None):
        found = original(self, name, qualifier)
        wanted = name.partition(":")[2] or qualifier
        if not wanted or wanted.lower() == "$latest" or wanted.isdigit():
            return found
        latest = self._functions[found.function_name]["latest"]
        own = latest.__dict__.setdefault("aliased", {}).setdefault(
            wanted, {"policy": models.Policy(latest), "event_invoke_config": []}
        )
        seen = copy.copy(found)
        seen.alias, seen.policy, seen.event_invoke_config = wanted, own["policy"], own["event_invoke_config"]
        seen.function_arn = f"{latest.function_arn}:{wanted}"
        return seen


@correction("lambda", "Invoke calls the version or the alias that Qualifier names")
def qualified_calls():
    @replacing(LambdaResponse, "invoke")
    def invoke(original, self):
        if "Qualifier" in self.querystring:  # moto looks for another spelling, and calls $LATEST
            self.querystring["qualifier"] = self.querystring["Qualifier"]
        return original(self)


@correction("lambda", "permissions are an alias's own, by Qualifier or by FunctionName, and name the alias")
def qualified_permissions():
    @replacing(Backend, "add_permission")
    def add(original, self, function_name, qualifier, raw):
        plain, _, named = function_name.split(":function:")[-1].partition(":")
        return original(self, plain, qualifier or named or None, raw)

    @replacing(LambdaResponse, "remove_permission")
    def remove(original, self):
        if "Qualifier" not in self.querystring:
            return original(self)
        name, _policy, statement = self.path.partition("?")[0].rstrip("/").split("/")[-3:]
        function = self.backend.get_function(unquote(name), self._get_param("Qualifier"))
        function.policy.del_statement(unquote(statement), self._get_param("RevisionId") or "")
        return 204, {"status": 204}, "{}"


@correction("lambda", "an alias whose weights were taken away shows none (not verified on AWS)")
def no_weights():
    @replacing(models.LambdaAlias, "to_json")
    def to_json(original, self):
        told = original(self)
        if not (told["RoutingConfig"] or {}).get("AdditionalVersionWeights"):
            told["RoutingConfig"] = None
        return told


# What hangs on a function


@correction("lambda", "what hangs on a function has addresses")
def addresses():
    from moto.awslambda import responses, urls

    function = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)"
    for end in ("urls", "provisioned-concurrency", "recursion-config", "runtime-management-config"):
        urls.url_paths[f"{function}/{end}/?$"] = responses.LambdaResponse.dispatch


@adds("lambda", "ListFunctionUrlConfigs", "lists a function's URL, if it has one")
def list_urls(api, params):
    function = api.backend.get_function(params["FunctionName"])
    return {"FunctionUrlConfigs": [function.url_config.to_dict()] if function.url_config else []}


@adds("lambda", "ListProvisionedConcurrencyConfigs", "lists what is provisioned for a function: here never anything")
def list_provisioned(api, params):
    api.backend.get_function(params["FunctionName"])
    return {"ProvisionedConcurrencyConfigs": []}


@adds("lambda", "PutFunctionRecursionConfig", "says what becomes of a function that calls itself by way of a queue")
def put_recursion(api, params):
    function = api.backend.get_function(params["FunctionName"])
    function.recursive_loop = params["RecursiveLoop"]
    return {"RecursiveLoop": function.recursive_loop}


@adds("lambda", "GetFunctionRecursionConfig", "ends loops where nobody has said anything")
def get_recursion(api, params):
    function = api.backend.get_function(params["FunctionName"])
    return {"RecursiveLoop": getattr(function, "recursive_loop", "Terminate")}


@adds("lambda", "PutRuntimeManagementConfig", "says when a function gets a new version of its runtime")
def put_runtime_management(api, params):
    function = api.backend.get_function(params["FunctionName"])
    wanted = ("UpdateRuntimeOn", "RuntimeVersionArn")
    function.runtime_management = {key: params[key] for key in wanted if params.get(key)}
    return {"FunctionArn": function.function_arn, **function.runtime_management}


@adds("lambda", "GetRuntimeManagementConfig", "gives new versions by itself where nobody has said anything")
def get_runtime_management(api, params):
    function = api.backend.get_function(params["FunctionName"])
    told = getattr(function, "runtime_management", {"UpdateRuntimeOn": "Auto"})
    return {"FunctionArn": function.function_arn, **told}
