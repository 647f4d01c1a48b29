"""Who acts with the session of a role (a pipe, a task, a function) may do what the role's policies allow.

Only for what the data plane's own parts do; the account's keys may do everything.
"""

from emulator import ACCOUNT, policies
from emulator.dataplane.permissions import found, granted, key_of_secret
from emulator.strict import Refusal, rule

SOURCE = "IAM user guide, policy evaluation"
TASKS = "ecs-tasks.amazonaws.com"


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
        yield "ecs:TagResource", task, {"ecs:CreateAction": "RunTask"}


def _queue(call):
    yield f"sqs:{call.operation.removesuffix('Batch')}", _queue_arn(call), {}


def _queue_arn(call) -> str:
    return f"arn:aws:sqs:{call.region}:{ACCOUNT}:{call.parameters['QueueUrl'].split('/')[-1]}"


def _secret(call):
    asked = call.parameters["SecretId"]
    held = call.backend("secretsmanager").secrets.get(asked)
    yield "secretsmanager:GetSecretValue", held.arn if held else asked, {}
    key = key_of_secret(held, call.region) if held else None
    if key:
        yield "kms:Decrypt", *key


def _function(call):
    name = call.parameters["FunctionName"].split(":function:")[-1].split(":")[0]
    yield "lambda:InvokeFunction", f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:{name}", {}


def _topic(call):
    yield "sns:Publish", call.parameters.get("TopicArn", "*"), {}


def _pipe(call):
    yield "pipes:DescribePipe", f"arn:aws:pipes:{call.region}:{ACCOUNT}:pipe/{call.parameters['Name']}", {}


QUEUES = (
    "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch",
    "GetQueueAttributes", "ReceiveMessage", "SendMessage", "SendMessageBatch",
)  # fmt: skip
ASKED = (
    ("ecs", ("RunTask",), _tasks, "AccessDeniedException"),
    ("sqs", QUEUES, _queue, "AccessDenied"),
    ("secretsmanager", ("GetSecretValue",), _secret, "AccessDeniedException"),
    ("lambda", ("Invoke",), _function, "AccessDeniedException"),
    ("sns", ("Publish",), _topic, "AuthorizationError"),
    ("pipes", ("DescribePipe",), _pipe, "AccessDeniedException"),
)  # fmt: skip


def _register(service: str, operations: tuple, asked, code: str) -> None:
    def check(call):
        if not call.caller.startswith("ASIA"):
            return None
        session = call.backend("sts").get_assumed_role_from_access_key(call.caller)
        role = session and found(session.role_arn)
        if role is None:
            return None
        document = granted(role)
        for action, resource, context in asked(call):
            if not policies.permits(document, action, resource, context=context):
                return Refusal(
                    code,
                    f"User: {session.arn} is not authorized to perform: {action} on resource: {resource} "
                    f"because no identity-based policy allows the {action} action",
                )
        return None

    check.__name__ = f"session_may_{service}"
    check.__doc__ = f"A role's session does in {service} only what the role's policies allow."
    rule(service, *operations, code=code, source=SOURCE)(check)


for _one in ASKED:
    _register(*_one)
