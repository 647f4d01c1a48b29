"""What regions, partitions and images don't have: AWS's answers, and what the kinds make of them."""

import io
import json
import zipfile

import images
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_ import FUNCTION
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.route53 import HOSTED_ZONE
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.s3 import S3_BUCKET
from botocore.exceptions import ClientError
from rulecases import Case

RULES = [
    "region_has_function_urls", "region_has_transfer_acceleration", "partition_has_dnssec", "images_are_not_signed",
]  # fmt: skip


class World:
    """Functions of an image and of a package, a bucket and a zone, in several regions."""

    def __init__(self, aws):
        self.aws = aws
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.role = aws("iam").create_role(RoleName="regions", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for region in ("us-east-1", "eu-south-2"):
            self.functions(region)
        for region in ("eu-west-1", "eu-north-1"):
            where = {"LocationConstraint": region}
            aws("s3", region).create_bucket(Bucket=f"regions-{region}", CreateBucketConfiguration=where)
        for region in ("us-east-1", "us-gov-west-1"):
            aws("route53", region).create_hosted_zone(Name=f"{region}.example.com", CallerReference=region)

    def functions(self, region):
        repository = self.aws("ecr", region).create_repository(repositoryName="regions")["repository"]
        images.push(self.aws("ecr", region), "regions", "v1", b"one")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as packed:
            packed.writestr("f.py", "")
        for name, more in {
            "image": {"PackageType": "Image", "Code": {"ImageUri": f"{repository['repositoryUri']}:v1"}},
            "zip": {"Code": {"ZipFile": code.getvalue()}, "Runtime": "python3.13", "Handler": "f.f"},
        }.items():
            self.aws("lambda", region).create_function(FunctionName=f"regions-{name}", Role=self.role, **more)

    def urls(self, region):
        return self.aws("lambda", region).list_function_url_configs(FunctionName="regions-zip")

    def accelerated(self, region):
        return self.aws("s3", region).get_bucket_accelerate_configuration(Bucket=f"regions-{region}")

    def signed(self, region):
        zones = self.aws("route53", region).list_hosted_zones_by_name(DNSName=f"{region}.example.com")["HostedZones"]
        return self.aws("route53", region).get_dnssec(HostedZoneId=zones[0]["Id"].rpartition("/")[2])

    def signing(self, name):
        return self.aws("lambda").get_function_code_signing_config(FunctionName=f"regions-{name}")

    def eyes(self, region):
        """Return AWS as the kinds see it."""
        seen = Aws(lambda service: self.aws(service, region), region)
        seen.account = "123456789012"
        return seen


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


CASES = [
    Case(
        "region_has_function_urls", "AccessDeniedException", "Unable to determine service/operation name",
        lambda world: world.urls("eu-south-2"), lambda world: world.urls("us-east-1"),
    ),
    Case(
        "region_has_transfer_acceleration", "MethodNotAllowed", "not allowed against this resource",
        lambda world: world.accelerated("eu-north-1"), lambda world: world.accelerated("eu-west-1"),
    ),
    Case(
        "partition_has_dnssec", "AccessDenied", "GetDNSSEC is not available for the current AWS account",
        lambda world: world.signed("us-gov-west-1"), lambda world: world.signed("us-east-1"),
    ),
    Case(
        "images_are_not_signed", "InvalidParameterValueException", "not supported for functions created with container",
        lambda world: world.signing("image"), lambda world: world.signing("zip"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


@pytest.mark.parametrize("name", ["image", "zip"])
@pytest.mark.parametrize(("region", "notes"), [("us-east-1", 0), ("eu-south-2", 1)])
def test_functions_are_read_everywhere(world, name, region, notes):
    seen = world.eyes(region)
    assert FUNCTION.read_children(seen, FUNCTION.find(seen, {"name": f"regions-{name}"})) == {}
    assert len(seen.notes) == notes and all("function_urls" in note for note in seen.notes)


@pytest.mark.parametrize(("region", "notes"), [("eu-west-1", 0), ("eu-north-1", 1)])
def test_buckets_are_read_everywhere(world, region, notes):
    seen = world.eyes(region)
    assert "accelerate" not in S3_BUCKET.read_children(seen, {"name": f"regions-{region}"})
    assert len(seen.notes) == notes


@pytest.mark.parametrize(("region", "notes"), [("us-east-1", 0), ("us-gov-west-1", 1)])
def test_zones_are_read_everywhere(world, region, notes):
    seen = world.eyes(region)
    assert HOSTED_ZONE.find(seen, {"zone": f"{region}.example.com"})["dnssec"] is False
    assert len(seen.notes) == notes


def test_who_may_not_look_has_not_looked(world, monkeypatch):
    """The same codes, said to a caller without the permission."""
    def denied(**_given):
        message = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: it"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "It")

    monkeypatch.setattr(world.aws("lambda"), "list_function_url_configs", denied)
    monkeypatch.setattr(world.aws("route53"), "get_dnssec", denied)
    seen = world.eyes("us-east-1")
    monkeypatch.setattr(world.aws("lambda"), "can_paginate", lambda _operation: False)
    with pytest.raises(ClientError, match="is not authorized"):
        FUNCTION.read_children(seen, {"name": "regions-zip", "package_type": "Zip"})
    with pytest.raises(ClientError, match="is not authorized"):
        HOSTED_ZONE.find(seen, {"zone": "us-east-1.example.com"})
    assert not seen.notes
