"""The table of what imports changed: each record as it was before."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, not_, or_

from services.gateway.store.tables import KEY, SERIAL, TEXT, deals, metadata

import_before = Table(
    "import_before", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("import_id", KEY, nullable=False), Column("kind", KEY, nullable=False),
    Column("record", KEY, nullable=False),
    Column("rows", TEXT, nullable=False),  # by table, as JSON
    Column("after", KEY, nullable=False),  # a mark of how the import left it; "" until it has ended
    Index("ix_import_before_record", "import_id", "kind", "record", unique=True),
    Index(None, "kind", "record"),
    sqlite_autoincrement=True,
)  # fmt: skip

# Deals that are there: not those that an undone import had created. They stay, emptied, for their end to be told.
THERE = or_(not_(deals.c.deleted), deals.c.change_count > 0)
