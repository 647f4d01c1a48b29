"""The preload's memory, what it finds in a module's source, and the way back to ansible-core's own action."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import ansible.plugins.action
import botocore.session
import pytest
from ansible_collections.flow_builder.aws.plugins.callback import preload
from ansible_collections.flow_builder.aws.plugins.plugin_utils import core

ROOT = Path(__file__).resolve().parents[2]


def load_normal():
    spec = importlib.util.spec_from_file_location("fast_normal", ROOT / "plugins/fast/normal.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("known", "name"), [(True, "Fast"), (False, "ActionModule")])
def test_only_a_known_ansible_core_is_overridden(monkeypatch, known, name):
    monkeypatch.setattr(core, "known", known)
    normal = load_normal()
    assert normal.ActionModule.__name__ == name
    stock = Path(ansible.plugins.action.__path__[0], "normal.py")
    assert normal.stock.__file__ == str(stock)
    assert issubclass(normal.ActionModule, normal.stock.ActionModule)


def test_all_sessions_share_one_loader():
    one, other = (botocore.session.Session().get_component("data_loader") for _ in range(2))
    assert one is other


def test_a_client_made_from_memory_is_a_client_of_its_own():
    def client(region):
        return botocore.session.Session().create_client("sqs", region, aws_access_key_id="a", aws_secret_access_key="b")

    one, other = client("eu-central-1"), client("us-east-1")
    assert one.meta.events is not other.meta.events
    assert one.meta.endpoint_url == "https://sqs.eu-central-1.amazonaws.com"
    assert other.meta.endpoint_url == "https://sqs.us-east-1.amazonaws.com"
    assert dir(type(one)) == dir(type(other))
    assert type(one) is not type(other)


def test_remembering_copies_what_could_be_changed():
    calls = []
    owner = SimpleNamespace(made=lambda about: calls.append(about) or {"of": about})
    preload.remember(owner, "made")
    owner.made("a")["of"] = "changed"
    assert owner.made("a") == {"of": "a"}
    first, second = {"x": 1}, {"x": 1}  # equal, but two
    owner.made(first)
    owner.made(second)
    assert calls == ["a", first, second]
    preload.remember(owner, "absent")


@pytest.mark.parametrize(
    ("module", "services"),
    [
        ("amazon.aws.plugins.modules.ec2_vpc_net", {"ec2"}),
        ("amazon.aws.plugins.modules.iam_role", {"iam"}),
        ("community.aws.plugins.modules.sqs_queue", {"sqs"}),
        ("flow_builder.aws.plugins.modules.cloudwatchlogs_log_group", {"logs"}),
    ],
)
def test_the_services_that_a_module_uses_are_found(monkeypatch, module, services):
    found = set()
    monkeypatch.setattr(preload, "warm_service", found.add)
    assert preload.warm.__wrapped__(f"ansible_collections.{module}")
    assert {service for service in found if isinstance(service, str) and service} == services


@pytest.mark.parametrize(
    "name", ["ansible_collections.amazon.aws.plugins.modules.nothing", "ansible_collections.no.no.no"]
)
def test_what_cannot_be_loaded_is_left_to_the_stock_way(name):
    assert preload.warm(name) is None


def test_an_unknown_service_is_no_error():
    preload.warm_service("no-such-service")
    preload.warm_service(str.upper)


def test_a_described_module_is_warmed_too(monkeypatch):
    warmed = []
    monkeypatch.setattr(preload, "warm", warmed.append)
    task = SimpleNamespace(
        resolved_action="flow_builder.aws.described",
        action="described",
        args={"amazon.aws.ec2_vpc_net": {}, "region": "x"},
        loop=None,
        vars={},
    )
    preload.CallbackModule().v2_playbook_on_task_start(task, False)
    assert warmed == ["ansible_collections.amazon.aws.plugins.modules.ec2_vpc_net"]


def test_a_template_is_compiled_once(monkeypatch):
    made, compile_it = [], core._stock["compile"]
    monkeypatch.setitem(core._stock, "compile", lambda *given: made.append(given[1]) or compile_it(*given))
    preload.warm_templates({"a": ["{{ a_variable_of_this_test }}", "text"]}, "{{ a_variable_of_this_test }}", None)
    assert made == ["{{ a_variable_of_this_test }}"]


def test_every_module_asks_for_the_usual_python():
    """The runner doesn't read a module's first line."""
    for collection in preload.OURS:
        if collection == "awx.awx.":  # only those who tell AWX something install it
            continue
        package = importlib.util.find_spec(f"ansible_collections.{collection}plugins.modules")
        (folder,) = package.submodule_search_locations
        for module in Path(folder).glob("*.py"):
            first = module.read_text().partition("\n")[0]
            assert first == "#!/usr/bin/python" or not first.startswith("#!"), module
