"""What the page of data and models shows below the lights: which inputs moved since the serving model learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.web.timeline import field_text
from services.gateway.web.words import Words

MOST_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class MovedView:
    """A column: which share of the records is elsewhere now, and how many values were missing and are."""

    column: str
    share: str
    psi: str
    missing: str


@dataclass(frozen=True, slots=True)
class DriftView:
    """All columns in a sentence, and those that moved."""

    told: str
    moved: tuple[MovedView, ...]
    more: int


def drift_view(inputs: Mapping[str, Any] | None, words: Words) -> DriftView | None:
    """Of the look's `score.inputs`; None where nothing was compared."""
    columns = (inputs or {}).get("columns") or ()
    if not inputs or not columns:
        return None
    moved = [one for one in columns if one["moved"]]
    told = words(
        "trust.inputs", moved=len(moved), of=len(columns), day=words.day(inputs["since"]),
        now=words.number(inputs["rows_now"]), then=words.number(inputs["rows_then"]),
    )  # fmt: skip
    shown = tuple(
        MovedView(field_text(one["column"], words), words.percent(one["share"]), f"{one['psi']:.2f}",
                  " → ".join(words.percent(share) for share in one["missing"]))
        for one in moved[:MOST_COLUMNS]
    )  # fmt: skip
    return DriftView(told, shown, max(0, len(moved) - MOST_COLUMNS))
