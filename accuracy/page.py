"""The page that sections are written to: each with its own commit and machine, so that some can be measured anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

HEAD = """# Accuracy on real data

Splits and seeds are fixed in `accuracy/`; below each section stands at which commit and on which machine it was
measured. `make accuracy` measures all anew, `python -m accuracy SECTION…` some:
{names}."""
_MARK = "<!-- section: {name} -->"
_MARKED = re.compile(r"^<!-- section: (\w+) -->\n", re.MULTILINE)


def parse(page: str) -> dict[str, str]:
    """The sections that a page holds, by name."""
    _, *parts = _MARKED.split(page)
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def render(sections: Mapping[str, str], names: Sequence[str], head: str = HEAD) -> str:
    """The page with the sections there are, in the order of the names; it says which are not there."""
    head = head.format(names=_listed(names))
    missing = [name for name in names if name not in sections]
    parts = [f"Not measured yet: {_listed(missing)}."] if missing else []
    parts += [f"{_MARK.format(name=name)}\n{sections[name]}" for name in names if name in sections]
    return "\n\n".join([head, *parts]) + "\n"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
