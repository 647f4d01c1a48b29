"""The scheduler: finds workflows that are due, and asks the workers for a run of each."""

import json

import boto3
import sqlalchemy as sa
from shared.db import engine, workflows
from shared.settings import clerk_secret_key, queue_url


def handler(_event, _context):
    """Queue what is due. A row is locked until its message is sent: nobody else queues it meanwhile."""
    sqs, queued = boto3.client("sqs"), []
    due = sa.select(workflows).where(workflows.c.next_run <= sa.func.now()).with_for_update(skip_locked=True)
    with engine().begin() as connection:
        for row in connection.execute(due).mappings().all():
            sqs.send_message(QueueUrl=queue_url(), MessageBody=json.dumps({"workflow_id": row["id"]}))
            following = sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, row["every_seconds"])
            connection.execute(sa.update(workflows).where(workflows.c.id == row["id"]).values(next_run=following))
            queued.append(row["id"])
    print(f"queued {queued}, {'with' if clerk_secret_key() else 'without'} Clerk")
    return {"queued": queued}
