"""One pass over a served table for all that an encoder's columns ask of it: the linear score and the trees share it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from learning.columns import Codes, Floats, Table, as_numbers
from learning.encoder import ChoiceColumn, Encoder, NumberColumn
from learning.texts import TextColumn


@dataclass(frozen=True, slots=True)
class Read:
    """numbers: rows × number columns, nan where missing; bins: a row's place, by choice column; texts: rows × width, by
    text column."""

    rows: int
    numbers: Floats
    bins: list[Codes]
    texts: list[Floats]

    def part(self, rows: slice) -> Read:
        """Some of the rows."""
        count = len(range(*rows.indices(self.rows)))
        bins, texts = [one[rows] for one in self.bins], [one[rows] for one in self.texts]
        return Read(count, self.numbers[rows], bins, texts)


class Reader:
    """Reads tables for an encoder. numbers, choices, texts: each kind's places among the encoder's columns."""

    def __init__(self, encoder: Encoder) -> None:
        every = list(enumerate(encoder.columns))
        self._numbers = [(index, one) for index, one in every if isinstance(one, NumberColumn)]
        self._choices = [(index, one) for index, one in every if isinstance(one, ChoiceColumn)]
        self._texts = [(index, one) for index, one in every if isinstance(one, TextColumn)]
        self.numbers, self.choices, self.texts = (
            np.array([index for index, _ in kind], dtype=np.int64)
            for kind in (self._numbers, self._choices, self._texts)
        )

    def read(self, table: Table) -> Read:
        """All rows; absent columns are missing."""
        given, rows = table.columns, table.rows
        numbers = np.empty((len(self._numbers), rows))
        for place, (_, number) in enumerate(self._numbers):
            column = given.get(number.name)
            numbers[place] = column if isinstance(column, np.ndarray) else as_numbers(column, rows)
        numbers[np.isinf(numbers)] = np.nan
        bins = [choice.bins(given.get(choice.name), rows) for _, choice in self._choices]
        texts = [text.features(given.get(text.name), rows) for _, text in self._texts]
        return Read(rows, numbers.T, bins, texts)
