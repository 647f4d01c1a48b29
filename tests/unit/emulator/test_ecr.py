"""ECR as AWS answers it."""

import urllib.request
from datetime import UTC, datetime

import images
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr import ARCHITECTURES, BOOTSTRAP_IMAGE

from emulator.ask import ask


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
