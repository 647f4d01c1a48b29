"""Images of the sample application without a builder: real ones in ECR, which the emulator runs from the checkout.

An image has one layer, the application's folder, and no base. Its digest is that of its content, so another content is
another image. The image map says what runs in its place.
"""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from emulator.ask import ask

TYPES = "application/vnd.oci.image."
FUNCTION = (
    "import contextlib, importlib, json, sys; event = json.load(sys.stdin)\n"
    "with contextlib.redirect_stdout(sys.stderr):\n"
    "    answer = importlib.import_module('{module}').handler(event, None)\n"
    "print(json.dumps(answer))"
)


def commands() -> dict[str, list[str]]:
    """Return what each component's image starts, as its Containerfile says."""
    made = {one: ["python3", "-m", f"{one}.main"] for one in ("api", "worker")}
    for one in ("scheduler", "cleanup"):
        made[one] = ["python3", "-c", FUNCTION.format(module=f"{one}_lambda.handler")]
    return made


def packed(folder: Path, note: str) -> bytes:
    """Return a folder as a layer, the same bytes whenever it's the same content; the note makes it another one."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as layer:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = tarfile.TarInfo(f"app/{path.relative_to(folder)}")
                entry.size = path.stat().st_size
                layer.addfile(entry, io.BytesIO(path.read_bytes()))
        entry = tarfile.TarInfo("app/.note")
        entry.size = len(note.encode())
        layer.addfile(entry, io.BytesIO(note.encode()))
    return made.getvalue()


def push(ecr, repository: str, layer: bytes, command: list[str]) -> str:
    """Push an image of one layer, a tar, with boto3's client of ECR; return its digest as sha256:HEX."""
    config = json.dumps(
        {
            "architecture": "amd64", "os": "linux", "config": {"Cmd": command, "WorkingDir": "/app"},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        }
    ).encode()  # fmt: skip
    for blob in (layer, config):
        upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
        ecr.upload_layer_part(
            repositoryName=repository, uploadId=upload, partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob
        )
        _unless_there(
            ecr.complete_layer_upload, repositoryName=repository, uploadId=upload, layerDigests=[digest(blob)]
        )
    manifest = json.dumps(
        {
            "schemaVersion": 2, "mediaType": f"{TYPES}manifest.v1+json",
            "config": {"mediaType": f"{TYPES}config.v1+json", "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": f"{TYPES}layer.v1.tar", "digest": digest(layer), "size": len(layer)}],
        }
    )  # fmt: skip
    made = digest(manifest.encode())
    _unless_there(ecr.put_image, repositoryName=repository, imageManifest=manifest, imageTag=made[7:19])
    return made


def digest(blob: bytes) -> str:
    """Return the digest of bytes."""
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _unless_there(call, **given) -> None:
    try:
        call(**given)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("LayerAlreadyExistsException", "ImageAlreadyExistsException"):
            raise


def prepare(url: str, stack: str, folder: Path, region: str = "us-east-1", note: str = "", components=None) -> dict:
    """Push the images of an application, let the emulator run them, and return each as REPOSITORY@DIGEST by component.

    ``folder`` holds the application, ``url`` is the emulator's; ``note`` makes other digests of the same files, and
    ``components`` are those that are pushed (default: all), or a map of others with what each image starts.
    The stack's repositories must be there.
    """
    ecr = boto3.client("ecr", region_name=region, endpoint_url=url)
    layer, images, start = packed(folder, note), {}, components if isinstance(components, dict) else commands()
    for component, command in start.items():
        if components and component not in components:
            continue
        repository = f"{stack}-{component}"
        made = push(ecr, repository, layer, command)
        uri = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryUri"]
        images[component] = f"{uri}@{made}"
    run_from(url, images, folder, start)
    return images


def run_from(url: str, images: dict[str, str], folder: Path, start: dict[str, list[str]] | None = None) -> None:
    """Let the emulator run the processes of images, by component, from a folder; ``start`` says which."""
    start = start or commands()
    entries = [
        {"image": image, "run": start[component], "folder": str(folder.resolve())}
        for component, image in images.items()
    ]
    known = ask(url, "images")["images"]
    ours = {one["image"] for one in entries}
    ask(url, "images", {"images": entries + [one for one in known if one["image"] not in ours]})
