"""What people answered to suggestions, and what was decided to be shown; `time` is when it was kept, by the wall."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table

from services.gateway.store.tables import KEY, TEXT, metadata

action_feedback = Table(
    "action_feedback", metadata,
    Column("id", KEY, primary_key=True), Column("deal_id", KEY, nullable=False), Column("action", KEY, nullable=False),
    Column("verb", KEY, nullable=False), Column("time", BigInteger, nullable=False),
    Column("undone", Boolean, nullable=False), Column("published", Boolean, nullable=False),
    Column("body", TEXT, nullable=False),
    Index(None, "deal_id", "time"), Index(None, "published", "time"),
)  # fmt: skip

action_decisions = Table(
    "action_decisions", metadata,
    Column("deal_id", KEY, primary_key=True), Column("since", KEY, primary_key=True),
    Column("day", KEY, nullable=False), Column("time", BigInteger, nullable=False),
    Column("insight_id", KEY, nullable=False), Column("policy", KEY, nullable=False),
    Column("control", Boolean, nullable=False), Column("action", KEY, nullable=False),
    Column("propensity", Float(53), nullable=False), Column("body", TEXT, nullable=False),
)  # fmt: skip
