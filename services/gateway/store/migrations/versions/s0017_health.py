"""Keep what data health finds, and what people decide on duplicates."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "health_findings",
        sa.Column("finding", KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("other", KEY, nullable=False),
        sa.Column("owner", KEY, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("finding", "position", name="pk_health_findings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "duplicate_decisions",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("of", KEY, nullable=False),
        sa.Column("first", KEY, nullable=False),
        sa.Column("second", KEY, nullable=False),
        sa.Column("act", KEY, nullable=False),
        sa.Column("kept", KEY, nullable=False),
        sa.Column("who", KEY, nullable=False),
        sa.Column("undone_time", sa.BigInteger()),
        sa.Column("undone_by", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_duplicate_decisions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_duplicate_decisions_of_first_second", "duplicate_decisions", ["of", "first", "second"])
