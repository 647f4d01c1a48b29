"""What a stack needs of an account, and what the account is told to be short of."""

from __future__ import annotations

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.limits import (
    LIMITS,
    amount,
    demands,
    refusal,
    shares,
    total,
    unmet,
)

BOTH = [{"capacity_provider": "FARGATE", "weight": 50}, {"capacity_provider": "FARGATE_SPOT", "weight": 50}]
BASE = [{"capacity_provider": "FARGATE", "base": 1, "weight": 1}, {"capacity_provider": "FARGATE_SPOT", "weight": 0}]
SPOT = [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]


@pytest.mark.parametrize(
    ("count", "strategy", "expected"),
    [
        (20, BOTH, {"FARGATE": 10, "FARGATE_SPOT": 10}),
        (3, BOTH, {"FARGATE": 2, "FARGATE_SPOT": 2}),  # the odd one may go to either
        (10, BASE, {"FARGATE": 10}),
        (10, SPOT, {"FARGATE_SPOT": 10}),
        (5, [BASE[0] | {"base": 2}, SPOT[0] | {"weight": 3}], {"FARGATE": 3, "FARGATE_SPOT": 3}),
        (1, [BASE[0] | {"base": 2}, SPOT[0]], {"FARGATE": 1}),
        (0, BOTH, {}),
        (2, [{"capacity_provider": "FARGATE", "base": None, "weight": None}], {}),
    ],
)
def test_a_services_tasks_by_provider(count, strategy, expected):
    assert shares(count, strategy) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"limit": "vpcs"}, [("vpcs", "", 1)]),
        ({"limit": "elastic_ips", "count": 0}, []),
        ({"limit": "lambda_concurrency", "count": 2, "amount": 3}, [("lambda_concurrency", "", 6)]),
        ({"limit": "lambda_concurrency", "count": 2, "amount": 0}, []),
        ({"limit": "nat_gateways", "zones": ["a", "b"]}, [("nat_gateways", "a", 1), ("nat_gateways", "b", 1)]),
        ({"limit": "fargate", "count": 20, "cpu": 2048, "strategy": BOTH}, [("fargate", "", 20), ("fargate_spot", "", 20)]),
        ({"limit": "fargate", "count": 4, "cpu": 256, "strategy": BASE}, [("fargate", "", 1)]),
    ],
)
def test_demands(asked, expected):
    made = demands([{"count": 1, "amount": 1, **asked}])
    assert [(one["limit"], one.get("zone", ""), total([one])) for one in made] == expected


EIPS = {"limit": "elastic_ips", "count": 2}
API, WORKER = {"limit": "fargate", "count": 1, "name": "-api"}, {"limit": "fargate", "count": 1, "name": "-worker"}


@pytest.mark.parametrize(
    ("wanted", "there", "left"),
    [
        ([EIPS], {}, [2]),
        ([EIPS], {"elastic_ips": ["a"]}, [1]),
        ([EIPS], {"elastic_ips": ["a", "b"]}, []),
        ([EIPS], {"elastic_ips": ["a", "b", "c"]}, []),
        ([EIPS, EIPS], {"elastic_ips": ["a", "b", "c"]}, [1]),
        ([EIPS], {"vpcs": ["a", "b"]}, [2]),
        ([API, WORKER], {"fargate": ["arn:...:service/c/s-worker"]}, [1]),
        ([API], {"fargate": ["s-api"]}, []),
    ],
)
def test_what_is_there_needs_nothing(wanted, there, left):
    assert [one["count"] for one in unmet(wanted, there)] == left


@pytest.mark.parametrize(
    ("limit", "zone", "wanted", "may", "used", "said"),
    [
        (
            "elastic_ips", "", [{"count": 2, "by": {"network_nat": "gateway_per_zone"}}], 5, 4,
            "network_nat is gateway_per_zone: 2 more are needed in eu-west-1, but the quota 'EC2-VPC Elastic IPs' "
            "(ec2 L-0263D0A3) is 5 and 4 are used; change network_nat, delete what isn't needed, or raise the quota to 6",
        ),
        (
            "nat_gateways", "eu-west-1a", [{"count": 1, "by": {"network_nat": "gateway"}}], 5, 5,
            "network_nat is gateway: 1 more are needed in eu-west-1a, but the quota 'NAT gateways per Availability Zone' "
            "(vpc L-FE5A380F) is 5 and 5 are used; change network_nat, delete what isn't needed, or raise the quota to 6",
        ),
        (
            "lambda_concurrency", "", [{"count": 2, "amount": 1, "by": {"lambda_reserved_concurrency": 1}}], 10, 0,
            "lambda_reserved_concurrency is 1: 2 concurrent executions more are needed in eu-west-1, but the quota "
            "'Concurrent executions' (lambda L-B99A9384) is 10 and 0 are reserved, and AWS keeps 100 unreserved; change "
            "lambda_reserved_concurrency, delete what isn't needed, or raise the quota to 102",
        ),
        (
            "fargate", "",
            [
                {"count": 1, "amount": 2.5, "by": {"stack_components.api.max_count": 10, "stack_components.api.cpu": 256}},
                {"count": 1, "amount": 20, "by": {"stack_components.worker.max_count": 20}},
            ],
            6, 0.5,
            "stack_components.api.max_count is 10, stack_components.api.cpu is 256, stack_components.worker.max_count is 20: 22.5 vCPU more are needed in "
            "eu-west-1, but the quota 'Fargate On-Demand vCPU resource count' (fargate L-3032A538) is 6 and 0.5 are used; "
            "change stack_components.api.max_count or stack_components.api.cpu or stack_components.worker.max_count, delete what isn't needed, or raise the "
            "quota to 23",
        ),
    ],
)  # fmt: skip
def test_one_sentence_for_each_limit(limit, zone, wanted, may, used, said):
    assert refusal(limit, zone, wanted, may, used, "eu-west-1") == said


def test_numbers_are_written_as_people_do():
    assert [amount(one) for one in (6.0, 0.25, 100_000, 1e7)] == ["6", "0.25", "100000", "10000000"]


def test_every_limit_has_a_quota_of_its_own():
    assert len({one.code for one in LIMITS.values()}) == len(LIMITS)
