#!/usr/bin/python
"""The images of an application's checkout, built and pushed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_build
short_description: Build the images of an application's checkout and push them to ECR
version_added: "0.1.0"
description:
  - An image's tag is made of the files that its container file may copy, of that file, the arguments and the processor.
    What lies in the repository under that tag already is neither built nor pushed.
  - What can be wrong on this machine, a checkout with changes, a missing folder, no builder, is refused before
    the first call of AWS. Only files that git doesn't ignore are built.
  - Images have the labels C(org.opencontainers.image.revision), C(source) and C(created), and annotations of the same
    names, where the builder writes those.
  - Then ECR is asked what its scans found, of images that were there before, too.
  - It is a module of our own because C(containers.podman.podman_image) pushes each time, and tells a change each time,
    C(community.docker.docker_image_build) needs buildx, and C(containers.podman.podman_login) gives the password on a
    command line. Here the password is only in a file of this user, for as long as the module runs.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name, of which those of the repositories are made.
    type: str
    required: true
  source:
    description: The folder of the checkout.
    type: str
    required: true
  components:
    description: Whose images.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The component's name, the key of its answer.
        type: str
        required: true
      path:
        description: Its folder, from O(source).
        type: str
        required: true
  containerfile:
    description: The container file in each of these folders. Unsaid, Containerfile or Dockerfile.
    type: str
    default: ""
  context:
    description: What the container files copy from, from O(source). Empty for each component's own folder.
    type: str
    default: "."
  arguments:
    description: Build arguments by name, no secrets.
    type: dict
    default: {}
  architecture:
    description: The processor of the images.
    type: str
    choices: [amd64, arm64]
    default: amd64
  builder:
    description: What builds; V(auto) takes the first that works.
    type: str
    choices: [auto, podman, buildah, docker]
    default: auto
  allow_dirty:
    description: Whether files may be built that are of no commit.
    type: bool
    default: false
  scan_severity:
    description: From which severity on findings fail the task. V(NONE) asks for none.
    type: str
    choices: [CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, NONE]
    default: CRITICAL
  scan_allowed:
    description: Names of findings that don't.
    type: list
    elements: str
    default: []
  scan_timeout:
    description: Seconds that the scans have.
    type: int
    default: 300
  scan_pause:
    description: Seconds between two looks.
    type: float
    default: 5
  bill_directory:
    description: Where syft or trivy writes bills of materials to, of what was pushed. Empty for nowhere.
    type: str
    default: ""
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Says what it would build and push. It asks ECR, and neither builds nor scans anything.
    support: full
"""

EXAMPLES = r"""
- name: The API's image
  flow_builder.aws.image_build:
    stack: flow-builder-dev
    source: ../flow-builder
    components:
      - name: api
        path: api
"""

RETURN = r"""
images:
  description: Each component's image by digest, as C(rollout.yml) takes them. In check mode without those to be built.
  returned: success
  type: dict
  sample: {api: "123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api@sha256:..."}
tags:
  description: Each image's tag.
  returned: success
  type: dict
built:
  description: The components whose images were built and pushed, or would be.
  returned: success
  type: list
  elements: str
results:
  description: Kind and name of each image, and whether it was made, for the summary of a run.
  returned: success
  type: list
  elements: dict
lines:
  description: A line for each image, what was done or would be.
  returned: success
  type: list
  elements: str
notes:
  description: What else there is to say.
  returned: success
  type: list
  elements: str
bills:
  description: Files with bills of materials, by component.
  returned: success
  type: dict
commit:
  description: The commit that was built, with a plus where files differ from it.
  returned: success
  type: str
origin:
  description: Where that commit is.
  returned: success
  type: str
builder:
  description: What builds.
  returned: success
  type: str
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, during
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import name
from ansible_collections.flow_builder.aws.plugins.module_utils.images import builders, builds, scans, source
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr import digest_of

AT_ONCE = 2
"""Builds at the same time. More of them only compete for the same disk and line."""


def planned(asked, checkout):
    """Return the images that are wanted; asks only this machine."""
    more, made = {"arguments": asked["arguments"], "architecture": asked["architecture"]}, []
    for one in asked["components"]:
        file = source.container_file(checkout, one["name"], one["path"], asked["containerfile"])
        context = asked["context"] or one["path"]
        if not (checkout.root / context).is_dir():
            raise EngineError(f"images_context is {context!r}: {checkout.root} has no such folder")
        tag = source.tag(checkout, context, file, more)
        made.append(builds.Image(one["name"], name("repository", asked["stack"], one["name"]), file, context, tag))
    return made


def look(aws, images, check):
    """Set the digests of what is there already."""
    ecr = aws("ecr")
    for image in images:
        try:
            (told,) = ecr.describe_repositories(repositoryNames=[image.repository])["repositories"]
        except ecr.exceptions.RepositoryNotFoundException:
            if check:
                continue
            raise EngineError(
                f"{image.component}: there is no repository {image.repository}; deploy the stack first, with site.yml"
            ) from None
        image.uri = told["repositoryUri"]
        image.digest = digest_of(aws, image.repository, imageTag=image.tag)


def each(images, work):
    """Do work for images, some at once, all before the first failure is told."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(work, image) for image in images]
    for one in waiting:
        one.result()


def build(aws, asked, builder, checkout, images):
    """Build and push what isn't there, and write bills of it. Return notes."""
    wanted = [image for image in images if not image.digest]
    if not wanted:
        return []
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    labels = {"revision": checkout.revision, "source": checkout.origin, "created": created}
    settings: builds.Settings = {
        "architecture": asked["architecture"], "arguments": asked["arguments"], "labels": labels,
    }  # fmt: skip
    with builds.Registry(aws) as registry, tempfile.TemporaryDirectory(prefix="images-") as folder:
        source.copy(checkout.root, list(checkout.files), Path(folder))
        each(wanted, lambda image: builds.make(aws, builder, image, Path(folder), registry, settings))
        if not asked["bill_directory"]:
            return []
        writer = builders.bill()
        if not writer:
            return [f"no bill of materials was written: neither {' nor '.join(builders.BILLS)} is installed here"]
        place = Path(asked["bill_directory"]).expanduser()
        place.mkdir(0o700, parents=True, exist_ok=True)

        def write(image):
            image.bill = str(place / f"{image.component}-{image.tag}.cdx.json")
            words = builds.bill_command(writer, image, image.bill)
            builds.run(words, f"{image.component}: the bill of materials", environment=registry.environment)

        each(wanted, write)
    return []


def judge(aws, asked, images):
    """Wait for the scans; raises EngineError for findings that stand in the way."""
    looking = scans.Scans(aws, asked["scan_timeout"], asked["scan_pause"])

    def find(image):
        found = looking.findings(image.repository, image.digest)
        image.findings = scans.blocking(found, asked["scan_severity"], asked["scan_allowed"])

    each(images, find)
    bad = [scans.sentence(image.component, image.findings) for image in images if image.findings]
    if bad:
        raise EngineError(
            f"images_scan_severity is {asked['scan_severity']}, and ECR found: {'; '.join(bad)}; build on a mended "
            "base, or name what may stay in images_scan_allowed"
        )


def result(asked, builder, checkout, images, notes, check):
    """Return the module's result."""
    ready = {image.component: image for image in images if image.name}
    done = [image for image in images if image.built or (check and not image.digest)]
    verb = "would be built and pushed" if check else "built and pushed"
    return {
        "changed": bool(done),
        "images": {component: image.name for component, image in ready.items()},
        "tags": {image.component: image.tag for image in images},
        "built": [image.component for image in done],
        "results": [
            {
                "kind": "image",
                "name": f"{image.repository}:{image.tag}",
                "action": "create" if image in done else "none",
                "changed": image in done,
            }
            for image in images
        ],
        "lines": [
            f"{image.component}: {verb if image in done else 'is there'}: {image.repository}:{image.tag}"
            for image in images
        ],
        "notes": notes,
        "bills": {image.component: image.bill for image in images if image.bill},
        "commit": checkout.revision,
        "origin": checkout.origin,
        "builder": builder,
    }


def make(aws, asked, check) -> dict:
    """Build and push what isn't there, and judge all images."""
    with during("images"):
        checkout = source.checkout(asked["source"], asked["allow_dirty"])
        images = planned(asked, checkout)
        builder, notes = builders.builder(asked["builder"]), []
        look(aws, images, check)
        if not check:
            notes = build(aws, asked, builder, checkout, images)
            if asked["scan_severity"] != "NONE":
                judge(aws, asked, images)
        return result(asked, builder, checkout, images, notes, check)


def main():
    """Run the module."""
    component = {key: {"type": "str", "required": True} for key in ("name", "path")}
    answer(
        make,
        {
            "stack": {"type": "str", "required": True},
            "source": {"type": "str", "required": True},
            "components": {"type": "list", "elements": "dict", "required": True, "options": component},
            "containerfile": {"type": "str", "default": ""},
            "context": {"type": "str", "default": "."},
            "arguments": {"type": "dict", "default": {}},
            "architecture": {"type": "str", "choices": ["amd64", "arm64"], "default": "amd64"},
            "builder": {"type": "str", "choices": ["auto", *builders.PROBES], "default": "auto"},
            "allow_dirty": {"type": "bool", "default": False},
            "scan_severity": {"type": "str", "choices": [*scans.SEVERITIES, "NONE"], "default": "CRITICAL"},
            "scan_allowed": {"type": "list", "elements": "str", "default": []},
            "scan_timeout": {"type": "int", "default": 300},
            "scan_pause": {"type": "float", "default": 5},
            "bill_directory": {"type": "str", "default": ""},
        },
    )


if __name__ == "__main__":
    main()
