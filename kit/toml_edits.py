"""Sets single values in a TOML text and leaves every other line of it, comments too, as it is."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from kit.errors import InvalidInput
from kit.toml_lines import Path, line_numbers

LONGEST_VALUE = 500  # lines
MEND = "Edit the whole text"


def with_values(text: str, table: Path, values: Mapping[str, Any]) -> str:
    """The text with these keys of a table set; None takes a key out. Tables of an array are counted from 0.

    Raises InvalidInput for what is no TOML, and where the text is laid out so that lines cannot be told apart.
    """
    wanted = _meant(text, table, values)
    lines = text.splitlines(keepends=True)
    for key, value in values.items():
        lines = _with(lines, (*table, key), value)
    made = "".join(lines)
    try:
        sound = tomllib.loads(made) == wanted
    except tomllib.TOMLDecodeError:
        sound = False
    if not sound:
        raise InvalidInput("this part of the text cannot be changed by itself", field=".".join(table), mend=MEND)
    return made


def toml_value(value: Any) -> str:
    """A value as TOML writes it: text, a number, yes or no, or a list of those."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, str):
        if "\n" in value and "'''" not in value and not value.endswith("'"):
            return f"'''\n{value}'''"
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _meant(text: str, table: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the text is to say afterwards."""
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"this is no TOML: {error}", field="text", mend=MEND) from None
    found: Any = whole
    for part in table:
        found = found[int(part)] if isinstance(found, list) else found[part]
    for key, value in values.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = list(value) if isinstance(value, tuple) else value
    return whole


def _with(lines: Sequence[str], path: Path, value: Any) -> list[str]:
    """The lines with one key set, or without it."""
    numbers = line_numbers("".join(lines))
    start = numbers.get(path, 0) - 1
    if start >= 0:
        end = _end(lines, start)
        comment = _comment(lines[start]) if end == start + 1 else ""
    elif value is None:
        return list(lines)
    else:
        own = [number - 1 for each, number in numbers.items() if each[:-1] == path[:-1]]
        start = end = max((_end(lines, one) for one in own), default=numbers.get(path[:-1], len(lines)))
        comment = ""
    made = [] if value is None else f"{path[-1]} = {toml_value(value)}{comment}\n".splitlines(keepends=True)
    before = list(lines[:start])
    if made and before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    return [*before, *made, *lines[end:]]


def _end(lines: Sequence[str], start: int) -> int:
    """The line after a key's value, which begins on a line."""
    for end in range(start + 1, min(len(lines), start + LONGEST_VALUE) + 1):
        try:
            tomllib.loads("".join(lines[start:end]))
        except tomllib.TOMLDecodeError:
            continue
        return end
    raise InvalidInput("the value does not end", field="text", value=lines[start].strip()[:60], mend=MEND)


def _comment(line: str) -> str:
    """The comment behind a value, with the blanks before it."""
    said = tomllib.loads(line)
    for at, sign in enumerate(line):
        if sign != "#":
            continue
        try:
            if tomllib.loads(line[:at]) == said:
                return line[len(line[:at].rstrip()) :].rstrip("\r\n")
        except tomllib.TOMLDecodeError:
            continue
    return ""
