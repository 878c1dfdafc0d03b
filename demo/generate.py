"""Writes the sample company and its truth: what the command and `dealcast up --sample` call."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from demo.company import build_company
from demo.telling import tell_all
from demo.truth import write_truth
from demo.write import write_company
from kit.errors import InvalidInput

DEFAULT_DEALS, DEFAULT_SEED = 10_000, 7
FEWEST, MOST = 100, 1_000_000


def generate(folder: Path, deals: int, seed: int, today: date) -> dict[str, int]:
    """Write `folder` in the history format and `folder`/truth; returns counts of what was written.

    Three years up to the eve of `today`. The same arguments write the same bytes. InvalidInput where `deals` is out
    of bounds or the folder holds something else.
    """
    if not FEWEST <= deals <= MOST:
        raise InvalidInput(
            f"{deals} deals are not between {FEWEST} and {MOST}.",
            field="deals",
            value=str(deals),
            mend="Ask for others.",
        )
    if not date(1990, 1, 1) <= today <= date(2900, 1, 1):
        raise InvalidInput("This day is out of bounds.", field="today", value=today.isoformat(), mend="Name another.")
    if folder.exists() and not folder.is_dir():
        raise InvalidInput("This is no folder.", field="out", value=str(folder), mend="Name a folder.")
    company = build_company(deals, seed, today)
    summary: Counter[str] = Counter()
    flaws: list[tuple[str, str]] = []
    for told in write_company(company, tell_all(company), folder):
        state = "deleted" if told.deal.deleted else told.deal.outcome.value.lower()
        summary.update({"deals": 1, state: 1, "changes": len(told.changes), "activities": len(told.activities)})
        if told.flaw:
            flaws.append((told.deal.id, told.flaw))
    write_truth(company, flaws, folder / "truth")
    return dict(summary)
