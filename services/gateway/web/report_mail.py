"""The weekly report as a mail: whole, or cut by section to what mail programs take. static/day.js does the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from services.gateway.web.words import JOINER, Words

LONGEST_MAIL = 6_000  # characters of a text in an address, as it stands there, that mail programs take
HEADING = re.compile(r"\[.*?\]")


def mail_address(subject: str, text: str, order: Sequence[str] = ("",), note: str = "") -> str:
    """What opens a mail with the text."""
    return f"mailto:?subject={quote(subject)}&body={quote(fitted(text.replace(JOINER, ''), order, note))}"


def dropped_first(words: Words) -> list[str]:
    """Headings in the order in which their lines give way; "" is the head, and what people added."""
    named = [f"[{words.name('report', name)}]" for name in ("moved", "new", "due", "lost", "won", "help")]
    return [*named[:-1], "", named[-1]]


def too_long(text: str) -> bool:
    """Whether a mail does not take the whole text."""
    return len(quote(text.replace(JOINER, ""))) > LONGEST_MAIL


def fitted(text: str, order: Sequence[str], note: str) -> str:
    """The text; one too long without the last lines of the sections that come first in `order`, ended by the note."""
    if not too_long(text):
        return text
    parts: list[tuple[str, list[str]]] = []
    for line in text.rstrip().split("\n"):
        found = HEADING.match(line)
        if found or not parts:
            parts.append((found.group() if found else "", []))
        parts[-1][1].append(line)

    def told() -> str:
        return "\n\n".join([*("\n".join(lines).rstrip() for _, lines in parts if lines), *([note] if note else [])])

    def turn(part: tuple[str, list[str]]) -> int:
        return order.index(part[0] if part[0] in order else "")

    for heading, lines in sorted(parts, key=turn):
        while lines and too_long(told()):
            lines.pop()
            if heading and len(lines) == 1:  # alone it would say that there is nothing
                lines.clear()
    return told()
