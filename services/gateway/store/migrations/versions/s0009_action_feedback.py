"""Keep what people answered to suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "action_feedback",
        sa.Column("id", KEY, nullable=False),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("action", KEY, nullable=False),
        sa.Column("verb", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_action_feedback"),
    )
    op.create_index("ix_action_feedback_deal_id_time", "action_feedback", ["deal_id", "time"])
    op.create_index("ix_action_feedback_published_time", "action_feedback", ["published", "time"])
