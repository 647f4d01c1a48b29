"""Elastic Load Balancing as AWS answers it."""

import pytest


@pytest.fixture
def elb(aws):
    return aws("elbv2")


@pytest.fixture
def network(aws, name):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.5.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    return vpc, subnets, ec2.create_security_group(VpcId=vpc, GroupName=name, Description="d")["GroupId"]


def attributes(answer):
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


def test_attributes(elb, aws, refused, network, name):
    vpc, subnets, group = network
    balancer = elb.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    seen = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=balancer))
    assert (seen["idle_timeout.timeout_seconds"], seen["routing.http2.enabled"], seen["access_logs.s3.enabled"]) == (
        "60",
        "true",
        "false",
    )
    assert seen["routing.http.drop_invalid_header_fields.enabled"] == "false"
    refused(
        "InvalidConfigurationRequest",
        elb.modify_load_balancer_attributes,
        LoadBalancerArn=balancer,
        Attributes=[{"Key": "no", "Value": "1"}],
    )

    targets = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][
        0
    ]
    assert (targets["HealthCheckPath"], targets["HealthCheckTimeoutSeconds"], targets["ProtocolVersion"]) == (
        "/",
        5,
        "HTTP1",
    )
    seen = attributes(elb.describe_target_group_attributes(TargetGroupArn=targets["TargetGroupArn"]))
    assert (seen["deregistration_delay.timeout_seconds"], seen["stickiness.lb_cookie.duration_seconds"]) == (
        "300",
        "86400",
    )
    forward = [{"Type": "forward", "TargetGroupArn": targets["TargetGroupArn"]}]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)[
        "Listeners"
    ][0]
    seen = attributes(elb.describe_listener_attributes(ListenerArn=listener["ListenerArn"]))
    assert seen["routing.http.response.server.enabled"] == "true"

    def protect(value):
        given = [{"Key": "deletion_protection.enabled", "Value": value}]
        elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=given)

    protect("true")
    refused("OperationNotPermitted", elb.delete_load_balancer, LoadBalancerArn=balancer)
    refused("DependencyViolation", aws("ec2").delete_security_group, GroupId=group)
    refused("DependencyViolation", aws("ec2").delete_subnet, SubnetId=subnets[0])
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=targets["TargetGroupArn"])
    protect("false")
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    elb.delete_target_group(TargetGroupArn=targets["TargetGroupArn"])
    aws("ec2").delete_security_group(GroupId=group)


def test_address_is_its_own(elb, network, name):
    _, subnets, _ = network
    seen = []
    for scheme in ("internal", "internet-facing", "internal"):
        made = elb.create_load_balancer(Name=name, Subnets=subnets, Scheme=scheme)["LoadBalancers"][0]
        elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
        seen.append(made["DNSName"])
    assert len(set(seen)) == 3 and all(address.endswith(".us-east-1.elb.amazonaws.com") for address in seen)
    assert [address.startswith(f"internal-{name}-") for address in seen] == [True, False, True]


def test_a_balancer_made_again_is_the_one_that_is_there(aws, name):
    ec2, elb = aws("ec2"), aws("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.93.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.93.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(("us-east-1a", "us-east-1b"))
    ]
    made = [elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"] for _ in range(2)]
    assert made[0] == made[1]
    assert len(elb.describe_load_balancers(Names=[name])["LoadBalancers"]) == 1
