"""The account is asked for where no task can: in a run that begins at a later one, and in no other."""

import pytest
from ansible import context
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar, trust_as_template
from ansible.utils.context_objects import CLIArgs

from tests.unit.emulator.conftest import aws, endpoint  # noqa: F401

PLACE = "{{ lookup('flow_builder.aws.account', '__stack_account', region='us-east-1', expected=meant) }}"


@pytest.fixture
def place(monkeypatch, endpoint):  # noqa: F811
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)

    def place(start_at=None, meant=""):
        monkeypatch.setattr(context, "CLIARGS", CLIArgs({"start_at_task": start_at}))
        return Templar(DataLoader(), {"meant": meant}).template(trust_as_template(PLACE))

    return place


def test_its_documentation_can_be_read():
    assert lookup_loader.get("flow_builder.aws.account")


def test_a_run_that_begins_at_a_task_asks(place, aws):  # noqa: F811
    told = place("Secrets")
    assert told["account"] == aws("sts").get_caller_identity()["Account"]
    assert told["partition"] == "aws" and "us-east-1a" in told["availability_zones"]


def test_another_account_than_the_meant_one_is_refused(place):
    with pytest.raises(AnsibleError, match="stack_expected_account is '1', but these credentials are of account"):
        place("Secrets", "1")


def test_any_other_run_has_a_task_that_asks(place):
    """The check of all variables knows by these words that a value will be registered."""
    with pytest.raises(AnsibleError, match="'__stack_account' is undefined"):
        place()
