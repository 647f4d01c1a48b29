"""The server answers what moto cannot in AWS's form, and its command line leaves strangers alone."""

import socketserver
import threading
import uuid

import pytest

from emulator import patching
from emulator.cli import main

UNIMPLEMENTED = [
    ("ecs", "list_services_by_namespace", {"namespace": "n"}),  # JSON
    ("ec2", "describe_spot_datafeed_subscription", {}),  # EC2 query
    ("rds", "describe_certificates", {}),  # query
    ("backup", "list_protected_resources", {}),  # REST JSON
    ("accessanalyzer", "list_analyzers", {}),  # a service that moto lacks
]


@pytest.mark.parametrize(("service", "operation", "arguments"), UNIMPLEMENTED)
def test_unimplemented_is_said_clearly(aws, refused, service, operation, arguments):
    response = refused("NotImplemented", getattr(aws(service), operation), **arguments)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "is not implemented by the emulator" in response["Error"]["Message"]


def test_amazon_linux_images_resolve(aws):
    for architecture in ("x86_64", "arm64"):
        parameter = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
        assert aws("ssm").get_parameter(Name=parameter)["Parameter"]["Value"].startswith("ami-")


def test_managed_policies_exist(aws):
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert aws("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_a_requests_id_is_a_uuid(aws):
    told = aws("lambda").list_functions()["ResponseMetadata"]["RequestId"]
    assert str(uuid.UUID(told)) == told


def test_one_account(aws):
    assert aws("sts").get_caller_identity()["Account"] == "123456789012"


def test_obsolete_correction_is_loud():
    with pytest.raises(patching.Obsolete):
        patching.replacing(patching, "no_such_attribute")


@pytest.fixture
def stranger():
    """A port that another program listens on: it hangs up on everybody."""
    with socketserver.TCPServer(("127.0.0.1", 0), lambda *_: None) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_address[1]
        listener.shutdown()


def test_strangers_are_left_alone(stranger, capsys):
    assert main(["start", "--port", str(stranger)]) == 1
    assert "taken by another program" in capsys.readouterr().err
    assert main(["stop", "--port", str(stranger)]) == 0
    assert "not running" in capsys.readouterr().out
