"""Keep of which forecast type quotas, what people say and past days are."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
DAY = sa.String(10).with_variant(sa.String(10, collation="C"), "postgresql")


def upgrade() -> None:
    """What is there is of amounts."""
    op.add_column("calls", sa.Column("type", KEY, nullable=False, server_default="amount"))
    _made_anew("node_quotas", _node_quotas)
    _made_anew("forecast_days", _forecast_days)


def _made_anew(table: str, create: Callable[[], object]) -> None:
    """With another primary key, which SQLite cannot change."""
    op.rename_table(table, f"{table}_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table}_before RENAME CONSTRAINT pk_{table} TO pk_{table}_before")
    create()
    op.drop_table(f"{table}_before")


def _node_quotas() -> None:
    op.create_table(
        "node_quotas",
        sa.Column("type", KEY, nullable=False),
        sa.Column("period", KEY, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("type", "period", "node", "currency", name="pk_node_quotas"),
    )
    op.execute(
        "INSERT INTO node_quotas (type, period, node, currency, amount)"
        " SELECT 'amount', period, node, currency, amount FROM node_quotas_before"
    )


def _forecast_days() -> None:
    op.create_table(
        "forecast_days",
        sa.Column("node", TEXT, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("period", KEY, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("node", "type", "currency", "period", "day", name="pk_forecast_days"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO forecast_days (type, node, currency, period, day, body)"
        " SELECT 'amount', node, currency, period, day, body FROM forecast_days_before"
    )
