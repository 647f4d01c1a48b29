"""Who acts with the session of a role (a pipe, a task, a function) may do what the role's policies allow.

Every operation is judged: those of which it is known what they are done to by that resource, any other one by whether
the role's policies name it at all. The account's keys may do everything.
"""

from emulator import ACCOUNT, endpoints, policies
from emulator.permissions import allowed, find_role, key_allows, key_of_secret, policies_of
from emulator.strict import EVERY, Refusal, rule

TASKS = "ecs-tasks.amazonaws.com"
# What needs no permission (IAM user guide, the actions of STS).
FREE = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
# Where a service's actions have another name than its requests' signatures.
PREFIXES = {"monitoring": "cloudwatch"}


def _definition(call):
    name = call.parameters["taskDefinition"].split("/")[-1]
    family, _, revision = name.partition(":")
    revisions = call.backend("ecs").task_definitions.get(family, {})
    return revisions.get(int(revision)) if revision.isdigit() else revisions[max(revisions)] if revisions else None


def _tasks(call):
    """Running a task, and passing its roles."""
    definition = _definition(call)
    if definition is None:
        return
    cluster = call.parameters.get("cluster", "default")
    arn = cluster if cluster.startswith("arn:") else f"arn:aws:ecs:{call.region}:{ACCOUNT}:cluster/{cluster}"
    yield "ecs:RunTask", definition.arn, {"ecs:cluster": arn}
    overrides = call.parameters.get("overrides", {})
    for name, attribute in (("taskRoleArn", "task_role_arn"), ("executionRoleArn", "execution_role_arn")):
        if role := overrides.get(name) or getattr(definition, attribute, None):
            yield "iam:PassRole", role, {"iam:PassedToService": TASKS}
    if call.parameters.get("tags") or call.parameters.get("propagateTags"):
        task = f"arn:aws:ecs:{call.region}:{ACCOUNT}:task/{arn.split('/')[-1]}/*"
        yield "ecs:TagResource", task, {"ecs:CreateAction": "RunTask", "ecs:cluster": arn}


def _queue(call):
    yield f"sqs:{call.operation.removesuffix('Batch')}", _queue_arn(call), {}


def _queue_arn(call) -> str:
    return f"arn:aws:sqs:{call.region}:{ACCOUNT}:{call.parameters['QueueUrl'].split('/')[-1]}"


def _secret(call):
    asked = call.parameters["SecretId"]
    held = call.backend("secretsmanager").secrets.get(asked)
    yield "secretsmanager:GetSecretValue", held.arn if held else asked, {}
    used = key_of_secret(held, call.region) if held else None
    if used:
        yield "kms:Decrypt", used[0].arn, used[1]


def _function(call):
    name = call.parameters["FunctionName"].split(":function:")[-1].split(":")[0]
    yield "lambda:InvokeFunction", f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:{name}", {}


def _topic(call):
    yield "sns:Publish", call.parameters.get("TopicArn", "*"), {}


def _pipe(call):
    yield "pipes:DescribePipe", f"arn:aws:pipes:{call.region}:{ACCOUNT}:pipe/{call.parameters['Name']}", {}


def _protection(call):
    cluster = call.parameters["cluster"].split("/")[-1]
    for task in call.parameters.get("tasks", []):
        arn = f"arn:aws:ecs:{call.region}:{ACCOUNT}:task/{cluster}/{task.split('/')[-1]}"
        yield f"ecs:{call.operation}", arn, {"ecs:cluster": f"arn:aws:ecs:{call.region}:{ACCOUNT}:cluster/{cluster}"}


QUEUES = (
    "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch",
    "GetQueueAttributes", "ReceiveMessage", "SendMessage", "SendMessageBatch",
)  # fmt: skip
ASKED = (
    ("ecs", ("RunTask",), _tasks),
    ("ecs", ("GetTaskProtection", "UpdateTaskProtection"), _protection),
    ("sqs", QUEUES, _queue),
    ("secretsmanager", ("GetSecretValue",), _secret),
    ("lambda", ("Invoke",), _function),
    ("sns", ("Publish",), _topic),
    ("pipes", ("DescribePipe",), _pipe),
)
_OF = {(service, operation): asked for service, operations, asked in ASKED for operation in operations}
CODES = {"sqs": "AccessDenied", "sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}


@rule(EVERY, EVERY, code="AccessDeniedException", source="IAM user guide, policy evaluation")
def session_may(call):
    """A role's session does only what the role's policies allow, and what no endpoint's policy on the way stops."""
    if not call.caller.startswith("ASIA") or (call.service, call.operation) in FREE:
        return None
    session = call.backend("sts").get_assumed_role_from_access_key(call.caller)
    role = session and find_role(session.role_arn)
    if role is None:
        return None
    asked = _OF.get((call.service, call.operation))
    for action, resource, context in asked(call) if asked else [_named(call)]:
        known = context | _function_of(call, role, session)
        why = "identity-based" if not _may(call, role, action, resource, known) else ""
        why = why or ("" if endpoints.let(call.caller, call.region, action, resource) else "VPC endpoint")
        if why:
            return Refusal(
                CODES.get(call.service, "AccessDeniedException"),
                f"User: {session.arn} is not authorized to perform: {action} on resource: {resource} "
                f"because no {why} policy allows the {action} action",
            )
    return None


def _named(call) -> tuple:
    model = call.model.service_model
    prefix = model.metadata.get("signingName") or model.endpoint_prefix
    return f"{PREFIXES.get(prefix, prefix)}:{call.operation}", "", {}


def _may(call, role, action: str, resource: str, context: dict) -> bool:
    if not resource:  # it isn't known what this is done to
        anything = {"Statement": [one | {"Resource": "*"} for one in policies.statements(policies_of(role))]}
        return policies.permits(anything, action, "*", context=context)
    if action.startswith("kms:"):
        key = call.backend("kms").keys.get(resource.rpartition("/")[2])
        return allowed(role, action, resource, context) and key_allows(key, role.arn, action, context)
    policy = None
    if action.startswith("sqs:"):
        queue = call.backend("sqs").queues.get(resource.rpartition(":")[2])
        policy = queue.policy if queue else None
    return allowed(role, action, resource, context, policy)


def _function_of(call, role, session) -> dict:
    """Lambda says for which function it comes (Lambda developer guide, lambda:SourceFunctionArn)."""
    arn = f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:{session.session_name}"
    trusted = "lambda.amazonaws.com" in str(role.assume_role_policy_document)
    return {"lambda:SourceFunctionArn": arn} if trusted else {}
