"""Repositories, the bootstrap image, and the choice of an image."""

import gzip
import hashlib
import io
import json
import tarfile
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr import (
    ARCHITECTURES,
    REPOSITORY,
    Image,
    lifecycle,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.images import chosen
from botocore.exceptions import ClientError

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/stack-api"
BOOTSTRAP = next(digest for digest, name in ARCHITECTURES.items() if name == "amd64")
V1, V2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def rule(priority, **selection):
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"rules": [rule(1, tagStatus="any"), rule(2)]}, {"rules": [rule(2), rule(1, tagStatus="any")]}, True),
        ({"rules": [rule(1, tagPatternList=["b", "a"])]}, json.dumps({"rules": [rule(1, tagPatternList=["a", "b"])]}), True),
        ({"rules": [rule(1, countNumber=7)]}, {"rules": [rule(1, countNumber=8)]}, False),
        ({"rules": []}, {}, True),
    ],
)
def test_lifecycle_policies_by_meaning(one, other, same):
    assert (lifecycle(one) == lifecycle(other)) is same


def test_wanted_policies_are_normalised():
    statement = {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["b", "a"]}
    want = REPOSITORY.want({"name": "a", "policy": {"Statement": statement}, "lifecycle_policy": {}})
    assert want == {
        "name": "a",
        "lifecycle_policy": {},
        "policy": {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": ["a", "b"]}]},
    }


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_bootstrap_image_is_valid(architecture):
    image = Image(architecture)
    manifest, config = json.loads(image.manifest), json.loads(image.config)
    files = gzip.decompress(image.layer)
    assert config["rootfs"]["diff_ids"] == [digest(files)]
    assert (config["architecture"], config["os"]) == (architecture, "linux")
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        assert archive.getnames() == ["bootstrap.txt"]
    assert manifest["schemaVersion"] == 2
    for part, blob in ((manifest["config"], image.config), (manifest["layers"][0], image.layer)):
        assert (part["digest"], part["size"]) == (digest(blob), len(blob))
    assert image.digest == digest(image.manifest)


def test_bootstrap_image_is_the_same_everywhere():
    """A changed digest would be taken for a release by every stack that has the old one."""
    assert ARCHITECTURES == {
        "sha256:d8c8ad58fe15933d3e90010221db67d5201bdb4bc72ab1d5c8800540f26d4394": "amd64",
        "sha256:269d6d77a3124f3828dca5ec2b51e021d551bb9e00a38b8bc3020abff962cb66": "arm64",
    }


class Registry:
    """An ECR that has some tags in one repository."""

    class exceptions:
        pass

    def __init__(self, tags):
        self.tags = tags

    def refuse(self, code):
        raise ClientError({"Error": {"Code": code}}, "DescribeImages")

    def describe_repositories(self, repositoryNames):
        if self.tags is None:
            self.refuse("RepositoryNotFoundException")
        return {"repositories": [{"repositoryName": "stack-api", "repositoryArn": "a", "repositoryUri": URI, "imageTagMutability": "IMMUTABLE"}]}

    def get_repository_policy(self, repositoryName):
        self.refuse("RepositoryPolicyNotFoundException")

    def get_lifecycle_policy(self, repositoryName):
        self.refuse("LifecyclePolicyNotFoundException")

    def list_tags_for_resource(self, resourceArn):
        return {"tags": []}

    def describe_images(self, repositoryName, imageIds):
        if self.tags is None:
            self.refuse("RepositoryNotFoundException")
        wanted = imageIds[0].get("imageDigest") or self.tags.get(imageIds[0].get("imageTag"))
        if wanted not in self.tags.values():
            self.refuse("ImageNotFoundException")
        return {"imageDetails": [{"imageDigest": wanted}]}


class Containers:
    """An ECS with one service, or none."""

    def __init__(self, image, status="ACTIVE"):
        self.image, self.status = image, status

    def describe_services(self, cluster, services):
        return {"services": [{"status": self.status, "taskDefinition": "stack-api:1"}] if self.image else []}

    def describe_task_definition(self, taskDefinition):
        containers = [{"name": "other", "image": "other"}, {"name": "api", "image": self.image}]
        return {"taskDefinition": {"containerDefinitions": containers}}


class Functions:
    """A Lambda with one function."""

    def __init__(self, image):
        self.image = image

    def get_function(self, FunctionName):
        return {
            "Code": {"ImageUri": "by tag", "ResolvedImageUri": self.image},
            "Configuration": {
                "FunctionName": FunctionName, "FunctionArn": "a", "Role": "r", "Architectures": ["x86_64"], "MemorySize": 128,
                "Timeout": 3, "EphemeralStorage": {"Size": 512},
            },
        }  # fmt: skip


def choose(image="", tags=None, runs=None, check=False, function=None, status="ACTIVE"):
    clients = {"ecr": Registry(tags), "ecs": Containers(runs, status), "lambda": Functions(function)}
    aws = Aws(clients.get, "us-east-1")
    aws.account = "123456789012"
    where = {"function": "stack-api"} if function else {"service": {"cluster": "c", "name": "stack-api", "container": "api"}}
    told = chosen(aws, {"repository": "stack-api", "image": image, "architecture": "amd64", **where}, check)
    return SimpleNamespace(**told)


TAGS = {"bootstrap": BOOTSTRAP, "v1": V1, "v2": V2}


@pytest.mark.parametrize(
    ("given", "image", "released"),
    [
        ({"image": f"{URI}:v2", "runs": f"{URI}@{V1}", "tags": TAGS}, f"{URI}@{V2}", True),
        ({"image": f"{URI}@{V2}", "tags": TAGS}, f"{URI}@{V2}", True),
        ({"image": f"{URI}:bootstrap", "runs": f"{URI}@{V1}", "tags": TAGS}, f"{URI}@{BOOTSTRAP}", False),
        ({"image": f"{URI}@{BOOTSTRAP}", "tags": TAGS}, f"{URI}@{BOOTSTRAP}", False),
        ({"runs": f"{URI}@{V1}", "tags": TAGS}, f"{URI}@{V1}", True),
        ({"runs": f"{URI}:v1", "tags": TAGS}, f"{URI}:v1", True),
        ({"runs": f"{URI}@{V1}", "status": "INACTIVE", "tags": TAGS}, f"{URI}@{BOOTSTRAP}", False),
        ({"runs": f"{URI}@{BOOTSTRAP}", "tags": TAGS}, f"{URI}@{BOOTSTRAP}", False),
        ({"function": f"{URI}@{V1}", "tags": TAGS}, f"{URI}@{V1}", True),
        ({"tags": TAGS}, f"{URI}@{BOOTSTRAP}", False),
        ({"check": True}, f"{URI}@{BOOTSTRAP}", False),
        ({"check": True, "image": f"{URI}@{V1}"}, f"{URI}@{V1}", True),
        ({"check": True, "image": f"{URI}:v1"}, f"{URI}@known-after-apply/image/stack-api/v1", True),
    ],
)
def test_choice_of_an_image(given, image, released):
    told = choose(**given)
    assert (told.image, told.released) == (image, released)
    assert (told.repository_arn, told.repository_uri) == ("arn:aws:ecr:us-east-1:123456789012:repository/stack-api", URI)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image": f"{URI}:latest", "tags": TAGS}, "can mean another image tomorrow"),
        ({"image": f"{URI}:v3", "tags": TAGS}, "was not found; push it"),
        ({"image": f"{URI}:v3", "tags": TAGS, "check": True}, "was not found; push it"),
        ({"image": f"{URI}:v3"}, "was not found; push it"),
        ({"image": URI, "tags": TAGS}, "is no image of"),
        ({"image": f"{URI}:", "tags": TAGS}, "is no image of"),
        ({"image": f"{URI}2:v1", "tags": TAGS}, "is no image of"),
        ({"image": "nginx:1", "tags": TAGS}, "is no image of"),
    ],
)
def test_refused_images(given, said):
    with pytest.raises(EngineError, match=said):
        choose(**given)
