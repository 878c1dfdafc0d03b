"""Training: history in; model, evaluation and out-of-fold scores out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from learning.calibration import sigmoid
from learning.columns import Floats
from learning.history import read_history
from learning.overrules import Overrules
from learning.parallel import Workers, cores, workers
from learning.scores import SCORES
from services.lead_scoring import learned_from
from services.lead_scoring.card import model_card
from services.lead_scoring.champion import Champion
from services.lead_scoring.champion_kinds import beside_kinds
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.evaluation import evaluate, facts_of
from services.lead_scoring.forward import Progress
from services.lead_scoring.inputs import keep
from services.lead_scoring.kinds_told import kinds_told, why_prior
from services.lead_scoring.model import ScoreModel
from services.lead_scoring.parts import Study, joined, learn, served, shared_folds

ARTIFACT_FOLDER, SCORES_FILE, EVALUATION_FILE = "artifact", "scores.parquet", "evaluation.json"
PARALLEL_CELLS = 1_500_000  # of labelled rows × columns, from which on a second process pays
PROCESSES = 4
HELD_CELLS = 50_000_000  # by all processes together: each holds the data anew, and works on a copy of most
STATED = -1  # the horizon: what the history says
READING = 0.1  # share of the progress


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and the out-of-fold scores (log-odds, nan where a row was in no fold's test) of its rows.

    beside: how it compares with the champion, where one was given; not a part of the model, which is the same without.
    """

    model: ScoreModel
    data: Dataset
    scores: Floats
    beside: Mapping[str, Any] = field(default_factory=dict)


def train(
    data: Dataset, seed: int, progress: Progress, *, card: bool = False, champion: Champion | None = None
) -> Trained:
    """Validate, fit, calibrate and evaluate, with a model card where one is wanted, beside the champion where one
    serves. Never refuses: fewer data give a plainer model.

    `progress` is told stages and a share of the whole that only grows. Runs in two or more processes where the data
    are large; the result is the same.
    """
    facts = facts_of(data, seed)
    # threads that wait for each other cost more than they give
    with threadpool_limits(1), _team(data) as run:
        folds = shared_folds(data, seed)
        parts = learn(data, Study(seed, folds, part(progress, 0.0, 0.9)), run, _team)
        progress("evaluating", 0.9)
        forward, model = joined(data, parts), ScoreModel(served(parts), {}, data.horizon_days, data.known)
        facts |= {"kinds": kinds_told(parts, seed)}
        if forward is None:
            facts |= why_prior(data)
            none = beside_kinds(data, parts, champion, Study(seed, folds), _team) if champion else {}
            return Trained(replace(model, evaluation=facts), data, np.full(len(data.taken), np.nan), none)
        facts |= evaluate(data, forward, model, seed)
        if card:
            facts["card"] = model_card(data, forward, model, seed, run)
    found = beside_kinds(data, parts, champion, Study(seed, folds), _team) if champion else {}
    progress("evaluating", 1.0)
    scores = forward.scores if forward.predicts else forward.base_scores
    return Trained(replace(model, evaluation=facts), data, scores, found)


def _team(data: Dataset) -> AbstractContextManager[Workers]:
    """Workers on the data, as many as pay."""
    return workers(data, processes_for(int(data.labelled.sum()) * max(len(data.table.columns), 1)))


def processes_for(cells: int) -> int:
    """How many processes train on so many cells: one where they are few, and fewer the more memory each takes."""
    if cells < PARALLEL_CELLS:
        return 1
    return min(cores(), PROCESSES, max(1, HELD_CELLS // cells))


def part(progress: Progress, start: float, end: float) -> Progress:
    """Progress of a part, told as the whole's."""
    return lambda stage, share: progress(stage, start + (end - start) * min(max(share, 0.0), 1.0))


def train_folder(
    history: Path,
    out: Path,
    seed: int,
    progress: Progress,
    overrules: Overrules | None = None,
    champion: Champion | None = None,
    horizon_days: int | None = STATED,
) -> Trained:
    """Train on a folder in the history format and write `out`: artifact/ (the model, how what it scores was spread, and
    which deals it learned from), evaluation.json (a copy of the model's, with the comparison with the champion as
    `champion`) and scores.parquet (deal_id, day, probability: time-forward scores for other models to train on).

    overrules: columns that people keep or leave out, whatever the leak guard says. horizon_days: within which leads
    are to convert, None: at all; without it what the folder states.
    """  # fmt: skip
    folder = read_history(history)
    progress("reading the history", 0.0)
    deals = folder.deals(lambda share: progress("reading the history", READING * share))
    also = champion.model.columns if champion and champion.model else ()
    horizon = folder.manifest.lead_horizon_days if horizon_days == STATED else horizon_days
    data = build_dataset(deals, folder.manifest.business_day, overrules, also, horizon)
    trained = train(data, seed, part(progress, READING, 1.0), card=True, champion=champion)
    trained.model.save(out / ARTIFACT_FOLDER)
    learned_from.keep(data, out / ARTIFACT_FOLDER)
    keep(folder.deals(), folder.manifest.business_day, trained.model.columns, out / ARTIFACT_FOLDER)
    found = dict(trained.model.evaluation) | ({"champion": trained.beside} if trained.beside else {})
    text = json.dumps(found, ensure_ascii=False, sort_keys=True, indent=2)
    (out / EVALUATION_FILE).write_text(text, encoding="utf-8")
    _write_scores(trained, out / SCORES_FILE)
    return trained


def _write_scores(trained: Trained, path: Path) -> None:
    data, known = trained.data, ~np.isnan(trained.scores)
    columns = [
        pa.array([data.deal_ids[record] for record in data.record[known].tolist()], pa.string()),
        pa.array([date.fromordinal(day) for day in data.taken[known].tolist()], pa.date32()),
        pa.array(sigmoid(trained.scores[known])),
    ]
    pq.write_table(pa.table(columns, schema=SCORES), path, compression="zstd")
