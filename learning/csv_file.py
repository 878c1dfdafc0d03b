"""A CSV file of anybody's making: encoding, delimiter and header found out, its rows in pieces, by column.

No row is ever lost, so that results can stand beside the rows they belong to: short rows are filled up with empty
cells, long ones cut, both counted.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from kit.encodings import detect, open_bytes
from kit.errors import InvalidInput, NotFound

DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 1 << 20
LONGEST_LINE = 16 << 20
MOST_LINES = 5_000  # of one row, counting newlines within quotes
NARROW, STRAY_PAIR = 3, 2  # in fewer columns any text has as many delimiters as a row; quotes of a row in doubt
PIECE_CELLS = 1_000_000
SAMPLE_LINES, SAMPLE_CHARACTERS = 200, 1 << 16
PLAIN_FILE = 32 << 20  # rows of larger files are counted before they are read
_SURROGATE = re.compile("[\ud800-\udfff]")
# How files begin that are no CSV, and what they are.
_BEGINNINGS = (
    (b"PK\x03\x04", "an Excel file or another archive"), (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"PAR1", "a Parquet file"), (b"SQLite format 3", "a database"), (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"), (b"\x1f\x8b", "compressed, and its name does not end in .gz"),
    (b"7z\xbc\xaf", "an archive"), (b"Rar!", "an archive"), (b"{\\rtf", "a text document"),
)  # fmt: skip
_MARKUP = re.compile(r"\s*<(?:!doctype|html|table|\?xml|head)\b", re.IGNORECASE)
_JSON = re.compile(r'\s*(?:\[\s*)?\{\s*"')
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
MOST_CONTROLS, FEW_CONTROLS = 0.02, 20  # of a text's characters; so many may be anywhere

Columns = list[tuple[str, ...]]
Advance = Callable[[float], None]


class _Lines:
    """Lines of a stream that can be put back to be read again."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.again: deque[str] = deque()
        self.passed = 0  # lines before those of the present row
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self._stream.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(self.taken) >= MOST_LINES:
            self.again.appendleft(line)
            raise csv.Error("a quote is opened and not closed")
        self.taken.append(line)
        return line

    def start_row(self) -> None:
        """Count the lines taken, and forget them."""
        self.passed += len(self.taken)
        self.taken = []

    def retry_after_first(self) -> None:
        """Put back all lines taken but the first."""
        self.again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


class CsvFile:
    """An open CSV file; `names` are its columns, made distinct and never empty.

    `short`, `long` and `torn` count the rows read so far with too few cells, with too many, and with quotes that do
    not match; `torn_line` is the file's first line with such quotes.
    """

    def __init__(self, path: Path, field: str = "file") -> None:
        """`field` is what the caller calls the file. Raises NotFound, or InvalidInput where it is empty or no text."""
        self.path, self.field = path, field
        if not path.exists():
            raise NotFound("there is no such file", field=field, value=str(path), mend="name a CSV file that is there")
        if path.is_dir():
            raise InvalidInput("it is a folder", field=field, value=str(path), mend="name a CSV file")
        self._refuse_others()
        self._raw = open_bytes(path)
        self.encoding = detect(path)
        self._stream = io.TextIOWrapper(self._raw, encoding=self.encoding, errors="replace", newline="")
        self._lines = _Lines(self._stream)
        csv.field_size_limit(LONGEST_CELL)
        head = self._head()
        self.delimiter = find_delimiter(head)
        self._lines.again.extendleft(reversed(head))
        self.short = self.long = self.torn = self.torn_line = 0
        self.names: tuple[str, ...] = ()
        self.names = distinct_names(next(self._rows(), []))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _head(self) -> list[str]:
        try:
            lines = [line for _, line in zip(range(SAMPLE_LINES), self._lines, strict=False)]
        except (OSError, EOFError):
            lines = []
        self._lines.taken = []
        while lines and not lines[0].strip("\ufeff\r\n\t ,;|"):
            lines.pop(0)
            self._lines.passed += 1
        if not lines:
            mend = "export it again, with a first line that names the columns"
            raise InvalidInput("the file is empty", field=self.field, value=str(self.path), mend=mend)
        text = "".join(lines)[:SAMPLE_CHARACTERS]
        if "\x00" in lines[0] or len(_CONTROLS.findall(text)) > max(MOST_CONTROLS * len(text), FEW_CONTROLS):
            self._refuse("no text")
        if _MARKUP.match(text):
            self._refuse("a web page or XML")
        if _JSON.match(text):
            self._refuse("JSON")
        return lines

    def _refuse_others(self) -> None:
        """Raises InvalidInput for a file that is plainly something else, by its first bytes."""
        try:
            with self.path.open("rb") as file:
                start = file.read(16)
        except OSError:
            return  # told where it is opened to be read
        for beginning, what in _BEGINNINGS:
            if start.startswith(beginning) and not (beginning == b"\x1f\x8b" and self.path.suffix == ".gz"):
                self._refuse(what)

    def _refuse(self, what: str) -> None:
        message, mend = f"the file is {what}", "export it as CSV"
        raise InvalidInput(message, field=self.field, value=str(self.path), mend=mend)

    def rows_at_most(self) -> int:
        """No fewer rows than there are: the line breaks of a large file, unknown (0) for a small one."""
        if self.path.stat().st_size < PLAIN_FILE and self.path.suffix != ".gz":
            return 0
        count = 0
        with open_bytes(self.path) as file:
            while chunk := file.read(1 << 22):
                count += chunk.count(b"\n")
        return count + 1

    def pieces(self, cells: int = PIECE_CELLS, advance: Advance | None = None) -> Iterator[Columns]:
        """The rows after the header, once: by column, in pieces of about so many cells; `advance` is told bytes."""
        width, rows, position = len(self.names), list[list[str]](), 0
        most = max(cells // width, 1)
        for row in chain(self._rows(), [None]):
            if row is not None:
                rows.append(row if len(row) == width else self._fitted(row, width))
            if rows and (row is None or len(rows) >= most):
                if advance is not None:
                    at = self._position()
                    advance(at - position)
                    position = at
                yield list(zip(*rows, strict=True))
                rows = []

    def _fitted(self, row: list[str], width: int) -> list[str]:
        if len(row) < width:
            self.short += 1
            return row + [""] * (width - len(row))
        if any(cell.strip() for cell in row[width:]):
            self.long += 1
        return row[:width]

    def _position(self) -> int:
        inner = getattr(self._raw, "fileobj", None) or self._raw
        return int(inner.tell())

    def _rows(self) -> Iterator[list[str]]:
        """Rows that are not blank. Where quotes do not match, the line stands for itself."""
        lines = self._lines
        parser = self._parser()
        while True:
            lines.start_row()
            try:
                cells = next(parser, None)
            except (OSError, EOFError):
                mend = "copy or compress it again"
                raise InvalidInput("the file breaks off", field=self.field, value=str(self.path), mend=mend) from None
            except csv.Error:
                cells = self._torn()
                parser = self._parser()
            else:
                if cells and len(lines.taken) > 1 and self._swallows():
                    cells = self._torn()
            if cells is None:
                return
            if cells:
                yield cells

    def _parser(self) -> Iterator[list[str]]:
        # strict, or a quote that never closes takes the rows after it into its cell without a word
        return csv.reader(self._lines, delimiter=self.delimiter, strict=True)

    def _torn(self) -> list[str]:
        """The cells of the first line taken, by itself; the other lines are put back."""
        lines = self._lines
        alone = len(lines.taken) == 1
        lines.retry_after_first()
        line = lines.taken[0].rstrip("\r\n")
        if alone:
            try:
                cells = next(csv.reader([line], delimiter=self.delimiter), [])
            except csv.Error:
                cells = []
            if len(cells) == len(self.names):
                return cells
        self.torn += 1
        self.torn_line = self.torn_line or lines.passed + 1
        return split_line(line, self.delimiter)

    def _swallows(self) -> bool:
        """Whether the lines taken for one row are several: two stray quotes with rows of their own between them."""
        width, taken = len(self.names), self._lines.taken
        if width < NARROW or sum(line.count('"') for line in taken) != STRAY_PAIR:
            return False
        return all(line.count(self.delimiter) == width - 1 for line in taken)


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of a line whose quotes do not match; those that are quoted as they should be are kept whole."""
    mark = re.escape(delimiter)
    found = re.finditer(rf'(?:^|{mark})("(?:[^"]|"")*"(?={mark}|$)|[^{mark}]*)', line)
    return [
        (cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell.strip('"'))[
            :LONGEST_CELL
        ]
        for cell in (one[1] for one in found)
    ]


def find_delimiter(lines: Sequence[str]) -> str:
    """The delimiter under which most rows have as many cells as the header; of several, the one with most cells."""

    def fit(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            rows = [line.split(delimiter) for line in lines]
        width = len(rows[0]) if rows else 1
        if width < 2:
            return 0.0, 0
        return round(sum(len(row) == width for row in rows) / len(rows), 1), width

    return max(DELIMITERS, key=fit)


def distinct_names(header: Sequence[str]) -> tuple[str, ...]:
    """The header's names, trimmed; empty ones by position, repeated ones numbered."""
    names: list[str] = []
    for place, cell in enumerate(header, 1):
        name = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", cell).replace("\x00", "").strip().lstrip("\ufeff"))
        name = " ".join(name.split()) or f"column {place}"
        one, number = name, 1
        while one in names:
            number += 1
            one = f"{name} ({number})"
        names.append(one)
    return tuple(names)
