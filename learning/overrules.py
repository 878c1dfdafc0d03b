"""What people decided about columns against, or beyond, the leak guard."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from kit.errors import InvalidInput

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # in databases and on command lines
MOST_NAMES, LONGEST_NAME = 200, 250
PREFIXES = ("", "fields.", "account.")  # that people leave out
MOST_NEAR = 3
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


def loose(name: str) -> str:
    """A name without what people mistype: case, spaces, dashes, underscores and dots."""
    return re.sub(r"[\s_.\-]+", "", name.casefold()) or name


def meant(wanted: str, names: Collection[str]) -> str:
    """The column that a name means: by its exact name, else by the only one that is like it but for case, spaces and
    the prefix of custom fields and accounts; "" where there is none or more than one."""
    if wanted in names:
        return wanted
    forms = {loose(prefix + wanted) for prefix in PREFIXES}
    alike = [name for name in names if loose(name) in forms]
    return alike[0] if len(alike) == 1 else ""


def near(wanted: str, names: Collection[str]) -> list[str]:
    """Columns whose names are like one that none bears."""
    by_form: dict[str, str] = {}
    for name in names:
        for prefix in PREFIXES:
            if name.startswith(prefix):
                by_form.setdefault(loose(name.removeprefix(prefix)), name)
    found = difflib.get_close_matches(loose(wanted), by_form, 2 * MOST_NEAR, 0.7)
    return list(dict.fromkeys(by_form[one] for one in found))[:MOST_NEAR]


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
