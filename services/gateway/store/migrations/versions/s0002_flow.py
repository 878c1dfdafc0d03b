"""Outbox, events, insights and documents."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them."""
    _events()
    _insights()
    _outbox()
    _requests()
    _rollups()
    _score_history()
    _settings()
    _standings()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )


def _insights() -> None:
    op.create_table(
        "insights",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("model_version", TEXT, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("sort", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "kind", name="pk_insights"),
        sqlite_with_rowid=False,
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("trace", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("key", KEY, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("response", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_requests"),
    )
    op.create_index("ix_requests_time", "requests", ["time"])


def _rollups() -> None:
    op.create_table(
        "rollups",
        sa.Column("period", KEY, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("period", "currency", "node", name="pk_rollups"),
    )


def _score_history() -> None:
    op.create_table(
        "score_history",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("model_version", TEXT, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("sort", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_score_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_score_history_deal_id_id", "score_history", ["deal_id", "id"])


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("key", KEY, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )


def _standings() -> None:
    op.create_table(
        "standings",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("lead_score_revision", sa.BigInteger(), nullable=False),
        sa.Column("lead_score_generation", sa.BigInteger(), nullable=False),
        sa.Column("lead_score_day", KEY, nullable=False),
        sa.Column("forecast_revision", sa.BigInteger(), nullable=False),
        sa.Column("forecast_generation", sa.BigInteger(), nullable=False),
        sa.Column("forecast_day", KEY, nullable=False),
        sa.Column("next_actions_revision", sa.BigInteger(), nullable=False),
        sa.Column("next_actions_generation", sa.BigInteger(), nullable=False),
        sa.Column("next_actions_day", KEY, nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("expected_amount", sa.Double(), nullable=True),
        sa.Column("slip_risk", sa.Double(), nullable=True),
        sa.Column("category", KEY, nullable=True),
        sa.Column("gain", sa.Double(), nullable=True),
        sa.Column("action", KEY, nullable=True),
        sa.PrimaryKeyConstraint("deal_id", name="pk_standings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_standings_expected_amount_deal_id", "standings", ["expected_amount", "deal_id"])
    op.create_index("ix_standings_gain_deal_id", "standings", ["gain", "deal_id"])
    op.create_index("ix_standings_probability_deal_id", "standings", ["probability", "deal_id"])
    op.create_index("ix_standings_slip_risk_deal_id", "standings", ["slip_risk", "deal_id"])
