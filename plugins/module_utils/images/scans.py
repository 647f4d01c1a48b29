"""What ECR found in images, basic or enhanced, and what of it stands in a release's way."""

from __future__ import annotations

import time
from typing import Any, TypedDict

from ..engine.aws import Aws, unless
from ..engine.errors import EngineError, code

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")
DONE, WORKING = ("COMPLETE", "ACTIVE"), ("IN_PROGRESS", "PENDING")
MOST = 5


class Finding(TypedDict):
    """What a scan found: the vulnerability's name, its severity and the package that has it."""

    name: str
    severity: str
    package: str


class Scans:
    """The scans of one account and region."""

    def __init__(self, aws: Aws, timeout: float, pause: float):
        """Look with these seconds of patience, and this pause between two looks."""
        self._aws, self._until, self._pause = aws, time.monotonic() + timeout, pause

    def findings(self, repository: str, digest: str) -> list[Finding]:
        """Return what was found in an image, each with name, severity and package; wait for the scan to end.

        An image that was never scanned is scanned now. Raises EngineError for one that ECR can't scan.
        """
        asked = {"repositoryName": repository, "imageId": {"imageDigest": digest}}
        while True:
            pages = self._pages(asked)
            status = pages[0]["imageScanStatus"] if pages else {"status": "PENDING"}
            if status["status"] in DONE:
                return [found for page in pages for found in findings_of(page["imageScanFindings"])]
            if status["status"] not in WORKING:
                reason = status.get("description") or "no reason was given"
                raise EngineError(f"{repository}@{digest[:19]} has no scan, which is {status['status']}: {reason}")
            if time.monotonic() > self._until:
                raise EngineError(f"the scan of {repository}@{digest[:19]} is still {status['status']}")
            time.sleep(self._pause)

    def _pages(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        ecr = self._aws("ecr")
        pages = unless(
            "ScanNotFoundException",
            lambda: [*ecr.get_paginator("describe_image_scan_findings").paginate(**asked)],
        )
        if pages is None:
            try:
                ecr.start_image_scan(**asked)
            except Exception as problem:
                if code(problem) != "LimitExceededException":  # somebody has started it meanwhile
                    raise
        return pages or []


def findings_of(scan: dict[str, Any]) -> list[Finding]:
    """Return what a scan of either kind found, in one form."""
    basic: list[Finding] = [
        {"name": one["name"], "severity": one["severity"], "package": _package(one.get("attributes", []))}
        for one in scan.get("findings", [])
    ]
    enhanced: list[Finding] = []
    for one in scan.get("enhancedFindings", []):
        details = one.get("packageVulnerabilityDetails", {})
        packages = [
            f"{each['name']} {each.get('version', '')}".strip() for each in details.get("vulnerablePackages", [])
        ]
        name = details.get("vulnerabilityId") or one.get("title", "a finding without a name")
        enhanced.append({"name": name, "severity": one["severity"], "package": ", ".join(packages)})
    return basic + enhanced


def _package(attributes: list[dict[str, str]]) -> str:
    values = {one["key"]: one.get("value", "") for one in attributes}
    return f"{values.get('package_name', '')} {values.get('package_version', '')}".strip()


def blocking(findings: list[Finding], severity: str, allowed: list[str]) -> list[Finding]:
    """Return the findings of a severity and above, the worst first, without those that are allowed by name."""
    bad = SEVERITIES[: SEVERITIES.index(severity) + 1]
    found = [one for one in findings if one["severity"] in bad and one["name"] not in allowed]
    return sorted(found, key=lambda one: (SEVERITIES.index(one["severity"]), one["name"]))


def sentence(component: str, found: list[Finding]) -> str:
    """Return in words what was found in a component's image."""
    names = [f"{one['name']} ({one['severity']}{', ' + one['package'] if one['package'] else ''})" for one in found]
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{component}: {', '.join(names[:MOST])}{more}"
