"""Duplicates count once in training: of deals that are surely one, a history keeps the one that stands for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from learning.history_schema import SCHEMAS
from services.gateway.health.deals import STRONG, counted_once, duplicate_deals
from services.gateway.health.records import load
from services.gateway.health.report import Decided, among, one_of, same_accounts


def count_once(folder: Path, ignored: Decided) -> Mapping[str, str]:
    """Leave duplicates out of a history folder, in place: the deals left out, each with the one that stands for it.

    `ignored`: pairs of ids, by kind of record, that somebody said are not the same.
    """
    records = load(folder)
    accounts = [one for one in same_accounts(records, ignored) if one.score >= STRONG]
    gone = counted_once(duplicate_deals(records, one_of(accounts), among(ignored, "deals")))
    if gone:
        leave_out(folder, gone)
    return gone


def leave_out(folder: Path, deals: Collection[str]) -> None:
    """Rewrite a history folder without these deals and what belongs to them."""
    gone = pa.array(sorted(deals), pa.string())
    for table, schema in SCHEMAS.items():
        column = "id" if table == "deals" else "deal_id"
        path = folder / f"{table}.parquet"
        if column not in schema.names or not path.exists():
            continue
        rows = pq.read_table(path)
        pq.write_table(rows.filter(pc.invert(pc.is_in(rows[column], value_set=gone))), path)
