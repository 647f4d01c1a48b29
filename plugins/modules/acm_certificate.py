#!/usr/bin/python
"""ACM certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
short_description: Request a public certificate from ACM
version_added: "0.1.0"
description:
  - Requests a certificate that ACM validates by DNS, and deletes it. ACM renews it as long as the records stand.
  - Ours because C(community.aws.acm_certificate) 11.2.0 only imports certificates.
  - A certificate is found by its names and key among those with the same tag C(Stack). Other names or another key are
    another certificate.
  - With O(wait=false) the module returns as soon as RV(ignore:resource.validation_records) are known. When these are
    in DNS, M(flow_builder.aws.resource_info) waits until the certificate is issued.
author: The Flow Builder on AWS project (@flow-builder)
options:
  domain_name:
    description: The first name that it certifies.
    type: str
    required: true
  subject_alternative_names:
    description: The other names.
    type: list
    elements: str
    default: []
  key_algorithm:
    description: The certificate's key.
    type: str
    choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
    default: RSA_2048
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Request a certificate
  flow_builder.aws.acm_certificate:
    domain_name: flow-builder.example.com
    wait: false
    tags:
      Stack: flow-builder-prod
  register: certificate
"""

RETURN = r"""
resource:
  description: The certificate as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample:
    arn: arn:aws:acm:us-east-1:123456789012:certificate/0d5e1f6c
    domain_name: flow-builder.example.com
    status: ISSUED
    validation_records:
      - {name: _a79865eb.flow-builder.example.com, type: CNAME, value: _424c7224.acm-validations.aws}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.acm import CERTIFICATE


def main():
    """Run the module."""
    run(
        CERTIFICATE,
        {
            "domain_name": {"type": "str", "required": True},
            "subject_alternative_names": {"type": "list", "elements": "str", "default": []},
            "key_algorithm": {
                "type": "str",
                "choices": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"],
                "default": "RSA_2048",
                "no_log": False,
            },
        },
    )


if __name__ == "__main__":
    main()
