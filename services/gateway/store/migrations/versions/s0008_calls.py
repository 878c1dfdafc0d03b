"""Keep submissions, adjustments, and what the forecast said on each day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
DAY = sa.String(10).with_variant(sa.String(10, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "calls",
        sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("period", KEY, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("author", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("context", TEXT, nullable=False),
        sa.Column("undone_time", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", KEY, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_calls_period_node", "calls", ["period", "node"])
    op.create_table(
        "forecast_days",
        sa.Column("node", TEXT, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("period", KEY, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("node", "currency", "period", "day", name="pk_forecast_days"),
        sqlite_with_rowid=False,
    )
