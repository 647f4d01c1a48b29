"""Push a small image through the API, as a builder does."""

import hashlib
import json


def digest(content: bytes) -> str:
    """Return a content's digest as registries write it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def upload(ecr, repository: str, content: bytes) -> str:
    """Upload a layer and return its digest."""
    upload_id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    middle = len(content) // 2
    for first, last in ((0, middle), (middle, len(content))):
        ecr.upload_layer_part(
            repositoryName=repository, uploadId=upload_id, partFirstByte=first, partLastByte=last - 1, layerPartBlob=content[first:last]
        )  # fmt: skip
    ecr.complete_layer_upload(repositoryName=repository, uploadId=upload_id, layerDigests=[digest(content)])
    return digest(content)


def manifest(config: bytes, layer: bytes) -> str:
    """Write the manifest of an image with one layer."""
    kind = "application/vnd.oci.image."
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": kind + "manifest.v1+json",
            "config": {"mediaType": kind + "config.v1+json", "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": kind + "layer.v1.tar+gzip", "digest": digest(layer), "size": len(layer)}],
        }
    )


def push(ecr, repository: str, tag: str, content: bytes) -> str:
    """Push an image of the given content and return its digest."""
    for one in (content, b"layer of " + content):
        upload(ecr, repository, one)
    text = manifest(content, b"layer of " + content)
    return ecr.put_image(repositoryName=repository, imageManifest=text, imageTag=tag)["image"]["imageId"]["imageDigest"]
