"""EC2: what AWS refuses of tags."""

from emulator.strict import Refusal, rule

# Tags

TAGGED = {
    "AllocateAddress": "elastic-ip", "CreateFlowLogs": "vpc-flow-log", "CreateInternetGateway": "internet-gateway",
    "CreateLaunchTemplate": "launch-template", "CreateNatGateway": "natgateway", "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group", "CreateSubnet": "subnet", "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}  # fmt: skip


@rule("ec2", *TAGGED, code="InvalidParameterValue", source="EC2 API reference, error codes")
def tag_specification_fits(call):
    """Tags at creation are for the kind of resource that is made."""
    for one in call.parameters.get("TagSpecifications") or []:
        kind = one.get("ResourceType", TAGGED[call.operation])
        if kind != TAGGED[call.operation]:
            return f"'{kind}' is not a valid taggable resource type for this operation."
    return None


@rule(
    "ec2",
    "CreateTags",
    "RunInstances",
    *TAGGED,
    code="InvalidParameterValue",
    source="EC2 user guide, tag restrictions",
)
def tags_keep_to_their_limits(call):
    """A tag's key has up to 128 characters and doesn't begin with aws:, its value up to 256."""
    tags = [tag for one in call.parameters.get("TagSpecifications") or [] for tag in one.get("Tags") or []]
    for tag in [*tags, *(call.parameters.get("Tags") or [])]:
        if tag.get("Key", "").lower().startswith("aws:"):
            return "Tag keys starting with 'aws:' are reserved for internal use"
        if len(tag.get("Key", "")) > 128:
            return "Tag key exceeds the maximum length of 128 characters"
        if len(tag.get("Value", "")) > 256:
            return "Tag value exceeds the maximum length of 256 characters"
    return None


@rule("ec2", *TAGGED, code="TagLimitExceeded", source="EC2 user guide, tag restrictions")
def fifty_tags(call):
    """A resource has up to 50 tags."""
    if any(len(one.get("Tags") or []) > 50 for one in call.parameters.get("TagSpecifications") or []):
        return Refusal("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    return None
