"""ECR: repositories, and the image that holds a place until the first release."""

from __future__ import annotations

import hashlib
import json
import struct
import tarfile
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from io import BytesIO

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.deleting import each_done
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.policies import canonical
from ..engine.severity import Severity, opens_to_everybody
from ..engine.unmodelled import keep_unmodelled

ABSENT = ("RepositoryNotFoundException", "ImageNotFoundException")


class Repository(Kind):
    """A repository with its policies."""

    name = "ecr_repository"
    title = "ECR repository"
    service = "ecr"
    module = "flow_builder.aws.ecs_ecr"
    cloudformation = "AWS::ECR::Repository"
    properties = {
        "RepositoryName": "name",
        "EncryptionConfiguration/EncryptionType": "encryption_type",
        "EncryptionConfiguration/KmsKey": "kms_key",
        "ImageScanningConfiguration/ScanOnPush": "scan_on_push",
        "LifecyclePolicy/LifecyclePolicyText": "lifecycle_policy",
        "RepositoryPolicyText": "policy",
    }
    # A fresh role that the policy names.
    settling = (("InvalidParameterException", "Invalid repository policy provided"),)
    needs = ("kms_key",)
    immutable = {
        "encryption_type": "ECR encrypts a repository from its first image on; make another one",
        "kms_key": "ECR encrypts a repository from its first image on; make another one",
    }
    severities = (Severity("critical", "policy*", opens_to_everybody),)
    unmanaged = (
        Listing(
            "describe_repositories", "repositories", "repositoryName",
            delete=("delete_repository", "repositoryName"),
        ),
    )

    def want(self, arguments):
        """Policies are compared by their meaning; an empty one means none."""
        want = super().want(arguments)
        if "lifecycle_policy" in want:
            want["lifecycle_policy"] = lifecycle(want["lifecycle_policy"])
        if "policy" in want:
            want["policy"] = canonical(want["policy"]) or {}
        return want

    def find(self, aws, want):
        """Return the repository of this name."""
        found = unless(ABSENT, aws("ecr").describe_repositories, repositoryNames=[want["name"]])
        return self._live(aws, found["repositories"][0]) if found and found["repositories"] else None

    def stack(self, aws, stack):
        """Return the repositories tagged with the stack."""
        items = aws.pages("ecr", "describe_repositories", "repositories")
        found = (self._live(aws, item) for item in items if stack in item["repositoryName"])
        return [repository for repository in found if repository["tags"].get("Stack") == stack]

    @keep_unmodelled
    def _live(self, aws, item):
        ecr, name, arn = aws("ecr"), item["repositoryName"], item["repositoryArn"]
        policy = unless("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName=name)
        expiry = unless("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName=name)
        encryption = item.get("encryptionConfiguration", {})
        return {
            "name": name,
            "arn": arn,
            "uri": item["repositoryUri"],
            "image_tag_mutability": item["imageTagMutability"],
            "scan_on_push": item.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            "encryption_type": encryption.get("encryptionType", "AES256"),
            "kms_key": encryption.get("kmsKey", ""),
            "lifecycle_policy": lifecycle(expiry["lifecyclePolicyText"]) if expiry else {},
            "policy": canonical(policy["policyText"]) if policy else {},
            "tags": aws.tags(arn, lambda: tagging.from_list(ecr.list_tags_for_resource(resourceArn=arn)["tags"])),
        }

    def create(self, aws, want):
        """Create the repository."""
        more = {}
        if "image_tag_mutability" in want:
            more["imageTagMutability"] = want["image_tag_mutability"]
        if "scan_on_push" in want:
            more["imageScanningConfiguration"] = {"scanOnPush": want["scan_on_push"]}
        if "encryption_type" in want:
            key = {"kmsKey": want["kms_key"]} if want.get("kms_key") else {}
            more["encryptionConfiguration"] = {"encryptionType": want["encryption_type"], **key}
        aws("ecr").create_repository(
            repositoryName=want["name"], tags=tagging.to_list(want.get("tags", {})), **more
        )

    def complete(self, aws, want, made):
        """Set its policies."""
        self.update(aws, None, want, {name for name in ("lifecycle_policy", "policy") if want.get(name)})

    def update(self, aws, live, want, changes):
        """Change in place what ECR can change."""
        ecr, name = aws("ecr"), want["name"]
        if "image_tag_mutability" in changes:
            ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability=want["image_tag_mutability"])
        if "scan_on_push" in changes:
            ecr.put_image_scanning_configuration(
                repositoryName=name, imageScanningConfiguration={"scanOnPush": want["scan_on_push"]}
            )
        if "lifecycle_policy" in changes and want["lifecycle_policy"]:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(want["lifecycle_policy"]))
        elif "lifecycle_policy" in changes:
            ecr.delete_lifecycle_policy(repositoryName=name)
        if "policy" in changes and want["policy"]:
            ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(want["policy"]))
        elif "policy" in changes:
            ecr.delete_repository_policy(repositoryName=name)

    def loses(self, aws, live, want, changes):
        """ECR deletes at once what a policy expires; and all images with the repository."""
        if want and "lifecycle_policy" not in changes:
            return ""
        images = unless(ABSENT, aws.pages, "ecr", "describe_images", "imageDetails", repositoryName=live["name"])
        if want is None:
            gone = {one["imageDigest"] for one in images or [] if one.get("imageTags") != [BOOTSTRAP]}
        else:
            gone = expired(images or [], want["lifecycle_policy"]) - expired(images or [], live["lifecycle_policy"])
        return f"{len(gone)} images would be deleted" if gone else ""

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("ecr").tag_resource(resourceArn=live["arn"], tags=tagging.to_list(add))
        if remove:
            aws("ecr").untag_resource(resourceArn=live["arn"], tagKeys=remove)

    def delete(self, aws, live):
        """Delete the repository with its images, which are nothing without it."""
        unless(ABSENT, aws("ecr").delete_repository, repositoryName=live["name"], force=True)

    def computed(self, aws, want):
        """A repository's addresses can be computed."""
        return {"arn": aws.arn("ecr", f"repository/{want['name']}"), "uri": uri(aws, want["name"])}


def uri(aws, repository: str) -> str:
    """Return the address of a repository of this account."""
    return f"{aws.account}.dkr.ecr.{aws.region}.{aws.suffix}/{repository}"


def lifecycle(policy: dict | str) -> dict:
    """Return a lifecycle policy in one spelling: rules by priority, tags sorted."""
    policy = json.loads(policy) if isinstance(policy, str) else policy
    rules = sorted(policy.get("rules", []), key=lambda rule: rule["rulePriority"])
    return {"rules": [_rule(rule) for rule in rules]} if rules else {}


def _rule(rule):
    selection = {key: sorted(value) if isinstance(value, list) else value for key, value in rule["selection"].items()}
    return {**rule, "selection": selection}


def expired(images: list[dict], policy: dict) -> set[str]:
    """Return the digests of the images that a lifecycle policy expires by now.

    An image that a rule selects is no other's of a lower priority; of several prefixes or patterns it has all.
    """

    def selects(selection, image):
        tags = image.get("imageTags", [])
        if selection["tagStatus"] != "tagged":
            return selection["tagStatus"] == "any" or not tags
        asked = [f"{prefix}*" for prefix in selection.get("tagPrefixList", [])] + selection.get("tagPatternList", [])
        return all(any(fnmatchcase(tag, one) for tag in tags) for one in asked)

    now, free, gone = datetime.now(UTC), sorted(images, key=lambda one: one["imagePushedAt"], reverse=True), set()
    for rule in policy.get("rules", []):
        selection = rule["selection"]
        if rule.get("action", {}).get("type", "expire") != "expire":
            continue
        chosen = [image for image in free if selects(selection, image)]
        free = [image for image in free if image not in chosen]
        if selection["countType"] == "imageCountMoreThan":
            old = chosen[selection["countNumber"] :]
        else:
            moment = "lastRecordedPullTime" if selection["countType"] == "sinceImagePulled" else "imagePushedAt"
            days = selection["countNumber"]
            old = [one for one in chosen if (now - one.get(moment, one["imagePushedAt"])).days >= days]
        gone |= {image["imageDigest"] for image in old}
    return gone


BOOTSTRAP = "bootstrap"
"""The tag of the image that holds a place until the first release."""
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(aws, repository: str, **named: str) -> str:
    """Return the digest of the image that ``imageTag`` or ``imageDigest`` names in a repository; nothing for none."""
    found = unless(ABSENT, aws("ecr").describe_images, repositoryName=repository, imageIds=[named])
    return found["imageDetails"][0]["imageDigest"] if found and found["imageDetails"] else ""


class BootstrapImage(Kind):
    """A tiny image, so that functions and services can be made before the first release."""

    name = "ecr_bootstrap_image"
    title = "bootstrap image of"
    service = "ecr"
    module = "flow_builder.aws.ecr_bootstrap_image"
    identity = ("repository",)
    needs = ("ecr_repository",)
    taggable = False
    create_only = frozenset({"architecture"})  # the tag is immutable, and nothing runs the image

    def find(self, aws, want):
        """Return the repository's bootstrap image."""
        digest = digest_of(aws, want["repository"], imageTag=BOOTSTRAP)
        if not digest:
            return None
        architecture = ARCHITECTURES.get(digest, "another image")
        return {**self._image(aws, want["repository"], digest), "architecture": architecture}

    def stack(self, aws, stack):
        """Return the bootstrap images in the stack's repositories."""
        found = (self.find(aws, {"repository": one["name"]}) for one in REPOSITORY.stack(aws, stack))
        return [image for image in found if image]

    def create(self, aws, want):
        """Push the image by ECR's own calls: no container engine is needed."""
        image = Image(want.get("architecture", "amd64"))
        for blob in (image.layer, image.config):
            self._upload(aws("ecr"), want["repository"], blob)
        unless(
            "ImageAlreadyExistsException", aws("ecr").put_image,
            repositoryName=want["repository"], imageManifest=image.manifest.decode(), imageManifestMediaType=MANIFEST,
            imageTag=BOOTSTRAP, imageDigest=image.digest,
        )  # fmt: skip

    def _upload(self, ecr, repository, blob):
        digest = sha256(blob)

        def available():
            there = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest])["layers"]
            return any(layer["layerAvailability"] == "AVAILABLE" for layer in there)

        if available():
            return
        upload = {
            "repositoryName": repository,
            "uploadId": ecr.initiate_layer_upload(repositoryName=repository)["uploadId"],
        }
        # Sent again because its answer was lost, a part is the wrong one and an upload is gone; what was stored tells.
        with suppress(ecr.exceptions.InvalidLayerPartException):
            ecr.upload_layer_part(partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob, **upload)
        try:
            ecr.complete_layer_upload(layerDigests=[digest], **upload)
        except (
            ecr.exceptions.LayerAlreadyExistsException, ecr.exceptions.UploadNotFoundException,
            ecr.exceptions.EmptyUploadException,
        ):  # fmt: skip
            if not available():
                raise

    def delete(self, aws, live):
        """Delete the image."""
        answer = unless(
            ABSENT, aws("ecr").batch_delete_image,
            repositoryName=live["repository"], imageIds=[{"imageDigest": live["digest"]}], otherwise={},
        )  # fmt: skip
        each_done(answer)

    def computed(self, aws, want):
        """The image is always the same, so its digest is known."""
        return self._image(aws, want["repository"], Image(want.get("architecture", "amd64")).digest)

    @staticmethod
    def _image(aws, repository, digest):
        return {"repository": repository, "digest": digest, "image": f"{uri(aws, repository)}@{digest}"}


def sha256(data: bytes) -> str:
    """Return a digest as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Image:
    """The bootstrap image's parts, the same bytes on every machine."""

    TEXT = b"This image holds a place until the first release. Nothing runs it.\n"

    def __init__(self, architecture: str):
        """Make the parts for an architecture: amd64 or arm64."""
        files = self._tar()
        self.layer = self._gzip(files)
        self.config = self._json(
            {
                "architecture": architecture,
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [sha256(files)]},
                "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "flow_builder.aws"}],
            }
        )
        self.manifest = self._json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": self._part("application/vnd.docker.container.image.v1+json", self.config),
                "layers": [self._part("application/vnd.docker.image.rootfs.diff.tar.gzip", self.layer)],
            }
        )
        self.digest = sha256(self.manifest)

    def _tar(self):
        written = BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            member = tarfile.TarInfo("bootstrap.txt")
            member.size = len(self.TEXT)
            archive.addfile(member, BytesIO(self.TEXT))
        return written.getvalue()

    @staticmethod
    def _gzip(data):
        # One stored block: a compressor's output would differ from one zlib to another, and with it the digest.
        length = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
        return b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01" + length + data + struct.pack("<II", zlib.crc32(data), len(data))

    @staticmethod
    def _json(value):
        return json.dumps(value, separators=(",", ":")).encode()

    @staticmethod
    def _part(kind, blob):
        return {"mediaType": kind, "size": len(blob), "digest": sha256(blob)}


ARCHITECTURES = {Image(name).digest: name for name in ("amd64", "arm64")}


REPOSITORY = Repository()
BOOTSTRAP_IMAGE = BootstrapImage()
