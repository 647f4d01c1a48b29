"""Runs jobs again that ended through no fault of their own, and keeps all others that failed.

EventBridge calls it with each task of the worker that ended, perhaps twice. A task that AWS took its spare capacity
from, or that found none, is run again with the same overrides and one attempt more, the last time on demand; always
with the revision that the pipe names, which is the release that runs. Every other job that failed, and one whose
attempts are used up, goes to the queue of failed jobs with its body and the reason. Whatever goes wrong in here is
raised: Lambda tries again, and in the end sends the event itself to that queue.
"""

import json
import os
import re

import boto3
from botocore.exceptions import ClientError

ECS = boto3.client("ecs")
PIPES = boto3.client("pipes")
SQS = boto3.client("sqs")
CHECK = "release-check"  # who a rollout's own task is started by; it carries no job
EXITED, UNSTARTED = "EssentialContainerExited", "TaskFailedToStart"
TAKEN_AWAY = ("SpotInterruption", "TerminationNotice")
# What stoppedReason says where an event has no stopCode, which AWS may leave out.
BY_ITSELF = re.compile(r"essential container in task exited", re.IGNORECASE)
INTERRUPTED = re.compile(r"spot (task|capacity|instance)\b.*\b(interrupted|reclaimed|terminated)", re.IGNORECASE)
NO_CAPACITY = re.compile(r"capacity is unavailable|insufficient capacity", re.IGNORECASE)


def handler(event, _context):
    """Decide what becomes of one ended task, and return it in words, for the log."""
    task = event["detail"]
    if task.get("startedBy") == CHECK:
        return "a check of a release, which looks at it itself"
    if succeeded(task):
        return "succeeded"
    attempt = int(variables(task).get("JOB_ATTEMPT", "1"))
    if unlucky(task) and attempt <= int(os.environ["RETRIES"]):
        return f"attempt {attempt + 1}: {run(task, attempt + 1)}"
    return f"failed: {keep(event, attempt)}"


def override(task):
    """Return the override of the worker's container, in which the job is."""
    overrides = task.get("overrides", {}).get("containerOverrides", [])
    return next((one for one in overrides if one.get("name") == os.environ["CONTAINER"]), {})


def variables(task):
    """Return the variables that the task was given."""
    return {one["name"]: one["value"] for one in override(task).get("environment", [])}


def worker(task):
    """Return the worker's container; other containers of a task, AWS's own among them, say nothing about the job."""
    return next((one for one in task.get("containers", []) if one.get("name") == os.environ["CONTAINER"]), {})


def succeeded(task):
    """Say whether the worker ended by itself and well; one that was told to end may end with 0, too."""
    by_itself = task.get("stopCode") == EXITED if task.get("stopCode") else BY_ITSELF.search(said(task))
    return bool(by_itself) and worker(task).get("exitCode") == 0


def unlucky(task):
    """Say whether the task ended for want of capacity, and not through the job."""
    code = task.get("stopCode")
    if code in TAKEN_AWAY or (not code and INTERRUPTED.search(said(task))):
        return True
    return code in (None, UNSTARTED) and bool(NO_CAPACITY.search(said(task)))


def said(task):
    """Return the reason that ECS gives for a task's end."""
    return task.get("stoppedReason") or ""


def run(task, attempt):
    """Run the task again, and return the new task's ARN."""
    last = attempt > int(os.environ["RETRIES"])
    environment = {**variables(task), "JOB_ATTEMPT": str(attempt)}
    again = {key: value for key, value in override(task).items() if value}
    again["environment"] = [{"name": name, "value": value} for name, value in environment.items()]
    wanted = {
        "cluster": task["clusterArn"],
        "taskDefinition": revision(),
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE" if last else "FARGATE_SPOT", "weight": 1}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": os.environ["SUBNETS"].split(","),
                "securityGroups": os.environ["SECURITY_GROUPS"].split(","),
                "assignPublicIp": "ENABLED",
            }
        },
        "overrides": {"containerOverrides": [again]},
        "propagateTags": "TASK_DEFINITION",
        "enableECSManagedTags": True,
        "startedBy": f"attempt-{attempt}",
        # The same event can come twice.
        "clientToken": f"{task['taskArn'].rsplit('/', 1)[-1]}-{attempt}",
    }
    try:
        answer = ECS.run_task(**wanted)
    except ClientError as error:
        # It comes again after a release: the task that runs already has another revision than this one would have.
        running = error.response.get("resourceIds")
        if error.response["Error"]["Code"] != "ConflictException" or not running:
            raise
        return running[0]
    if answer.get("failures"):
        raise RuntimeError(f"the task can't be run again: {answer['failures']}")
    return answer["tasks"][0]["taskArn"]


def revision():
    """Return the ARN of the task definition that the pipe starts."""
    pipe = PIPES.describe_pipe(Name=os.environ["PIPE"])
    return pipe["TargetParameters"]["EcsTaskParameters"]["TaskDefinitionArn"]


def keep(event, attempt):
    """Put the job into the queue of failed jobs, and return the reason."""
    task, given = event["detail"], variables(event["detail"])
    told = {
        "body": given.get("SQS_BODY"),
        "message_id": given.get("SQS_MESSAGE_ID"),
        "attempt": attempt,
        "reason": reason(task),
        "event": event,
    }
    SQS.send_message(QueueUrl=os.environ["FAILED_JOBS_URL"], MessageBody=json.dumps(told))
    return told["reason"]


def reason(task):
    """Return why the task ended, in one line."""
    container = worker(task)
    ended = f"exit code {container['exitCode']}" if "exitCode" in container else ""
    return "; ".join(filter(None, [task.get("stopCode"), said(task), ended, container.get("reason")]))
