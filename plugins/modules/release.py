#!/usr/bin/python
"""Records of releases."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Record a release
version_added: "0.1.0"
description:
  - Makes a release of images by digest, an object in the stack's bucket, or adds to one what was found out about it.
  - An image must lie in the stack's own repository of its component.
  - A release is never changed otherwise. The same images under the same name are the same release.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  name:
    description: The release's name.
    type: str
    required: true
  images:
    description: Images by digest, for each component. A new release takes what isn't named from the current one.
    type: dict
    default: {}
  commit:
    description: The commit that it was built from.
    type: str
    default: ""
  source:
    description: Where that commit is. Credentials in it are left out.
    type: str
    default: ""
  migration:
    description: What a migration with it did, as the last line of it says.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.lock
attributes:
  check_mode:
    description: Writes nothing, and returns the release as it would be.
    support: full
"""

EXAMPLES = r"""
- name: Record a release
  flow_builder.aws.release:
    stack: flow-builder-dev
    name: "2026-11-25-1a2b3c4"
    images:
      api: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api@sha256:0a1b...
"""

RETURN = r"""
release:
  description: The release.
  returned: success
  type: dict
kind:
  description: V(release).
  returned: success
  type: str
action:
  description: V(create) for a release that is new, or would be, else V(none).
  returned: success
  type: str
name:
  description: The release's name.
  returned: success
  type: str
reason:
  description: Its images.
  returned: success
  type: str
database:
  description: Where the newest recorded migration left the database; null if there is none.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import without_credentials
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import Releases, heads, migrated, short


def recorded(book, asked, check):
    """Return the release and whether something was written."""
    more = {"commit": asked["commit"], "source": without_credentials(asked["source"])}
    release, changed = book.make(asked["name"], asked["images"], more, check=check)
    if asked["migration"] and not check:
        for one in migrated(book.all(), release, asked["migration"]):
            book.write(one)
        changed = True
    return release, changed


def release(aws, asked, check) -> dict:
    """Record the release."""
    book = Releases(aws, asked["stack"])
    made, changed = recorded(book, asked, check)
    images = ", ".join(f"{one} {short(image)}" for one, image in made["images"].items())
    new = changed and not asked["migration"]
    return {
        "changed": changed, "release": made, "database": heads(book.all()), "kind": "release", "name": made["id"],
        "reason": images, "action": "create" if new else "none", "msg": f"{made['id']}: {images}",
    }  # fmt: skip


def main():
    """Run the module."""
    answer(
        release,
        {
            "stack": {"type": "str", "required": True},
            "lock": {"type": "str"},
            "name": {"type": "str", "required": True},
            "images": {"type": "dict", "default": {}},
            "commit": {"type": "str", "default": ""},
            "source": {"type": "str", "default": ""},
            "migration": {"type": "dict"},
        },
    )


if __name__ == "__main__":
    main()
