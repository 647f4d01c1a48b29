"""Every policy that a role can write, with all that an inventory can turn on, against AWS's authorization reference."""

import pytest

from tests.judges.authority import findings
from tests.unit.test_policies import GIVEN, HERE, ROLES, WHOLE, template

# How a judge calls a policy, by what its template is for.
SORTS = {
    "trust": "trust of", "queue_policy": "queue", "dead_letter_policy": "queue", "failures_policy": "queue",
    "topic_policy": "topic", "s3_policy": "endpoint", "interface_policy": "endpoint", "function_policy": "repository",
    "key_policy": "key", "state_policy": "bucket",
}  # fmt: skip
QUEUE = f"arn:aws:sqs:{HERE}:x"
GROUP = f"arn:aws:logs:{HERE}:log-group:x"


def label(role, name):
    sort = next((sort for part, sort in SORTS.items() if name.endswith(part)), "queue" if role == "queue" else "role")
    return f"{sort} x-{role}{'-lambda-policy' if role == 'lambda' else ''}"


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in WHOLE.items() for name in names])
def test_policies_of_the_roles(role, name):
    assert list(findings(label(role, name), template(role, name))) == []


def test_statements_of_the_tasks_roles():
    assert GIVEN["ecs_execute_command"]
    for one in (template("ecs", f"__ecs_roles[{at}]") for at in range(ROLES)):
        document = {"Version": "2012-10-17", "Statement": template("ecs", "__ecs_statements", item=one)}
        assert document["Statement"] and list(findings(f"role {one['name']}", document)) == []


def statement(action, resource=None, **more):
    named = {} if resource is None else {"Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **named, **more}]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (statement("sqs:SendMessage", QUEUE), None),
        (statement("sqs:SendMesage", QUEUE), "there is no action sqs:SendMesage"),
        (statement("sqsx:SendMessage", QUEUE), "there is no action"),
        (statement("sqs:Send*", QUEUE), "a star that nobody has accounted for"),
        (statement("*", "*"), "a star that nobody has accounted for"),
        (statement("sqs:SendMessage", "*"), "knows resources (queue), and is allowed on *"),
        (statement("sqs:SendMessage", f"arn:aws:sns:{HERE}:x"), "has none of its resources (queue)"),
        (statement("sqs:SendMessage", [QUEUE, GROUP]), "none of its actions knows a resource as"),
        (statement(["sqs:SendMessage", "logs:PutLogEvents"], [QUEUE, f"{GROUP}:*"]), None),
        # A log group isn't a log stream, to which lines are written.
        (statement("logs:PutLogEvents", GROUP), "has none of its resources (log-stream)"),
        (statement("logs:DescribeLogGroups", f"{GROUP}:*"), "knows no resource, so it is only allowed on *"),
        (statement("logs:DescribeLogGroups", "*"), None),
        (statement("ecs:RunTask", "*", Condition={}), "and is allowed on *"),
        (
            statement("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/x:*", Condition={"ArnEquals": {"ecs:cluster": "c"}}),
            None,
        ),
        (
            statement("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/x:*", Condition={"ArnEquals": {"ecs:service": "c"}}),
            "knows no condition key ecs:service",
        ),
        (
            statement("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/x:*", Condition={"ArnEqual": {"ecs:cluster": "c"}}),
            "there is no operator ArnEqual",
        ),
        (statement("sqs:SendMessage", QUEUE, Conditions={}), "there is no element Conditions"),
        (statement("sqs:SendMessage", QUEUE) | {"Version": "2008-10-17"}, "its version is"),
        (statement("sqs:SendMessage"), "it names no resource"),
        (
            statement("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1", Condition={"StringEquals": {"kms:EncryptionContext:a:b": "c"}}),
            None,
        ),
        (
            statement(
                "ec2:ModifyInstanceAttribute", f"arn:aws:ec2:{HERE}:instance/*",
                Condition={"StringEquals": {"aws:ResourceTag/Name": "x"}},
            ),
            None,
        ),
        (
            statement("sqs:SendMessage", QUEUE, Condition={"StringEquals": {"aws:ResourceTag/Name": "x"}}),
            None,
        ),
        (
            statement("pipes:DescribePipe", f"arn:aws:pipes:{HERE}:pipe/x", Condition={"StringEquals": {"aws:RequestTag/N": "x"}}),
            "knows no condition key aws:RequestTag/N",
        ),
    ],
)  # fmt: skip
def test_what_the_judge_finds(document, words):
    found = list(findings("role x", document))
    assert (found == []) if words is None else any(words in one for one in found), found


def test_a_deny_may_be_wide_but_not_wrong():
    document = statement("ec2:*", "*") | {}
    document["Statement"][0]["Effect"] = "Deny"
    assert list(findings("role x", document)) == []
    document["Statement"][0]["Action"] = "ec3:*"
    assert list(findings("role x", document)) == ["role x, -: there is no action ec3:*"]


def test_a_trust_policy_has_no_resource():
    service = {"Principal": {"Service": "lambda.amazonaws.com"}}
    assert list(findings("trust of x", statement("sts:AssumeRole", **service))) == []
    assert list(findings("trust of x", statement("sts:AssumeRole", "*", **service))) != []
