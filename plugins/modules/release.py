#!/usr/bin/python
"""Records of releases."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Record a release
version_added: "0.1.0"
description:
  - Makes a release of images by digest, an object in the stack's bucket, or adds to one what was found out about it.
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
    description: Where that commit is.
    type: str
    default: ""
  migration:
    description: What a migration with it did, as the last line of it says.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Writes nothing.
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
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected, sentence
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import Releases, now


def recorded(book, asked, check):
    """Return the release and whether something was written."""
    if check:
        found = book.read(asked["name"])
        return found or {"id": asked["name"], "images": asked["images"], "migration": {}, "rollouts": []}, not found
    more = {key: asked[key] for key in ("commit", "source")}
    release, changed = book.make(asked["name"], asked["images"], more)
    if asked["migration"]:
        applied = release["migration"].get("applied", []) + asked["migration"].get("applied", [])
        release["migration"] = {**asked["migration"], "applied": applied, "at": now()}
        book.write(release)
        changed = True
    return release, changed


def main():
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "stack": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "images": {"type": "dict", "default": {}},
            "commit": {"type": "str", "default": ""},
            "source": {"type": "str", "default": ""},
            "migration": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    asked = module.params
    try:
        book = Releases(Aws.of_module(module), asked["stack"])
        release, changed = recorded(book, asked, module.check_mode)
    except Exception as error:
        if not expected(error):
            raise
        module.fail_json(msg=sentence(error))
    module.exit_json(changed=changed, release=release)


if __name__ == "__main__":
    main()
