"""The table of what was done to models; `time` is by the wall."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table

from services.gateway.store.tables import KEY, SERIAL, TEXT, metadata

model_audit = Table(
    "model_audit", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("time", BigInteger, nullable=False),
    Column("service", KEY, nullable=False), Column("act", KEY, nullable=False), Column("body", TEXT, nullable=False),
    Index(None, "service", "id"), sqlite_autoincrement=True,
)  # fmt: skip
