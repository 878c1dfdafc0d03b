"""Figures as a table for export: a row a number, in words and as programs call it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from services.gateway.exports.columns import Kind, Row, Table, column, row_of
from services.gateway.figures.words import FIGURES, NOTES, PARTS, count_text

TEXT, NUMBER, INTEGER, DAY, MONEY = Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.DAY, Kind.MONEY
TABLE = Table("figures", {"en": "Sales figures", "ko": "영업 지표"}, (
    column("period", TEXT, "Period", "기간"),
    column("start_date", DAY, "From", "시작일"),
    column("end_date", DAY, "To", "종료일"),
    column("group", TEXT, "Group id", "그룹 ID"),
    column("name", TEXT, "Group", "그룹"),
    column("level", TEXT, "Level", "조직 단계"),
    column("figure", TEXT, "Figure (code)", "지표 (코드)"),
    column("figure_text", TEXT, "Figure", "지표"),
    column("pipeline", TEXT, "Pipeline", "파이프라인"),
    column("part", TEXT, "Part (code)", "항목 (코드)"),
    column("part_text", TEXT, "Part", "항목"),
    column("unit", TEXT, "Unit", "단위"),
    column("value", NUMBER, "Value", "값"),
    column("currency", TEXT, "Currency", "통화"),
    column("amount", MONEY, "Amount", "금액", currency="currency"),
    column("low", NUMBER, "Low (95 %)", "하한 (95 %)"),
    column("high", NUMBER, "High (95 %)", "상한 (95 %)"),
    column("count", INTEGER, "Cases", "건수"),
    column("counts_text", TEXT, "Made of", "구성"),
    column("note", TEXT, "Note (code)", "참고 (코드)"),
    column("note_text", TEXT, "Note", "참고"),
))  # fmt: skip
PAGE = 500


def worded(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A row with its words in a language."""
    part = str(row["part"])
    money = row["unit"] == "money"
    return {
        **row,
        "figure_text": FIGURES[row["figure"]][language],
        "part_text": PARTS[part][language] if part in PARTS else part,
        "amount": row["value"] if money else None,
        "value": None if money else row["value"],
        "counts_text": ", ".join(count_text(name, count, language) for name, count in row["counts"].items()),
        "note_text": NOTES[row["note"]][language],
    }


async def pages(rows: Sequence[Mapping[str, Any]], language: str) -> AsyncIterator[list[Row]]:
    """The table's rows, page by page."""
    for start in range(0, len(rows), PAGE):
        yield [row_of(TABLE.columns, worded(row, language)) for row in rows[start : start + PAGE]]
