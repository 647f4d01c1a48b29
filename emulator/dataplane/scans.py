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

_entries: list[dict] = []


def use(scans: list[dict] | None = None) -> dict:
    """Replace the list, or only show it."""
    if scans is not None:
        for one in scans:
            if "image" not in one or not {"findings", "status"} & one.keys():
                raise ValueError(f"an entry needs image and findings or status: {one}")
        _entries[:] = scans
    return {"scans": list(_entries)}


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
