"""What ECR finds in images: nothing, unless it is said.

The list comes from ``POST /_emulator/scans``; the first entry whose pattern matches the image's name, with its tag or
its digest, counts::

    - image: "*/flow-builder-worker*"
      findings: [{name: CVE-2026-1, severity: HIGH, package: openssl, version: "3.0.1"}]
      status: COMPLETE                   # or FAILED, IN_PROGRESS ...; optional
      description: "why it failed"       # optional
"""

from collections import Counter
from fnmatch import fnmatchcase

from emulator import state, validation
from emulator.evidence import documented, does
from emulator.patching import answers

SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "UNDEFINED")
STATUSES = (
    "IN_PROGRESS", "COMPLETE", "FAILED", "UNSUPPORTED_IMAGE", "ACTIVE", "PENDING", "SCAN_ELIGIBILITY_EXPIRED",
    "FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED", "IMAGE_ARCHIVED",
)  # fmt: skip
FINDING = {
    "name": validation.text,
    "severity": validation.one_of(*SEVERITIES),
    "package": validation.words,
    "version": validation.words,
}


def _findings(name: str, value) -> list[dict]:
    return validation.entries(name, value, FINDING, ("name", "severity"))


FIELDS = {
    "image": validation.text,
    "findings": _findings,
    "status": validation.one_of(*STATUSES),
    "description": validation.words,
}
_entries: list[dict] = state.held([])


def use(scans: list[dict] | None = None) -> dict:
    """Replace the list, or only show it."""
    if scans is not None:
        for one in validation.entries("scans", scans, FIELDS, ("image",)):
            if not {"findings", "status"} & one.keys():
                raise validation.Invalid(f"scans has {one}: findings or status is needed")
        _entries[:] = scans
    return {"scans": list(_entries)}


@does(
    "A finished basic scan is COMPLETE, with findings and their counts by severity.",
    documented("https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html"),
)
def result(names: list[str]) -> dict:
    """Return what a scan of an image with these names shows."""
    told = next((one for one in _entries if any(fnmatchcase(name, one["image"]) for name in names)), {})
    status, found = told.get("status", "COMPLETE"), told.get("findings", [])
    answer = {"imageScanStatus": {"status": status, "description": told.get("description", "")}}
    if status == "COMPLETE":
        answer["imageScanStatus"]["description"] = "The scan was completed successfully."
        answer["imageScanFindings"] = {
            "findings": [_finding(one) for one in found],
            "findingSeverityCounts": dict(Counter(one["severity"] for one in found)),
        }
    return answer


def _finding(told: dict) -> dict:
    attributes = {"package_name": told.get("package", ""), "package_version": told.get("version", "")}
    return {
        "name": told["name"],
        "severity": told["severity"],
        "attributes": [{"key": key, "value": value} for key, value in attributes.items() if value],
    }


@answers("ecr", "DescribeImageScanFindings", "tells what was found in this image, which is mostly nothing")
def scan_findings(api, params, moto):
    answer, wanted = moto(), params["imageId"]
    repository = api.ecr_backend.repositories[params["repositoryName"]]
    image = repository._get_image(wanted.get("imageTag"), wanted.get("imageDigest"))
    digest, at = image.get_image_digest(), image.last_scan
    told = result([f"{repository.uri}@{digest}", *(f"{repository.uri}:{tag}" for tag in image.image_tags)])
    if "imageScanFindings" in told:
        told["imageScanFindings"] |= {"imageScanCompletedAt": at, "vulnerabilitySourceUpdatedAt": at}
    named = {"imageDigest": digest} | ({"imageTag": wanted["imageTag"]} if "imageTag" in wanted else {})
    return {"registryId": answer["registryId"], "repositoryName": repository.name, "imageId": named, **told}


@answers("ecr", "StartImageScan", "names the image by its digest")
def start_scan(api, params, moto):
    answer, wanted = moto(), params["imageId"]
    image = api.ecr_backend.repositories[params["repositoryName"]]._get_image(
        wanted.get("imageTag"), wanted.get("imageDigest")
    )
    return answer | {"imageId": {**wanted, "imageDigest": image.get_image_digest()}}
