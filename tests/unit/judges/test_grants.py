"""What the judge of grants says, as tables."""

import pytest

from tests.integration.policies import Policy
from tests.judges.grants.replay import judged, lenient, refusals, table, unproven

ROLE = "arn:aws:iam::123456789012:role/x"
ONE, OTHER = "arn:aws:sqs:us-east-1:123456789012:one", "arn:aws:sqs:us-east-1:123456789012:other"


def policy(*statements, owner=ROLE, label="role x, policy p"):
    return Policy(label, owner, {"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource, **more):
    return {"Sid": "S", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def call(action, resource, owner=ROLE, allowed=True, whole=True, principal=None, **context):
    return {"owner": owner, "action": action, "resource": resource, "principal": principal, "context": context, "allowed": allowed, "whole": whole}


RECEIVE = call("sqs:ReceiveMessage", ONE)


@pytest.mark.parametrize(
    ("statements", "calls", "left"),
    [
        ([allow("sqs:ReceiveMessage", ONE)], [RECEIVE], []),
        ([allow("sqs:ReceiveMessage", ONE)], [], ["sqs:ReceiveMessage on one"]),
        # Each action and each resource by itself.
        ([allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], ONE)], [RECEIVE], ["sqs:DeleteMessage on one"]),
        ([allow("sqs:ReceiveMessage", [ONE, OTHER])], [RECEIVE], ["sqs:ReceiveMessage on other"]),
        # What is granted twice is needed neither time.
        ([allow("sqs:ReceiveMessage", ONE), allow("sqs:Receive*", ONE)], [RECEIVE], ["sqs:ReceiveMessage on one", "sqs:Receive* on one"]),
        # A call that was refused, of another role, or on something else proves nothing.
        ([allow("sqs:ReceiveMessage", ONE)], [call("sqs:ReceiveMessage", ONE, allowed=False)], ["sqs:ReceiveMessage on one"]),
        ([allow("sqs:ReceiveMessage", ONE)], [call("sqs:ReceiveMessage", ONE, owner="y")], ["sqs:ReceiveMessage on one"]),
        ([allow("sqs:ReceiveMessage", ONE)], [call("sqs:ReceiveMessage", OTHER)], ["sqs:ReceiveMessage on one"]),
    ],
)
def test_a_grant_is_needed_by_a_call(statements, calls, left):
    found = unproven([policy(*statements)], calls)
    assert [one.partition("S ")[2].replace("arn:aws:sqs:us-east-1:123456789012:", "") for one in found] == left


def test_a_grant_in_another_policy_of_the_same_role_makes_it_superfluous():
    again = policy(allow("sqs:*", "*"), label="role x, policy q")
    assert len(unproven([policy(allow("sqs:ReceiveMessage", ONE)), again], [RECEIVE])) == 2


def test_the_table_says_what_needs_each_and_what_is_only_documented():
    label = "role x-scheduler-lambda-us-east-1, policy function"
    statements = [allow("sqs:ReceiveMessage", ONE), allow("ec2:DescribeSubnets", "*"), allow("sqs:DeleteMessage", OTHER)]
    told = table(judged([policy(*statements, label=label)], [RECEIVE]))
    assert f"| sqs:ReceiveMessage | {ONE} | sqs:ReceiveMessage on {ONE} |" in told
    assert "| ec2:DescribeSubnets | * | documented, not run: Lambda developer guide" in told
    assert f"| sqs:DeleteMessage | {OTHER} | **nothing** |" in told


@pytest.mark.parametrize(("known", "told"), [({"aws:SourceArn": "a"}, 0), ({}, 1)])
def test_a_call_that_passed_since_not_all_is_known_is_told(known, told):
    trusted = allow("sqs:SendMessage", ONE, Principal={"Service": "s"}, Condition={"ArnEquals": {"aws:SourceArn": "a"}})
    made = call("sqs:SendMessage", ONE, owner=ONE, principal=["Service", "s"], **known)
    assert len(list(lenient([policy(trusted, owner=ONE)], [made]))) == told


@pytest.mark.parametrize(
    ("statement", "works"),
    [
        ({"Principal": "*", "Action": "sqs:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, True),
        ({"Action": "sqs:*", "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": "a"}}}, True),
        # One that denies everybody everything.
        ({"Principal": "*", "Action": "sqs:*", "Condition": {}}, False),
        # One that denies nobody.
        ({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "sqs:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
    ],
)
def test_what_is_denied(statement, works):
    denial = {"Sid": "D", "Effect": "Deny", "Resource": ONE, **statement}
    assert list(refusals([policy(denial)])) == [(f"role x, policy p, D sqs:* on {ONE}", works)]
