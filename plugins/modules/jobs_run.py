#!/usr/bin/python
"""Jobs through the queue, and where they ended."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jobs_run
short_description: Send jobs through a stack's queue and tell where they ended
version_added: "0.1.0"
description:
  - Sends a message for each job to the queue of a stack of the ultra profile, whose pipe starts a task for it, and
    waits until each has ended.
  - A job that fails is no failure of the module. It also tells how many messages lie in the stack's queues.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  component:
    description: What the pipe starts.
    type: str
    required: true
  bodies:
    description: A message body for each job.
    type: list
    elements: str
    required: true
  wait_timeout:
    description: For how many seconds to wait.
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: See a job through
  flow_builder.aws.jobs_run:
    stack: flow-builder-dev-ultra
    component: worker
    bodies: ['{"job": 1}']
  register: ran
"""

RETURN = r"""
jobs:
  description: >-
    What became of each job, in the order of O(bodies). V(waiting) has no task yet, V(failed) is what the last attempt
    came to.
  returned: when not in check mode
  type: list
  elements: dict
  sample:
    - message_id: 722d6bec-8221-400c-98e1-66554c4eaefa
      body: '{"job": 1}'
      ended: done
      attempts: 1
      reason: ""
      task: arn:aws:ecs:us-east-1:123456789012:task/flow-builder-dev-ultra-cluster/0123456789abcdef0123456789abcdef
queues:
  description: How many messages lie in the stack's queues.
  returned: when not in check mode
  type: dict
  sample: {queue: 0, dead_letters: 0, failed_jobs: 0}
summary:
  description: A line for each job, and one for all.
  returned: when not in check mode
  type: list
  elements: str
  sample:
    - '{"job": 1}: done (1 attempt)'
    - "1 of 1 done; messages: 0 in queue, 0 in dead letters, 0 in failed jobs"
"""

import time

from ansible_collections.flow_builder.aws.plugins.module_utils.components import WORKFLOW
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import name
from ansible_collections.flow_builder.aws.plugins.module_utils.jobs import interrupted, outcomes, summary
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.tasks import of_family

BATCH = 10  # messages that SQS takes in one call
PAUSE = 3  # seconds between two looks
AGAIN_SECONDS = 60  # within which a job whose capacity was taken away is run again: the event and the function are late
QUEUES = {
    "queue": ("queue", WORKFLOW),
    "dead_letters": ("dead_letter_queue", WORKFLOW),
    "failed_jobs": ("failed_jobs_queue",),
}


def urls(aws, stack):
    """Return the URLs of the stack's queues."""
    names = {key: name(kind, stack, *parts) for key, (kind, *parts) in QUEUES.items()}
    return {key: aws("sqs").get_queue_url(QueueName=queue)["QueueUrl"] for key, queue in names.items()}


def refuse(aws, stack):
    """Refuse to send what nobody would take."""
    pipe = name("pipe", stack)
    state = aws("pipes").describe_pipe(Name=pipe)["CurrentState"]
    if state != "RUNNING":
        raise EngineError(
            f"the pipe {pipe} is {state}, so nothing takes jobs from the queue; it runs once what it starts is released"
        )


def send(aws, queue, bodies):
    """Send the bodies, and return them by their messages' ids."""
    sent: dict[str, str] = {}
    for first in range(0, len(bodies), BATCH):
        batch = dict(enumerate(bodies[first : first + BATCH]))
        entries = [{"Id": str(index), "MessageBody": body} for index, body in batch.items()]
        answer = aws("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
        if failed := answer.get("Failed"):
            raise EngineError(f"{len(failed)} of the jobs were not taken by the queue: {failed[0]['Message']}")
        ids = {int(one["Id"]): one["MessageId"] for one in answer["Successful"]}
        sent |= {ids[index]: body for index, body in batch.items()}
    return sent


def watch(aws, stack, component, sent, seconds):
    """Look until every job has ended and was found so twice; what is to be run again may take a minute to begin."""
    now = time.monotonic()
    end, since, before = now + seconds, now, None
    while True:
        jobs = outcomes(sent, of_family(aws, name("cluster", stack), name("service", stack, component)))
        now = time.monotonic()
        since, before = (since if jobs == before else now), jobs
        steady = AGAIN_SECONDS if any(interrupted(job) for job in jobs) else PAUSE
        going = any(job["ended"] in ("waiting", "running") for job in jobs)
        if (not going and now >= since + steady) or now > end:
            return jobs
        time.sleep(PAUSE)


def counts(aws, queues):
    """Return how many messages lie in each queue, in flight or not."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]

    def count(url):
        shown = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(shown[one]) for one in names)

    return {key: count(url) for key, url in queues.items()}


def jobs(aws, asked, check) -> dict:
    """Send the jobs, watch them to their ends, and sum up."""
    stack, bodies = asked["stack"], asked["bodies"]
    refuse(aws, stack)
    if check:
        return {"changed": bool(bodies)}
    queues = urls(aws, stack)
    ended = watch(aws, stack, asked["component"], send(aws, queues["queue"], bodies), asked["wait_timeout"])
    lying = counts(aws, queues)
    return {"changed": bool(bodies), "jobs": ended, "queues": lying, "summary": summary(ended, lying)}


def main():
    """Run the module."""
    answer(
        jobs,
        {
            "stack": {"type": "str", "required": True},
            "component": {"type": "str", "required": True},
            "bodies": {"type": "list", "elements": "str", "required": True},
            "wait_timeout": {"type": "int", "default": 600},
        },
    )


if __name__ == "__main__":
    main()
