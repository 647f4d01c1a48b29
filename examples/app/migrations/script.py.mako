"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
# Whether the release before this one can't live with the database afterwards.
contract = False


def upgrade():
    """Go forward."""
    ${upgrades if upgrades else "pass"}


def downgrade():
    """Go back."""
    ${downgrades if downgrades else "pass"}
