"""ECR's lifecycle policies: once a day of the clock, images that a rule is for are expired.

As the user guide has it: rules are taken by priority; an image that a rule is for, by its tags, is expired by no rule
of lower priority, but they count it as if it were theirs; images are counted by the time of their push, the newest
first; a rule with several patterns is for images that have a tag for each of them; what a list of manifests names stays
with it.

Not known: whether one more tag on an image makes it a newer one. Here it doesn't.
"""

import json
from fnmatch import fnmatchcase

from moto.ecr import models

from emulator import ACCOUNT, clock
from emulator.dataplane.engine import ENGINE
from emulator.evidence import documented, does, inferred, unread
from emulator.patching import replacing

GUIDE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/"

DAY = 86400


def install() -> None:
    """Look at a repository every day from the day on which it gets a policy."""

    @replacing(models.ECRBackend, "put_lifecycle_policy")
    def put(original, self, registry_id, repository_name, lifecycle_policy_text):
        answer = original(self, registry_id, repository_name, lifecycle_policy_text)
        repository = self.repositories[repository_name]
        if not getattr(repository, "expires", False):
            repository.expires = True
            ENGINE.after(DAY, _daily, self.region_name, repository)
        return answer


@does(
    "ECR expires images within a day after a lifecycle policy says so.",
    documented("https://docs.aws.amazon.com/AmazonECR/latest/userguide/lp_creation.html"),
)
def _daily(region: str, repository) -> None:
    if models.ecr_backends[ACCOUNT][region].repositories.get(repository.name) is not repository:
        return
    if repository.lifecycle_policy:
        gone = expired(json.loads(repository.lifecycle_policy)["rules"], repository.images, clock.now())
        repository.images[:] = [one for one in repository.images if one.get_image_digest() not in gone]
    ENGINE.after(DAY, _daily, region, repository)


@does(
    "Lifecycle rules are applied by priority, the lowest number first.",
    documented(GUIDE + "lifecycle_policy_parameters.html", "Rule priority"),
)
@does(
    "An image that a rule is for, by its tags, is expired by no rule of lower priority.",
    documented(GUIDE + "LifecyclePolicies.html", "Lifecycle policy evaluation rules"),
)
@does(
    "An image that a manifest list names isn't expired before the list.",
    unread(GUIDE + "LifecyclePolicies.html", "Lifecycle policy evaluation rules"),
)
@does(
    "One more tag on an image makes it no newer.",
    inferred("images are counted by pushed_at_time", "PutImage of a second tag, then imagePushedAt"),
)
def expired(rules: list[dict], images: list, now: float) -> set[str]:
    """Return the digests of the images that a policy expires."""
    # Of those of one second the last one is the newest.
    ordered = sorted(images, key=lambda one: one.image_pushed_at)[::-1]
    gone: set[str] = set()
    claimed: set[str] = set()
    for rule in sorted(rules, key=lambda one: one["rulePriority"]):
        selection = rule["selection"]
        matched = [one for one in ordered if _is_for(selection, one)]
        gone |= {one.get_image_digest() for one in _too_many(selection, matched, now)} - claimed
        claimed |= {one.get_image_digest() for one in matched}
    named = {
        part["digest"]
        for one in images
        if one.get_image_digest() not in gone
        for part in json.loads(one.image_manifest).get("manifests", [])
    }
    return gone - named


@does(
    "A rule with several patterns is for images that have a tag for each of them.",
    documented(GUIDE + "lifecycle_policy_parameters.html", "Tag pattern list"),
)
def _is_for(selection: dict, image) -> bool:
    status, tags = selection["tagStatus"], image.image_tags
    if status != "tagged":
        return status == "any" or not tags
    patterns = selection.get("tagPatternList") or [f"{one}*" for one in selection.get("tagPrefixList", [])]
    return all(any(fnmatchcase(tag, pattern) for tag in tags) for pattern in patterns)


def _too_many(selection: dict, matched: list, now: float) -> list:
    count = selection["countNumber"]
    if selection["countType"] == "imageCountMoreThan":
        return matched[count:]
    return [one for one in matched if one.image_pushed_at < now - count * DAY]
