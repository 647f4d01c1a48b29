"""HTTPS whose certificate needs somebody's records: the run says them, and waits for them or goes on without."""

import json

import boto3
import pytest

from .conftest import CREDENTIALS, ROOT

STACK = "flow-builder-local"
# The roles up to the load balancer: all that a certificate is about.
PLAY = f"""
- name: Load balancer
  hosts: {STACK}
  connection: local
  gather_facts: false
  module_defaults:
    group/flow_builder.aws.aws:
      region: us-east-1
  tasks:
    - name: Under the lock
      block:
        - name: Role stack
          ansible.builtin.import_role:
            name: flow_builder.aws.stack
        - name: Role network
          ansible.builtin.import_role:
            name: flow_builder.aws.network
        - name: Role load_balancer
          ansible.builtin.import_role:
            name: flow_builder.aws.load_balancer
      always:
        - name: Unlock
          ansible.builtin.import_role:
            name: flow_builder.aws.stack
            tasks_from: unlock
"""
HTTPS = {"load_balancer_plain_http": False, "load_balancer_two_groups": False, "network_nat": "none"}


@pytest.fixture
def aws(emulator):
    emulator.reset()
    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    yield lambda service: session.client(service, endpoint_url=emulator.url)
    emulator.reset()


def listeners(aws):
    """Return each port's default action, certificates, and where its rules lead."""
    elb = aws("elbv2")
    (balancer,) = elb.describe_load_balancers(Names=[f"{STACK}-alb"])["LoadBalancers"]
    found = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    return {
        one["Port"]: (
            one["DefaultActions"][0]["Type"],
            [each["CertificateArn"] for each in one.get("Certificates", [])],
            [
                action["Type"]
                for rule in elb.describe_rules(ListenerArn=one["ListenerArn"])["Rules"]
                if not rule["IsDefault"]
                for action in rule["Actions"]
            ],
        )
        for one in found
    }


def issue(aws, domain):
    """Do what somebody does by hand: the public DNS answers."""
    (arn,) = [one["CertificateArn"] for one in aws("acm").list_certificates()["CertificateSummaryList"] if one["DomainName"] == domain]
    told = aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    zone = aws("route53").create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]
    records = [
        {
            "Name": one["ResourceRecord"]["Name"], "Type": "CNAME", "TTL": 300,
            "ResourceRecords": [{"Value": one["ResourceRecord"]["Value"]}],
        }
        for one in told
    ]  # fmt: skip
    changes = [{"Action": "UPSERT", "ResourceRecordSet": one} for one in records]
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    return arn


def test_a_certificate_that_needs_somebody(aws, play, tmp_path):
    book = tmp_path / "part.yml"
    book.write_text(PLAY)

    def run(*more, **variables):
        return play(book, "-i", ROOT / "inventories/local", "-e", json.dumps(HTTPS | variables), *more)

    # The default waits: what it waits for is said before, with how long and what that means for others.
    done = run(load_balancer_domain_name="one.example.com", load_balancer_certificate_timeout=1)
    said, _, failed = done.output.partition("TASK [flow_builder.aws.load_balancer : Certificate, issued if it is waited for]")
    assert done.rc == 2 and "becoming ready did not happen within 1 seconds" in failed, done.output[-3000:]
    for words in ("one.example.com CNAME", "up to 1 seconds", "the stack stays locked", "load_balancer_wait_for_certificate: false"):
        assert words in said, f"{words!r} is not in: {said[-3000:]}"

    # Without the wait the run ends well, and says what is left to do; ECS can use the target group already.
    skip = {"load_balancer_wait_for_certificate": False, "load_balancer_domain_name": "one.example.com"}
    done = run(**skip)
    assert done.rc == 0, done.output[-3000:]
    assert "note: the certificate for one.example.com isn't issued" in done.output
    assert listeners(aws) == {80: ("fixed-response", [], ["forward"])}
    (group,) = aws("elbv2").describe_target_groups(Names=[f"{STACK}-api"])["TargetGroups"]
    assert group["LoadBalancerArns"]
    assert run(**skip).changed() == []

    # HTTPS follows with the next run.
    first = issue(aws, "one.example.com")
    done = run(**skip)
    assert done.rc == 0 and "isn't issued" not in done.output, done.output[-3000:]
    assert listeners(aws) == {80: ("redirect", [], []), 443: ("forward", [first], ["fixed-response"])}
    assert run(**skip).changed() == []

    # Another name: the certificate that serves goes on serving until the new one is issued.
    skip["load_balancer_domain_name"] = "two.example.com"
    done = run(**skip)
    assert done.rc == 0 and "note: the certificate for two.example.com isn't issued" in done.output, done.output[-3000:]
    assert listeners(aws)[443] == ("forward", [first], ["fixed-response"])
    second = issue(aws, "two.example.com")
    assert run(**skip).rc == 0
    assert listeners(aws)[443] == ("forward", [second], ["fixed-response"])
