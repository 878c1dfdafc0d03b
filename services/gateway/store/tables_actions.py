"""The table of what people answered to suggestions; `time` is when it was kept, by the wall."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table

from services.gateway.store.tables import KEY, TEXT, metadata

action_feedback = Table(
    "action_feedback", metadata,
    Column("id", KEY, primary_key=True), Column("deal_id", KEY, nullable=False), Column("action", KEY, nullable=False),
    Column("verb", KEY, nullable=False), Column("time", BigInteger, nullable=False),
    Column("undone", Boolean, nullable=False), Column("published", Boolean, nullable=False),
    Column("body", TEXT, nullable=False),
    Index(None, "deal_id", "time"), Index(None, "published", "time"),
)  # fmt: skip
