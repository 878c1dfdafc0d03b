"""CSV files row by row, with the line of the file each row starts on; what is not a row is reported, not fatal."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.encodings import KNOWN, detect, open_bytes
from kit.errors import InvalidInput
from services.gateway.domain import FieldError
from services.gateway.imports.file_kinds import check_text
from services.gateway.imports.resident import check_headings
from services.gateway.json_checks import shown
from services.gateway.privacy.resident_numbers import masked_name

DELIMITERS = (",", ";", "\t")
LONGEST_LINE = 16 << 20
LONGEST_CELL = 1 << 20
MOST_LINES = 5_000  # of one row, counting newlines within quotes
_SURROGATE = re.compile("[\ud800-\udfff]")
REASON_PREFIX = "dealcast_"  # columns that a rejects file adds; ignored when it is read
SURPLUS = REASON_PREFIX + "surplus"  # the cells of a row that was longer than its header
CALLED = {  # those columns in words, for who has a page and no command line
    "en": {"line": "Dealcast line", "field": "Dealcast column", "value": "Dealcast value",
           "reason": "Dealcast reason", "mend": "Dealcast what to do", "surplus": "Dealcast left over"},
    "ko": {"line": "Dealcast 행", "field": "Dealcast 열", "value": "Dealcast 값", "reason": "Dealcast 이유",
           "mend": "Dealcast 고칠 방법", "surplus": "Dealcast 남는 값"},
}  # fmt: skip
_MEANT = {name: REASON_PREFIX + of for names in CALLED.values() for of, name in names.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the line it starts on, its cells (one a column), and why it is none, if so; `unworked` are cells of it
    whose formula was never worked out, which count where their column is read."""

    line: int
    cells: list[str]
    error: FieldError | None = None
    unworked: tuple[FieldError, ...] = ()

    def refused(self, read: Container[str]) -> FieldError | None:
        """Why it is none where these columns are read."""
        return self.error or next((one for one in self.unworked if one.field in read), None)


class _Lines:
    """Physical lines, numbered from 1, that can be put back to be read again."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.next_line = 1
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        if len(self.taken) >= MOST_LINES:
            self._again.appendleft(line)
            raise csv.Error("a quote is opened and not closed")
        self.taken.append(line)
        return line

    def _read(self) -> str:
        line = self._stream.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            while (rest := self._stream.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
        return line

    def start_row(self) -> int:
        """Forget the lines taken; the number of the line that comes next."""
        self.next_line += len(self.taken)
        self.taken = []
        return self.next_line

    def retry_after_first(self) -> None:
        """Put back all lines taken but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


class Table:
    """An open CSV file: its header, and its rows once."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        """Detects what is not given. Raises InvalidInput where there is no header, NotFound where no file."""
        self.path = path
        check_text(path)
        self.encoding = encoding or detect(path)
        if self.encoding not in KNOWN:
            mend = "use one of " + ", ".join(KNOWN)
            raise InvalidInput("this encoding is not known", field="encoding", value=encoding, mend=mend)
        self._raw = open_bytes(path)
        errors = "replace" if self.encoding.startswith("utf-16") else "surrogateescape"
        self._stream = io.TextIOWrapper(self._raw, encoding=self.encoding, errors=errors, newline="")
        self._lines = _Lines(self._stream)
        csv.field_size_limit(LONGEST_CELL)
        self.delimiter = delimiter or self._detect_delimiter()
        written = self._read_header()
        self.header = [_MEANT.get(name, name) for name in written]
        self._written = dict(zip(self.header, written, strict=True))
        self._keep = [i for i, name in enumerate(self.header) if not is_added(name)]
        self._of_rejects = len(self._keep) < len(self.header)
        # where U+FFFD stands for bytes that were no text: in UTF-16 as read here, and in files of rejects
        self._marks_bad = self.encoding.startswith("utf-16") or self._of_rejects
        self.columns = [self.header[i] for i in self._keep]
        try:
            check_headings(path, 1, self.columns)
        except InvalidInput:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @property
    def position(self) -> int:
        """Bytes of the file taken so far, for progress (compressed bytes of a .gz)."""
        inner = getattr(self._raw, "fileobj", None) or self._raw
        return int(inner.tell())

    def rows(self) -> Iterator[Row]:
        """The rows after the header; blank lines are passed over."""
        parser = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        while True:
            line = self._lines.start_row()
            try:
                cells = next(parser)
            except StopIteration:
                return
            except (OSError, EOFError):
                yield Row(line, [], FieldError("row", "", "the file breaks off here", "compress or copy it again"))
                return
            except csv.Error as error:
                self._lines.retry_after_first()
                yield Row(line, self._torn(), _quote_error(error, self._lines.taken))
                parser = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
                continue
            if cells:
                yield self._checked(line, cells)

    def _torn(self) -> list[str]:
        first = self._lines.taken[0].rstrip("\r\n")[:LONGEST_CELL] if self._lines.taken else ""
        return _clean([first])

    def _checked(self, line: int, cells: list[str]) -> Row:
        if len(cells) != len(self.header):
            message = f"the row has {len(cells)} values, the header {len(self.header)}"
            mend = f"quote values that contain {self.delimiter!r}, or fill in what is missing"
            return Row(line, _clean(cells), FieldError("row", str(len(cells)), message, mend))
        if self._of_rejects:
            told = dict(zip(self.header, cells, strict=True))
            cells = [cells[i] for i in self._keep]
            if surplus := told.get(SURPLUS):
                return Row(line, _clean([*cells, surplus]), _left_over(surplus, self._written[SURPLUS]))
            if told.get(REASON_PREFIX + "field") == "row":
                values = told.get(REASON_PREFIX + "value", "")
                count = int(values) if values.isdecimal() and len(values) < 9 else 1
                if count <= len(cells) and not any(cells[count:]):
                    return Row(line, cells[:count], _as_it_was(count, self._written[REASON_PREFIX + "field"]))
        text = "".join(cells)
        bad = not text.isascii() and (_has_surrogate(text) or (self._marks_bad and "\ufffd" in text))
        if bad:
            column = next(i for i, cell in enumerate(cells) if _has_surrogate(cell) or "\ufffd" in cell)
            message = f"the value holds bytes that are not {self.encoding}"
            mend = "write the file in one encoding, best UTF-8"
            error = FieldError(self.columns[column], shown(_clean([cells[column]])[0]), message, mend)
            return Row(line, _clean(cells), error)
        return Row(line, cells)

    def _detect_delimiter(self) -> str:
        first = next(self._lines, "")
        self._lines.taken = []
        self._lines._again.appendleft(first)
        counts = {d: len(next(csv.reader([first], delimiter=d), [])) for d in DELIMITERS}
        return max(DELIMITERS, key=lambda d: counts[d])

    def _read_header(self) -> list[str]:
        self._lines.start_row()
        try:
            names = next(csv.reader(self._lines, delimiter=self.delimiter, strict=True), [])
        except csv.Error:
            names = []
        names = [name.strip().lstrip("\ufeff") or f"column {i}" for i, name in enumerate(names, 1)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if not names or twice or any(_has_surrogate(name) for name in names):
            message = (
                f"the columns {', '.join(twice)[:200]} occur twice" if twice else "the file has no readable header"
            )
            mend = "the first line names the columns, each once"
            raise InvalidInput(message, field="header", value=masked_name(self.path.name), mend=mend)
        return names


def is_added(name: str) -> bool:
    """Whether a column of this name is one that a rejects file adds."""
    return _MEANT.get(name, name).startswith(REASON_PREFIX)


def _left_over(surplus: str, column: str) -> FieldError:
    message = f"values that no column of the header takes still stand in {column}"
    return FieldError("row", shown(surplus), message, f"put the values under their columns and empty {column}")


def _as_it_was(count: int, column: str) -> FieldError:
    mend = f"fill in what is missing, or empty {column} to take it as it stands"
    return FieldError("row", str(count), "the row was refused before and nothing was filled in", mend)


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and _SURROGATE.search(text) is not None


def _clean(cells: Sequence[str]) -> list[str]:
    return [_SURROGATE.sub("\ufffd", cell) for cell in cells]


def _quote_error(error: csv.Error, lines: Sequence[str]) -> FieldError:
    value = shown(_clean([lines[0]])[0]) if lines else ""
    if "limit" in str(error) or (lines and len(lines[0]) >= LONGEST_LINE):
        return FieldError("row", value, f"a value is longer than {LONGEST_CELL:,} characters", "shorten it")
    return FieldError(
        "row", value, "the quotes do not match", 'close each quote, and write a quote within a value as ""'
    )
