"""Small CSV files of settings: rows under a line of known names, in any order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from kit.errors import InvalidInput
from learning.csv_file import distinct_names, find_delimiter
from services.gateway.domain import FieldError

MOST_ROWS = 50_000


def csv_rows(
    data: bytes, columns: Sequence[str], layout: str, renamed: Mapping[str, str] | None = None,
    optional: Sequence[str] = (),
) -> Iterator[tuple[int, dict[str, str] | FieldError]]:  # fmt: skip
    """The rows that hold anything, with the line each ends on; in the place of a row with more cells than names, or
    without one that is needed, what is wrong with it. `renamed`: other names that columns may have; `optional`: columns
    that need not be there.

    Raises InvalidInput where the file is none, or has other columns.
    """
    mend = f"Send UTF-8 with a first line {layout}"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("the file is no UTF-8", field="body", mend=mend) from None
    lines = text.splitlines(keepends=True)
    if not lines or len(lines) > MOST_ROWS:
        raise InvalidInput(f"the file has not 1 to {MOST_ROWS:,} lines", field="body", value=str(len(lines)), mend=mend)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=find_delimiter(lines[:50]))
    try:
        names = [(renamed or {}).get(name.lower(), name.lower()) for name in distinct_names(next(rows, []))]
        if len(set(names)) < len(names) or not {*columns} <= {*names} <= {*columns, *optional}:
            raise InvalidInput("these are other columns", field="body", value=", ".join(names)[:60], mend=mend)
        for row in rows:
            if any(cell.strip() for cell in row):
                yield rows.line_num, _named([cell.strip() for cell in row], names, columns)
    except csv.Error as error:
        raise InvalidInput(f"the file is no CSV: {error}", field="body", value=f"line {rows.line_num}") from None


def _named(row: Sequence[str], names: Sequence[str], needed: Sequence[str]) -> dict[str, str] | FieldError:
    if any(row[len(names) :]):
        message = f"the line has {len(row)} cells, the first line of the file {len(names)}"
        mend = 'put an amount with commas in quotes, such as "1,234,000", or write it without: 1234000'
        return FieldError("", ",".join(row)[:60], message, mend)
    cells = dict(zip(names, row, strict=False))
    empty = next((name for name in needed if not cells.get(name)), None)
    return cells if empty is None else FieldError(empty, "", f"{empty} is missing", "fill in its cell of this line")
