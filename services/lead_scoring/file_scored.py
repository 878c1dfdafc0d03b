"""The file to score: looked at before anything is learned, then read in pieces, row by row in its own order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kit.errors import InvalidInput
from learning.cell_numbers import is_missing
from learning.columns import Floats, Table
from learning.csv_file import Columns, CsvFile
from learning.tabular import SAMPLE, Raw, encode
from services.lead_scoring.file_columns import Garbage, Layout, told_garbage
from services.lead_scoring.file_flags import FileOptions, Note, counted, find_column, matched_names, told_names
from services.lead_scoring.file_reading import Progress, read_raws, told_rows
from services.lead_scoring.file_target import Target

SAME_FILE = 0.5  # with so many ids in common it is no test
SAME_ROWS = 20
TEST = Note("the test file", "평가 파일")
NAMELESS = 0
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of the test file, in order: their columns, ids, and outcomes (nan where there is none)."""

    table: Table
    ids: Sequence[str]
    won: Floats


@dataclass(slots=True)
class TestFile:
    """What is known of the file.

    `columns` holds those that were looked at: the target whole, days and what orders the rows perhaps as a sample, of
    numbers the first rows.
    `keys` are the ids of all rows as numbers; `seen` marks the rows, of all, that were also trained on.
    """

    __test__ = False
    options: FileOptions
    file: CsvFile
    id: str
    rows: int = 0
    columns: dict[str, Raw] = field(default_factory=dict)
    keys: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    seen: NDArray[np.bool_] | None = None
    target: Target | None = None
    notes: list[Note] = field(default_factory=list)
    garbage: Garbage = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns, by the names of the training file where it only spells them otherwise."""
        return self.file.names

    @property
    def strange_outcomes(self) -> bool:
        """Whether it has outcomes that the training file does not know."""
        goal = self.columns.get(self.target.column) if self.target else None
        return self.target is not None and goal is not None and bool(self.target.unknown(goal))

    def look(
        self, target: str, order: str, days: Sequence[str], numbers: Sequence[str], progress: Progress
    ) -> None:  # fmt: skip
        """Read every id and outcome, the columns that may order the rows, and some rows of the numbers, as far as the
        file has them."""
        wanted = [name for name in dict.fromkeys((order, *days)) if name and name in self.names]
        whole: dict[str, list[pa.Array]] = {target: []} if target in self.names else {}
        begun: dict[str, list[pa.Array]] = {name: [] for name in numbers if name in self.names and name not in wanted}
        keys = [np.zeros(0, dtype=np.int64)]
        begun_rows = 0

        def beside(piece: Columns) -> None:
            nonlocal begun_rows
            for name, into in begun.items() if begun_rows < SAMPLE else ():
                into.append(encode(piece[self.names.index(name)][: SAMPLE - begun_rows]))
            begun_rows += len(piece[0])
            for name, into in whole.items():
                into.append(encode(piece[self.names.index(name)]))
            if self.id:
                keys.append(_keys(Raw.of([encode(piece[self.names.index(self.id)])])))

        file = _opened(self.options, self.names)
        self.columns, rows = read_raws(file, wanted, progress, "looking at the test file", beside)
        self.columns |= {name: Raw.of([encode(()), *pieces]) for name, pieces in (whole | begun).items()}
        self.keys, self.rows = np.concatenate(keys), rows[1]

    def compare_ids(self, trained: Raw) -> None:
        """Find the rows whose ids were trained on. Raises InvalidInput where the two files are largely the same."""
        there = _keys(trained)
        seen = np.isin(self.keys, there) & (self.keys != NAMELESS)
        count = int(seen.sum())
        if not count:
            return
        once = all(len(np.unique(one)) == len(one) for one in (self.keys, there))
        if once and count >= SAME_ROWS and count > SAME_FILE * len(seen):
            message = f"{count:,} of its {len(seen):,} rows are also in the training file, by {self.id!r}"
            mend = "give rows to test on that are not trained on"
            raise InvalidInput(message, field="--test", value=str(self.options.test), mend=mend)
        if once:
            self.seen = seen
        self.notes.append(Note(
            f"{counted(count, 'row')} of the test file {'has an id' if count == 1 else 'have ids'} that the training "
            "file has too" + ("; they are scored, but left out of the figures." if once else "."),
            f"평가 파일의 {count:,}행은 학습 파일에도 있는 식별자입니다."
            + (" 점수는 매기되 지표에서는 뺐습니다." if once else ""),
        ))  # fmt: skip

    def compare_columns(self, layout: Layout, used: Collection[str]) -> frozenset[str]:
        """The columns that models look at and that it lacks, or what they are made from; said too."""
        sources = {part.name: part.source for part in layout.parts}
        sources |= {one: name for name, words in layout.strays.items() for one in words.values()}
        wanted = dict.fromkeys(sources.get(name, name) for name in used)
        if layout.order.dates and any(name in layout.newest for name in used):
            wanted[layout.order.column] = None
        lacking = [name for name in wanted if name not in self.names]
        if lacking:
            listed = ", ".join(f"“{name}”" for name in lacking[:10]) + (" …" if len(lacking) > 10 else "")
            self.notes.append(Note(
                f"Missing in the test file, of what models learned from: {counted(len(lacking), 'column')}, {listed}.",
                f"평가 파일에 없는 학습 열 {len(lacking)}개는 빈 값으로 보았습니다: {listed}.",
            ))  # fmt: skip
        return frozenset(name for name in used if sources.get(name, name) in lacking)

    def pieces(self, layout: Layout, progress: Progress) -> Iterator[Piece]:
        """All rows, in order; afterwards `notes` says what was odd about them."""
        file, size, done, row = _opened(self.options, self.names), max(self.options.test.stat().st_size, 1), 0.0, 0
        wanted = [name for name in {*layout.features, *(part.source for part in layout.parts)} if name in file.names]
        extra = [name for name in (layout.order.column, self.id, self.target.column if self.target else "") if name]
        places = {name: file.names.index(name) for name in [*wanted, *extra] if name in file.names}

        def advance(count: float) -> None:
            nonlocal done
            done += count
            progress("scoring the test file", min(done / size, 1.0))

        for piece in file.pieces(advance=advance):
            rows = len(piece[0])
            raws = {name: Raw.of([encode(piece[place])]) for name, place in places.items()}
            table, _ = layout.table(raws, rows, self.garbage)
            goal = raws.get(self.target.column) if self.target else None
            won = self.target.outcomes(goal) if self.target and goal is not None else np.full(rows, np.nan)
            ids = piece[places[self.id]] if self.id else tuple(str(row + number) for number in range(1, rows + 1))
            row += rows
            yield Piece(table, ids, won)
        file.close()
        self.notes += [*told_rows(file, (row, row), TEST), *told_garbage(self.garbage, layout.readings, {}, TEST)]


def _keys(raw: Raw) -> Ints:
    """Per row a number that stands for its id, so that files of any length fit; NAMELESS where there is none."""
    numbers = (NAMELESS if is_missing(text) else hash(text) for text in raw.texts.to_pylist())
    return np.asarray(np.fromiter(numbers, np.int64, len(raw.texts))[raw.codes])


def _opened(options: FileOptions, names: tuple[str, ...]) -> CsvFile:
    file = CsvFile(options.test, "--test")
    file.names = names
    return file


def open_test(options: FileOptions, known: Sequence[str]) -> TestFile:
    """The test file, its flags checked and its columns matched with the training file's. Raises DealcastErrors."""
    if options.test.exists() and options.train.exists() and options.test.samefile(options.train):
        mend = "give rows to test on that are not trained on"
        raise InvalidInput("it is the training file itself", field="--test", value=str(options.test), mend=mend)
    file = CsvFile(options.test, "--test")
    file.close()
    matched = matched_names(file.names, known)
    file.names = tuple(matched.get(name, name) for name in file.names)
    key = find_column(file.names, options.id, "--id (in --test)") if options.id else ""
    return TestFile(options, file, key, notes=told_names(matched))
