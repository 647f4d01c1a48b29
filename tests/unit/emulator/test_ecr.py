"""ECR as AWS answers it."""

import json
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace

import images
import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import ecr_protected
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr import ARCHITECTURES, BOOTSTRAP_IMAGE
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import records

from emulator import clock
from emulator.ask import ask
from emulator.dataplane import expiry
from tests.conftest import ROOT


@pytest.fixture
def ecr(aws):
    return aws("ecr")


@pytest.fixture
def repository(ecr, name):
    ecr.create_repository(repositoryName=f"team/{name}")
    return f"team/{name}"


def test_layers(ecr, refused, repository):
    content = b"some layer"
    asked = {"repositoryName": repository, "layerDigests": [images.digest(content)]}
    assert ecr.batch_check_layer_availability(**asked)["failures"][0]["failureCode"] == "MissingLayerDigest"
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    refused("EmptyUploadException", ecr.complete_layer_upload, uploadId=upload, **asked)
    ecr.upload_layer_part(
        repositoryName=repository, uploadId=upload, partFirstByte=0, partLastByte=2, layerPartBlob=b"bad"
    )
    refused("InvalidLayerException", ecr.complete_layer_upload, uploadId=upload, **asked)
    images.upload(ecr, repository, content)
    assert ecr.batch_check_layer_availability(**asked)["layers"][0]["layerAvailability"] == "AVAILABLE"
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=images.digest(content))["downloadUrl"]
    assert urllib.request.urlopen(url).read() == content


def test_image(ecr, refused, repository):
    text = images.manifest(b"{}", b"none")
    refused("LayersNotFoundException", ecr.put_image, repositoryName=repository, imageManifest=text, imageTag="v1")
    digest = images.push(ecr, repository, "v1", b"one")
    got = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["images"][0]
    assert images.digest(got["imageManifest"].encode()) == digest == got["imageId"]["imageDigest"]
    ecr.put_image(repositoryName=repository, imageManifest=got["imageManifest"], imageTag="v2")
    refused(
        "ImageAlreadyExistsException",
        ecr.put_image,
        repositoryName=repository,
        imageManifest=got["imageManifest"],
        imageTag="v2",
    )
    details = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert [(one["imageDigest"], sorted(one["imageTags"])) for one in details] == [(digest, ["v1", "v2"])]
    assert details[0]["imagePushedAt"]
    assert details[0]["imageSizeInBytes"] == len(b"one") + len(b"layer of one")
    other = images.push(ecr, repository, "v1", b"two")
    assert other != digest
    tags = {
        one["imageDigest"]: one["imageTags"] for one in ecr.describe_images(repositoryName=repository)["imageDetails"]
    }
    assert tags == {digest: ["v2"], other: ["v1"]}
    refused("RepositoryNotEmptyException", ecr.delete_repository, repositoryName=repository)
    answer = ecr.batch_delete_image(
        repositoryName=repository, imageIds=[{"imageDigest": digest}, {"imageTag": "v1"}, {"imageTag": "v9"}]
    )
    assert (len(answer["imageIds"]), len(answer["failures"])) == (2, 1)
    ecr.delete_repository(repositoryName=repository)


def test_immutable_tag(ecr, refused, repository):
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    images.push(ecr, repository, "v1", b"one")
    images.push(ecr, repository, "v2", b"two")
    refused("ImageTagAlreadyExistsException", images.push, ecr, repository, "v1", b"three")


def test_token_is_valid(ecr, endpoint):
    (token,) = ecr.get_authorization_token()["authorizationData"]
    assert token["expiresAt"] > datetime.now(UTC)
    assert token["proxyEndpoint"] == endpoint


def test_scans(ecr, refused, repository, endpoint):
    digest = images.push(ecr, repository, "v1", b"one")
    asked = {"repositoryName": repository, "imageId": {"imageDigest": digest}}
    refused("ScanNotFoundException", ecr.describe_image_scan_findings, **asked)
    assert ecr.start_image_scan(**asked)["imageId"] == {"imageDigest": digest}
    refused("LimitExceededException", ecr.start_image_scan, **asked)
    told = ecr.describe_image_scan_findings(**asked)
    assert told["imageScanStatus"]["status"] == "COMPLETE"
    assert told["imageScanFindings"]["findings"] == []
    found = {"name": "CVE-2026-1", "severity": "HIGH", "package": "openssl", "version": "3.0.1"}
    scans(endpoint, [{"image": f"*{repository}:v1", "findings": [found]}])
    told = ecr.describe_image_scan_findings(**asked)["imageScanFindings"]
    assert told["findingSeverityCounts"] == {"HIGH": 1}
    assert told["findings"][0]["attributes"][0] == {"key": "package_name", "value": "openssl"}
    scans(endpoint, [{"image": f"*@{digest}", "status": "FAILED", "description": "UnsupportedImageError"}])
    told = ecr.describe_image_scan_findings(**asked)
    assert (told["imageScanStatus"]["description"], "imageScanFindings" in told) == ("UnsupportedImageError", False)


def scans(endpoint, entries):
    ask(endpoint, "scans", {"scans": entries})


@pytest.mark.parametrize("lost", ["UploadLayerPart", "CompleteLayerUpload", "PutImage"])
def test_lost_answer(lossy, ecr, repository, lost):
    """AWS did it and answered 500, so botocore asks again: the answer to that is no reason to fail."""
    client = lossy("ecr", lost)
    BOOTSTRAP_IMAGE.create(lambda _service: client, {"repository": repository, "architecture": "arm64"})
    (image,) = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "bootstrap"}])["imageDetails"]
    assert ARCHITECTURES[image["imageDigest"]] == "arm64"


def test_another_layer_under_way_fails_the_upload(ecr, repository, monkeypatch):
    """What is not there is not said to be there: somebody else's part makes a layer of another digest."""

    class Mixed:
        def __getattr__(self, operation):
            return getattr(ecr, operation)

        def upload_layer_part(self, **asked):
            blob = b"other" + asked["layerPartBlob"][5:]
            ecr.upload_layer_part(**asked | {"layerPartBlob": blob})
            ecr.upload_layer_part(**asked)

    with pytest.raises(ecr.exceptions.InvalidLayerException):
        BOOTSTRAP_IMAGE.create(lambda _service: Mixed(), {"repository": repository})


# What is never expired


class Stack:
    """A repository of a stack with the role's own lifecycle policy, and its releases."""

    POLICY = ROOT / "roles/registry/vars/main.yml"

    def __init__(self, aws, name):
        self.ecr, self.repository, self.releases = aws("ecr"), f"{name}-api", []
        self.ecr.create_repository(repositoryName=self.repository, imageTagMutability="IMMUTABLE")
        self.aws = Aws(aws, "us-east-1")
        self.uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{self.repository}"
        template = yaml.safe_load(self.POLICY.read_text())["__registry_lifecycle_policy"]
        text = json.dumps(template).replace('"{{ registry_untagged_days | int }}"', "7").replace('"{{ registry_keep_images | int }}"', "5")
        self.ecr.put_lifecycle_policy(repositoryName=self.repository, lifecyclePolicyText=text)

    def build(self, number):
        """Push a build, and return the image by digest."""
        return f"{self.uri}@{images.push(self.ecr, self.repository, f'src-{number}', f'build {number}'.encode())}"

    def release(self, number):
        """Let a rollout of a build succeed, as releases/rollout.py has it, and return the image."""
        image = self.build(number)
        verdict = {"started": f"{number:04}", "verdict": "succeeded"}
        self.releases.append({"id": f"r{number}", "created": f"{number:04}", "images": {"api": image}, "rollouts": [verdict]})
        return image

    def protect(self, *runs, count=2, others=False):
        wanted = {*runs, *records.kept(self.releases, count)}
        ecr_protected.protect(self.aws, self.repository, ecr_protected.digests_in(self.aws, self.repository, wanted), others)

    def tags(self):
        pages = self.ecr.get_paginator("describe_images").paginate(repositoryName=self.repository)
        return {f"{self.uri}@{one['imageDigest']}": one.get("imageTags", []) for page in pages for one in page["imageDetails"]}

    def a_day_later(self):
        from moto.ecr import models

        repository = models.ecr_backends["123456789012"]["us-east-1"].repositories[self.repository]
        rules = json.loads(repository.lifecycle_policy)["rules"]
        gone = expiry.expired(rules, repository.images, clock.now() + expiry.DAY)
        repository.images[:] = [one for one in repository.images if one.get_image_digest() not in gone]
        return self.tags()


@pytest.fixture
def stack(aws, name):
    it = Stack(aws, name)
    BOOTSTRAP_IMAGE.create(it.aws, {"repository": it.repository})
    return it


def test_builds_expire_nothing_that_is_needed(stack):
    """More builds than are kept, none of them released: what runs stays, and so does what a rollback may go to."""
    released = [stack.release(number) for number in range(5)]
    stack.protect()
    builds = [stack.build(number) for number in range(100, 108)]
    left = stack.a_day_later()
    assert set(released[-3:]) <= left.keys()  # the one that runs, and two before it
    assert not set(released[:-3]) & left.keys()
    assert set(builds[-5:]) <= left.keys() and builds[0] not in left
    assert sum("bootstrap" in tags for tags in left.values()) == 1


def test_what_runs_is_no_matter_of_its_age(stack):
    """A release may go on with an image of long ago; and a rollback goes back to an old one, which then runs."""
    oldest = stack.release(0)
    for number in range(1, 4):
        stack.release(number)
    stack.protect(oldest)  # what runs, whatever the records say
    for number in range(100, 107):
        stack.build(number)
    assert oldest in stack.a_day_later()
    stack.releases.append({"id": "r0", "created": "0", "images": {"api": oldest}, "rollouts": [{"started": "9", "verdict": "succeeded"}]})
    stack.protect()
    assert oldest in stack.a_day_later()


def test_a_rollout_protects_before_it_forgets(stack):
    first, second = stack.release(1), stack.release(2)
    stack.protect(count=0)
    third = stack.build(3)
    stack.protect(third, count=0, others=True)  # before anything is changed
    tags = stack.tags()
    assert all(any(tag.startswith("keep-") for tag in tags[image]) for image in (second, third))
    assert not any(tag.startswith("keep-") for tag in tags[first])
    before = stack.tags()
    stack.protect(third, count=0, others=True)
    assert stack.tags() == before
    stack.releases.append({"id": "r3", "created": "3", "images": {"api": third}, "rollouts": [{"started": "9", "verdict": "succeeded"}]})
    stack.protect(count=0)
    assert not any(tag.startswith("keep-") for tag in stack.tags()[second])


def test_an_image_never_loses_its_last_tag(stack):
    """ECR deletes it then; whoever pushed by digest only would lose it at once, and not in its turn."""
    image = stack.build(1)
    stack.protect(image)
    (source,) = [tag for tag in stack.tags()[image] if not tag.startswith("keep-")]
    stack.ecr.batch_delete_image(repositoryName=stack.repository, imageIds=[{"imageTag": source}])
    stack.protect()
    (left,) = stack.tags()[image]
    assert left.startswith("was-kept-")
    stack.protect(image, "not.here/other@sha256:" + "0" * 64, f"{stack.uri}@sha256:" + "0" * 64)
    assert len(stack.tags()[image]) == 2


@pytest.mark.parametrize("lost", ["PutImage"])
def test_lost_tag(stack, lossy, lost):
    """AWS gave the tag, and its answer was lost."""
    image, client = stack.build(1), lossy("ecr", lost)
    ecr_protected.protect(Aws(lambda _service: client, "us-east-1"), stack.repository, {image.partition("@")[2]})
    assert len(stack.tags()[image]) == 2


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ([{"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}], "c"),
        # An image that a rule is for is no other rule's, which counts it all the same.
        ([{"tagStatus": "tagged", "tagPatternList": ["a*"], "countType": "imageCountMoreThan", "countNumber": 9}, {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}], "ac"),
        # All patterns must have a tag.
        ([{"tagStatus": "tagged", "tagPatternList": ["a*", "x*"], "countType": "imageCountMoreThan", "countNumber": 9}, {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}], "c"),
        ([{"tagStatus": "tagged", "tagPrefixList": ["b"], "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}], "ac"),
        ([{"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}], "abc"),
    ],
)
def test_which_images_expire(rules, left):
    def image(tag, day):
        return SimpleNamespace(image_tags=[tag], image_pushed_at=day * expiry.DAY, image_manifest="{}", get_image_digest=lambda: tag[0])

    there = [image("a1", 0), image("b1", 1), image("c1", 9)]
    given = [{"rulePriority": place, "selection": one} for place, one in enumerate(rules, 1)]
    assert "".join(sorted({"a", "b", "c"} - expiry.expired(given, there, 9 * expiry.DAY))) == left


def test_a_list_keeps_what_it_names(ecr, repository):
    def image(digest, tags, manifest):
        return SimpleNamespace(image_tags=tags, image_pushed_at=0, image_manifest=json.dumps(manifest), get_image_digest=lambda: digest)

    there = [image("one", [], {}), image("other", [], {}), image("list", ["v1"], {"manifests": [{"digest": "one"}]})]
    rule = {"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countNumber": 1}}
    assert expiry.expired([rule], there, 9 * expiry.DAY) == {"other"}
