"""GuardDuty's Runtime Monitoring: its endpoint and security group in every VPC where tasks run, of which nobody asked.

hashicorp/terraform-provider-aws#46747 and #46953 say what it makes there, and that both hold the VPC.
"""

from moto.ec2.models import ec2_backends

from emulator import ACCOUNT
from emulator.evidence import documented, does, issue

TAGS = {"GuardDutyManaged": "true"}


@does(
    "Runtime Monitoring makes an endpoint of guardduty-data and a security group in each VPC where tasks run.",
    documented("https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html"),
)
@does(
    "What Runtime Monitoring made in a VPC holds the VPC.",
    issue("hashicorp/terraform-provider-aws#46747", "and #46953"),
)
def monitor() -> dict:
    """Make them in every VPC but the default one, and return the VPCs."""
    return {"vpcs": [vpc for network in ec2_backends[ACCOUNT].values() for vpc in _monitored(network)]}


def _monitored(network) -> list[str]:
    done = []
    for vpc in [one for one in network.vpcs.values() if not one.is_default]:
        subnets = [one for zone in network.subnets.values() for one in zone.values() if one.vpc_id == vpc.id]
        name = f"GuardDutyManagedSecurityGroup-{vpc.id}"
        if not subnets or network.get_security_group_from_name(name, vpc.id):
            continue
        group = network.create_security_group(name, "Associated with VPC-endpoint-vpce and tagged", vpc.id, tags=TAGS)
        network.create_vpc_endpoint(
            vpc.id, f"com.amazonaws.{network.region_name}.guardduty-data", "Interface", None, [],
            subnet_ids=[one.id for one in subnets], security_group_ids=[group.id], private_dns_enabled=True, tags=TAGS,
        )  # fmt: skip
        done.append(vpc.id)
    return done
