"""ECR: the images that its lifecycle policy never expires, because they run or a rollback may go to them.

ECR counts images by the time of their push: twenty builds without a release would expire what runs. A tag that begins
with ``keep-`` and goes on with the digest belongs to one image for ever, so it suits immutable tags; a rule of the
policy that comes before the others is for images with such a tag, and from that on no other rule expires them.
"""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..releases import records
from .ecr import ABSENT, REPOSITORY, uri

PREFIX = "keep-"
OLD = "was-kept-"
# What there are of manifests: ECR gives one as it was pushed only to who says that he takes it.
MANIFESTS = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]
THERE = ("ImageAlreadyExistsException", "ImageTagAlreadyExistsException")


def marker(digest: str, prefix: str = PREFIX) -> str:
    """Return the tag that protects an image."""
    return prefix + digest.rpartition(":")[2][:20]


def digests_in(aws, repository: str, images) -> set[str]:
    """Return the digests of those images, named by digest, that lie in a repository."""
    address = uri(aws, repository)
    return {digest for image in images for where, _at, digest in [image.partition("@")] if digest and where == address}


def tagged(aws, repository: str) -> dict[str, list[str]]:
    """Return the tags of a repository's images that have any, by digest; nothing without the repository."""
    found = unless(
        ABSENT, aws.pages, "ecr", "describe_images", "imageDetails",
        repositoryName=repository, filter={"tagStatus": "TAGGED"}, otherwise=[],
    )  # fmt: skip
    return {one["imageDigest"]: one["imageTags"] for one in found if one.get("imageTags")}


def protected(tags: dict[str, list[str]]) -> set[str]:
    """Return the digests of the images that are protected."""
    return {digest for digest, names in tags.items() if marker(digest) in names}


def lacking(aws, repository: str, digests: set[str]) -> set[str]:
    """Return those digests that a repository lacks, because somebody deleted what runs: nothing protects them."""
    if not digests:
        return set()
    asked = [{"imageDigest": digest} for digest in sorted(digests)]
    told = unless(
        ABSENT, aws("ecr").batch_get_image,
        repositoryName=repository, imageIds=asked, acceptedMediaTypes=MANIFESTS, otherwise={},
    )  # fmt: skip
    return digests - {one["imageId"]["imageDigest"] for one in told.get("images", [])}


def protect(aws, repository: str, wanted: set[str], others: bool = False) -> None:
    """Protect images of a repository, as far as they are there; all others no more, unless they are to stay as well."""
    tags = tagged(aws, repository)
    for digest in sorted(wanted - protected(tags)):
        _tag(aws, repository, digest, marker(digest))
    for digest in [] if others else sorted(protected(tags) - wanted):
        if tags[digest] == [marker(digest)]:
            # ECR deletes an image with its last tag; this one becomes one of those that are counted.
            _tag(aws, repository, digest, marker(digest, OLD))
        _untag(aws, repository, marker(digest))


def _tag(aws, repository, digest, tag):
    found = aws("ecr").batch_get_image(
        repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=MANIFESTS
    )["images"]
    for image in found[:1]:
        kind = image.get("imageManifestMediaType")
        unless(
            THERE, aws("ecr").put_image,
            repositoryName=repository, imageManifest=image["imageManifest"], imageTag=tag, imageDigest=digest,
            **({"imageManifestMediaType": kind} if kind else {}),
        )  # fmt: skip


def _untag(aws, repository, tag):
    told = aws("ecr").batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": tag}])
    failures = [one for one in told.get("failures", []) if one["failureCode"] != "ImageNotFound"]
    if failures:
        raise EngineError(f"the tag {tag} of {repository} is not taken away: {failures[0]['failureReason']}")


class ProtectedImages(Kind):
    """A repository's images that are never expired.

    What is said is added; only where that changes anything, what nobody needs any more is taken away. A release does
    both by itself.
    """

    name = "ecr_protected_images"
    title = "protected images of"
    service = "ecr"
    module = "flow_builder.aws.ecr_protected_images"
    identity = ("repository",)
    needs = ("ecr_repository",)
    taggable = False
    externally_managed = {"digests*": "a release"}
    ignored = frozenset({"lacks"})

    def want(self, arguments):
        """Digests have no order."""
        want = super().want(arguments)
        return {**want, "digests": sorted(set(want.get("digests", [])))}

    def find(self, aws, want):
        """Return the digests of the repository's protected images; nothing where there are none."""
        found = protected(tagged(aws, want["repository"]))
        lacks = lacking(aws, want["repository"], set(want.get("digests", [])) - found)
        if not found and not lacks:
            return None
        return {"repository": want["repository"], "digests": sorted(found), "lacks": sorted(lacks)}

    def stack(self, aws, stack):
        """Return those of the stack's repositories."""
        found = (self.find(aws, {"repository": one["name"]}) for one in REPOSITORY.stack(aws, stack))
        return [one for one in found if one]

    def compare(self, live, want):
        """An image that is protected although nobody asks for it may be one that a rollback goes to."""
        return set() if set(want.get("digests", [])) <= {*live["digests"], *live["lacks"]} else {"digests"}

    def create(self, aws, want):
        """Protect what is wanted, and what the releases need."""
        images = records.kept(records.Releases(aws, want["stack"]).all(), want["keep_releases"])
        protect(aws, want["repository"], set(want["digests"]) | digests_in(aws, want["repository"], images))

    def update(self, aws, live, want, changes):
        """Protect what is wanted, and what the releases need."""
        self.create(aws, want)

    def delete(self, aws, live):
        """Protect none any more."""
        protect(aws, live["repository"], set())

    def computed(self, aws, want):
        """What is wanted is all there is to know."""
        return {}


PROTECTED_IMAGES = ProtectedImages()
