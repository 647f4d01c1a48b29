"""Listing a stack while another one, whose name begins alike, is being deleted."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import destroy, members
from botocore.exceptions import ClientError


class Refused(Kind):
    """Fails with some errors, one a call, and lists then."""

    def __init__(self, *codes):
        self.codes = list(codes)

    def stack(self, _aws, stack):
        if self.codes:
            raise ClientError({"Error": {"Code": self.codes.pop(0)}}, "ListTags")
        return [{"name": stack}]


pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("codes", [(), ("ResourceNotFoundException",), ("NoSuchEntity", "RepositoryNotFoundException", "NotFound")])
def test_what_goes_meanwhile_is_no_failure(codes):
    assert members(Refused(*codes), None, "s") == [{"name": "s"}]


@pytest.mark.parametrize("codes", [("AccessDenied",), ("NoSuchEntity", "ThrottlingException"), ("NotFound",) * 50])
def test_other_failures_are(codes):
    with pytest.raises(ClientError):
        members(Refused(*codes), None, "s")


class Shared(Kind):
    """Two resources, of which others need one."""

    name = title = "shared"

    def __init__(self):
        self.there = [{"name": "mine"}, {"name": "ours"}]

    def stack(self, _aws, _stack):
        return list(self.there)

    def find(self, _aws, want):
        return want if want in self.there else None

    def stays(self, live):
        return live["name"] == "ours"

    def delete(self, _aws, live):
        self.there.remove(live)


class Used(Shared):
    """What both are built on."""

    name = title = "used"

    def stays(self, live):
        return False


def test_what_others_need_stays_and_nothing_waits_for_its_end():
    shared, used = Shared(), Used()
    shared.needs = ("used",)
    kinds = {"shared": shared, "used": used}
    recorded = {"shared": [{"name": "ours"}]}
    gone = [destroy(None, "s", [name], kinds, 5, recorded=recorded) for name in ("shared", "used")]
    assert [one["name"] for one in gone[0]] == ["mine"] and shared.there == [{"name": "ours"}]
    assert len(gone[1]) == 2 and not used.there
