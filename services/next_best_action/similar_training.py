"""Picks the past deals that open ones are compared with, and freezes what was done next in each and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nlargest
from zlib import crc32

import numpy as np

from learning.history import HistoryFolder
from learning.records import DealHistory, DealKind, Outcome
from learning.snapshots import end_of, phases
from learning.timeline import Cell
from services.next_best_action.encoder import TextVectors
from services.next_best_action.features import CONTACT_TYPES
from services.next_best_action.similar import (
    NUMBERS,
    Floats,
    SimilarDeals,
    fields_vector,
    numbers_of,
    quantised,
    row_of,
    text_of,
    words_vector,
)
from services.next_best_action.texts import fit

MOST_DEALS = 2_000  # the last closed ones
MOST_ENCODED = 400  # texts given to the encoder: at 20 to 40 ms each, training would wait minutes for all
SHORTEST_LIFE = 2  # days
FIRST, LAST = 0.2, 0.8  # of a deal's life, between which it is looked at
MOST_DAYS = 32_000


@dataclass(frozen=True, slots=True)
class Past:
    """A closed deal as of a day of its life."""

    deal_id: str
    closed: date
    day: date
    won: bool
    following: str
    days_to_next: int
    row: Mapping[str, Cell]
    numbers: Floats
    text: str


def learn(folder: HistoryFolder, vectors: TextVectors | None = None, *, seed: int = 0) -> SimilarDeals:
    """Of the last closed opportunities; texts by the encoder where one is given and reads them, by n-grams anyway."""
    as_of = folder.manifest.business_day
    closed = (past for history in folder.deals() if (past := past_of(history, as_of)) is not None)
    return index(nlargest(MOST_DEALS, closed, key=lambda one: (one.closed, one.deal_id)), vectors, seed=seed)


def past_of(history: DealHistory, as_of: date) -> Past | None:
    """A closed opportunity as of a day of its life that its id picks; none for others and the shortest."""
    deal = history.deal
    ended = [one for one in phases(history, as_of) if one.kind is DealKind.OPPORTUNITY and one.label is not None]
    if deal.deleted or not ended or ended[-1].closed_day is None:
        return None
    phase, closed = ended[-1], ended[-1].closed_day
    life = (closed - phase.start).days
    if life < SHORTEST_LIFE:
        return None
    share = FIRST + (LAST - FIRST) * crc32(deal.id.encode()) / 2**32
    day = phase.start + timedelta(days=int(share * life))
    following, days = _next_done(history, day, closed)
    row = row_of(history, day)
    return Past(deal.id, closed, day, phase.label is Outcome.WON, following, days, row, numbers_of(row),
                text_of(history.activities, day))  # fmt: skip


def _next_done(history: DealHistory, day: date, closed: date) -> tuple[str, int]:
    start, end = end_of(day), end_of(closed)
    for one in sorted(history.activities, key=lambda each: each.time):
        if start <= one.time < end and one.direction == "outbound" and one.type in CONTACT_TYPES:
            return one.type, (one.time - start).days + 1
    return "", 0


def index(past: Sequence[Past], vectors: TextVectors | None = None, *, seed: int = 0) -> SimilarDeals:
    """What is kept of past deals; none where there are none."""
    if not past:
        return SimilarDeals()
    ngrams = fit([one.text for one in past if one.text], seed=seed)
    numbers = np.array([one.numbers for one in past])
    centre = np.array([numbers.mean(axis=0), np.maximum(numbers.std(axis=0), 1e-3)], dtype=np.float32)
    fields = np.array([fields_vector(one.row, centre[0], centre[1]) for one in past])
    words = np.array([words_vector(ngrams, one.text) for one in past])
    text = _encoded(past, vectors)
    days = np.array(
        [(one.day.toordinal(), one.days_to_next, min((one.closed - one.day).days, MOST_DAYS)) for one in past],
        dtype=np.int32,
    )
    assert centre.shape == (2, len(NUMBERS))
    return SimilarDeals(
        encoder=vectors.name if vectors is not None and text.shape[1] else "",
        ids=np.array([one.deal_id for one in past]), won=np.array([one.won for one in past]), days=days,
        following=np.array([one.following for one in past]), fields=quantised(fields), text=quantised(text),
        words=quantised(words), centre=centre, ngrams=ngrams,
    )  # fmt: skip


def _encoded(past: Sequence[Past], vectors: TextVectors | None) -> Floats:
    """(deals, dimensions of the encoder), 0 where it does not read the text; no dimensions without it."""
    none = np.zeros((len(past), 0), dtype=np.float32)
    at = [place for place, one in enumerate(past) if vectors is not None and one.text and vectors.reads(one.text)]
    at = at[:MOST_ENCODED]
    if vectors is None or not at:
        return none
    try:
        found = vectors.vectors([past[place].text for place in at]).result()
    except Exception:  # told in the log by whoever could not load it; n-grams stand in
        return none
    text = np.zeros((len(past), len(found[0])), dtype=np.float32)
    text[at] = np.array(found)
    return text
