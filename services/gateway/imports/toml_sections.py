"""Tables of a TOML file that are checked key by key; every problem names the line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kit.errors import InvalidInput
from kit.toml_lines import Path, line_numbers, line_of

_KEY_ERROR = re.compile(
    r"(?:Invalid statement|Invalid initial character for a key|Expected '=' after a key).*line (\d+), column (\d+)"
)
_BARE_END = re.compile(r"[A-Za-z0-9_-]+$")
_KEY_REST = re.compile(r"[^=.\]\"'#\r]+")


@dataclass(slots=True)
class Document:
    """A parsed TOML file and what was found wrong with it."""

    name: str
    lines: dict[Path, int]
    problems: list[str] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        """Note a problem at the line of the path, or of the nearest table above it."""
        line = line_of(path, self.lines)
        if len(self.problems) < 20:
            self.problems.append(f"{self.name}, line {line}: {'.'.join(path)}: {message}")

    def finish(self) -> None:
        """Raise InvalidInput with every problem, one a line."""
        if self.problems:
            raise InvalidInput("\n".join(self.problems), field="mapping", value=self.name, mend="Mend these lines")


def parse(text: str, name: str) -> Section:
    """The root table. Raises InvalidInput with the line where the text is not TOML."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = _unquoted_key(text, name, str(error)) or f"{name} is not TOML: {error}"
        raise InvalidInput(message, field="mapping", value=name, mend="Mend that line") from None
    return Section(Document(name, line_numbers(text)), (), raw)


def _unquoted_key(text: str, name: str, error: str) -> str:
    """What to say where a key of letters that TOML wants quoted, such as Korean ones, is not; "" of other errors."""
    place = _KEY_ERROR.search(error)
    if place is None:
        return ""
    line, column = int(place[1]), int(place[2])
    written = text.split("\n")[line - 1]
    if written[column - 1 : column].isascii():
        return ""
    before = _BARE_END.search(written[: column - 1])
    rest = _KEY_REST.match(written[column - 1 :])
    key = ((before[0] if before else "") + (rest[0] if rest else "")).strip()
    return f'{name} is not TOML: write the key {key} in quotes, as "{key}" (at line {line}, column {column})'


class Section:
    """One table; each key must be asked for, or `finish` reports it as unknown."""

    def __init__(self, document: Document, path: Path, raw: dict[str, Any]) -> None:
        self.document, self.path, self._raw = document, path, raw
        self._known: set[str] = set()

    def problem(self, key: str, message: str) -> None:
        """Note a problem with a key."""
        self.document.add((*self.path, key) if key else self.path, message)

    def take(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        """The value, None where absent or of another type (a problem)."""
        self._known.add(key)
        value = self._raw.get(key)
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            self.problem(key, f"{value!r} {wanted}")
            return None
        return value

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._raw

    def keys(self) -> list[str]:
        """All keys, which count as known."""
        self._known |= set(self._raw)
        return list(self._raw)

    def allow(self, keys: Iterable[str]) -> None:
        """These keys may be there too."""
        self._known |= set(keys)

    def text(self, key: str, default: str = "", *, allowed: Sequence[str] = (), needed: bool = False) -> str:
        """Text, one of `allowed` where given."""
        value = self.take(key, (str, int, float), "is not text")
        if value is None:
            if needed and not self.has(key):
                self.problem("", f"{key} is missing")
            return default
        if allowed and value not in allowed:
            self.problem(key, f"{value!r} is not one of {', '.join(allowed)}")
            return default
        return str(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.take(key, bool, "is not true or false")
        return default if value is None else bool(value)

    def texts(self, key: str, default: Sequence[str] = (), *, allowed: Sequence[str] = ()) -> tuple[str, ...]:
        """A text or a list of texts."""
        value = self.take(key, (str, list), "is not text or a list of texts")
        if value is None:
            return tuple(default)
        items = [value] if isinstance(value, str) else value
        for item in items:
            if not isinstance(item, str | int) or (allowed and item not in allowed):
                self.problem(
                    key, f"{item!r} is not one of {', '.join(allowed)}" if allowed else f"{item!r} is not text"
                )
                return tuple(default)
        return tuple(str(item) for item in items)

    def table(self, key: str) -> Section:
        """A table below; empty where absent."""
        return Section(self.document, (*self.path, key), self.take(key, dict, "is not a table") or {})

    def tables(self, key: str) -> list[Section]:
        """A list of tables below."""
        value = self.take(key, list, "is not a list of tables") or []
        if not all(isinstance(item, dict) for item in value):
            self.problem(key, "it is not a list of tables")
            return []
        return [Section(self.document, (*self.path, key, str(i)), item) for i, item in enumerate(value)]

    def raw(self, key: str) -> Any:
        """The value as parsed."""
        self._known.add(key)
        return self._raw.get(key)

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._raw:
            if key not in self._known:
                near = difflib.get_close_matches(key, sorted(self._known), 1)
                listed = ", ".join(sorted(self._known))
                self.problem(
                    key,
                    f"this key is not known; did you mean {near[0]}?"
                    if near
                    else f"this key is not known; known here: {listed}",
                )
