"""Bad input ends before the first AWS call, in a sentence that says the variable, its value and what is allowed."""

from __future__ import annotations

import json
import re
import socket
import threading

import pytest
import yaml

from emulator.ask import ask

from .conftest import ROOT

LOCAL = "inventories/local"
WRONG = {
    "api": {"memory": 300, "image": "registry.example.com/api:latest"}, "scheduler": {"schedule": "rate(1 minutes)"},
}  # fmt: skip
# Variables laid over those of the inventory, and what must be said.
BAD = [
    ({"stack_protected": "no"}, ["stack_protected is 'no'", "true or false", "-e '{\"stack_protected\": false}'"]),
    ({"stack_log_retention_days": 8}, ["stack_log_retention_days is 8", "7, 14"]),
    ({"network_nat": "gatway"}, ["network_nat is 'gatway'", "gateway_per_zone"]),
    ({"stack_environment": None}, ["stack_environment is not set", "text"]),
    ({"database_instnace_class": "db.t3.micro"}, ["database_instnace_class", "did you mean database_instance_class?"]),
    ({"databse_instance_class": "db.t3.micro"}, ["databse_instance_class", "did you mean database_instance_class?"]),
    ({"stack_application": "{{ nowhere }}"}, ["stack_application can't be made", "'nowhere' is undefined"]),
    ({"stack_name": "flow_builder"}, ["stack_name is 'flow_builder'", "single hyphens"]),
    ({"stack_name": "flow-builder-with-a-long-name"}, ["29 characters", "at most 28"]),
    ({"stack_region": "us-easst-1"}, ["stack_region is 'us-easst-1'", "us-east-1"]),
    ({"stack_extra_tags": {"Cost": 7}}, ["the tag 'Cost' with the value 7", "in quotes"]),
    ({"stack_expected_account": "12345"}, ["stack_expected_account is '12345'", "twelve digits"]),
    ({"database_engine_version": 17.1}, ["database_engine_version is 17.1", "put it in quotes"]),
    ({"secrets_clerk_secret_key": 12345678901}, ["secrets_clerk_secret_key is (secret)", "put it in quotes"]),
    ({"network_cidr": "10.0.0.0/8"}, ["network_cidr is '10.0.0.0/8'", "/16 to /28"]),
    ({"network_cidr": "10.0.0.0/20"}, ["network_database_cidrs", "10.0.0.0/20 has no 2 subnets"]),
    ({"network_private_cidrs": ["10.0.0.0/24", "10.0.9.0/24"]}, ["overlaps 10.0.0.0/24 of network_public_cidrs"]),
    ({"network_private_cidrs": ["10.0.9.0/24"]}, ["one range for each of the 2 zones"]),
    ({"network_availability_zones": ["us-east-1a", "us-west-2b"]}, ["has 'us-west-2b'", "a zone of us-east-1"]),
    ({"database_backup_window": "04:30-05:30"}, ["database_maintenance_window is", "must not overlap"]),
    ({"database_max_allocated_storage": 21}, ["database_max_allocated_storage is 21", "a tenth more"]),
    ({"queue_visibility_timeout_seconds": 50000}, ["queue_visibility_timeout_seconds is 50000", "0 to 43200"]),
    ({"stack_components_once": WRONG}, ["stack_components_once.api.memory is 300", "stack_components.api.cpu is 256", "512, 1024, 2048 MiB"]),
    ({"load_balancer_plain_http": False}, ["load_balancer_plain_http is False", "load_balancer_domain_name"]),
    ({"stack_components_once": WRONG}, ["stack_components_once.api.image is", "not latest"]),
    ({"stack_components_once": WRONG}, ["stack_components_once.scheduler.schedule is 'rate(1 minutes)'", "rate(1 hour)"]),
    ({"ecs_api_cpu": 512}, ["ecs_api_cpu is no variable any more: say stack_components: {api: {cpu: ...}}"]),
    ({"stack_components": {"api": {"cpus": 512}}}, ["stack_components.api.cpus is no key of a service: did you mean cpu?"]),
    ({"stack_recovery_days": 3}, ["stack_recovery_days is 3", "7 to 30"]),
    ({"secrets_database_username": "admin"}, ["secrets_database_username is 'admin'", "and not admin"]),
    ({"registry_keep_images": 0}, ["registry_keep_images is 0", "at least 1"]),
    ({"lambda_architecture": "arm64"}, ["lambda_architecture is 'arm64', and registry_architecture is 'amd64'"]),
    ({"ecs_user": "app"}, ["ecs_user is 'app'", "such as 1000:1000"]),
    ({"load_balancer_alternative_names": ["a.example.com"]}, ["load_balancer_alternative_names is", "need a first one"]),
    ({"load_balancer_blocked_paths": ["internal"]}, ["load_balancer_blocked_paths has 'internal'", "such as /internal/*"]),
    ({"monitoring_thresholds": {"high-cpu": 101}}, ["monitoring_thresholds has high-cpu with 101", "0 to 100"]),
]


class Nobody:
    """An address where every connection is counted and none answered."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self):
        while True:
            connection, _address = self._socket.accept()
            self.connections += 1
            connection.close()


@pytest.fixture(scope="module")
def nobody():
    return Nobody()


@pytest.fixture(scope="module")
def all_bad(play, nobody):
    """Run the profile once with everything wrong that does not hide something else: all of it must be said at once."""
    return play("site.yml", "-i", LOCAL, "-e", json.dumps(TOGETHER), AWS_ENDPOINT_URL=nobody.url)


# Those that stand alone, because another one of them would say it first or change it.
ALONE = ("stack_components", "stack_name", "stack_region", "network_cidr", "network_private_cidrs", "stack_environment", "stack_application")
TOGETHER = {name: value for values, _words in BAD for name, value in values.items() if name not in ALONE}


def sentences(run):
    """Return what the play's only failure says, line by line, and make sure that it is one."""
    assert run.rc != 0
    (failure,) = run.failures
    assert "Traceback" not in run.output and "Traceback" not in json.dumps(failure)
    assert not [result for result in run.results if result["status"] == "ok"], "tasks ran before the check"
    head, *lines = failure["result"]["msg"].splitlines()
    assert re.fullmatch(rf"({len(lines)} faults|1 fault) in the variables of flow-builder-local:", head)
    assert all(line.startswith("- ") for line in lines)
    return lines


def said(lines, words):
    return [line for line in lines if all(word in line for word in words)]


@pytest.mark.parametrize(("values", "words"), BAD, ids=lambda value: ",".join(value) if isinstance(value, dict) else "")
def test_bad_input(values, words, play, nobody, request):
    (name,) = values
    run = play("site.yml", "-i", LOCAL, "-e", json.dumps(values), AWS_ENDPOINT_URL=nobody.url) if name in ALONE else request.getfixturevalue("all_bad")
    lines = sentences(run)
    assert len(said(lines, words)) == 1, lines
    if name in ("network_private_cidrs", "stack_environment", "stack_name"):
        assert said(lines, words) == lines
    assert nobody.connections == 0


def test_all_is_said_at_once(all_bad, nobody):
    lines = sentences(all_bad)
    for name in TOGETHER:
        assert any(name in line for line in lines), f"nothing is said of {name}"
    assert nobody.connections == 0


def test_a_secret_is_not_said(play, nobody):
    run = play("site.yml", "-i", LOCAL, "-e", json.dumps({"secrets_clerk_secret_key": ["hunter2"]}), AWS_ENDPOINT_URL=nobody.url)
    assert said(sentences(run), ["secrets_clerk_secret_key is (secret)", "it must be text"])
    assert "hunter2" not in run.output and "hunter2" not in json.dumps(run.results)


@pytest.mark.parametrize("inventory", ["local", "dev", "staging", "prod"])
def test_the_environments_own_variables_are_right(inventory, play):
    """Nothing answers at port 1: whatever fails, it is not a variable."""
    run = play("site.yml", "-i", f"inventories/{inventory}", AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_MAX_ATTEMPTS="1")
    (failure,) = run.failures
    assert "can't be reached at http://127.0.0.1:1" in failure["result"]["msg"], failure["result"]["msg"]


def test_no_credentials(play, emulator):
    run = play("site.yml", "-i", LOCAL, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    (failure,) = run.failures
    assert "no complete AWS credentials were found" in failure["result"]["msg"]
    assert "Traceback" not in run.output and "\n" not in failure["result"]["msg"]
    assert run.requests == []


@pytest.mark.parametrize(
    ("inventory", "stack", "said"),
    [
        ("prod", "flow-builder-prod", "flow-builder-dev"),
        ("staging", "flow-builder-staging", ""),
        ("dev", "flow-builder-dev", "flow-builder-dev-ultra2,flow"),
        ("dev", "flow-builder-dev-ultra", "flow-builder-dev"),
    ],
)
def test_a_stack_is_not_destroyed_by_accident(inventory, stack, said, play, emulator):
    run = play("playbooks/destroy.yml", "-i", f"inventories/{inventory}", "--limit", stack, "-e", f"confirm_destroy={said}")
    (failure,) = run.failures
    told = failure["result"]["msg"]
    assert f"confirm_destroy is '{said}'" in told and f"-e confirm_destroy={stack}," in told
    assert run.requests == []


@pytest.mark.parametrize("mode", ["--check", "--diff"])
def test_an_account_without_room_is_refused_before_the_first_write(play, emulator, mode):
    """What a fresh account may not have is known before anything is written, in check mode too."""
    emulator.reset()
    ask(emulator.url, "account", {"age": "young"})
    try:
        run = play("site.yml", "-i", "inventories/prod", mode)
    finally:
        ask(emulator.url, "account", {"age": "established"})
    assert run.rc != 0
    (failure,) = run.failures
    assert failure["task"] == "Room in the account"
    for words in (
        "3 limits of the account would be exceeded by flow-builder-prod, and nothing was written",
        "lambda_reserved_concurrency is 1: 2 concurrent executions more are needed in us-east-1",
        "stack_components.worker.max_count is 20, stack_components.worker.cpu is 2048: 30 vCPU more are needed",
        "(fargate L-3032A538) is 6 and 0 are used",
        "(fargate L-36FBB829) is 6 and 0 are used",
    ):
        assert words in failure["result"]["msg"]
    assert [request for request in run.requests if request["writes"]] == []


def test_only_the_try_out_may_be_destroyed_without_its_name():
    said = {path.parts[-3]: yaml.safe_load(path.read_text()) for path in ROOT.glob("inventories/*/group_vars/all.yml")}
    assert {name for name, variables in said.items() if variables.get("stack_disposable")} == {"local"}
    assert {name for name, variables in said.items() if variables.get("stack_expected_account")} == {"local"}
