"""EC2: what AWS refuses of launch templates and instances."""

import re

from emulator.strict import MEASURED, rule
from emulator.strict.passrole import unknown_profile

GUIDE = "VPC user guide"
QUOTAS = f"{GUIDE}, quotas"


# Launch templates and instances


@rule(
    "ec2",
    "CreateLaunchTemplate",
    code="InvalidLaunchTemplateName.MalformedException",
    source=MEASURED + "pf-ec2-launch-template-name",
)
def launch_template_name_is_plain(call):
    """A launch template's name has 3 to 128 letters, digits and some signs."""
    if not re.fullmatch(r"[a-zA-Z0-9().\-/_]{3,128}", call.parameters["LaunchTemplateName"]):
        return (
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the "
            "following characters: - ( ) . / _."
        )
    return None


LAUNCHING = ("CreateLaunchTemplate", "CreateLaunchTemplateVersion", "RunInstances")


@rule("ec2", *LAUNCHING, code="InvalidParameterCombination", source="EC2 API reference, error codes")
def profile_by_name_or_arn(call):
    """An instance profile is given by its name or by its ARN, not by both."""
    profile = (call.parameters.get("LaunchTemplateData") or call.parameters).get("IamInstanceProfile") or {}
    if profile.get("Arn") and profile.get("Name"):
        return "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"
    return None


def launch_problem(call, data: dict) -> str | None:
    """Say in EC2's words why an instance can't be launched from a launch template's data."""
    interfaces = data.get("NetworkInterfaces") or []
    if interfaces and (data.get("SecurityGroupIds") or data.get("SecurityGroups")):
        return "Network interfaces and an instance-level security groups may not be specified on the same request"
    unknown = _image_problem(call, data) or unknown_profile(call, data.get("IamInstanceProfile") or {})
    return _user_data_problem(data) or unknown


def _image_problem(call, data: dict) -> str | None:
    image = data.get("ImageId") or ""  # or resolve:ssm: and the name of a parameter
    unknown = image.startswith("ami-") and image not in call.backend("ec2").amis
    return f"The image id '[{image}]' does not exist" if unknown else None


@rule("ec2", "RunInstances", code="InvalidAMIID.NotFound", source="getmoto/moto, verified on AWS")
def image_exists(call):
    """An instance's image exists."""
    return _image_problem(call, call.parameters)


def _user_data_problem(data: dict) -> str | None:
    # In base64, four characters are three bytes; moto's own type of it is told by its text.
    encoded = str(data.get("UserData") or "").rstrip("=")
    return "User data is limited to 16384 bytes" if len(encoded) * 3 // 4 > 16384 else None


@rule("ec2", "RunInstances", code="InvalidParameterValue", source=MEASURED + "pf-ec2-userdata-size")
def user_data_fits(call):
    """An instance's user data has up to 16,384 bytes."""
    return _user_data_problem(call.parameters)


@rule("ec2", "RunInstances", code="InvalidParameterCombination", source=MEASURED + "pf-ec2-instance-eni-exclusive")
def groups_on_the_instance_or_its_interfaces(call):
    """Security groups are given to the instance or to its network interfaces."""
    if call.parameters.get("NetworkInterfaces") and call.parameters.get("SecurityGroupIds"):
        return "Network interfaces and an instance-level security groups may not be specified on the same request"
    return None


@rule("ec2", "RunInstances", code="InvalidKeyPair.NotFound", source="EC2 API reference, error codes")
def key_pair_exists(call):
    """An instance's key pair exists."""
    name = call.parameters.get("KeyName")
    if name and name not in call.backend().key_pairs:
        return f"The key pair '{name}' does not exist"
    return None
