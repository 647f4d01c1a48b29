"""What the walk over deployed policies finds, as tables."""

import json

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.conftest import ROOT
from tests.integration.policies import arns, astray, mistakes

HERE = "us-east-1:123456789012"
GROUP = f"arn:aws:logs:{HERE}:log-group:/aws/ecs/x-api"
LIVE = {GROUP, f"arn:aws:ecs:{HERE}:cluster/x-cluster", f"arn:aws:sqs:{HERE}:x-workflow"}


def document(resource, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": resource, **more}]}


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (f"{GROUP}:*", None),
        ("*", None),
        (["arn:aws:s3:::x-state", "arn:aws:s3:::x-state/*"], None),
        ("arn:aws:iam::123456789012:role/x", None),
        (f"arn:aws:ec2:{HERE}:*/*", None),
        (f"arn:aws:logs:{HERE}:log-group:\\1:*", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group:{{{{ name }}}}:*", "not resolved"),
        (f"['{GROUP}:*']", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group:None:*", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group:Undefined", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group://aws/ecs/x", "not resolved"),
        (f"{GROUP} :*", "not resolved"),
        ("known-after-apply/sqs_queue/x/arn", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group::*", "empty parts"),
        ("arn:aws:logs:us-east-1::log-group:x", "empty parts"),
        ("arn:aws:logs::123456789012:log-group:x", "empty parts"),
        ("arn::logs:us-east-1:123456789012:log-group:x", "empty parts"),
        (f"arn:aws:sqs:{HERE}:", "empty parts"),
        ("arn:aws:iam:us-east-1:123456789012:role/x", "empty parts"),
        ("arn:aws:s3:::/*", "empty parts"),
        ([], "is []"),
        ("", "is ''"),
        ([""], "is ''"),
        ([None], "is None"),
    ],
)
def test_mistakes(resource, words):
    told = list(mistakes(document(resource)))
    assert len(told) == (1 if words else 0), told
    assert not words or words in told[0]


def test_conditions_are_looked_at_too():
    condition = {"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1::rule/x-*"}}
    assert len(list(mistakes(document("*", Condition=condition)))) == 1
    condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{HERE}:rule/x-*"}}
    assert len(list(astray(document("*", Condition=condition), LIVE))) == 1


@pytest.mark.parametrize(
    ("resource", "there"),
    [
        (f"{GROUP}:*", True),
        (f"arn:aws:logs:{HERE}:log-group:\\1:*", False),
        (f"{GROUP}-other:*", False),
        (f"arn:aws:sqs:{HERE}:x-*", True),
        (f"arn:aws:sqs:{HERE}:x-workflow", True),
        (f"arn:aws:ecs:{HERE}:task/x-cluster/*", True),
        (f"arn:aws:ecs:{HERE}:cluster/y-cluster", False),
    ],
)
def test_astray(resource, there):
    assert (not list(astray(document(resource), LIVE))) is there


def test_what_is_there():
    resources = {"route_table": [{"id": "rtb-1"}], "sqs_queue": [{"arn": "arn:aws:sqs:x", "url": "https://x"}]}
    assert arns(resources, "us-east-1", "1") == {"arn:aws:sqs:x", "arn:aws:ec2:us-east-1:1:route-table/rtb-1"}


APP_SECRET = f"arn:aws:secretsmanager:{HERE}:secret:x/app"
# What is one of many, by role.
ITEM = {"lambda": "stack_functions[0]", "queue": "'workflow'", "registry": "stack_functions[0]"}
# What other roles and AWS give to a role's policies.
GIVEN = {
    "stack_partition": "aws", "stack_region": "us-east-1", "stack_account_id": "123456789012", "stack_name": "x",
    "stack_protected": False, "stack_profile": "standard", "stack_state_bucket": "x-state",
    "ecs_images": {name: {"repository_arn": f"arn:aws:ecr:{HERE}:repository/x-{name}", "released": True} for name in ("api", "worker")},
    "ecs_cluster_name": "x-cluster",
    "ecs_app_secret_arn": f"arn:aws:secretsmanager:{HERE}:secret:x/app",
    "ecs_database_secret_arn": f"arn:aws:secretsmanager:{HERE}:secret:x/database",
    "ecs_secret_key_arns": [f"arn:aws:kms:{HERE}:key/1"], "ecs_execute_command": True,
    "ecs_production_rule_arn": f"arn:aws:elasticloadbalancing:{HERE}:listener-rule/app/x/1/2/3",
    "ecs_target_group_arn": f"arn:aws:elasticloadbalancing:{HERE}:targetgroup/x/1",
    "ecs_alternate_target_group_arn": f"arn:aws:elasticloadbalancing:{HERE}:targetgroup/x/2",
    "stack_components_once": {
        "api": {"deployment_hooks": [{"target_arn": f"arn:aws:lambda:{HERE}:function:check", "stages": ["POST_SCALE_UP"]}]}
    },
    "monitoring_parts": ["queue"],
    **dict.fromkeys(
        (f"monitoring_{name}" for name in (
            "cluster_name", "failed_jobs_name", "pipe", "failures_queue_name", "database_id", "load_balancer",
            "target_group", "alternate_target_group",
        )), "x",
    ),
    "monitoring_pipe_running": True, "monitoring_thresholds": {}, "monitoring_visibility_timeout": 900,
    "monitoring_services": {"api": "x", "worker": "x"}, "monitoring_functions": {"scheduler": "x", "cleanup": "x"},
    "monitoring_database_class": "db.t4g.micro", "monitoring_database_storage": 20,
    "monitoring_images": {name: {"released": True} for name in ("api", "worker", "scheduler", "cleanup")},
    "lambda_subnet_ids": ["subnet-1"], "lambda_tracing": True, "ecs_writable_paths": ["/tmp"],
    "lambda_failures_queue_arn": f"arn:aws:sqs:{HERE}:x-lambda-failures", "lambda_app_secret_arn": APP_SECRET,
    "lambda_secret_key_arns": [f"arn:aws:kms:{HERE}:key/1"],
    "lambda_database_secret_arn": f"arn:aws:secretsmanager:{HERE}:secret:x/database",
    "migrations_image": {"repository_arn": f"arn:aws:ecr:{HERE}:repository/x-api"},
    "migrations_master_secret_arn": f"arn:aws:secretsmanager:{HERE}:secret:rds!db-1",
    "migrations_app_secret_arn": f"arn:aws:secretsmanager:{HERE}:secret:x/database",
    "migrations_secret_key_arns": [f"arn:aws:kms:{HERE}:key/1"], "pipes_queue_arn": f"arn:aws:sqs:{HERE}:x-workflow",
    "pipes_cluster_arn": f"arn:aws:ecs:{HERE}:cluster/x-cluster", "jobs_cluster_arn": f"arn:aws:ecs:{HERE}:cluster/x-cluster",
    "pipes_task_role_arns": ["arn:aws:iam::123456789012:role/x-worker-task"],
    "jobs_task_role_arns": ["arn:aws:iam::123456789012:role/x-worker-task"],
    "jobs_failed_queue_arn": f"arn:aws:sqs:{HERE}:x-failed-jobs", "__network_nat_address_id": "eipalloc-1",
    "__network_private_table_ids": ["rtb-1", "rtb-2"],
}  # fmt: skip
# The templates that are policies, by role.
WHOLE = {
    "ecs": ["__ecs_trust", "__ecs_traffic_trust", "__ecs_traffic_policy"],
    "jobs": ["__jobs_trust", "__jobs_policy", "__jobs_queue_policy"],
    "lambda": ["__lambda_trust", "__lambda_policy", "__lambda_failures_policy"],
    "migrations": ["__migrations_trust", "__migrations_policy"],
    "monitoring": ["__monitoring_topic_policy"],
    "network": [
        "__network_nat_trust", "__network_nat_policy", "__network_s3_policy", "__network_interface_policy",
        "__network_flow_logs_trust", "__network_flow_logs_policy",
    ],
    "pipes": ["__pipes_trust", "__pipes_policy"],
    "queue": ["__queue_policy", "__queue_dead_letter_policy"],
    "registry": ["__registry_function_policy"],
    "stack": ["__stack_key_policy", "__stack_state_policy"],
}  # fmt: skip
ROLES = 3  # of ECS: what starts the tasks, and each service's


def template(role, expression, **given):
    """Return what a template of a role's is."""
    loader = DataLoader()
    files = [ROOT / f"roles/{one}/vars/main.yml" for one in ("stack", role)]
    known = {}
    for file in files:
        known |= loader.load_from_file(str(file), trusted_as_template=True)
    loader.set_basedir(str(ROOT / f"roles/{role}"))
    item = {"item": trust_as_template(f"{{{{ {ITEM[role]} }}}}")} if role in ITEM else {}
    templar = Templar(loader, variables={**known, **GIVEN, **item, **given, "ansible_search_path": [loader.get_basedir()]})
    made = json.dumps(templar.template(trust_as_template(f"{{{{ {expression} }}}}")))
    return json.loads(made.replace("known-after-apply<sqs_queue/x-workflow/arn>", f"arn:aws:sqs:{HERE}:x-workflow"))


def statements_of_ecs(**given):
    return [one for at in range(ROLES) for one in template("ecs", "__ecs_statements", item=template("ecs", f"__ecs_roles[{at}]"), **given)]


def test_every_policy_of_the_roles_is_known_here():
    for role in (path.parents[1].name for path in ROOT.glob("roles/*/vars/main.yml")):
        known = DataLoader().load_from_file(str(ROOT / f"roles/{role}/vars/main.yml")) or {}
        policies = {name for name, value in known.items() if isinstance(value, dict) and "Statement" in value}
        assert policies == set(WHOLE.get(role, [])), role


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in WHOLE.items() for name in names])
def test_policies_of_the_roles(role, name):
    """With everything on that an inventory can turn on, what no inventory of ours has included."""
    assert list(mistakes(template(role, name))) == []


def test_statements_of_the_tasks_roles():
    statements = statements_of_ecs()
    assert {"Login", "Logs", "Secrets", "SecretsKey", "Send", "Receive", "Sessions"} <= {one["Sid"] for one in statements}
    assert list(mistakes({"Statement": statements})) == []
    (logs,) = [one for one in statements if one["Sid"] == "Logs"]
    assert logs["Resource"] == [f"arn:aws:logs:{HERE}:log-group:/aws/ecs/x-{name}:*" for name in ("api", "worker")]


def test_who_may_publish_alarms():
    """No rule sends anything to the topic of alarms."""
    policy = template("monitoring", "__monitoring_topic_policy")
    assert [one["Principal"] for one in policy["Statement"]] == [{"Service": "cloudwatch.amazonaws.com"}]


@pytest.mark.parametrize(("protected", "entered"), [(True, False), (False, True)])
def test_nobody_enters_the_tasks_of_a_protected_stack(protected, entered):
    loader = DataLoader()
    defaults = loader.load_from_file(str(ROOT / "roles/ecs/defaults/main.yml"), trusted_as_template=True)
    default = Templar(loader, variables={"stack_protected": protected}).template(defaults["ecs_execute_command"])
    assert default is entered
    sids = {one["Sid"] for one in statements_of_ecs(ecs_execute_command=default)}
    assert ("Sessions" in sids) is entered
    assert template("ecs", "__ecs_paths", ecs_execute_command=default)[0] == "/tmp"
    assert (len(template("ecs", "__ecs_paths", ecs_execute_command=default)) > 1) is entered


def test_prod_is_protected():
    loaded = DataLoader().load_from_file(str(ROOT / "inventories/prod/group_vars/all.yml"))
    assert loaded["stack_protected"] is True and "ecs_execute_command" not in loaded
