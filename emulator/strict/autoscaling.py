"""EC2 Auto Scaling: sizes, and launch templates that can launch."""

from emulator.strict import MEASURED, Refusal, rule
from emulator.strict.ec2 import launch_problem

API = "EC2 Auto Scaling API reference"
FORM = "You must use a valid fully-formed launch template. "


def _group(call):
    return call.backend().autoscaling_groups.get(call.parameters["AutoScalingGroupName"])


@rule("autoscaling", "CreateAutoScalingGroup", code="AlreadyExists", source=f"{API}, errors")
def group_name_is_free(call):
    """A group's name is its own."""
    name = call.parameters["AutoScalingGroupName"]
    if _group(call) is not None:
        return f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
    return None


@rule(
    "autoscaling",
    "CreateAutoScalingGroup",
    "UpdateAutoScalingGroup",
    code="ValidationError",
    source=MEASURED + "pf-asg-desired-capacity-range",
)
def sizes_fit(call):
    """A group's desired size is between its least and its most."""
    given, group = call.parameters, _group(call)
    low, high, wanted = (
        given.get(name, getattr(group, attribute, None))
        for name, attribute in (
            ("MinSize", "min_size"),
            ("MaxSize", "max_size"),
            ("DesiredCapacity", "desired_capacity"),
        )
    )
    if low is not None and high is not None and low > high:
        return f"Max bound, {high}, must be greater than or equal to min bound, {low}"
    if given.get("DesiredCapacity") is not None and None not in (low, high) and not low <= wanted <= high:
        return f"Desired capacity:{wanted} must be between the specified min size:{low} and max size:{high}"
    return None


@rule("autoscaling", "SetDesiredCapacity", code="ValidationError", source="SetDesiredCapacity API reference")
def desired_capacity_fits(call):
    """The capacity that is set is between the group's least and its most."""
    group, wanted, name = _group(call), call.parameters["DesiredCapacity"], call.parameters["AutoScalingGroupName"]
    if group is None:
        return f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
    if wanted > group.max_size:
        return f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup."
    if wanted < group.min_size:
        return f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup."
    return None


@rule(
    "autoscaling",
    "CreateAutoScalingGroup",
    "UpdateAutoScalingGroup",
    code="ValidationError",
    source=f"{API}, LaunchTemplate",
)
def launch_template_can_launch(call):
    """A group's launch template and its version exist, and instances can be launched from it."""
    given = call.parameters.get("LaunchTemplate")
    if not given:
        return None
    if not given.get("LaunchTemplateId") and not given.get("LaunchTemplateName"):
        return "Valid requests must contain either launchTemplateId or LaunchTemplateName"
    backend = call.backend("ec2")
    held = backend.launch_templates.values()
    found = [
        one for one in held if one.id == given.get("LaunchTemplateId") or one.name == given.get("LaunchTemplateName")
    ]
    if not found:
        by = "ID" if given.get("LaunchTemplateId") else "name"
        name = given.get("LaunchTemplateId") or given.get("LaunchTemplateName")
        return f"{FORM}The specified launch template, with template {by} {name}, does not exist."
    [template], version = found, str(given.get("Version") or "$Default")
    if version in ("$Latest", "$Default"):
        chosen = template.latest_version() if version == "$Latest" else template.default_version()
    else:
        chosen = next((one for one in template.versions if str(one.number) == version), None)
    if chosen is None:
        return f"{FORM}Could not find the specified version {version} for the launch template with ID {template.id}."
    problem = launch_problem(call, chosen.data)
    return FORM + problem if problem else None


@rule("autoscaling", "DeleteAutoScalingGroup", code="ResourceInUse", source="DeleteAutoScalingGroup API reference")
def group_is_empty(call):
    """A group with instances is deleted by force only."""
    group = _group(call)
    if group is None:
        return Refusal("ValidationError", "AutoScalingGroup name not found - null")
    if group.instance_states and not call.parameters.get("ForceDelete"):
        return (
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group."
        )
    return None
