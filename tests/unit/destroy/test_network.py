"""The end of a network: Lambda's interfaces, what GuardDuty puts into it, and what is somebody else's."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import deleting, listings, stack, unmanaged
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.cache import CachedAws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from botocore.exceptions import ClientError

from .conftest import tagged

OURS = ("lambda_function", "iam_role", "iam_policy", "security_group", "subnet", "vpc")
KINDS_HERE = {name: KINDS[name] for name in OURS}


def order():
    """Return the waves of these kinds, in the order in which a whole stack goes."""
    return [wave for wave in ([name for name in wave if name in OURS] for wave in stack.waves(KINDS)) if wave]


def end(engine, name):
    for wave in order():
        stack.destroy(engine, name, wave, KINDS_HERE, timeout=3600)


def left(engine, name):
    return stack.found(engine, name, KINDS_HERE.values())


@pytest.fixture
def slow(monkeypatch):
    from emulator import provisioning

    monkeypatch.setattr(provisioning, "scale", 1.0)


def test_lambda_takes_its_interfaces_back_as_the_functions_role(aws, engine, function, network, slow, clock):
    # It takes 20 minutes, and the role that is needed for it must still be there.
    end(engine, network["stack"])
    assert not left(engine, network["stack"])
    assert clock.now > 1000


def test_interfaces_that_lambda_let_go_of_are_deleted(aws, engine, function, network):
    from moto.ec2.models import ec2_backends

    interfaces = [{"Name": "subnet-id", "Values": network["subnets"]}]
    assert len(aws("ec2").describe_network_interfaces(Filters=interfaces)["NetworkInterfaces"]) == 2
    aws("lambda").delete_function(FunctionName=function)
    for one in ec2_backends["123456789012"]["us-east-1"].enis.values():
        if one.subnet.id in network["subnets"]:
            one.status, one.lambda_role = "available", "arn:aws:iam::123456789012:role/gone"
    end(engine, network["stack"])
    assert not left(engine, network["stack"])


def test_what_guardduty_made_goes_with_the_vpc(aws, engine, network):
    from emulator.dataplane import guardduty

    assert network["vpc"] in guardduty.monitor()["vpcs"]
    assert not stack.obstacles(engine, left(engine, network["stack"]), KINDS)
    end(engine, network["stack"])
    assert not left(engine, network["stack"])
    inside = [{"Name": "vpc-id", "Values": [network["vpc"]]}]
    assert not aws("ec2").describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]


def test_what_guardduty_made_may_be_busy_or_gone(monkeypatch, engine, network, clock):
    """A change of its endpoint that is going on is waited for; what a list still shows may be gone."""
    from emulator.dataplane import guardduty

    assert network["vpc"] in guardduty.monitor()["vpcs"]
    ec2, asked = engine("ec2"), []

    def busy(operation, *codes):
        real, queue = getattr(ec2, operation), list(codes)

        def call(**given):
            asked.append(operation)
            if queue and given.get("GroupId") != network["group"]:
                raise ClientError({"Error": {"Code": queue.pop(0), "Message": "m"}}, operation)
            return real(**given)

        monkeypatch.setattr(ec2, operation, call)

    busy("modify_vpc_endpoint", "OperationInProgress", "OperationInProgress", "InvalidVpcEndpointId.NotFound")
    busy("delete_security_group", "InvalidGroup.NotFound")
    end(engine, network["stack"])
    assert not left(engine, network["stack"])
    assert asked.count("modify_vpc_endpoint") >= 3


def test_the_route_table_of_a_regional_nat_gateway_goes_with_it(aws, engine, network):
    ec2, name = aws("ec2"), network["stack"]
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=network["vpc"])
    made = ec2.create_nat_gateway(
        AvailabilityMode="regional", VpcId=network["vpc"], TagSpecifications=tagged("natgateway", name)
    )["NatGateway"]  # fmt: skip
    assert made["RouteTableId"]
    ours = frozenset({internet})
    assert not KINDS["vpc"].obstacles(engine, KINDS["vpc"].stack(engine, name)[0], ours)
    (listing,), vpc = listings.of(KINDS["route_table"]), network["vpc"]
    assert not unmanaged.items(CachedAws(engine), name, listing, vpc)
    (live,) = KINDS["nat_gateway"].stack(engine, name)
    deleting.delete(KINDS["nat_gateway"], engine, live, 60)
    KINDS["nat_gateway"].gone(engine, live, 60)
    ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    end(engine, name)
    assert not left(engine, name)


def interface(ec2, network, description="somebody's"):
    made = ec2.create_network_interface(SubnetId=network["subnets"][0], Description=description)
    return made["NetworkInterface"]["NetworkInterfaceId"]


def instance(ec2, network):
    run = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=network["subnets"][0])
    return run["Instances"][0]["InstanceId"]


def rule(ec2, network):
    group = ec2.create_security_group(
        VpcId=network["vpc"], GroupName="payments", Description="d", TagSpecifications=tagged("security-group", "payments")
    )["GroupId"]
    allowed = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": network["group"]}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[allowed])
    return group


def peering(ec2, network):
    peer = ec2.create_vpc(CidrBlock="10.91.0.0/16")["Vpc"]["VpcId"]
    return ec2.create_vpc_peering_connection(VpcId=network["vpc"], PeerVpcId=peer)["VpcPeeringConnection"][
        "VpcPeeringConnectionId"
    ]


def subnet(ec2, network):
    return ec2.create_subnet(VpcId=network["vpc"], CidrBlock="10.90.9.0/24")["Subnet"]["SubnetId"]


def endpoint(ec2, network):
    return ec2.create_vpc_endpoint(
        VpcId=network["vpc"], ServiceName="com.amazonaws.us-east-1.sqs", VpcEndpointType="Interface",
        SubnetIds=network["subnets"][:1], SecurityGroupIds=[network["group"]], PrivateDnsEnabled=False,
    )["VpcEndpoint"]["VpcEndpointId"]  # fmt: skip


def gateway(ec2, network):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=network["vpc"])
    return made


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (interface, ["network interface", "'somebody's'", "aws ec2 delete-network-interface"]),
        (lambda ec2, network: interface(ec2, network, "EFS mount target for fs-1 (fsmt-2)"), ["delete the mount target of fs-1"]),
        (instance, ["instance", "terminate it"]),
        (rule, ["a rule of security group", "'payments' (Stack payments", "take that rule away"]),
        (subnet, ["subnet", "delete it"]),
        (endpoint, ["VPC endpoint", "delete it"]),
        (gateway, ["internet gateway", "delete it"]),
    ],
    ids=["interface", "efs", "instance", "rule", "subnet", "endpoint", "gateway"],
)
def test_what_is_somebody_elses_is_told_at_once(aws, engine, network, clock, make, says):
    made = make(aws("ec2"), network)
    told = stack.obstacles(engine, left(engine, network["stack"]), KINDS)
    assert any(made in sentence and all(words in sentence for words in says) for sentence in told), told
    # What comes only after that look is told as soon as AWS refuses, and not after an hour.
    with pytest.raises(EngineError, match="isn't deleted: ") as caught:
        end(engine, network["stack"])
    assert made in str(caught.value)
    assert clock.now < 60


def test_a_peering_is_told(aws, engine, network):
    made = peering(aws("ec2"), network)
    (told,) = stack.obstacles(engine, left(engine, network["stack"]), KINDS)
    assert told.startswith(f"peering connection {made}")
    aws("ec2").delete_vpc_peering_connection(VpcPeeringConnectionId=made)
    assert not stack.obstacles(engine, left(engine, network["stack"]), KINDS)


def test_a_stack_alone_has_no_obstacles(aws, engine, function, network):
    assert not stack.obstacles(engine, left(engine, network["stack"]), KINDS)


def test_what_lost_its_tag_is_still_the_stacks(aws, engine, network):
    live = left(engine, network["stack"])
    aws("ec2").delete_tags(Resources=[network["group"]], Tags=[{"Key": "Stack"}])
    assert not stack.obstacles(engine, live, KINDS)


def test_the_roles_outlive_the_subnets():
    waves = {name: number for number, wave in enumerate(stack.waves(KINDS)) for name in wave}
    last = max(waves["subnet"], waves["security_group"])
    assert waves["lambda_function"] < waves["subnet"] and last < waves["iam_policy"] < waves["iam_role"]


def test_a_refusal_names_the_interfaces(aws, engine, network):
    subnet = KINDS["subnet"].find(engine, {"name": f"{network['stack']}-subnet-0"})
    made = interface(aws("ec2"), network)
    from moto.ec2.models import ec2_backends

    ec2_backends["123456789012"]["us-east-1"].enis[made].interface_type = "lambda"
    ec2_backends["123456789012"]["us-east-1"].enis[made].status = "in-use"
    with pytest.raises(EngineError, match=f"still in use after 30 seconds.*{made}"):
        deleting.delete(KINDS["subnet"], engine, subnet, 30)


def test_others_in_a_cluster_and_in_database_groups_are_told(aws, engine, name, network):
    live = left(engine, name)
    cluster = f"{name}-cluster"
    aws("ecs").create_cluster(clusterName=cluster, tags=[{"key": "Stack", "value": name}])
    aws("ecs").register_task_definition(
        family=f"{name}-api", containerDefinitions=[{"name": "a", "image": "b", "memory": 128}]
    )
    for service, tags in (("ours", name), ("theirs", "payments")):
        aws("ecs").create_service(
            cluster=cluster, serviceName=service, taskDefinition=f"{name}-api", desiredCount=0,
            tags=[{"key": "Stack", "value": tags}],
        )  # fmt: skip
    aws("rds").create_db_subnet_group(
        DBSubnetGroupName=f"{name}-db", DBSubnetGroupDescription="d", SubnetIds=network["subnets"],
        Tags=[{"Key": "Stack", "Value": name}],
    )  # fmt: skip
    for database, tags in ((f"{name}-db", name), (f"{name}-theirs", "payments")):
        aws("rds").create_db_instance(
            DBInstanceIdentifier=database, DBInstanceClass="db.t4g.micro", Engine="postgres", MasterUsername="app",
            MasterUserPassword="secret-enough", AllocatedStorage=20, DBSubnetGroupName=f"{name}-db",
            Tags=[{"Key": "Stack", "Value": tags}],
        )  # fmt: skip
    kinds = {kind: KINDS[kind] for kind in ("ecs_cluster", "db_subnet_group")}
    told = stack.obstacles(engine, stack.found(engine, name, kinds.values()), KINDS)
    assert told == [
        f"the database {name}-theirs has the database subnet group {name}-db: give it another one",
        f"the service theirs runs in {cluster}: delete it",
    ]
    assert stack.obstacles(engine, live, KINDS) == [
        f"database {name}-theirs is in {network['vpc']}: delete it, or move it"
    ]


def test_others_that_use_a_certificate_are_told(aws, engine, name, network):
    arn = aws("acm").request_certificate(
        DomainName=f"{name}.example.com", ValidationMethod="DNS", Tags=[{"Key": "Stack", "Value": name}]
    )["CertificateArn"]
    (live,) = KINDS["certificate"].stack(engine, name)
    assert live["arn"] == arn and not KINDS["certificate"].obstacles(engine, live, frozenset())
    gone = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/{name}/0123456789abcdef"
    theirs = "arn:aws:cloudfront::123456789012:distribution/E1"
    (told,) = KINDS["certificate"].obstacles(engine, {**live, "in_use_by": [gone, theirs]}, frozenset())
    assert told.startswith(theirs)
