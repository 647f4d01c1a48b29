"""How AWS is asked: all pages of a list, and what takes minutes once, with patience."""

import ast
import re
import socket
import threading

import boto3
import botocore.session
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import sentence
from botocore import xform_name
from botocore.exceptions import BotoCoreError, UnknownServiceError

from tests.conftest import ROOT

TOKEN = re.compile(r"next_?token|marker|next_?marker|continuation_?token", re.IGNORECASE)
# Calls that answer by pages and are made without, each with what makes its first page all there is.
ONE_PAGE = {
    ("engine/trail.py", "lookup_events"): "the newest events come first",
    ("kinds/autoscaling.py", "describe_auto_scaling_groups"): "one name",
    ("kinds/autoscaling.py", "describe_scaling_activities"): "the newest come first",
    ("kinds/ec2_compute.py", "describe_launch_templates"): "one name",
    ("kinds/ec2_compute.py", "describe_launch_template_versions"): "one version",
    ("kinds/ecr.py", "describe_images"): "one image",
    ("kinds/ecr.py", "describe_repositories"): "one name",
    ("kinds/ecs_pauses.py", "list_service_deployments"): "one of a service is in progress at the most",
    ("kinds/elbv2_load_balancer.py", "describe_listener_certificates"): "26 at the most, by AWS's quota",
    ("kinds/elbv2_load_balancer.py", "describe_load_balancers"): "one name",
    ("kinds/elbv2_load_balancer.py", "describe_network_interfaces"): "whether there is any",
    ("kinds/elbv2_target_group.py", "describe_target_groups"): "one name",
    ("kinds/logs.py", "describe_log_streams"): "whether there is any",
    ("kinds/public_subnets.py", "describe_vpcs"): "one VPC",
    ("kinds/rds_instance.py", "describe_db_instances"): "one name",
    ("operations/status.py", "describe_db_instances"): "one name",
    ("releases/canary.py", "describe_log_streams"): "the newest come first",
    ("releases/canary.py", "get_metric_data"): "two series of some minutes",
    ("releases/records.py", "describe_repositories"): "one name",
}


def paged_calls():
    """Yield (file, operation) of each call of ours, as in ``aws("ecs").list_tasks``, whose answer has a next page."""
    session = botocore.session.get_session()
    folder = ROOT / "plugins/module_utils"
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) and node.value.args):
                continue
            service = getattr(node.value.args[0], "value", None)
            try:
                model = session.get_service_model(service)
            except (UnknownServiceError, TypeError, BotoCoreError, AttributeError):
                continue
            names = {xform_name(one): one for one in model.operation_names}
            shape = model.operation_model(names[node.attr]).output_shape if node.attr in names else None
            if shape and any(TOKEN.fullmatch(member) for member in shape.members):
                yield str(file.relative_to(folder)), node.attr


def test_every_list_is_read_to_its_end():
    found = set(paged_calls())
    assert found - ONE_PAGE.keys() == set(), "use Aws.pages, or say what makes the first page all there is"
    assert ONE_PAGE.keys() - found == set()


@pytest.fixture
def silent():
    """A server that takes requests and ends the connection without an answer; what it was sent."""
    listening, sent = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        while True:
            try:
                connection, _peer = listening.accept()
            except OSError:
                return
            with connection:
                sent.append(connection.recv(65536))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", sent
    listening.close()


def test_a_long_call_is_sent_once(silent, monkeypatch):
    """A function that runs for minutes may be running when its answer is lost: sent again, it would run twice."""
    url, sent = silent
    session = boto3.Session("access-key-of-test", "secret-key-of-test", region_name="us-east-1")
    aws = Aws(lambda service, **more: session.client(service, endpoint_url=url, config=config(**more)), "us-east-1")
    client = aws.patient("lambda", 360)
    assert client.meta.config.read_timeout == 360
    assert aws.patient("lambda", 360) is client
    assert aws("lambda") is not client
    with pytest.raises(BotoCoreError) as lost:
        client.invoke(FunctionName="f")
    assert len(sent) == 1
    assert "can't be reached" in sentence(lost.value)
