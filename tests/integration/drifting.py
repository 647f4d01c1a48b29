"""Makes the changes of a table behind the collection's back, and compares what drift tells with what it must tell.

A row: batch, category, kind, name, field, a function of (boto3 client maker, live resource) and, where that resource is
another one, its kind and name. Rows of one batch touch different things. ``quiet`` rows are the business of the
autoscaler, a release or AWS: no finding.
"""

from __future__ import annotations

import json

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

WORLD = [{"CidrIp": "0.0.0.0/0"}]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"}],
}
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
PAIR = {"Key": "Foreign", "Value": "yes"}
# Rows that name what is made up at run time by a word, each with what tells it.
WORDS = {
    "state": lambda live: True,
    "permission": lambda live: "-cleanup" in live["function_name"],
    "validation": lambda live: live["type"] == "CNAME",
}


def drifted(run):
    """Return a drift run's findings."""
    return run.by_task["Compare with the record"]["findings"]


def told(findings):
    """Return findings as an assertion shows them."""
    return [f"{one['category']} {one['kind']} {one['name']} {one['path']} {str(one['live'])[:200]}" for one in findings]


def resource(seen, kind, name):
    """Return the live resource of a row."""
    return next(one for one in seen.live[kind] if (WORDS[name](one) if name in WORDS else KINDS[kind].label(one) == name))


def mutated(aws, stack, rows):
    """Make the changes and return what must be found, as (category, kind, name, field)."""
    seen, expected, broken = survey(aws, stack, KINDS), [], []
    for _batch, category, kind, name, field, mutate, *of in rows:
        try:
            live = resource(seen, *(of or (kind, name)))
            mutate(aws, live)
        except Exception as error:  # noqa: BLE001 - a row that can't be made is a fault of the table, told with all others
            broken.append(f"{kind} {name} {field}: {error!r}")
            continue
        if category != "quiet":
            expected.append((category, kind, KINDS[kind].label(live) if name in WORDS else name, field))
    assert not broken, "\n".join(broken)
    return expected


def missed(expected, findings, also=frozenset()):
    """Return what was not found, and the findings that nobody expected; ``also`` are consequences of rows."""
    left = list(findings)
    lost = []
    for category, kind, name, field in expected:
        hits = [
            one
            for one in left
            if (one["category"], one["kind"], one["field"]) == (category, kind, field) and name in (None, one["name"])
        ]
        if not hits:
            lost.append(f"{category} {kind} {name} {field}")
        hits = [one for one in hits if name or one is hits[0]]
        # One change may show at several places of the same field.
        left = [one for one in left if one not in hits and not (name and _same(one, kind, name, field))]
    return lost, told([one for one in left if (one["kind"], one["name"], one["field"]) not in also])


def deployed(emulator, play, where):
    """Return the run that deploys a stack into an empty account."""
    emulator.reset()
    done = play("site.yml", *where)
    assert done.rc == 0, done.output[-3000:]
    return done


def found_and_healed(aws, play, stack, rows, where, also):
    """Make the changes; drift tells them and nothing else, and puts them back."""
    expected = mutated(aws, stack, rows)
    run = play("playbooks/drift.yml", *where)
    lost, more = missed(expected, drifted(run), also)
    assert not lost, "not found:\n" + "\n".join(lost) + "\nfound beside:\n" + "\n".join(more)
    assert not more, "found, though nobody did it:\n" + "\n".join(more)
    assert run.rc != 0, "drift that ends like a clean check"
    healed = play("playbooks/drift.yml", *where, "-e", "drift_action=revert", "-e", "drift_delete=all")
    left = told(drifted(healed)) if "Compare with the record" in healed.by_task else healed.output[-3000:]
    assert healed.rc == 0, f"{left}\n{healed.by_task.get('Put back')}"


def _same(one, kind, name, field):
    return field and (one["kind"], one["name"], one["field"]) == (kind, name, field)


# Changes that rows of more than one table make.


def statement(policy, sid="Foreign", **more):
    """Return a policy with one more statement."""
    made = json.loads(json.dumps(policy or {"Version": "2012-10-17", "Statement": []}))
    made["Statement"].append({"Sid": sid, "Effect": "Allow", "Principal": "*", **more})
    return json.dumps(made)


def ingress(aws, r):
    aws("ec2").authorize_security_group_ingress(
        GroupId=r["id"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": WORLD}]
    )


def egress(aws, r):
    aws("ec2").authorize_security_group_egress(
        GroupId=r["id"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "IpRanges": WORLD}]
    )


def default_group(aws, r):
    groups = aws("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [r["id"]]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    ingress(aws, {"id": groups[0]["GroupId"]})


def acl_entry(aws, r):
    acls = aws("ec2").describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [r["id"]]}])["NetworkAcls"]
    aws("ec2").create_network_acl_entry(
        NetworkAclId=acls[0]["NetworkAclId"], RuleNumber=7, Protocol="-1", RuleAction="deny", Egress=False,
        CidrBlock="198.51.100.0/24",
    )  # fmt: skip


def extra_group(aws, r):
    aws("ec2").create_security_group(GroupName="foreign", Description="foreign", VpcId=r["id"])


def tagged(aws, r):
    aws("ec2").create_tags(Resources=[r["id"]], Tags=[PAIR])


def igw(aws, r):
    found = aws("ec2").describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [r["vpc_id"]]}])
    return found["InternetGateways"][0]["InternetGatewayId"]


def revision(aws, r, definition=None, **changes):
    """Register the next revision of a family with something changed, in the definition or its first container."""
    got = aws("ecs").describe_task_definition(taskDefinition=r["family"], include=["TAGS"])
    given = got["taskDefinition"]
    keys = (
        "family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes", "cpu", "memory",
        "requiresCompatibilities", "runtimePlatform",
    )  # fmt: skip
    said = {key: given[key] for key in keys if key in given} | (definition or {})
    said["containerDefinitions"][0] |= changes
    return aws("ecs").register_task_definition(**said, tags=got["tags"])["taskDefinition"]["taskDefinitionArn"]


def revision_image(aws, r):
    """Return the image of a family's first container, in another release."""
    image = aws("ecs").describe_task_definition(taskDefinition=r["family"])["taskDefinition"]["containerDefinitions"][0]["image"]
    return image.partition("@")[0] + "@sha256:" + "0" * 64


def shell(aws, r):
    environment = aws("ecs").describe_task_definition(taskDefinition=r["family"])["taskDefinition"]["containerDefinitions"][0]["environment"]
    revision(aws, r, environment=[*environment, {"name": "LOG_EVERYTHING", "value": "1"}])


def alarm(aws, r, **changes):
    """Put an alarm anew with something changed, by default its threshold."""
    got = aws("cloudwatch").describe_alarms(AlarmNames=[r["name"]])["MetricAlarms"][0]
    keys = (
        "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "MetricName", "Namespace",
        "Statistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator",
        "TreatMissingData", "Metrics",
    )  # fmt: skip
    said = {key: got[key] for key in keys if key in got}
    aws("cloudwatch").put_metric_alarm(**said | (changes or {"Threshold": got["Threshold"] + 5}))


def policy_document(aws, r):
    got = aws("iam").get_role_policy(RoleName=r["iam_name"], PolicyName=r["policy_name"])["PolicyDocument"]
    got["Statement"].append({"Sid": "Foreign", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"})
    aws("iam").put_role_policy(RoleName=r["iam_name"], PolicyName=r["policy_name"], PolicyDocument=json.dumps(got))


def retries(aws, r):
    aws("lambda").update_function_event_invoke_config(
        FunctionName=r["function_name"], MaximumRetryAttempts=0 if r["maximum_retry_attempts"] else 1
    )
