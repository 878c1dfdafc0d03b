"""The models that anybody would try first, plain and untuned, to be measured beside ours on the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from learning.columns import MISSING, Floats, Table, Texts, as_numbers, as_texts

BASE_RATE, LOGISTIC, LIGHTGBM = "base rate", "logistic regression", "LightGBM"
MOST_ROWS = 200_000  # beyond, they learn from rows drawn at random


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Columns as a dense matrix: numbers as they are, choices as codes, nan where missing or never seen."""

    numbers: tuple[str, ...]
    choices: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, table: Table) -> _Numbers:
        texts = {name: column for name, column in table.columns.items() if isinstance(column, Texts)}
        choices = {name: {text: place for place, text in enumerate(_used(one))} for name, one in texts.items()}
        return cls(tuple(name for name in table.columns if name not in texts), choices)

    def matrix(self, table: Table) -> Floats:
        """Rows × (numbers, then choices)."""
        out = np.empty((table.rows, len(self.numbers) + len(self.choices)))
        for place, name in enumerate(self.numbers):
            out[:, place] = as_numbers(table.columns.get(name), table.rows)
        for place, (name, codes) in enumerate(self.choices.items(), len(self.numbers)):
            texts = as_texts(table.columns.get(name), table.rows)
            lookup = np.array([*(codes.get(text, np.nan) for text in texts.dictionary), np.nan])
            out[:, place] = lookup[texts.codes]
        return out


def _used(column: Texts) -> list[str]:
    return [column.dictionary[code] for code in np.unique(column.codes).tolist() if code != MISSING]


@dataclass(frozen=True, slots=True)
class Baselines:
    """Fitted: the rate, and where both outcomes occur logistic regression (one-hot, median, scaled) and LightGBM."""

    rate: float
    columns: _Numbers
    models: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: Table, won: Floats, seed: int = 0, weight: Floats | None = None) -> Baselines:
        """Learn from the rows (a random part of very many), which count alike unless weights say otherwise.

        Only their proportions count: with a mean of 1, the models' defaults mean what they mean without any.
        """
        every = np.ones(len(won)) if weight is None else weight * (len(won) / weight.sum())
        rate = (float(every @ won) + 0.5) / (len(won) + 1)
        if len(won) > MOST_ROWS:
            rows = np.sort(np.random.default_rng(seed).choice(len(won), MOST_ROWS, replace=False))
            table, won, every = table.take(rows), won[rows], every[rows]
        columns = _Numbers.of(table)
        if min(won.sum(), len(won) - won.sum()) < 2 or not table.columns:
            return cls(rate, columns)
        matrix = columns.matrix(table)
        models = {LOGISTIC: _logistic(columns, matrix, won, every), LIGHTGBM: _trees(columns, matrix, won, every)}
        return cls(rate, columns, models)

    def predict(self, table: Table) -> dict[str, Floats]:
        """P(won) of every row by every model."""
        found = {BASE_RATE: np.full(table.rows, self.rate)}
        if self.models:
            matrix = self.columns.matrix(table)
            found |= {name: model.predict_proba(matrix)[:, 1] for name, model in self.models.items()}
        return found


def _logistic(columns: _Numbers, matrix: Floats, won: Floats, weight: Floats) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    count = len(columns.numbers)
    # a column without a single number has no median
    middle = SimpleImputer(strategy="median", keep_empty_features=True)
    parts = [
        ("numbers", make_pipeline(middle, StandardScaler()), list(range(count))),
        ("choices", OneHotEncoder(handle_unknown="ignore"), list(range(count, matrix.shape[1]))),
    ]
    made = make_pipeline(ColumnTransformer(parts), LogisticRegression(max_iter=1000))
    return made.fit(matrix, won, logisticregression__sample_weight=weight)


def _trees(columns: _Numbers, matrix: Floats, won: Floats, weight: Floats) -> Any:
    from lightgbm import LGBMClassifier

    choices = list(range(len(columns.numbers), matrix.shape[1]))
    model = LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)
    return model.fit(matrix, won, sample_weight=weight, categorical_feature=choices)
