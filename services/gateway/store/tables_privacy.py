"""The tables of privacy: who is restricted, erased and not taken back, which fields are personal, who read what."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from services.gateway.store.tables import KEY, SERIAL, TEXT, metadata

restrictions = Table(
    "restrictions", metadata,
    Column("kind", KEY, nullable=False), Column("person", KEY, nullable=False),
    Column("time", BigInteger, nullable=False), Column("author", KEY, nullable=False),
    Column("reason", TEXT, nullable=False), PrimaryKeyConstraint("kind", "person"),
)  # fmt: skip

# What an erased person would come back by, as salted hashes.
suppressions = Table(
    "suppressions", metadata,
    Column("hash", KEY, primary_key=True), Column("kind", KEY, nullable=False),
    Column("time", BigInteger, nullable=False), Column("erasure", KEY, nullable=False),
)  # fmt: skip

# `person` is emptied when an erasure has ended: until then it says who is to be found.
erasures = Table(
    "erasures", metadata,
    Column("id", KEY, primary_key=True), Column("time", BigInteger, nullable=False),
    Column("state", KEY, nullable=False), Column("person", TEXT, nullable=False), Column("body", TEXT, nullable=False),
)  # fmt: skip

personal_fields = Table(
    "personal_fields", metadata,
    Column("entity", KEY, nullable=False), Column("name", KEY, nullable=False), PrimaryKeyConstraint("entity", "name"),
)  # fmt: skip

personal_access = Table(
    "personal_access", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("time", BigInteger, nullable=False),
    Column("who", KEY, nullable=False), Column("route", KEY, nullable=False), Column("kind", KEY, nullable=False),
    Column("record", KEY, nullable=False), Index(None, "kind", "record"), sqlite_autoincrement=True,
)  # fmt: skip
