#!/usr/bin/python
"""Target groups of load balancers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elb_target_group
short_description: Manage a target group of a load balancer
version_added: "0.1.0"
description:
  - Creates, changes, replaces and deletes a target group, with its health check, attributes and tags. Its targets are
    their service's business.
  - Ours because C(community.aws.elb_target_group) 11.2.0 has no check mode and no slow start.
  - What AWS fixes at creation makes a new group of the same name. Listeners and rules that send requests to the old
    one are deleted before it; the task of their load balancer must come afterwards and makes them anew.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The group's name.
    type: str
    required: true
  protocol:
    description: How targets are spoken to.
    type: str
    choices: [HTTP, HTTPS]
  port:
    description: The port on which targets listen, unless they are registered with another one.
    type: int
  protocol_version:
    description: The version of HTTP.
    type: str
    choices: [HTTP1, HTTP2, GRPC]
  target_type:
    description: What targets are. Tasks with their own network interface are addresses.
    type: str
    choices: [ip, instance]
    default: ip
  vpc_id:
    description: The targets' VPC.
    type: str
  ip_address_type:
    description: The targets' kind of address.
    type: str
    choices: [ipv4, ipv6]
  health_check_enabled:
    description: Whether targets are asked for their health.
    type: bool
  health_check_protocol:
    description: How they are asked.
    type: str
    choices: [HTTP, HTTPS]
  health_check_port:
    description: Where they are asked, a port or V(traffic-port).
    type: str
  health_check_path:
    description: What they are asked for.
    type: str
  health_check_interval:
    description: Seconds between two checks of a target.
    type: int
  health_check_timeout:
    description: Seconds without an answer that are a failure.
    type: int
  healthy_threshold_count:
    description: Good answers in a row that make a target healthy.
    type: int
  unhealthy_threshold_count:
    description: Failures in a row that make it unhealthy.
    type: int
  successful_response_codes:
    description: Good answers, for example V(200) or V(200-299).
    type: str
  deregistration_delay_timeout:
    description: Seconds that a target that goes may still finish its requests.
    type: int
  slow_start_duration:
    description: Seconds over which a new target gets its full share, V(30) to V(900); V(0) for at once.
    type: int
  load_balancing_algorithm_type:
    description: Which target gets the next request.
    type: str
    choices: [round_robin, least_outstanding_requests, weighted_random]
  stickiness_enabled:
    description: Whether a client stays with its target.
    type: bool
  stickiness_type:
    description: Whose cookie says the target.
    type: str
    choices: [lb_cookie, app_cookie]
  stickiness_lb_cookie_duration:
    description: Seconds that the load balancer's cookie is good.
    type: int
  stickiness_app_cookie_name:
    description: The application's cookie.
    type: str
  stickiness_app_cookie_duration:
    description: Seconds that the application's cookie is good.
    type: int
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Where the API's tasks answer
  flow_builder.aws.elb_target_group:
    name: flow-builder-dev-api
    protocol: HTTP
    port: 8080
    vpc_id: vpc-0123456789abcdef0
    health_check_path: /health
    deregistration_delay_timeout: 30
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The target group as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample:
    name: flow-builder-dev-api
    arn: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/flow-builder-dev-api/0123456789abcdef
    full_name: targetgroup/flow-builder-dev-api/0123456789abcdef
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.elbv2_target_group import TARGET_GROUP


def main():
    """Run the module."""
    run(
        TARGET_GROUP,
        {
            "name": {"type": "str", "required": True},
            "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"]},
            "port": {"type": "int"},
            "protocol_version": {"type": "str", "choices": ["HTTP1", "HTTP2", "GRPC"]},
            "target_type": {"type": "str", "choices": ["ip", "instance"], "default": "ip"},
            "vpc_id": {"type": "str"},
            "ip_address_type": {"type": "str", "choices": ["ipv4", "ipv6"]},
            "health_check_enabled": {"type": "bool"},
            "health_check_protocol": {"type": "str", "choices": ["HTTP", "HTTPS"]},
            "health_check_port": {"type": "str"},
            "health_check_path": {"type": "str"},
            "health_check_interval": {"type": "int"},
            "health_check_timeout": {"type": "int"},
            "healthy_threshold_count": {"type": "int"},
            "unhealthy_threshold_count": {"type": "int"},
            "successful_response_codes": {"type": "str"},
            "deregistration_delay_timeout": {"type": "int"},
            "slow_start_duration": {"type": "int"},
            "load_balancing_algorithm_type": {
                "type": "str",
                "choices": ["round_robin", "least_outstanding_requests", "weighted_random"],
            },
            "stickiness_enabled": {"type": "bool"},
            "stickiness_type": {"type": "str", "choices": ["lb_cookie", "app_cookie"]},
            "stickiness_lb_cookie_duration": {"type": "int"},
            "stickiness_app_cookie_name": {"type": "str"},
            "stickiness_app_cookie_duration": {"type": "int"},
        },
        required_if=[("state", "present", ("protocol", "port", "vpc_id"))],
    )


if __name__ == "__main__":
    main()
