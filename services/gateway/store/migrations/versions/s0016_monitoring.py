"""Reports on the models, alerts, and what challengers said."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
DAY = sa.String(10).with_variant(sa.String(10, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "monitoring_days",
        sa.Column("day", DAY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_monitoring_days"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("level", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("ongoing", sa.Boolean(), nullable=False),
        sa.Column("published", KEY, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_state_id", "alerts", ["state", "id"])
    op.create_index("ix_alerts_ongoing", "alerts", ["ongoing"])
    op.create_table(
        "shadow_scores",
        sa.Column("version", KEY, nullable=False),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("week", DAY, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("served", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("version", "deal_id", "week", name="pk_shadow_scores"),
        sqlite_with_rowid=False,
    )
