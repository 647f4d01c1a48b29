"""Workflows and their executions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
contract = False


def upgrade():
    """Go forward."""
    op.create_table(
        "workflows",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("every_seconds", sa.Integer, nullable=False),
        sa.Column("next_run", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "executions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workflow_id", sa.Integer, sa.ForeignKey("workflows.id"), nullable=False),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade():
    """Go back."""
    op.drop_table("executions")
    op.drop_table("workflows")
