"""How recorded answers are counted: what is AWS's own, and what most carry."""

import botocore.session
import pytest

from tests.judges.shapes.compare import counts
from tests.judges.shapes.recordings import Objects, as_recorded, prefix

SHAPE = botocore.session.get_session().get_service_model("rds").operation_model("DescribeDBInstances").output_shape


@pytest.mark.parametrize(
    ("metadata", "own"),
    [
        ({"RequestId": "f0d1cfde-3048-11e7-aeae-851f74515bd8", "HTTPHeaders": {"date": "x"}}, True),
        ({"HTTPHeaders": {"date": "x"}}, True),
        ({"RequestId": "f0d1cfde-3048-11e7-aeae-851f74515bd8"}, False),
        ({"RequestId": "12345678-1234-1234-1234-123456789012", "HTTPHeaders": {"date": "x"}}, False),
        ({}, False),
    ],
)
def test_trimmed_and_made_up_answers_do_not_count(metadata, own):
    assert as_recorded(metadata) is own


def test_most_is_more_than_half_of_those_that_count():
    objects = Objects()
    found = [
        {"Engine": "postgres", "Port": 1, "Endpoint": {"Address": "a"}},
        {"Engine": "postgres", "Endpoint": {"Address": "a", "Port": 1}, "Unknown": 1},
        {"Engine": "aurora-mysql", "Port": 1},
    ]
    objects.add(SHAPE, {"DBInstances": found}, when=counts)
    assert objects.count["DBInstances[]"] == 2
    assert objects.most("DBInstances[]") == {"Engine", "Endpoint"}
    assert objects.most("DBInstances[].Endpoint") == {"Address"}


def test_recordings_are_named_by_endpoint():
    assert (prefix("elbv2"), prefix("ecr"), prefix("rds")) == ("elasticloadbalancing", "api.ecr", "rds")
