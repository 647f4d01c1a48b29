"""EC2: launch templates."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.community import CommunityKind
from ..engine.errors import NotYet
from ..engine.listings import Listing
from .ec2 import Ec2Kind

MISSING = ("InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound")
METADATA = {
    "http_endpoint": "enabled",
    "http_put_response_hop_limit": 1,
    "http_tokens": "optional",
    "http_protocol_ipv6": "disabled",
    "instance_metadata_tags": "disabled",
}
"""What the module says to AWS where a task says nothing."""


def snake(value):
    """Return an answer of AWS with the module's names for keys."""
    if isinstance(value, dict):
        return {_snake(key): snake(item) for key, item in value.items()}
    return [snake(item) for item in value] if isinstance(value, list) else value


def _snake(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class LaunchTemplate(CommunityKind, Ec2Kind):
    """A launch template, as its newest version says it."""

    name = "launch_template"
    title = "launch template"
    module = "amazon.aws.ec2_launch_template"
    cloudformation = "AWS::EC2::LaunchTemplate"
    properties = {
        "LaunchTemplateName": "name",
        "LaunchTemplateData": ".",
        "LaunchTemplateData/IamInstanceProfile/Name": "iam_instance_profile",
    }
    needs = ("security_group", "iam_instance_profile")
    describe = "describe_launch_templates"
    key = "LaunchTemplates"
    # They count writes; what matters of a version is its data.
    ignored = frozenset({"default_version", "latest_version"})
    arguments = {"template_name": "name"}
    # A new version begins from nothing, not from the last one, whatever somebody wrote into that.
    fixed_arguments = {"source_version": ""}
    controls = frozenset({"source_version"})
    settling = (("InvalidIamInstanceProfile", "iamInstanceProfile"), ("NoSuchEntity", "nstance"))
    unmanaged = (
        Listing(
            "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName",
            delete=("delete_launch_template", "LaunchTemplateName"),
        ),
    )

    def want(self, arguments):
        """Say what the module would add."""
        want = super().want(arguments)
        if "metadata_options" in want:
            want["metadata_options"] = {**METADATA, **want["metadata_options"]}
        if "tag_specifications" in want:
            want["tag_specifications"] = self._specifications(want["tag_specifications"])
        return want

    def _specifications(self, specifications):
        return sorted(specifications, key=lambda one: one["resource_type"])

    def find(self, aws, want):
        """Return the template of this name."""
        answer = unless(MISSING, aws("ec2").describe_launch_templates, LaunchTemplateNames=[want["name"]])
        return self.live(aws, answer["LaunchTemplates"][0]) if answer and answer["LaunchTemplates"] else None

    def live(self, aws, item):
        """Return the template with the data of its newest version."""
        versions = aws("ec2").describe_launch_template_versions(
            LaunchTemplateId=item["LaunchTemplateId"], Versions=["$Latest"]
        )["LaunchTemplateVersions"]
        if not versions:
            raise NotYet(f"EC2 tells no version of the launch template {item['LaunchTemplateName']}")
        data = dict(versions[0]["LaunchTemplateData"])
        specifications = [
            {"resource_type": one["ResourceType"], "tags": tagging.from_list(one["Tags"])}
            for one in data.pop("TagSpecifications", [])
        ]
        profile = data.pop("IamInstanceProfile", {})
        return {
            **snake(data),
            "id": item["LaunchTemplateId"],
            "name": item["LaunchTemplateName"],
            "default_version": item["DefaultVersionNumber"],
            "latest_version": item["LatestVersionNumber"],
            # The module takes a name and writes an ARN.
            "iam_instance_profile": profile.get("Name") or profile.get("Arn", "").rpartition("/")[2],
            "tag_specifications": self._specifications(specifications),
            "tags": tagging.from_list(item.get("Tags")),
        }

    def gone(self, aws, live, timeout):
        """A template is gone at once."""

    def delete(self, aws, live):
        """Delete the template with all its versions."""
        unless(MISSING, aws("ec2").delete_launch_template, LaunchTemplateId=live["id"])

    def computed(self, aws, want):
        """AWS counts the versions."""
        return {"id": self.unknown(want, "id"), "default_version": 1, "latest_version": 1}


LAUNCH_TEMPLATE = LaunchTemplate()
