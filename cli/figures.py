"""`dealcast figures`: sales figures as a table, or as a file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call, credentials, gateway_address
from cli.speech import Lang, echo, spoken

HEADINGS = {
    "en": ("Period", "Group", "Figure", "Part", "Value", "95 %", "Cases", "Made of", "Note"),
    "ko": ("기간", "그룹", "지표", "항목", "값", "95 %", "건수", "구성", "참고"),
}
MOST_COUNTS, MOST_WIDE = 4, 1_000


def figures(
    period: Annotated[
        str, typer.Option("--period", help="Such as 2017-W39, 2017-09, 2017-Q3, 2017-H2 or FY2017; else this quarter.")
    ] = "",
    last: Annotated[int, typer.Option("--last", help="So many periods up to that one.", min=1)] = 1,
    by: Annotated[
        str, typer.Option("--by", help="all, owner, team, pipeline, motion or segment:FIELD.", metavar="WHAT")
    ] = "all",
    figure: Annotated[
        list[str] | None, typer.Option("--figure", help="Only this figure; may be given again.", metavar="NAME")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="A new file: .xlsx, .csv, .parquet or .ndjson.", metavar="FILE")
    ] = None,
    language: Lang = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
) -> None:
    """Win rates, cycle length, conversion and the other sales figures (docs/sales-figures.md)."""
    from urllib.parse import urlencode

    asked = {"period": period, "last": str(last), "by": by, "figure": ",".join(figure or ()), "lang": spoken(language)}
    query = urlencode({name: value for name, value in asked.items() if value})
    if target is None:
        _print(call(data_dir, url, "GET", f"/v1/figures?{query}"), spoken(language))
        return
    from cli.export_table import format_of, save

    chosen = format_of(target, "")
    address = f"{gateway_address(data_dir, url)}/v1/figures?{query}&format={chosen}"
    size = save(address, credentials(data_dir, url), target)
    echo(f"figures: {size / 2**20:.1f} MB, in {target}")


def _print(found: Mapping[str, Any], language: str) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = [_cells(row, language) for row in found["rows"]]
    kept = [place for place, _ in enumerate(HEADINGS[language]) if any(cells[place] for cells in rows)]
    table = Table(*[HEADINGS[language][place] for place in kept], box=None, pad_edge=False, header_style="bold")
    for cells in rows:
        table.add_row(*[cells[place] for place in kept])
    console = Console()
    if not console.is_terminal:
        console = Console(width=MOST_WIDE)  # in a file or a pipe nothing is cut
    console.print(table, markup=False)


def _cells(row: Mapping[str, Any], language: str) -> list[str]:
    from services.gateway.figures.words import count_text

    part = " / ".join(one for one in (row["pipeline"], row["part_text"]) if one)
    counts = [count_text(key, count, language) for key, count in row["counts"].items() if not key.startswith("to")]
    return [row["period"], row["name"], row["figure_text"], part, told(row, "value", language),
            _range(row, language),
            f"{row['count']:,}", ", ".join(counts[:MOST_COUNTS]), row["note_text"]]  # fmt: skip


def told(row: Mapping[str, Any], name: str, language: str = "en") -> str:
    """A number as people read it."""
    value = row[name]
    if value is None:
        return "–"
    if row["unit"] == "money":
        return f"{Decimal(str(value)):,} {row['currency']}"
    if row["unit"] == "share":
        return f"{100 * float(value):.1f} %"
    days = "{:g}일" if language == "ko" else "{:g} d"
    return days.format(float(value)) if row["unit"] == "days" else f"{int(value):,}"


def _range(row: Mapping[str, Any], language: str) -> str:
    if row["low"] is None and row["high"] is None:
        return ""
    return f"{told(row, 'low', language)} … {told(row, 'high', language)}"
