"""Keep what was decided to be shown first, and how likely it was."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "action_decisions",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("since", KEY, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("insight_id", KEY, nullable=False),
        sa.Column("policy", KEY, nullable=False),
        sa.Column("control", sa.Boolean(), nullable=False),
        sa.Column("action", KEY, nullable=False),
        sa.Column("propensity", sa.Float(53), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "since", name="pk_action_decisions"),
    )
