"""Within how many days a lead is to convert for its score to call it a success."""

from __future__ import annotations

from typing import Any

from kit.errors import InvalidInput

DEFAULT_HORIZON = 90
LONGEST_HORIZON = 1_095
WORD_FOR_NONE = "none"  # on command lines


def checked_horizon(given: Any, field: str, none: str = "null") -> int | None:
    """Days from 1 to three years, or None for the outcome in the end. Raises InvalidInput; `none` is how the caller
    writes None."""
    whole = isinstance(given, int) and not isinstance(given, bool)
    if given is None or (whole and 1 <= given <= LONGEST_HORIZON):
        return given if given is None else int(given)
    mend = f"Use 1 to {LONGEST_HORIZON} days, or {none} for the outcome in the end"
    raise InvalidInput("this is no horizon", field=field, value=str(given)[:60], mend=mend)


def horizon_of_text(text: str, field: str) -> int | None:
    """The same as a command line has it: a number, or `none`. Raises InvalidInput."""
    if text == WORD_FOR_NONE:
        return None
    return checked_horizon(int(text) if text.isascii() and text.isdigit() else text, field, WORD_FOR_NONE)
