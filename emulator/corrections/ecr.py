"""ECR: layers are stored, an image is the digest of its manifest, immutable tags are immutable."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from moto.core.responses import ActionResult
from moto.ecr import models
from moto.ecr.exceptions import ImageAlreadyExistsException, RepositoryNotFoundException
from moto.ecr.responses import ECRResponse

from emulator import ACCOUNT, HOST, clock
from emulator.errors import AWSError
from emulator.patching import answers, correction, replacing

Backend = models.ECRBackend
# Where this process serves the bytes of a layer: <region>/<repository>/<digest>.
LAYER_PATH = "/_emulator/ecr-layer/"


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def layer(path: str) -> bytes | None:
    """Return the bytes behind a download URL, None if there are none."""
    region, _, rest = path.partition("/")
    name, _, digest = rest.rpartition("/")
    repository = models.ecr_backends[ACCOUNT][region].repositories.get(name)
    return repository.layer_blobs.get(digest) if repository else None


# Layers


@correction("ecr", "CompleteLayerUpload checks the digest, refuses an empty upload and keeps the layer")
def layers():
    @replacing(models.Repository, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.layer_blobs = {}

    @replacing(Backend, "complete_layer_upload")
    def complete(original, self, repository_name, upload_id, layer_digests, registry_id=None):
        repository = self._get_repository(repository_name, registry_id)
        upload = repository.uploads.get(upload_id)
        if upload:
            blob = bytes(upload.layer_parts)
            where = f"upload '{upload_id}' in repository '{repository_name}' of registry '{repository.registry_id}'"
            if not blob:
                raise AWSError("EmptyUploadException", f"The specified {where} does not contain any layer parts")
            if layer_digests and _digest(blob) not in layer_digests:
                raise AWSError("InvalidLayerException", f"Layer digest of {where} is not {', '.join(layer_digests)}")
            if _digest(blob) in repository.layers:
                del repository.uploads[upload_id]
                raise AWSError(
                    "LayerAlreadyExistsException", f"Layer {_digest(blob)} already exists in {repository_name}"
                )
            repository.layer_blobs[_digest(blob)] = blob
        return original(self, repository_name, upload_id, layer_digests, registry_id=registry_id)


@correction("ecr", "GetDownloadUrlForLayer says where the layer's bytes are")
def download():
    @replacing(ECRResponse, "get_download_url_for_layer")
    def get(_original, self):
        name, digest = self._get_param("repositoryName"), self._get_param("layerDigest")
        repository = self.ecr_backend._get_repository(name, self._get_param("registryId"))
        if digest not in repository.layer_blobs:
            raise AWSError("LayersNotFoundException", f"The layer with digest '{digest}' does not exist in '{name}'")
        port = self.normalized_request.environ["SERVER_PORT"]
        url = f"http://{HOST}:{port}{LAYER_PATH}{self.region}/{name}/{digest}"
        return ActionResult({"downloadUrl": url, "layerDigest": digest})


# Images


@correction("ecr", "an image's digest is the SHA-256 of its manifest, its size that of its layers")
def images():
    @replacing(models.Image, "_create_digest")
    def create(_original, self):
        self._image_digest = _digest(self.image_manifest.encode())

    @replacing(models.Image, "get_image_size_in_bytes")
    def size(_original, self):
        manifest = json.loads(self.image_manifest)
        if "layers" not in manifest:
            return None
        return sum(one.get("size", 0) for one in [*manifest["layers"], manifest.get("config", {})])


@correction("ecr", "PutImage refuses what is not there or already there, and moves a mutable tag")
def put_image():
    @replacing(Backend, "put_image")
    def put(_original, self, repository_name, image_manifest, image_tag, image_manifest_mediatype=None, digest=None):
        repository = self.repositories.get(repository_name)
        if repository is None:
            raise RepositoryNotFoundException(repository_name, self.account_id)
        manifest = _manifest(image_manifest)
        media_type = image_manifest_mediatype or manifest.get("mediaType")
        if not media_type:
            raise AWSError(
                "InvalidParameterException", "image manifest mediatype not provided in manifest or parameter"
            )
        actual = _digest(image_manifest.encode())
        if digest and digest != actual:
            raise AWSError("ImageDigestDoesNotMatchException", f"The image digest is {actual}, not {digest}")
        _check_references(repository, manifest)
        image = next((one for one in repository.images if one.get_image_digest() == actual), None)
        if image and (image_tag is None or image_tag in image.image_tags):
            raise ImageAlreadyExistsException(repository.registry_id, image_tag, actual, repository_name)
        if image_tag is not None:
            _take_tag(self, repository, image_tag)
        if image:
            image.update_tag(image_tag)
        else:
            image = models.Image(self.account_id, image_tag, image_manifest, repository_name, media_type, actual)
            image.image_pushed_at = int(clock.now())
            repository.images.append(image)
            if repository.image_scanning_configuration.get("scanOnPush"):
                image.last_scan = datetime.now()
        return image


def _manifest(text: str) -> dict:
    try:
        return json.loads(text)
    except ValueError:
        raise AWSError(
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        ) from None


def _check_references(repository, manifest: dict) -> None:
    """A manifest names layers (and a config, stored as one), a list of manifests names images."""
    wanted = [one["digest"] for one in [manifest.get("config", {}), *manifest.get("layers", [])] if "digest" in one]
    missing = [digest for digest in wanted if digest not in repository.layers]
    if missing:
        raise AWSError(
            "LayersNotFoundException",
            f"The layers with digests '{missing}' required for pushing image into repository with name "
            f"'{repository.name}' in the registry with id '{repository.registry_id}' do not exist",
        )
    present = {image.get_image_digest() for image in repository.images}
    missing = [one["digest"] for one in manifest.get("manifests", []) if one["digest"] not in present]
    if missing:
        raise AWSError(
            "ReferencedImagesNotFoundException", f"The referenced images {missing} do not exist in '{repository.name}'"
        )


def _take_tag(backend, repository, tag: str) -> None:
    """Take a tag from the image that has it, if the repository lets it."""
    try:
        backend._resolve_image_tag_mutability(repository, tag)
    except ImageAlreadyExistsException:
        raise AWSError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be overwritten "
            "because the tag is immutable.",
        ) from None
    for image in repository.images:
        image.remove_tag(tag)
        if not image.image_tags:
            image.image_tag = None


@correction("ecr", "BatchDeleteImage deletes an image by its digest, and by its last tag")
def batch_delete_image():
    # moto changes the list that it walks, and so skips images.
    @replacing(Backend, "batch_delete_image")
    def delete(original, self, repository_name, registry_id=None, image_ids=None):
        repository = self.repositories.get(repository_name)
        if repository is None or not image_ids:
            return original(self, repository_name, registry_id, image_ids)
        deleted, failures = [], []
        for wanted in image_ids:
            tag, digest = wanted.get("imageTag"), wanted.get("imageDigest")
            found = [
                image
                for image in repository.images
                if (tag or digest)
                and (not tag or tag in image.image_tags)
                and (not digest or digest == image.get_image_digest())
            ]
            if not found:
                code = "ImageNotFound" if tag or digest else "MissingDigestAndTag"
                reason = "Requested image not found" if tag or digest else "both tag and digest cannot be null"
                failures.append({"imageId": wanted, "failureCode": code, "failureReason": reason})
            for image in found:
                gone = [tag] if tag and not digest else list(image.image_tags)
                deleted += [{"imageDigest": image.get_image_digest(), "imageTag": one} for one in gone]
                if not gone:
                    deleted.append({"imageDigest": image.get_image_digest()})
                for one in gone:
                    image.remove_tag(one)
                if not image.image_tags:
                    repository.images.remove(image)
        return {"imageIds": deleted, "failures": failures}


@answers("ecr", "GetAuthorizationToken", "gives a token for twelve hours, and says where the registry is")
def authorization_token(api, params, moto):
    answer = moto()
    for one in answer["authorizationData"]:
        one["expiresAt"] = datetime.now(UTC) + timedelta(hours=12)
        one["proxyEndpoint"] = f"http://{HOST}:{api.normalized_request.environ['SERVER_PORT']}"
    return answer
