"""Forecast calls that people held."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "held_calls",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("period", KEY, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_held_calls_member_id_period", "held_calls", ["member_id", "period"])
