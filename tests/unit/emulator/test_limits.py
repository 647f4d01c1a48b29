"""Limits of an account, known before the first write."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils import limits
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.modules import account_limits_info

from emulator import quotas
from emulator.ask import ask

REGION = "eu-south-1"
NONE = {one.code: 0 for one in quotas.QUOTAS.values()}


@pytest.fixture
def account(endpoint):
    """Say what the account may have."""
    yield lambda **said: ask(endpoint, "account", said)
    quotas._said.clear()


@pytest.fixture
def there(aws):
    """The engine's view on a region of this test's own."""
    return Aws(lambda service: aws(service, REGION), REGION)


@pytest.fixture
def calls(endpoint):
    """Return the calls since the last time."""
    from emulator.requestlog import RequestLog

    seen = len(RequestLog.newest.entries)

    def since():
        nonlocal seen
        told = [f"{one['service']}:{one['operation']}" for one in list(RequestLog.newest.entries)[seen:]]
        seen = len(RequestLog.newest.entries)
        return told

    return since


def asked(limit, by=None, **more):
    return {"limit": limit, "count": 1, "amount": 1, "by": by or {"variable": 1}, **more}


STRATEGY = [{"capacity_provider": "FARGATE", "base": 1, "weight": 1}, {"capacity_provider": "FARGATE_SPOT", "weight": 1}]
ALL = [
    asked("vpcs"),
    asked("internet_gateways"),
    asked("elastic_ips", count=2),
    asked("nat_gateways", zones=[f"{REGION}a", f"{REGION}b"]),
    asked("instances", amount=2),
    asked("db_instances"),
    asked("db_storage", amount=20),
    asked("lambda_concurrency", count=2),
    asked("fargate", count=4, cpu=1024, strategy=STRATEGY, name="-api"),
]


def test_an_established_account_has_room_for_all(there, name):
    assert limits.judge(there, name, ALL) == ([], [])


def test_each_limit_is_told(there, name, account):
    account(quotas=NONE)
    refused, notes = limits.judge(there, name, ALL)
    assert notes == []
    # Two zones each have a limit of their own.
    assert len(refused) == len(limits.LIMITS) + 1
    for one in limits.LIMITS.values():
        assert sum(f"{one.quota!r} ({one.service} {one.code}) is 0" in said for said in refused) in (1, 2), one.quota


def test_a_young_account_may_not_reserve_functions(there, name, account):
    account(age="young")
    (said,) = limits.judge(there, name, [asked("lambda_concurrency", {"lambda_reserved_concurrency": 1}, count=2)])[0]
    assert said.startswith("lambda_reserved_concurrency is 1: 2 concurrent executions more are needed")
    assert "is 10 and 0 are reserved, and AWS keeps 100 unreserved" in said
    assert limits.judge(there, name, [asked("lambda_concurrency", count=2, amount=0)]) == ([], [])


def test_what_is_used_counts(there, name, account, aws):
    ec2 = aws("ec2", REGION)
    held = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
    used = len(ec2.describe_addresses()["Addresses"])
    try:
        account(quotas={quotas.ADDRESSES.code: used + 1})
        assert limits.judge(there, name, [asked("elastic_ips")]) == ([], [])
        (said,) = limits.judge(there, name, [asked("elastic_ips", count=2)])[0]
        assert f"is {used + 1} and {used} are used" in said and said.endswith(f"raise the quota to {used + 2}")
    finally:
        for one in held:
            ec2.release_address(AllocationId=one)


def test_a_zone_that_is_full_is_named(there, name, account, aws):
    ec2 = aws("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24", AvailabilityZone=f"{REGION}b")["Subnet"]["SubnetId"]
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"])
    account(quotas={quotas.NAT_GATEWAYS.code: 1})
    (said,) = limits.judge(there, name, [asked("nat_gateways", zones=[f"{REGION}a", f"{REGION}b"])])[0]
    assert f"1 more are needed in {REGION}b" in said and "is 1 and 1 are used" in said


def test_a_regional_nat_gateway_is_in_each_zone_where_something_is(there, name, account, aws):
    ec2 = aws("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24", AvailabilityZone=f"{REGION}c")
    ec2.create_nat_gateway(AvailabilityMode="regional", VpcId=vpc)
    account(quotas={quotas.NAT_GATEWAYS.code: 1})
    (said,) = limits.judge(there, name, [asked("nat_gateways", zones=[f"{REGION}a", f"{REGION}c"])])[0]
    assert f"1 more are needed in {REGION}c" in said and "is 1 and 1 are used" in said


def test_what_the_stack_has_needs_nothing_and_costs_one_call(there, name, account, aws, calls):
    ec2 = aws("ec2", REGION)
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Stack", "Value": name}, {"Key": "Name", "Value": "a"}]}]
    ec2.allocate_address(Domain="vpc", TagSpecifications=tags)
    account(quotas=NONE)
    calls()
    assert limits.judge(there, name, [asked("elastic_ips")]) == ([], [])
    assert calls() == ["resourcegroupstaggingapi:GetResources"]
    # One is there, and another stack's is not this one's.
    (said,) = limits.judge(there, name, [asked("elastic_ips", count=2)])[0]
    assert said.startswith("variable is 1: 1 more are needed")
    assert limits.judge(there, f"{name}-2", [asked("elastic_ips")])[0]


def test_a_stack_that_needs_nothing_asks_nothing(there, name, calls):
    calls()
    assert limits.judge(there, name, [asked("elastic_ips", count=0)]) == ([], [])
    assert calls() == []


@pytest.mark.parametrize(
    ("denied", "limit"),
    [
        ("service-quotas:*", "vpcs"),
        ("ec2:DescribeAddresses", "elastic_ips"),
        ("rds:DescribeAccountAttributes", "db_instances"),
        ("lambda:GetAccountSettings", "lambda_concurrency"),
        ("cloudwatch:GetMetricStatistics", "instances"),
    ],
)
def test_what_may_not_be_asked_is_a_note(there, name, account, endpoint, denied, limit):
    account(quotas=NONE)
    ask(endpoint, "faults", {"deny": [denied]})
    try:
        refused, (note,) = limits.judge(there, name, [asked(limit)])
    finally:
        ask(endpoint, "faults", {})
    assert refused == []
    assert limits.LIMITS[limit].quota in note and "AWS refuses what exceeds them" in note and "allow" in note


def test_without_tags_the_services_are_asked_what_is_there(there, name, account, aws, endpoint):
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Stack", "Value": name}, {"Key": "Name", "Value": "a"}]}]
    aws("ec2", REGION).allocate_address(Domain="vpc", TagSpecifications=tags)
    account(quotas=NONE)
    ask(endpoint, "faults", {"deny": ["resourcegroupstaggingapi:GetResources"]})
    try:
        assert limits.judge(there, name, [asked("elastic_ips")]) == ([], [])
        assert len(limits.judge(there, name, [asked("elastic_ips", count=2)])[0]) == 1
    finally:
        ask(endpoint, "faults", {})


def test_the_modules_choices_are_the_limits():
    import yaml

    told = yaml.safe_load(account_limits_info.DOCUMENTATION)["options"]["demands"]["suboptions"]["limit"]["choices"]
    assert told == limits.ASKED


def test_the_embedded_accounts_quotas_are_the_ones_that_are_asked_for():
    """The code of each is written twice, here and in the emulator, which is no witness of the other."""
    ours = {(one.code, one.service, one.quota) for one in limits.LIMITS.values()}
    assert ours == {(one.code, one.service, one.name) for one in quotas.QUOTAS.values()}


@pytest.mark.parametrize(
    ("said", "refusal"),
    [({"age": "old"}, "age is 'old'"), ({"quotas": {"L-1": 1}}, "quotas is 'L-1'"), ({"quotas": 5}, "quotas is 5"),
     ({"quotas": {"L-0263D0A3": -1}}, "quotas.L-0263D0A3 is -1")],
)  # fmt: skip
def test_bad_quotas_are_refused_and_forgotten(endpoint, said, refusal):
    from emulator.ask import Refused

    before = ask(endpoint, "account")
    with pytest.raises(Refused, match=refusal):
        ask(endpoint, "account", said)
    assert ask(endpoint, "account") == before
