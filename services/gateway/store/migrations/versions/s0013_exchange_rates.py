"""Keep exchange rates to the company's currency."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
DAY = sa.String(10).with_variant(sa.String(10, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "exchange_rates",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("base", KEY, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("rate", KEY, nullable=True),
        sa.Column("author", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_rates"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exchange_rates_base_currency_day", "exchange_rates", ["base", "currency", "day"])
