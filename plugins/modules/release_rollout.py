#!/usr/bin/python
"""What the release_rollout action takes, and its documentation."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import only_as_action

DOCUMENTATION = r"""
module: release_rollout
short_description: Bring a release up, or everything back
version_added: "0.1.0"
description:
  - Registers revisions of the task definitions with the release's images, updates the services and waits, showing how
    it goes on; gives the functions their code, calls the new versions once and lets their alias V(live) show them.
  - With a strategy for the functions the alias sends them a share of its calls first. What CloudWatch counts of the new
    versions, alarms and a call of each decide whether it goes on.
  - The verdict is what is PRIMARY afterwards, compared with what was asked for. A deployment that ECS's circuit breaker
    rolled back is a failure, told with the stop reasons, exit codes, last lines, the likely cause and what to do next.
  - Where a pipe starts a component, one task of the new revision must end with 0 first. Then the pipe is given the
    revision in one call, without being stopped, so that messages wait in the queue meanwhile.
  - On a failure everything returns together to what ran before.
  - Where a deployment pauses at a lifecycle hook, and all else is up, the release is recorded as paused and the task
    ends well. O(kind=continue) goes on from there to the verdict, and O(kind=stop) takes everything back.
  - Take the stack's lock before. A rollout that was killed is finished, or taken back, by the next one.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  release:
    description: The release's name. To continue or stop the rollout that is paused, it may be empty.
    type: str
    required: true
  components:
    description: What a release of the stack has images of.
    type: dict
    required: true
    suboptions:
      services:
        description: The services, each with the tasks that it gets where it was never released before.
        type: dict
        default: {}
      functions:
        description: The functions.
        type: list
        elements: str
        default: []
      piped:
        description: What the pipe starts; empty for no pipe.
        type: str
        default: ""
  images:
    description: For check mode, the images of a release that isn't recorded because of it.
    type: dict
    default: {}
  kind:
    description:
      - What is done. V(rollout) and V(rollback) are the same but for the history, and for pauses, which a rollback
        continues.
      - V(continue) finishes the newest one, if it is paused or goes on by itself, and V(stop) takes it back, also when
        it was killed. One that has ended so already is as good.
    type: str
    choices: [rollout, rollback, continue, stop]
    default: rollout
  every_pause:
    description: Whether each pause of the deployments is continued. Without it the rollout ends where one pauses.
    type: bool
    default: false
  timeout:
    description: Seconds that the services have to come up.
    type: int
    default: 1800
  pause:
    description: Seconds between two looks.
    type: float
    default: 5
  steady_seconds:
    description: Seconds that everything must go on running before it counts as good.
    type: float
    default: 15
  check_functions:
    description: >-
      Whether the functions' new versions are called once before the alias shows them, and a task of the new revision
      runs once before the pipe starts it.
    type: bool
    default: true
  check_body:
    description: The C(SQS_BODY) of that task; empty for one that says it is a check, with which it has nothing to do.
    type: str
    default: ""
  check_command:
    description: Another command for that task than the image's own.
    type: list
    elements: str
    default: []
  keep_releases:
    description: >-
      To how many releases before the one that runs a rollback may go. Before anything is changed, the images of the new
      one get a tag with which ECR never expires them; afterwards those of older releases lose theirs.
    type: int
    default: 10
  functions:
    description: How the functions' alias goes over to the new versions.
    type: dict
    default: {}
    suboptions:
      strategy:
        description: At once, by one share of the calls before all, or by equal shares.
        type: str
        choices: [all_at_once, canary, linear]
        default: all_at_once
      percentage:
        description: The share of the calls that a step adds, in percent.
        type: int
        default: 10
      interval:
        description: Seconds of a step, in which the new version is judged.
        type: float
        default: 300
      bake:
        description: Seconds in which it is judged when it has all calls; then everything can still go back.
        type: float
        default: 0
      alarms:
        description: Alarms of the stack that end it, as the monitoring role calls them.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.lock
attributes:
  check_mode:
    description: Changes nothing, and says which images, revisions and versions would change.
    support: full
"""

EXAMPLES = r"""
- name: Roll out
  flow_builder.aws.release_rollout:
    stack: flow-builder-dev
    release: "2026-11-25-1a2b3c4"
    components: {services: {api: 1, worker: 0}, functions: [scheduler, cleanup]}
"""

RETURN = r"""
release:
  description: The release as it is recorded, the last of its C(rollouts) being this one.
  returned: success
  type: dict
verdict:
  description: Its verdict, V(succeeded), V(paused) or V(stopped).
  returned: success
  type: str
paused:
  description: Where it pauses, until when, and what happens then; empty where it doesn't.
  returned: success
  type: str
"""


ARGUMENTS = {
    "lock": {"type": "str"},
    "stack": {"type": "str", "required": True},
    "release": {"type": "str", "required": True},
    "components": {
        "type": "dict",
        "required": True,
        "options": {
            "services": {"type": "dict", "default": {}},
            "functions": {"type": "list", "elements": "str", "default": []},
            "piped": {"type": "str", "default": ""},
        },
    },
    "images": {"type": "dict", "default": {}},
    "kind": {"type": "str", "choices": ["rollout", "rollback", "continue", "stop"], "default": "rollout"},
    "every_pause": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 1800},
    "pause": {"type": "float", "default": 5},
    "steady_seconds": {"type": "float", "default": 15},
    "check_functions": {"type": "bool", "default": True},
    "check_body": {"type": "str", "default": ""},
    "check_command": {"type": "list", "elements": "str", "default": []},
    "keep_releases": {"type": "int", "default": 10},
    "functions": {
        "type": "dict",
        "default": {},
        "options": {
            "strategy": {"type": "str", "choices": ["all_at_once", "canary", "linear"], "default": "all_at_once"},
            "percentage": {"type": "int", "default": 10},
            "interval": {"type": "float", "default": 300},
            "bake": {"type": "float", "default": 0},
            "alarms": {"type": "list", "elements": "str", "default": []},
        },
    },
}


def main():
    """Say that the action of this name does it."""
    only_as_action("release_rollout", ARGUMENTS)


if __name__ == "__main__":
    main()
