"""Runs the migrations in one transaction, on the database that the environment names."""

from alembic import context
from shared.db import engine, metadata

with engine().connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
