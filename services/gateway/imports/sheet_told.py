"""What of a workbook was read, and what was left out as no row, in English or Korean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.gateway.imports.sheets import LeftOut

LISTED = 10
_WORDS = {
    "en": {
        "sheet": "{file}: sheet {sheet!r} read, headings in line {line}",
        "others": "other sheets not read: {what}",
        "alike": "{file}: sheet {sheet!r} looks like a list of deals too: {count:,} rows not read; "
        "put them below those of sheet {read!r}",
        "not_read": "{count:,} {kind} not read: {what}",
        "kind_hidden_rows": "hidden rows",
        "kind_totals": "total rows",
        "kind_headings": "headings said again",
        "kind_remarks": "remarks",
        "unit": "amounts in {what} as the sheet says",
        "units": "units of headings: {what}",
        "hidden_columns": "hidden columns left out: {what}",
        "hidden_rows": "{count:,} hidden rows left out: {what}",
        "totals": "{count:,} total rows left out: {what}",
        "headings": "{count:,} headings said again left out: {what}",
        "remarks": "{count:,} remarks left out: {what}",
        "lines": "lines {}",
        "more": "{} …",
    },
    "ko": {
        "sheet": "{file}: 시트 {sheet!r}을(를) 읽음, 제목 행 {line}행",
        "others": "읽지 않은 시트: {what}",
        "alike": "{file}: 시트 {sheet!r}도 딜 목록으로 보입니다. {count:,}행을 읽지 않았으니 "
        "시트 {read!r}의 행 아래로 옮기세요",
        "not_read": "읽지 않은 {kind} {count:,}개: {what}",
        "kind_hidden_rows": "숨긴 행",
        "kind_totals": "합계 행",
        "kind_headings": "반복된 제목 행",
        "kind_remarks": "메모 행",
        "unit": "시트에 적힌 대로 금액 단위 {what}",
        "units": "제목의 단위: {what}",
        "hidden_columns": "숨긴 열 제외: {what}",
        "hidden_rows": "숨긴 행 {count:,}개 제외: {what}",
        "totals": "합계 행 {count:,}개 제외: {what}",
        "headings": "반복된 제목 행 {count:,}개 제외: {what}",
        "remarks": "메모 행 {count:,}개 제외: {what}",
        "lines": "{}행",
        "more": "{} …",
    },
}


def sheet_lines(file: str, left_out: LeftOut, language: str) -> Iterator[str]:
    """What there is to tell of a workbook."""
    words = _WORDS[language]
    yield words["sheet"].format(file=file, sheet=left_out.sheet, line=left_out.header_line)
    texts = {
        "others": left_out.other_sheets,
        "unit": [left_out.unit] if left_out.unit else [],
        "units": [f"{name}: {unit}" for name, unit in left_out.units.items()],
        "hidden_columns": left_out.hidden_columns,
    }
    for key, found in texts.items():
        if found:
            yield "  " + words[key].format(what=_some(found, words))
    for key in ("hidden_rows", "totals", "headings", "remarks"):
        lines: list[int] = getattr(left_out, key)
        if lines:
            shown = words["lines"].format(_some([str(line) for line in lines], words))
            yield "  " + words[key].format(count=len(lines), what=shown)


def alike_lines(left_out: Mapping[str, LeftOut], language: str) -> Iterator[str]:
    """Of workbooks, by file: the sheets that were not read, and look like lists of deals."""
    for file, one in left_out.items():
        for sheet, count in one.alike.items():
            yield _WORDS[language]["alike"].format(file=file, sheet=sheet, count=count, read=one.sheet)


def unread_lines(left_out: Mapping[str, LeftOut], language: str) -> Iterator[str]:
    """Of workbooks, by file: the rows that were not read, a line a kind."""
    words = _WORDS[language]
    for kind in ("hidden_rows", "totals", "headings", "remarks"):
        lines: dict[str, list[int]] = {name: rows for name, one in left_out.items() if (rows := getattr(one, kind))}
        if lines:
            told = [
                f"{name} " + words["lines"].format(_some(list(map(str, rows)), words)) for name, rows in lines.items()
            ]
            count = sum(map(len, lines.values()))
            yield words["not_read"].format(count=count, kind=words[f"kind_{kind}"], what=_some(told, words))


def _some(found: Sequence[str], words: dict[str, str]) -> str:
    joined = ", ".join(found[:LISTED])
    return words["more"].format(joined) if len(found) > LISTED else joined
