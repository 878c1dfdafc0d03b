"""The tables of data health: what the latest look found, and what people decided on duplicates. Ids, no names."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from services.gateway.store.tables import KEY, SERIAL, TEXT, metadata

health_findings = Table(
    "health_findings", metadata,
    Column("finding", KEY, nullable=False), Column("position", BigInteger, nullable=False),
    Column("record", KEY, nullable=False), Column("other", KEY, nullable=False), Column("owner", KEY, nullable=False),
    Column("source", TEXT, nullable=False), Column("body", TEXT, nullable=False),
    PrimaryKeyConstraint("finding", "position"), sqlite_with_rowid=False,
)  # fmt: skip

duplicate_decisions = Table(
    "duplicate_decisions", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("time", BigInteger, nullable=False),
    Column("of", KEY, nullable=False), Column("first", KEY, nullable=False), Column("second", KEY, nullable=False),
    Column("act", KEY, nullable=False), Column("kept", KEY, nullable=False), Column("who", KEY, nullable=False),
    Column("undone_time", BigInteger), Column("undone_by", KEY, nullable=False),
    Index(None, "of", "first", "second"), sqlite_autoincrement=True,
)  # fmt: skip
