"""The tables of what people add to the forecast; times, days and money as in `tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table

from services.gateway.store.tables import KEY, TEXT, metadata

node_quotas = Table(
    "node_quotas", metadata,
    Column("period", KEY, nullable=False), Column("node", TEXT, nullable=False),
    Column("currency", KEY, nullable=False), Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("period", "node", "currency"),
)  # fmt: skip
