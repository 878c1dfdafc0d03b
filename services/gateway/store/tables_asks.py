"""The table of asks; times and days as in `tables`. Without an assignee it is the deal's owner."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table

from services.gateway.store.tables import DAY, KEY, SERIAL, TEXT, metadata

asks = Table(
    "asks", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("deal_id", KEY, nullable=False),
    Column("text", TEXT, nullable=False), Column("assignee", KEY, nullable=False), Column("due", DAY, nullable=False),
    Column("author", KEY, nullable=False), Column("time", BigInteger, nullable=False),
    Column("done_time", BigInteger), Column("done_by", KEY, nullable=False),
    Index(None, "deal_id"), Index(None, "done_time", "due", "id"), sqlite_autoincrement=True,
)  # fmt: skip
