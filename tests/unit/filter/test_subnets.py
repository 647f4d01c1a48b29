"""Subnets cut out of a range."""

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.flow_builder.aws.plugins.filter.subnets import FilterModule

subnets = FilterModule().filters()["subnets"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("10.0.0.0/16", 2), ["10.0.0.0/24", "10.0.1.0/24"]),
        (("10.0.0.0/16", 3, 20), ["10.0.20.0/24", "10.0.21.0/24", "10.0.22.0/24"]),
        (("172.20.0.0/18", 2, 10), ["172.20.10.0/24", "172.20.11.0/24"]),
        (("10.1.2.0/24", 2, 2, 26), ["10.1.2.128/26", "10.1.2.192/26"]),
        (("10.0.0.0/16", 0, 300), []),
    ],
)
def test_subnets(arguments, expected):
    assert subnets(*arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("10.0.0.1/16", 2), "is no range of addresses"),
        (("ten", 2), "is no range of addresses"),
        (("10.0.0.0/20", 2, 20), "has no 2 subnets /24 from the 20th on"),
        (("10.0.0.0/25", 1), "has no 1 subnets /24"),
    ],
)
def test_what_does_not_fit(arguments, told):
    with pytest.raises(AnsibleFilterError, match=told):
        subnets(*arguments)
