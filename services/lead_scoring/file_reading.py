"""Reading a whole CSV file's columns, within bounds of memory, and saying what was not as it should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from learning.cell_numbers import is_missing
from learning.csv_file import Columns, CsvFile
from learning.tabular import Raw, encode
from learning.tabular_later import Change, Way
from services.lead_scoring.file_flags import Note, counted

MAX_CELLS = 50_000_000  # beyond, rows are drawn at random
MAX_BYTES = 1_500_000_000

SHOWN_CELL, MOST_TOLD = 30, 6
FOOTER_COLUMNS, MOST_FOOTER = 4, 50  # fewer columns may well have one filled cell; lines that are looked at
_TOTAL = re.compile(
    r"(?:(?:grand|sub|report)[\s-]*)?totals?|sum|summe|gesamt(?:summe)?|합계|총계|총합계?|소계", re.IGNORECASE
)
_COUNT = re.compile(r"\s*(?:\(.*\)|[:\d,.\s]*)")
# What is said of columns that the test file writes otherwise.
_WAYS = {
    Way.DAYS: ("day and month stand the other way round there", "일과 월의 순서가 다릅니다"),
    Way.MARKS: ("it has another decimal mark there", "소수점 기호가 다릅니다"),
    Way.UNITS: ("it has units there that the training file lacks", "학습 파일에 없는 단위가 있습니다"),
    Way.PERCENT: ("one file has percentages, the other parts of one", "한 파일은 백분율, 다른 파일은 비율입니다"),
}

Progress = Callable[[str, float], None]


def read_raws(
    file: CsvFile, wanted: Sequence[str], progress: Progress, what: str, beside: Callable[[Columns], None] | None = None
) -> tuple[dict[str, Raw], tuple[int, int]]:
    """The wanted columns; how many rows were taken, and of how many. The file is closed.

    beside: is given every piece of the file whole, however few of its rows are taken.
    """
    size = max(file.path.stat().st_size, 1)
    share = min(1.0, MAX_CELLS / max(file.rows_at_most() * len(wanted), 1), MAX_BYTES / size)
    generator = np.random.default_rng(0)
    places = [file.names.index(name) for name in wanted]
    pieces: list[list[pa.Array]] = [[encode(())] for _ in wanted]
    read = taken = 0
    done = 0.0

    def advance(count: float) -> None:
        nonlocal done
        done += count
        progress(what, min(done / size, 1.0))

    for piece in file.pieces(advance=advance):
        if beside is not None:
            beside(piece)
        rows = len(piece[0])
        drawn = np.flatnonzero(generator.random(rows) < share).tolist() if share < 1 else None
        read, taken = read + rows, taken + (rows if drawn is None else len(drawn))
        for into, place in zip(pieces, places, strict=True):
            into.append(encode(piece[place] if drawn is None else [piece[place][row] for row in drawn]))
    file.close()
    return {name: Raw.of(into) for name, into in zip(wanted, pieces, strict=True)}, (taken, read)


def without_footer(raws: dict[str, Raw], target: str, where: Note) -> tuple[dict[str, Raw], list[Note]]:
    """The columns without the lines that reports end with, which are no records: a total, or a single cell of words
    without an outcome; and what is said about them."""
    rows, count = len(raws[target].codes), 0
    tail = {name: raw.texts.take(pa.array(raw.codes[-MOST_FOOTER:])).to_pylist() for name, raw in raws.items()}
    lines = list(zip(*tail.values(), strict=True))
    for line, outcome in zip(reversed(lines), reversed(tail[target]), strict=True):
        if not _is_footer(line, outcome):
            break
        count += 1
    if not count or count == rows:
        return raws, []
    shown = [next((cell.strip()[:SHOWN_CELL] for cell in line if cell.strip()), "") for line in lines[-count:]]
    listed = ", ".join(f"“{words}”" for words in shown if words)
    en, ko = ("line looks", " 줄") if count == 1 else (f"{count:,} lines look", f" {count:,}줄")
    return {name: raw.first(rows - count) for name, raw in raws.items()}, [Note(
        f"{where.en.capitalize()}: the last {en} like the end of a report: left out ({listed}).",
        f"{where.ko}의 마지막{ko}은 보고서의 끝부분으로 보아 뺐습니다({listed}).",
    )]  # fmt: skip


def _is_footer(line: Sequence[str], outcome: str) -> bool:
    filled = [cell.strip() for cell in line if cell.strip()]
    if filled and (total := _TOTAL.match(filled[0])) and _COUNT.fullmatch(filled[0][total.end() :]):
        return True
    return (
        len(line) >= FOOTER_COLUMNS
        and len(filled) <= 1
        and filled == [line[0].strip()] * len(filled)
        and is_missing(outcome)
    )


def told_rows(file: CsvFile, rows: tuple[int, int], where: Note) -> list[Note]:
    """What is said about rows that were drawn, or did not fit the header."""
    notes = []
    taken, read = rows
    if not read:
        notes.append(Note(
            f"{where.en.capitalize()} has no rows under its first line, which names the columns.",
            f"{where.ko}에 열 이름 줄만 있고 행이 없습니다.",
        ))  # fmt: skip
    if taken < read:
        notes.append(Note(
            f"{where.en.capitalize()} is very large: {taken:,} of its {read:,} rows, drawn at random, are used.",
            f"{where.ko}이 매우 커서 {read:,}행 중 무작위로 고른 {taken:,}행을 씁니다.",
        ))  # fmt: skip
    for count, en, ko in (
        (file.short, "with too few cells; what lacks is empty", "칸이 모자라 빈 값으로 채웠습니다"),
        (file.long, "with too many cells; the rest is cut", "칸이 많아 나머지를 잘랐습니다"),
        (
            file.torn,
            f"with quotes that do not match, the first in line {file.torn_line:,}; each line is read by itself",
            f"따옴표가 맞지 않아 줄마다 따로 읽었습니다(첫 번째는 {file.torn_line:,}번째 줄)",
        ),
    ):  # fmt: skip
        if count:
            notes.append(
                Note(f"{where.en.capitalize()}: {counted(count, 'row')} {en}.", f"{where.ko}의 {count:,}행: {ko}.")
            )
    return notes


def told_changes(changes: Sequence[Change]) -> list[Note]:
    """What is said about columns that the test file writes otherwise than the training file."""
    notes = []
    for way, (en, ko) in _WAYS.items():
        ones = [one for one in changes if one.way is way]
        listed = ", ".join(f"“{one.column}” ({one.example[:SHOWN_CELL]})" for one in ones[:MOST_TOLD])
        if more := ones[MOST_TOLD:]:
            listed += f", … (+{len(more)})"
        if ones:
            notes.append(Note(
                f"Written otherwise in the test file, and read so that both agree: {listed}: {en}.",
                f"평가 파일에서 다르게 적혀 있어 학습 파일과 맞게 읽은 열: {listed}: {ko}.",
            ))  # fmt: skip
    return notes
