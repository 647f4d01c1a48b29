"""EC2 instances that boot: what their user data does, as far as AWS sees it.

No user data is run here: it would be root's on this machine. An instance whose user data names route tables and an
address is a NAT instance: when it has booted, it takes over the address and the tables' default routes with the
permissions of its instance profile's role, which is all that AWS sees of it. What it says stands in its console.
"""

import os
import re
from base64 import b64decode

from moto.ec2.models.instances import Instance, InstanceBackend
from moto.iam.models import iam_backends

from emulator import ACCOUNT, clock, inside
from emulator.dataplane import faults
from emulator.dataplane.engine import ENGINE
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks
from emulator.patching import replacing
from emulator.permissions import Role

lacks(
    __name__,
    "NAT instances",
    "one takes over its routes without running its user data, whose rules the tests try in network namespaces, "
    "and whose set-up on 512 MB only with stand-ins for the package manager",
)

# Seconds of the emulator's clock until an instance has booted and run its user data; on AWS a minute or two.
BOOT = "EMULATOR_BOOT_SECONDS"
TRIES, PAUSE = 60, 5
RUNNING = 16
PRINCIPAL = "ec2.amazonaws.com"
ANYWHERE = "0.0.0.0/0"
TEMPLATE = "aws:ec2launchtemplate:id"
ENDED = "util.py[WARNING]: Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)"


class Boot:
    """One instance's boot."""

    def __init__(self, backend: InstanceBackend, instance: Instance):
        self.backend, self.instance, self.tries = backend, instance, TRIES
        text = b64decode(str(instance.user_data or "")).decode(errors="replace")
        self.tables = sorted(set(re.findall(r"\brtb-[0-9a-f]{8,17}\b", text)))
        self.address = next(iter(re.findall(r"\beipalloc-[0-9a-f]{8,17}\b", text)), None)
        instance.console = []
        self.say("running 'modules:final'")
        ENGINE.after(float(os.environ.get(BOOT, "0.3")), self.run)

    def say(self, line: str) -> None:
        """Print a line on the console."""
        self.instance.console.append(f"[{clock.now() % 1000:10.3f}] cloud-init[1]: {line}")

    @does(
        "An instance runs its user data once, as it boots for the first time; what it prints there stands in "
        "its console.",
        documented("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"),
    )
    def run(self) -> None:
        """Do what the user data does, again while the role may not."""
        if self.instance.state_code != RUNNING:
            return
        self._tag_interfaces()
        try:
            faults.boot()
            if self.tables and self.address:
                self._take_over()
        except faults.Killed as killed:
            self.say(str(killed))
            self.say(ENDED)
        except AWSError as refused:
            self.tries -= 1
            self.say(f"An error occurred ({refused.code}): {refused.message}")
            if self.tries:
                ENGINE.after(PAUSE, self.run)
            else:
                self.say(ENDED)
        else:
            self.say("finished")

    @does(
        "An instance that forwards packets needs its source/destination check off.",
        documented(
            "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
            "SourceDestCheck",
        ),
    )
    @does(
        "An address that is associated with another instance goes over.",
        documented("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html"),
    )
    @does(
        "AssociateAddress is judged for the address, the instance and its interface.",
        inferred(
            "the service authorization reference lists all three as resources",
            "CloudTrail of a role that may not for the interface",
        ),
    )
    def _take_over(self) -> None:
        region, itself = self.backend.region_name, self.instance.id
        tags = {f"aws:ResourceTag/{tag['key']}": tag["value"] for tag in self.instance.get_tags()}
        role, ec2 = Role(self._role(), PRINCIPAL), inside.client("ec2", region)

        def may(action: str, resource: str, **known: str) -> None:
            arn = f"arn:aws:ec2:{region}:{ACCOUNT}:{resource}"
            if not role.may(f"ec2:{action}", arn, context=known):
                message = f"{role.arn} is not authorized to perform: ec2:{action} on resource: {arn}"
                raise AWSError("UnauthorizedOperation", message)

        may("ModifyInstanceAttribute", f"instance/{itself}", **tags)
        ec2.modify_instance_attribute(InstanceId=itself, SourceDestCheck={"Value": False})
        may("AssociateAddress", f"elastic-ip/{self.address}")
        may("AssociateAddress", f"instance/{itself}", **tags)
        # The address goes to the instance's interface, which is asked for as well, by its own tags.
        for interface in self.instance.nics.values():
            own = {f"aws:ResourceTag/{tag['key']}": tag["value"] for tag in interface.get_tags()}
            may("AssociateAddress", f"network-interface/{interface.id}", **own)
        ec2.associate_address(InstanceId=itself, AllocationId=self.address, AllowReassociation=True)
        for table in self.tables:
            routes = self.backend.get_route_table(table).routes
            verb = "Replace" if any(one.destination_cidr_block == ANYWHERE for one in routes) else "Create"
            may(f"{verb}Route", f"route-table/{table}")
            change = ec2.replace_route if verb == "Replace" else ec2.create_route
            change(RouteTableId=table, DestinationCidrBlock=ANYWHERE, InstanceId=itself)

    def _template(self) -> dict:
        """Return what the launch template says."""
        template = next((tag["value"] for tag in self.instance.get_tags() if tag["key"] == TEMPLATE), None)
        return self.backend.get_launch_template(template).latest_version().data if template else {}

    @does(
        "A launch template tags an instance's interfaces where it says so.",
        documented(
            "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateTagSpecificationRequest.html",
        ),
    )
    def _tag_interfaces(self) -> None:
        """Tag the instance's interfaces as the launch template says, which moto does for the instance alone."""
        for said in self._template().get("TagSpecifications") or ():
            if said["ResourceType"] == "network-interface":
                tags = {one["Key"]: one["Value"] for one in said.get("Tags") or said["Tag"]}
                self.backend.create_tags([one.id for one in self.instance.nics.values()], tags)

    def _role(self) -> str:
        """Return the role of the instance profile that the launch template names."""
        named = self._template().get("IamInstanceProfile") or {}
        for profile in iam_backends[ACCOUNT]["aws"].instance_profiles.values():
            if profile.roles and (named.get("Name") == profile.name or named.get("Arn") == profile.arn):
                return profile.roles[0].arn
        return ""


def install() -> None:
    """Let every instance boot."""

    @replacing(InstanceBackend, "run_instances")
    def run(original, self, *args, **kwargs):
        reservation = original(self, *args, **kwargs)
        for one in reservation.instances:
            Boot(self, one)
        return reservation
