"""The database: an engine made from the environment, and the tables as the newest migration leaves them."""

import functools
import os

import sqlalchemy as sa

from shared.settings import database_login

metadata = sa.MetaData()
workflows = sa.Table(
    "workflows",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("every_seconds", sa.Integer, nullable=False),
    sa.Column("next_run", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
executions = sa.Table(
    "executions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workflow_id", sa.Integer, sa.ForeignKey("workflows.id"), nullable=False),
    # The message that asked for it: a message that is delivered twice is done once.
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("result", sa.Text, nullable=False, server_default=""),
)


def url() -> sa.URL:
    """Return the database's address, with TLS as DB_SSLMODE says."""
    user, password = database_login()
    return sa.URL.create(
        "postgresql+psycopg",
        username=user,
        password=password,
        host=os.environ["DB_HOST"],
        port=int(os.environ.get("DB_PORT", "5432")),
        database=os.environ["DB_NAME"],
        query={"sslmode": os.environ.get("DB_SSLMODE", "require"), "connect_timeout": "10"},
    )


@functools.cache
def engine() -> sa.Engine:
    """Return the process's engine; a connection that died meanwhile is replaced."""
    return sa.create_engine(url(), pool_pre_ping=True, pool_size=5)
