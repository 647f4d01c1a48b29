"""ECR's other side: the registry protocol, with which builders push and pull. What is pushed lies in ECR's own state.

Addresses are those of the OCI distribution specification under /v2/. Who wants in shows what GetAuthorizationToken
gave, which also says where the registry is. The settings of podman and buildah that `containers` writes let them use
plain HTTP there, and pull by a repository's own address.
"""

import base64
import json
import re
from http import HTTPStatus
from urllib.parse import parse_qs

from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import ecr_backends

from emulator import ACCOUNT
from emulator.errors import AWSError
from emulator.lock import LOCK

ROOT = "/v2/"
NAME = r"(?P<name>[a-z0-9]+(?:[._/-][a-z0-9]+)*)"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHUNK = 1 << 20
CHALLENGE = [("WWW-Authenticate", 'Basic realm="ECR",service="ecr.amazonaws.com"')]
CODES = {  # ECR's errors as the protocol has them
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "LayersNotFoundException": (404, "BLOB_UNKNOWN"),
    "LayerNotFoundException": (404, "BLOB_UNKNOWN"),
    "ImageNotFoundException": (404, "MANIFEST_UNKNOWN"),
    "UploadNotFoundException": (404, "BLOB_UPLOAD_UNKNOWN"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
    "InvalidLayerPartException": (416, "BLOB_UPLOAD_INVALID"),
    "InvalidLayerException": (400, "DIGEST_INVALID"),
    "ImageDigestDoesNotMatchException": (400, "DIGEST_INVALID"),
}


class Answer(Exception):
    """An answer, from wherever it is known."""

    def __init__(self, status: int, body: bytes = b"", kind: str = "application/json", **headers):
        super().__init__(status)
        self.status, self.body = status, body
        self.headers = [("Content-Type", kind), *((key.replace("_", "-"), value) for key, value in headers.items())]


def refusal(status: int, code: str, message: str) -> Answer:
    """Return an error as the protocol has it."""
    return Answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode())


def serve(environ, start_response):
    """Answer a request below /v2/."""
    body = _body(environ)
    try:
        _enter(environ)
        with LOCK:
            _route(environ, body)
        answer = refusal(404, "UNSUPPORTED", "there is nothing here")
    except Answer as known:
        answer = known
    except Exception as problem:  # moto has errors of many classes
        code = getattr(problem, "code", None) or getattr(problem, "error_type", "") or type(problem).__name__
        message = str(getattr(problem, "message", problem))
        status, word = CODES.get(code, (400, code))
        answer = refusal(status, word, message)
    headers = [*answer.headers, ("Docker-Distribution-Api-Version", "registry/2.0")]
    if answer.status == 401:
        headers += CHALLENGE
    if not any(key == "Content-Length" for key, _value in headers):
        headers.append(("Content-Length", str(len(answer.body))))
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]


def _body(environ) -> bytes:
    """Return what came with a request; builders send layers in chunks and don't say how much there is."""
    if environ["REQUEST_METHOD"] not in ("POST", "PATCH", "PUT"):
        return b""
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", ""):
        return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return b"".join(iter(lambda: environ["wsgi.input"].read(CHUNK), b""))


def _enter(environ) -> None:
    kind, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind != "Basic" or base64.b64decode(given).decode(errors="replace") != f"AWS:{ACCOUNT}-auth-token":
        raise refusal(401, "UNAUTHORIZED", "Not Authorized")


def _backend(name: str):
    """Return ECR's state of the region that has a repository: an address of the loopback names no region."""
    for backend in ecr_backends[ACCOUNT].values():
        if name in backend.repositories:
            return backend
    raise RepositoryNotFoundException(name, ACCOUNT)


def _route(environ, body: bytes) -> None:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if path == ROOT:
        raise Answer(200, b"{}")
    for pattern, methods, work in ROUTES:
        found = re.fullmatch(ROOT + NAME + pattern, path)
        if found and method in methods:
            given = found.groupdict()
            name = given.pop("name")
            work(_backend(name), name, body=body, query=query, environ=environ, **given)


# Blobs


def _blob(backend, name, digest, **_rest):
    blob = backend.repositories[name].layer_blobs.get(digest)
    if blob is None:
        raise refusal(404, "BLOB_UNKNOWN", f"{name} has no {digest}")
    raise Answer(200, blob, "application/octet-stream", Docker_Content_Digest=digest, Content_Length=str(len(blob)))


def _begin(backend, name, body, query, **_rest):
    source, digest = query.get("from"), query.get("mount")
    if digest and source:  # a layer that another repository has already
        blob = _backend(source).repositories[source].layer_blobs.get(digest)
        if blob is not None:
            _keep(backend, name, blob, digest)
    upload = backend.initiate_layer_upload(name)["uploadId"]
    if "digest" in query:
        _finish(backend, name, upload, body, query)
    _accepted(name, upload, 0)


def _part(backend, name, upload, body, **_rest):
    _accepted(name, upload, _append(backend, name, upload, body))


def _append(backend, name: str, upload: str, body: bytes) -> int:
    held = backend.repositories[name].uploads.get(upload)
    first = len(held.layer_parts) if held else 0
    if body or held is None:  # which says what is wrong
        backend.upload_layer_part(name, upload, first, first + len(body) - 1, body)
    return first + len(body)


def _accepted(name: str, upload: str, size: int):
    raise Answer(
        202, Location=f"{ROOT}{name}/blobs/uploads/{upload}", Range=f"0-{max(0, size - 1)}",
        Docker_Upload_UUID=upload,
    )  # fmt: skip


def _finish(backend, name, upload, body, query, **_rest):
    _append(backend, name, upload, body)
    try:
        backend.complete_layer_upload(name, upload, [query.get("digest", "")])
    except AWSError as problem:
        if problem.code != "LayerAlreadyExistsException":
            raise
    _created(name, f"blobs/{query['digest']}", query["digest"])


def _keep(backend, name: str, blob: bytes, digest: str) -> None:
    upload = backend.initiate_layer_upload(name)["uploadId"]
    _finish(backend, name, upload, blob, {"digest": digest})


def _created(name: str, where: str, digest: str):
    raise Answer(201, Location=f"{ROOT}{name}/{where}", Docker_Content_Digest=digest)


# Manifests


def _manifest(backend, name, reference, **_rest):
    by = "imageDigest" if DIGEST.fullmatch(reference) else "imageTag"
    found = backend.batch_get_image(repository_name=name, image_ids=[{by: reference}])["images"]
    if not found:
        raise refusal(404, "MANIFEST_UNKNOWN", f"{name} has no {reference}")
    text = found[0].image_manifest.encode()
    kind = found[0].image_manifest_media_type or json.loads(text)["mediaType"]
    raise Answer(200, text, kind, Docker_Content_Digest=found[0].get_image_digest(), Content_Length=str(len(text)))


def _put(backend, name, reference, body, environ, **_rest):
    digest = reference if DIGEST.fullmatch(reference) else None
    tag = None if digest else reference
    try:
        image = backend.put_image(name, body.decode(), tag, environ.get("CONTENT_TYPE") or None, digest)
        made = image.get_image_digest()
    except Exception as problem:
        if type(problem).__name__ != "ImageAlreadyExistsException":
            raise
        made = digest or _digest_of(backend, name, tag)
    _created(name, f"manifests/{made}", made)


def _digest_of(backend, name: str, tag: str) -> str:
    return next(one.get_image_digest() for one in backend.repositories[name].images if tag in one.image_tags)


def _tags(backend, name, **_rest):
    tags = sorted(tag for image in backend.repositories[name].images for tag in image.image_tags)
    raise Answer(200, json.dumps({"name": name, "tags": tags}).encode())


UPLOAD = r"/blobs/uploads/(?P<upload>[0-9A-Za-z-]+)"
ROUTES = (
    (r"/blobs/uploads/?", ("POST",), _begin),
    (UPLOAD, ("PATCH",), _part),
    (UPLOAD, ("PUT",), _finish),
    (r"/blobs/(?P<digest>sha256:[0-9a-f]{64})", ("GET", "HEAD"), _blob),
    (r"/manifests/(?P<reference>[^/]+)", ("GET", "HEAD"), _manifest),
    (r"/manifests/(?P<reference>[^/]+)", ("PUT",), _put),
    (r"/tags/list", ("GET",), _tags),
)
