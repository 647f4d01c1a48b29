"""The cleanup: forgets executions that are older than KEEP_DAYS."""

import os

import sqlalchemy as sa
from shared.db import engine, executions


def handler(_event, _context):
    """Delete what is old."""
    age = sa.func.make_interval(0, 0, 0, int(os.environ.get("KEEP_DAYS", "30")))
    with engine().begin() as connection:
        gone = connection.execute(sa.delete(executions).where(executions.c.finished_at < sa.func.now() - age)).rowcount
    print(f"deleted {gone}")
    return {"deleted": gone}
