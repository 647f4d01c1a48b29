"""Executions say what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
contract = False


def upgrade():
    """Go forward: with a default, so that workers of the release before can go on inserting."""
    op.add_column("executions", sa.Column("result", sa.Text, nullable=False, server_default=""))


def downgrade():
    """Go back."""
    op.drop_column("executions", "result")
