"""The tables of what people add to the forecast, and of what it said; times, days and money as in `tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table

from services.gateway.store.tables import DAY, KEY, SERIAL, TEXT, metadata

node_quotas = Table(
    "node_quotas", metadata,
    Column("type", KEY, nullable=False), Column("period", KEY, nullable=False), Column("node", TEXT, nullable=False),
    Column("currency", KEY, nullable=False), Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("type", "period", "node", "currency"),
)  # fmt: skip

calls = Table(
    "calls", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("kind", KEY, nullable=False),
    Column("period", KEY, nullable=False), Column("node", TEXT, nullable=False),
    Column("currency", KEY, nullable=False), Column("amount", BigInteger, nullable=False),
    Column("note", TEXT, nullable=False), Column("author", KEY, nullable=False),
    Column("time", BigInteger, nullable=False), Column("context", TEXT, nullable=False),
    Column("undone_time", BigInteger), Column("undone_by", KEY, nullable=False), Column("type", KEY, nullable=False),
    Column("recorded", BigInteger),
    Index(None, "period", "node"), sqlite_autoincrement=True,
)  # fmt: skip

# Calls that people held, each its own: what changed since is told from there on.
held_calls = Table(
    "held_calls", metadata,
    Column("id", KEY, primary_key=True), Column("member_id", KEY, nullable=False),
    Column("period", KEY, nullable=False), Column("node", TEXT, nullable=False),
    Column("time", BigInteger, nullable=False), Column("ended", Boolean, nullable=False),
    Column("recorded", BigInteger),
    Index(None, "member_id", "period"),
)  # fmt: skip

exchange_rates = Table(
    "exchange_rates", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("base", KEY, nullable=False),
    Column("currency", KEY, nullable=False), Column("day", DAY, nullable=False), Column("rate", KEY),
    Column("author", KEY, nullable=False), Column("time", BigInteger, nullable=False),
    Index(None, "base", "currency", "day"), sqlite_autoincrement=True,
)  # fmt: skip

forecast_days = Table(
    "forecast_days", metadata,
    Column("node", TEXT, nullable=False), Column("type", KEY, nullable=False), Column("currency", KEY, nullable=False),
    Column("period", KEY, nullable=False), Column("day", DAY, nullable=False), Column("body", TEXT, nullable=False),
    PrimaryKeyConstraint("node", "type", "currency", "period", "day"), sqlite_with_rowid=False,
)  # fmt: skip
