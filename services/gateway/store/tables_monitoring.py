"""The tables of what watching the models found: a report a day, alerts, and what challengers said unseen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, PrimaryKeyConstraint, Table

from services.gateway.store.tables import DAY, KEY, SERIAL, TEXT, metadata

monitoring_days = Table(
    "monitoring_days", metadata,
    Column("day", DAY, primary_key=True), Column("time", BigInteger, nullable=False),
    Column("body", TEXT, nullable=False),
)  # fmt: skip

# published: the state that the stream knows of.
alerts = Table(
    "alerts", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("subject", TEXT, nullable=False),
    Column("level", KEY, nullable=False), Column("state", KEY, nullable=False),
    Column("ongoing", Boolean, nullable=False), Column("published", KEY, nullable=False),
    Column("body", TEXT, nullable=False), Index(None, "state", "id"), Index(None, "ongoing"), sqlite_autoincrement=True,
)  # fmt: skip

# The last of each week in which a deal was open: by the challenger, and by what served, on the same row.
shadow_scores = Table(
    "shadow_scores", metadata,
    Column("version", KEY, nullable=False), Column("deal_id", KEY, nullable=False), Column("week", DAY, nullable=False),
    Column("day", DAY, nullable=False), Column("probability", Double, nullable=False),
    Column("served", Double, nullable=False),
    PrimaryKeyConstraint("version", "deal_id", "week"), sqlite_with_rowid=False,
)  # fmt: skip
