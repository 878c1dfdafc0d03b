"""Keep who shares the credit for a deal."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "deal_credits",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "position", name="pk_deal_credits"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deal_credits_owner_id", "deal_credits", ["owner_id"])
