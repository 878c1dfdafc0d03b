"""Tables as Parquet: a type a column, money as decimals, headings in the fields' metadata."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from services.gateway.exports.columns import MONEY_DIGITS, MONEY_PLACES, Column, Kind, Row, Table

GROUP = 20_000  # rows
_TYPES: dict[Kind, Any] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.SHARE: pa.float64(),
    Kind.MONEY: pa.decimal128(MONEY_DIGITS, MONEY_PLACES),
    Kind.DAY: pa.date32(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.FLAG: pa.bool_(),
}


class ParquetFile:
    """Row groups of GROUP rows; no more than one of them is held."""

    def __init__(self, path: Path, table: Table, language: str) -> None:
        self._schema = pa.schema([_field(each, language) for each in table.columns])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows, in groups."""
        self._rows += rows
        if len(self._rows) >= GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and finish the file."""
        try:
            self._flush()
        finally:
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(cells, each.type) for cells, each in zip(columns, self._schema, strict=True)]
        self._rows = []
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))


def _field(column: Column, language: str) -> Any:
    return pa.field(column.name, _TYPES[column.kind], metadata={"heading": column.headings[language]})
