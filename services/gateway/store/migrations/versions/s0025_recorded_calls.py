"""When submissions, adjustments and calls were recorded by the wall, beside the business clock that may be pinned."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of what is there already it is not known."""
    for table in ("calls", "held_calls"):
        op.add_column(table, sa.Column("recorded", sa.BigInteger()))
