"""Where in a TOML text a table or key stands, so that what is wrong with it can be told by its line."""

from __future__ import annotations

import re

Path = tuple[str, ...]
_NAME = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PART = re.compile(r"""\"((?:[^"\\]|\\.)*)\"|'([^']*)'|([A-Za-z0-9_-]+)""")
_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")


def line_numbers(text: str) -> dict[Path, int]:
    """The line on which each table and key of a TOML text starts; elements of arrays of tables count from 0."""
    lines: dict[Path, int] = {}
    current: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            current = _parts(header[2])
            if header[1] == "[[":
                index = counts[current] = counts.get(current, -1) + 1
                current = (*current, str(index))
            lines.setdefault(current, number)
        elif key := _KEY.match(line):
            lines.setdefault((*current, *_parts(key[1])), number)
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of a path, or of the nearest table above it; 1 where there is none."""
    return next((lines[path[:length]] for length in range(len(path), -1, -1) if path[:length] in lines), 1)


def _parts(text: str) -> Path:
    return tuple(a or b or c for a, b, c in _PART.findall(text))
