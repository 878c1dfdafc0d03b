"""The use case: a deal in, the past deals most like it out, without waiting long for a text to be encoded."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Protocol

from kit.models import Pointer
from learning.records import DealHistory
from services.next_best_action.encoder import Floats, TextVectors
from services.next_best_action.similar import Known, SimilarDeal, SimilarDeals, row_of, text_of, words_vector

WAIT_SECONDS = 0.3  # for a text that is being encoded


class CurrentDeals(Protocol):
    """Tells the past deals in use."""

    @property
    def current(self) -> tuple[SimilarDeals, Pointer | None]: ...


class NoneKnown:
    """Before anything was trained."""

    current: tuple[SimilarDeals, Pointer | None] = (SimilarDeals(), None)


class Likeness:
    """Compares deals with the past ones in use."""

    def __init__(self, deals: CurrentDeals, vectors: TextVectors, *, wait: float = WAIT_SECONDS) -> None:
        self._deals, self._vectors, self._wait = deals, vectors, wait

    async def nearest(self, history: DealHistory, day: date, count: int) -> tuple[list[SimilarDeal], bool]:
        """At most `count` each of won and lost, the likest first; and whether the deal's text was not encoded yet."""
        deals, _ = self._deals.current
        if not len(deals):
            return [], False
        text = text_of(history.activities, day)
        encoded, pending = await self._encoded(text, deals)
        known = Known(deals.fields_of(row_of(history, day)), encoded, words_vector(deals.ngrams, text))
        return deals.nearest(known, count, but=history.deal.id), pending

    async def _encoded(self, text: str, deals: SimilarDeals) -> tuple[Floats | None, bool]:
        if not text or deals.encoder != self._vectors.name or not self._vectors.reads(text):
            return None, False
        future = self._vectors.vectors([text])
        try:
            found = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._wait)
        except TimeoutError:
            return None, True
        except RuntimeError:  # the encoder cannot be loaded: n-grams stand in
            return None, False
        return found[0], False
