"""What managers ask for on deals."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
DAY = sa.String(10).with_variant(sa.String(10, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "asks",
        sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("assignee", KEY, nullable=False),
        sa.Column("due", DAY, nullable=False),
        sa.Column("author", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("done_time", sa.BigInteger(), nullable=True),
        sa.Column("done_by", KEY, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_asks_deal_id", "asks", ["deal_id"])
    op.create_index("ix_asks_done_time_due_id", "asks", ["done_time", "due", "id"])
