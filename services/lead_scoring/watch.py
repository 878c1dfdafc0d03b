"""What serves, looked at again: have its inputs moved, and what came of what it said; challengers score along unseen.

    python -m services.lead_scoring watch --history F --model F --out FILE [--told FILE] [--shadow VERSION=F]…

`told` holds what was said of records that have ended since, {"version": what serves, "rows": [{"deal", "version",
"probability", "closed", "won"}, …]}, and of challengers {"shadow": {version: [… with "served" beside]}}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from kit.errors import Poisoned
from learning.columns import Table
from learning.curves import Judged, gap
from learning.history import read_history
from learning.metrics import METRICS, Array, bootstrap
from learning.minimums import MIN_JUDGED
from learning.shift import Reference
from services.lead_scoring.card import difference
from services.lead_scoring.champion import calibration
from services.lead_scoring.inputs import kept, looked_at
from services.lead_scoring.model import ScoreModel, load

LEAST_EACH = 5  # outcomes of each sort to say anything
LEAST_OF_MONTH = 30
JUDGED = ("auc", "log_loss", "ece")
RESAMPLES = 400
SEED = 0
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Shadows:
    """Challengers by version; those whose artifact cannot be read are left out and named."""

    models: Mapping[str, ScoreModel]
    unreadable: tuple[str, ...]

    @classmethod
    def of(cls, folders: Mapping[str, Path]) -> Shadows:
        """Read from their artifacts."""
        models, unreadable = {}, []
        for version, folder in folders.items():
            try:
                models[version] = load(folder)
            except Poisoned:
                unreadable.append(version)
        return cls(models, tuple(unreadable))


def watch(history: Path, model: Path, told: Mapping[str, Any], shadows: Mapping[str, Path]) -> dict[str, Any]:
    """Everything there is to say, as the gateway keeps it."""
    with threadpool_limits(1):
        folder, serving, others = read_history(history), load(model), Shadows.of(shadows)
        day = folder.manifest.business_day
        names = sorted({*serving.columns, *(name for one in others.models.values() for name in one.columns)})
        now = looked_at(folder.deals(), day, names)
        still = np.arange(len(now.deal_ids)) < now.open
        table, ids = now.table.take(still), now.deal_ids[: now.open]
        said = {version: _said(one, table) for version, one in others.models.items()}
        return {
            "day": day.isoformat(), "open": now.open, "rows": len(now.deal_ids),
            "inputs": _inputs(kept(model), serving, now.table),
            "outcomes": outcomes(told.get("rows", ()), str(told.get("version", ""))),
            "shadow": {
                "scores": _beside(ids, _said(serving, table), said), "unreadable": list(others.unreadable),
                "compared": {version: beside(rows) for version, rows in dict(told.get("shadow", {})).items()},
            },
        }  # fmt: skip


def _said(model: ScoreModel, table: Table) -> Array:
    if not table.rows:
        return np.zeros(0)
    return np.asarray(model.score(table).probability, dtype=np.float64)


def _beside(ids: Sequence[str], served: Array, said: Mapping[str, Array]) -> dict[str, list[Any]]:
    """By version, each open record with what the challenger says and what the serving model says of the same row."""
    return {
        version: [[*row] for row in zip(ids, one.round(6).tolist(), served.round(6).tolist(), strict=True)]
        for version, one in said.items()
    }


def _inputs(then: tuple[date, Reference] | None, serving: ScoreModel, table: Table) -> dict[str, Any]:
    """Which of the columns that the model reads are spread otherwise than when it was trained."""
    if serving.prior:
        return {"why": "prior"}
    if then is None:
        return {"why": "not_kept"}
    day, reference = then
    facts = {"since": day.isoformat(), "rows_then": reference.rows, "rows_now": table.rows}
    if not reference.columns:
        return facts | {"why": "reads_nothing"}
    found = reference.compare(table)
    if not found:
        return facts | {"why": "few_rows"}
    return facts | {"columns": [one.to_json() for one in found]}


def outcomes(rows: Rows, version: str) -> dict[str, Any]:
    """Of records that ended: what the serving version had said beside what came; and by month, whoever said it."""
    mine = [one for one in rows if one["version"] == version]
    months = sorted({str(one["closed"])[:7] for one in rows}, reverse=True)
    of = {month: [one for one in rows if str(one["closed"])[:7] == month] for month in months}
    return {
        "serving": figures(mine, MIN_JUDGED) | {"version": version},
        "months": [{"month": month, **figures(of[month], LEAST_OF_MONTH)} for month in months],
    }


def judged(rows: Rows, name: str = "probability") -> Judged:
    """Each record counts once, spread over the weeks in which it was scored."""
    _, groups, counts = np.unique([one["deal"] for one in rows], return_inverse=True, return_counts=True)
    won, said = (np.array([float(one[key]) for one in rows]) for key in ("won", name))
    return Judged(won, said, 1.0 / counts[groups], groups.astype(np.int64))


def figures(rows: Rows, least: int) -> dict[str, Any]:
    """How many ended, how many were won and how many were said to be; AUC, log loss and calibration error with
    intervals, and whether the probabilities are off beyond chance. `few` where there are too few to tell."""
    if not rows:
        return {"records": 0, "won": 0, "few": True}
    one = judged(rows)
    records, won = one.records, len(np.unique(one.groups[one.won > 0]))
    seen = gap(one)
    told = {"records": records, "won": won, "said": round(seen.mean, 6), "rate": round(seen.rate, 6)}
    if records < least or min(won, records - won) < LEAST_EACH:
        return told | {"few": True}
    rate = Judged(one.won, np.full(len(one.won), seen.rate), one.weight, one.groups)
    return told | {"few": False} | {name: _interval(name, one) for name in JUDGED} | {
        "calibration": calibration(one, SEED),
        # beside the best that one number for all could have said, known only afterwards
        "above_rate": difference(METRICS["log_loss"], one, rate, SEED, resamples=RESAMPLES),
    }  # fmt: skip


def beside(rows: Rows) -> dict[str, Any]:
    """A challenger and what served on the same records, as each was last scored by both before it ended."""
    if not rows:
        return {"records": 0, "won": 0, "few": True}
    one, other = judged(rows), judged(rows, "served")
    records, won = one.records, len(np.unique(one.groups[one.won > 0]))
    told = {"records": records, "won": won}
    if records < LEAST_OF_MONTH or min(won, records - won) < LEAST_EACH:
        return told | {"few": True}
    return told | {
        "few": False,
        "models": {
            who: {name: _interval(name, part) for name in JUDGED}
            for who, part in (("challenger", one), ("serving", other))
        },
        "difference": {name: difference(METRICS[name], one, other, SEED, resamples=RESAMPLES) for name in JUDGED},
    }  # fmt: skip


def _interval(name: str, rows: Judged) -> dict[str, float | None]:
    return bootstrap(METRICS[name], rows.won, rows.probability, rows.weight, rows.groups, seed=SEED).to_json()


def run(history: Path, model: Path, told: Path | None, shadows: Mapping[str, Path], out: Path) -> None:
    """`watch` on files."""
    facts = json.loads(told.read_text(encoding="utf-8")) if told else {}
    found = watch(history, model, facts, shadows)
    out.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
