"""ECR's registry protocol, spoken as a builder speaks it; what is pushed is what ECR's API shows."""

import http.client
import json
import urllib.error
import urllib.request

import images
import pytest

OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def repository(aws, name):
    aws("ecr").create_repository(repositoryName=f"push/{name}", imageTagMutability="IMMUTABLE")
    return f"push/{name}"


@pytest.fixture
def ask(endpoint, aws):
    token = aws("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]

    def asked(method, path, body=None, kind="application/octet-stream", authorization=f"Basic {token}"):
        url = path if path.startswith("http") else endpoint + path
        request = urllib.request.Request(url, data=body, method=method)
        request.add_header("Authorization", authorization)
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, dict(refused.headers), refused.read()

    return asked


def pushed(ask, repository, blob, parts=2):
    status, headers, _ = ask("POST", f"/v2/{repository}/blobs/uploads/")
    assert status == 202
    size = -(-len(blob) // parts)
    for start in range(0, len(blob), size):
        status, headers, _ = ask("PATCH", headers["Location"], blob[start : start + size])
        assert (status, headers["Range"]) == (202, f"0-{min(len(blob), start + size) - 1}")
    status, headers, _ = ask("PUT", f"{headers['Location']}?digest={images.digest(blob)}", b"")
    assert status == 201
    return headers["Docker-Content-Digest"]


def manifest(*blobs):
    config, *layers = blobs
    told = [{"mediaType": "x", "digest": images.digest(one), "size": len(one)} for one in (config, *layers)]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": told[0], "layers": told[1:]}).encode()


def test_login(ask):
    status, headers, _ = ask("GET", "/v2/", authorization="")
    assert (status, headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
    assert ask("GET", "/v2/", authorization="Basic QVdTOng=")[0] == 401
    assert ask("GET", "/v2/")[0] == 200


def test_push_and_pull(ask, aws, repository):
    config, layer = b'{"architecture": "amd64"}', b"a layer's bytes"
    assert ask("HEAD", f"/v2/{repository}/blobs/{images.digest(layer)}")[0] == 404
    for blob in (config, layer):
        assert pushed(ask, repository, blob) == images.digest(blob)
    text = manifest(config, layer)
    status, headers, _ = ask("PUT", f"/v2/{repository}/manifests/v1", text, OCI)
    assert (status, headers["Docker-Content-Digest"]) == (201, images.digest(text))
    (told,) = aws("ecr").describe_images(repositoryName=repository)["imageDetails"]
    assert (told["imageDigest"], told["imageTags"]) == (images.digest(text), ["v1"])
    assert told["imageSizeInBytes"] == len(config) + len(layer)
    for reference in ("v1", images.digest(text)):
        status, headers, body = ask("GET", f"/v2/{repository}/manifests/{reference}")
        assert (status, body, headers["Content-Type"]) == (200, text, OCI)
    assert ask("GET", f"/v2/{repository}/blobs/{images.digest(layer)}")[2] == layer
    assert json.loads(ask("GET", f"/v2/{repository}/tags/list")[2])["tags"] == ["v1"]


def test_push_in_chunks(ask, aws, endpoint, repository):
    token = aws("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    blob = bytes(range(256)) * 9000
    _, headers, _ = ask("POST", f"/v2/{repository}/blobs/uploads/")
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))
    connection.request(  # as podman does: nobody knows the length of a layer that is packed on the way
        "PATCH", headers["Location"], body=(blob[at : at + 65536] for at in range(0, len(blob), 65536)),
        headers={"Authorization": f"Basic {token}", "Transfer-Encoding": "chunked"}, encode_chunked=True,
    )  # fmt: skip
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Range"]) == (202, f"0-{len(blob) - 1}")
    assert ask("PUT", f"{headers['Location']}?digest={images.digest(blob)}", b"")[0] == 201
    assert ask("GET", f"/v2/{repository}/blobs/{images.digest(blob)}")[2] == blob


def test_mount(ask, aws, repository):
    aws("ecr").create_repository(repositoryName=f"{repository}/other")
    digest = pushed(ask, repository, b"shared")
    status, headers, _ = ask("POST", f"/v2/{repository}/other/blobs/uploads/?mount={digest}&from={repository}", b"")
    assert (status, headers["Docker-Content-Digest"]) == (201, digest)
    assert ask("HEAD", f"/v2/{repository}/other/blobs/{digest}")[0] == 200
    unknown = images.digest(b"unknown")
    assert ask("POST", f"/v2/{repository}/other/blobs/uploads/?mount={unknown}&from={repository}", b"")[0] == 202


def test_what_the_api_made_can_be_pulled(ask, aws, repository):
    digest = images.push(aws("ecr"), repository, "v1", b"one")
    status, headers, _ = ask("HEAD", f"/v2/{repository}/manifests/v1")
    assert (status, headers["Docker-Content-Digest"]) == (200, digest)


def test_tags_are_immutable(ask, repository):
    for text, expected in ((b"{}", 201), (b"{ }", 400)):
        pushed(ask, repository, text)
        status, _, body = ask("PUT", f"/v2/{repository}/manifests/v1", manifest(text), OCI)
        assert status == expected
    assert "TAG_INVALID" in body.decode()
    assert ask("PUT", f"/v2/{repository}/manifests/v1", manifest(b"{}"), OCI)[0] == 201  # the same again


def test_refusals(ask, repository):
    assert "NAME_UNKNOWN" in ask("POST", "/v2/push/none/blobs/uploads/")[2].decode()
    status, headers, _ = ask("POST", f"/v2/{repository}/blobs/uploads/")
    ask("PATCH", headers["Location"], b"bytes")
    status, _, body = ask("PUT", f"{headers['Location']}?digest={images.digest(b'others')}", b"")
    assert (status, json.loads(body)["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    status, _, body = ask("PUT", f"/v2/{repository}/manifests/v1", manifest(b"not there"), OCI)
    assert (status, json.loads(body)["errors"][0]["code"]) == (404, "BLOB_UNKNOWN")
    assert ask("GET", f"/v2/{repository}/manifests/none")[0] == 404
