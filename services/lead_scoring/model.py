"""The score's model: a blend with its calibration folded in; JSON, npz and LightGBM's text on disk, nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kit.errors import Poisoned
from learning.blend import Blend
from learning.calibration import logit
from learning.columns import Floats, Table
from learning.encoder import Encoder
from learning.linear import LinearScorer, Scores
from learning.reasons import Names, Reason, Teller
from learning.texts import TextColumn
from learning.trees import Trees
from services.lead_scoring.domain import TOP_REASONS, Score, listed, rounded

FORMAT = 2
MODEL_FILE, WEIGHTS_FILE, TREES_FILE, EVALUATION_FILE = "model.json", "weights.npz", "trees.txt", "evaluation.json"
KINDS = ("blend", "logistic", "base_rate", "prior")
# The prior's own belief: worth 4 closed records of which 30 % were won.
PRIOR_WON, PRIOR_LOST = 1.2, 2.8
REFITS = 20


@dataclass(frozen=True)
class ScoreModel:
    """What serves: `kind` is blend (trees beside the linear model), logistic (that alone), base_rate (nothing predicts)
    or prior (too few outcomes)."""

    kind: str
    scorer: LinearScorer | Blend
    evidence: Mapping[str, Sequence[Sequence[int]]] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    widening: float = 1.0  # of the refits' and bags' deviations (`width.widening`)

    @property
    def prior(self) -> bool:
        """Whether no trained model stands behind the numbers."""
        return self.kind == "prior"

    @property
    def nothing_predicts(self) -> bool:
        """Whether training found that no column tells anything: every record gets the rate."""
        return self.kind == "base_rate"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(column.name for column in self.scorer.encoder.columns)

    @cached_property
    def _teller(self) -> Teller:
        return Teller(self.scorer.encoder, self.evidence)

    def score(self, table: Table) -> Scores:
        """Every row's log-odds and interval."""
        found = self.scorer.score(table)
        return replace(found, deviation=self.widening * found.deviation)

    def explain(self, table: Table, names: Names | None = None, top: int = TOP_REASONS) -> list[Score]:
        """Every row's score with reasons: base_log_odds + effects = log-odds of the probability.

        names: by column, what to call a value in words.
        """
        spread, effects = self.scorer.explained(table)
        base = self.scorer.base
        exact = Scores(base + effects.sum(axis=1), self.widening * spread.deviation)
        why: list[tuple[Reason, ...]] = self._teller.reasons(table, effects, top, names)
        told = zip(effects.tolist(), rounded(effects).tolist(), strict=True)
        parts = [listed(zip(self.columns, short, strict=True), sum(row)) for row, short in told]
        rows = zip(exact.probability.tolist(), exact.low.tolist(), exact.high.tolist(), why, parts, strict=True)
        known = self.prior, self.nothing_predicts
        return [Score(p, low, high, base, one, *known, part) for p, low, high, one, part in rows]

    def save(self, folder: Path) -> None:
        """Write the artifact: the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        linear, trees = (
            (self.scorer.linear, self.scorer.trees) if isinstance(self.scorer, Blend) else (self.scorer, None)
        )
        described: dict[str, Any] = {
            "format": FORMAT, "kind": self.kind, "columns": linear.encoder.to_json(), "widening": self.widening,
            "evidence": {name: [list(one) for one in counts] for name, counts in self.evidence.items()},
        }  # fmt: skip
        arrays = {"weights": linear.weights, "intercepts": linear.intercepts, "means": linear.means}
        for index, column in enumerate(linear.encoder.columns):
            if isinstance(column, TextColumn):
                arrays[f"text{index}"] = column.arrays()
        if trees is not None and isinstance(self.scorer, Blend):
            described["trees"] = {"bags": trees.bags, "rounds": trees.rounds}
            arrays["tree_weights"] = self.scorer.tree_weights
            (folder / TREES_FILE).write_text(trees.text, encoding="utf-8")
        _write_json(folder / MODEL_FILE, described)
        _write_json(folder / EVALUATION_FILE, dict(self.evaluation))
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        (folder / WEIGHTS_FILE).write_bytes(buffer.getvalue())


def load(folder: Path) -> ScoreModel:
    """Read an artifact; Poisoned where it is none of this format, or its parts do not fit together."""
    try:
        described = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
        evaluation = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
        if described["format"] != FORMAT or described["kind"] not in KINDS:
            raise ValueError("another format or kind")
        with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as kept:
            arrays = {name: np.asarray(kept[name], dtype=np.float64) for name in kept.files}
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("weights that are no finite numbers")
        encoder = Encoder.from_json(described["columns"], arrays)
        linear = _linear(encoder, arrays)
        scorer: LinearScorer | Blend = linear
        if "trees" in described:
            scorer = _blend(linear, described["trees"], (folder / TREES_FILE).read_text(encoding="utf-8"), arrays)
        wider = float(described.get("widening", 1.0))
        if not 1.0 <= wider < float("inf"):
            raise ValueError("intervals that are no intervals")
    except (OSError, ValueError, LookupError, TypeError, EOFError, ZeroDivisionError) as error:
        raise Poisoned(f"This is no lead scoring model: {error}.", field="artifact", mend="Train it again.") from None
    return ScoreModel(described["kind"], scorer, described["evidence"], evaluation, wider)


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


def constant_model(kind: str, intercepts: Sequence[float], evaluation: Mapping[str, Any] | None = None) -> ScoreModel:
    """A model that gives every record the same probability: intercepts are the log-odds and those of refits."""
    scorer = LinearScorer(Encoder(()), np.zeros((0, len(intercepts))), np.array(intercepts), np.zeros(0))
    return ScoreModel(kind, scorer, {}, evaluation or {})


def prior_model(won: float = 0.0, lost: float = 0.0, evaluation: Mapping[str, Any] | None = None) -> ScoreModel:
    """The company's own rate of `won` and `lost` records, shrunk towards a general belief; wide where they are few.

    The interval is that of a Beta(a, b) in log-odds, whose variance is about 1/a + 1/b.
    """
    a, b = PRIOR_WON + won, PRIOR_LOST + lost
    middle = logit(a / (a + b))
    spread = np.linspace(-1.0, 1.0, REFITS)
    intercepts = middle + spread / spread.std() * np.sqrt(1 / a + 1 / b)
    return constant_model("prior", [middle, *(float(one) for one in intercepts)], evaluation)


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")), encoding="utf-8")
