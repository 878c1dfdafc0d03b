"""A part of the score's model: a blend with its calibration folded in, for the rows of a kind or of a pipeline."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from learning.blend import Blend
from learning.calibration import logit
from learning.columns import Floats, Table
from learning.encoder import Column, Encoder
from learning.linear import LinearScorer, Scores
from learning.reasons import Evidence, Names, Reason, Teller
from learning.texts import TextColumn
from learning.trees import Trees
from services.lead_scoring.domain import Score, listed, rounded

WEIGHTS_FILE, TREES_FILE = "weights.npz", "trees.txt"
KINDS = ("blend", "logistic", "base_rate", "prior")
# The prior's own belief: worth 4 closed records of which 30 % were won.
PRIOR_WON, PRIOR_LOST = 1.2, 2.8
REFITS = 20


@dataclass(frozen=True, slots=True)
class Explained:
    """Scores taken apart: log-odds = base + the sum of a row's effects (rows × columns)."""

    base: float
    effects: Floats
    deviation: Floats

    @property
    def scores(self) -> Scores:
        """Log-odds and interval."""
        return Scores(self.base + self.effects.sum(axis=1), self.deviation)


@dataclass(frozen=True)
class PartModel:
    """`kind` is blend (trees beside the linear model), logistic (that alone), base_rate (nothing predicts) or prior
    (too few outcomes)."""

    kind: str
    scorer: LinearScorer | Blend
    evidence: Evidence = field(default_factory=dict)
    widening: float = 1.0  # of the refits' and bags' deviations (`width.widening`)

    @property
    def prior(self) -> bool:
        """Whether no trained model stands behind the numbers."""
        return self.kind == "prior"

    @property
    def nothing_predicts(self) -> bool:
        """Whether training found that no column tells anything: every record gets the rate."""
        return self.kind == "base_rate"

    @property
    def encoded(self) -> tuple[Column, ...]:
        """The columns it reads, and how."""
        return self.scorer.encoder.columns

    def score(self, table: Table) -> Scores:
        """Every row's log-odds and interval."""
        found = self.scorer.score(table)
        return replace(found, deviation=self.widening * found.deviation)

    def explained(self, table: Table) -> Explained:
        """The same, taken apart by column of `encoded`."""
        found, effects = self.scorer.explained(table)
        return Explained(self.scorer.base, effects, self.widening * found.deviation)

    def described(self) -> dict[str, Any]:
        """What the artifact's JSON says of it; the arrays and trees go beside it."""
        linear, trees = _pieces(self.scorer)
        found: dict[str, Any] = {
            "kind": self.kind, "columns": linear.encoder.to_json(), "widening": self.widening,
            "evidence": {name: [list(one) for one in counts] for name, counts in self.evidence.items()},
        }  # fmt: skip
        return found if trees is None else found | {"trees": {"bags": trees.bags, "rounds": trees.rounds}}

    def write(self, folder: Path, prefix: str = "") -> None:
        """The arrays and trees, under names that begin with the prefix: the same model gives the same bytes."""
        linear, trees = _pieces(self.scorer)
        arrays = {"weights": linear.weights, "intercepts": linear.intercepts, "means": linear.means}
        for index, column in enumerate(linear.encoder.columns):
            if isinstance(column, TextColumn):
                arrays[f"text{index}"] = column.arrays()
        if trees is not None and isinstance(self.scorer, Blend):
            arrays["tree_weights"] = self.scorer.tree_weights
            (folder / f"{prefix}{TREES_FILE}").write_text(trees.text, encoding="utf-8")
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        (folder / f"{prefix}{WEIGHTS_FILE}").write_bytes(buffer.getvalue())


def read_part(described: Mapping[str, Any], folder: Path, prefix: str = "") -> PartModel:
    """The inverse of `described` and `write`. Raises ValueError and its kin where they do not fit together."""
    if described["kind"] not in KINDS:
        raise ValueError("another kind")
    with np.load(folder / f"{prefix}{WEIGHTS_FILE}", allow_pickle=False) as kept:
        arrays = {name: np.asarray(kept[name], dtype=np.float64) for name in kept.files}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("weights that are no finite numbers")
    linear = _linear(Encoder.from_json(described["columns"], arrays), arrays)
    scorer: LinearScorer | Blend = linear
    if "trees" in described:
        text = (folder / f"{prefix}{TREES_FILE}").read_text(encoding="utf-8")
        scorer = _blend(linear, described["trees"], text, arrays)
    wider = float(described.get("widening", 1.0))
    if not 1.0 <= wider < float("inf"):
        raise ValueError("intervals that are no intervals")
    return PartModel(described["kind"], scorer, described["evidence"], wider)


def _pieces(scorer: LinearScorer | Blend) -> tuple[LinearScorer, Trees | None]:
    return (scorer.linear, scorer.trees) if isinstance(scorer, Blend) else (scorer, None)


def _linear(encoder: Encoder, arrays: Mapping[str, Floats]) -> LinearScorer:
    weights, intercepts, means = (arrays[name] for name in ("weights", "intercepts", "means"))
    if (weights.shape, means.shape) != ((encoder.width, len(intercepts)), (len(encoder.columns),)):
        raise ValueError(f"weights of shape {weights.shape} do not fit {encoder.width} features")
    return LinearScorer(encoder, weights, intercepts, means)


def _blend(linear: LinearScorer, counts: Mapping[str, int], text: str, arrays: Mapping[str, Floats]) -> Blend:
    blend = Blend(linear, Trees(text, counts["bags"], counts["rounds"]), arrays["tree_weights"])
    if blend.tree_weights.shape != linear.intercepts.shape:
        raise ValueError("the trees' weights do not fit the refits")
    nothing = Table(1, {})
    blend.explained(nothing)  # fails where the trees read other features than the columns give
    return blend


def constant_part(kind: str, intercepts: Sequence[float]) -> PartModel:
    """Gives every record the same probability: intercepts are the log-odds and those of refits."""
    return PartModel(kind, LinearScorer(Encoder(()), np.zeros((0, len(intercepts))), np.array(intercepts), np.zeros(0)))


def prior_part(won: float = 0.0, lost: float = 0.0) -> PartModel:
    """The company's own rate of `won` and `lost` records, shrunk towards a general belief; wide where they are few.

    The interval is that of a Beta(a, b) in log-odds, whose variance is about 1/a + 1/b.
    """
    a, b = PRIOR_WON + won, PRIOR_LOST + lost
    middle = logit(a / (a + b))
    spread = np.linspace(-1.0, 1.0, REFITS)
    intercepts = middle + spread / spread.std() * np.sqrt(1 / a + 1 / b)
    return constant_part("prior", [middle, *(float(one) for one in intercepts)])


class Describer:
    """Puts explained scores into words, for one set of columns and its evidence."""

    def __init__(self, columns: Sequence[Column], evidence: Evidence) -> None:
        self.names = tuple(column.name for column in columns)
        self._columns, self._evidence = tuple(columns), evidence

    @cached_property
    def _teller(self) -> Teller:
        return Teller(Encoder(self._columns), self._evidence)

    def scores(
        self, table: Table, told: Explained, flags: Sequence[tuple[bool, bool]], names: Names | None, top: int,
        horizon_days: int,
    ) -> Iterator[Score]:  # fmt: skip
        """A score a row, with its `top` strongest reasons. flags: a row's (prior, nothing_predicts)."""
        exact, effects = told.scores, told.effects
        why: list[tuple[Reason, ...]] = self._teller.reasons(table, effects, top, names)
        rows = zip(effects.tolist(), rounded(effects).tolist(), strict=True)
        parts = [listed(zip(self.names, short, strict=True), sum(row)) for row, short in rows]
        every = zip(exact.probability.tolist(), exact.low.tolist(), exact.high.tolist(), why, flags, parts, strict=True)
        for p, low, high, one, known, part in every:
            yield Score(p, low, high, told.base, one, known[0], known[1], part, horizon_days)
