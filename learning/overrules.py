"""What people decided about columns against, or beyond, the leak guard."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kit.errors import InvalidInput

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # in databases and on command lines
MOST_NAMES, LONGEST_NAME = 200, 250
EXAMPLE = 'Send {"keep": ["fields.source"], "drop": ["account_id"]}'


@dataclass(frozen=True, slots=True)
class Overrules:
    """Names of columns to keep whatever the guard says, and to leave out, each in order."""

    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @classmethod
    def of(cls, keep: Any, drop: Any, field: str = "") -> Overrules:
        """Checked lists of names. Raises InvalidInput; `field` is the path that it names them under."""
        made = cls(_names(keep, f"{field}keep"), _names(drop, f"{field}drop"))
        both = set(made.keep) & set(made.drop)
        if both:
            mend = "Name it in keep or in drop"
            raise InvalidInput("a column is to be kept and left out", field=f"{field}drop", value=min(both), mend=mend)
        return made

    def after(self, later: Overrules) -> Overrules:
        """Both, where the later decision about a column counts. Raises InvalidInput where they become too many."""
        keep = (set(self.keep) - set(later.drop)) | set(later.keep)
        drop = (set(self.drop) - set(later.keep)) | set(later.drop)
        return Overrules.of(sorted(keep), sorted(drop))

    def to_json(self) -> dict[str, list[str]]:
        """As settings and REST have it."""
        return {"keep": list(self.keep), "drop": list(self.drop)}

    def options(self) -> list[str]:
        """On a command line; with = because a name may begin with a dash."""
        return [f"--{verb}={name}" for verb, names in self.to_json().items() for name in names]


def _names(given: Any, field: str) -> tuple[str, ...]:
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | dict):
        raise InvalidInput("this is no list of columns", field=field, value=str(given)[:60], mend=EXAMPLE)
    names = list(given)
    if len(names) > MOST_NAMES:
        raise InvalidInput("too many columns", field=field, value=str(len(names)), mend=f"Name up to {MOST_NAMES}")
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or UNSTORABLE.search(name):
            mend = f"Use names of up to {LONGEST_NAME} characters, as evaluation.json lists them"
            raise InvalidInput("this is no name of a column", field=field, value=str(name)[:60], mend=mend)
    return tuple(sorted(set(names)))
