"""Launch templates: what the module writes and what AWS answers, in one spelling."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_compute import LAUNCH_TEMPLATE, METADATA, snake


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"ImageId": "ami-1"}, {"image_id": "ami-1"}),
        ({"BlockDeviceMappings": [{"Ebs": {"VolumeSize": 8}}]}, {"block_device_mappings": [{"ebs": {"volume_size": 8}}]}),
        ({"MetadataOptions": {"HttpTokens": "required"}}, {"metadata_options": {"http_tokens": "required"}}),
    ],
)
def test_spelling(answer, expected):
    assert snake(answer) == expected


class Ec2:
    """EC2 with one launch template version."""

    def __init__(self, data):
        self.data = data

    def __call__(self, _service):
        return self

    def describe_launch_template_versions(self, **_):
        return {"LaunchTemplateVersions": [{"LaunchTemplateData": self.data}]}


@pytest.mark.parametrize(
    ("data", "arguments", "differs"),
    [
        ({"IamInstanceProfile": {"Arn": "arn:aws:iam::1:instance-profile/nat"}}, {"iam_instance_profile": "nat"}, set()),
        ({"IamInstanceProfile": {"Name": "nat"}}, {"iam_instance_profile": "other"}, {"iam_instance_profile"}),
        ({"MetadataOptions": {"HttpTokens": "required"}}, {"metadata_options": {"http_tokens": "required"}}, {"metadata_options"}),
        (
            {"MetadataOptions": {
                "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1, "HttpTokens": "required",
                "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled",
            }},
            {"metadata_options": {"http_tokens": "required"}}, set(),
        ),
        (
            {"TagSpecifications": [
                {"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]},
                {"ResourceType": "instance", "Tags": []},
            ]},
            {"tag_specifications": [{"resource_type": "instance", "tags": {}}, {"resource_type": "volume", "tags": {"a": "b"}}]},
            set(),
        ),
        ({"UserData": "b25l"}, {"user_data": "dHdv", "source_version": ""}, {"user_data"}),
    ],
)  # fmt: skip
def test_compare(data, arguments, differs):
    item = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "n", "DefaultVersionNumber": 1, "LatestVersionNumber": 1}
    live = LAUNCH_TEMPLATE.live(Ec2(data), item)
    assert LAUNCH_TEMPLATE.compare(live, LAUNCH_TEMPLATE.want({"template_name": "n", **arguments})) == differs


def test_metadata_defaults_are_the_modules():
    want = LAUNCH_TEMPLATE.want({"template_name": "n", "metadata_options": {"http_tokens": "required"}})
    assert want["metadata_options"] == {**METADATA, "http_tokens": "required"}
