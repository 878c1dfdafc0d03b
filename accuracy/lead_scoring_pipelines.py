"""What pipelines teach together and alone, where chances are known: three designs beside the one that serves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from accuracy.told import told
from learning.blend import fit_stack
from learning.calibration import sigmoid
from learning.columns import Codes, Floats, Table, Texts
from learning.guard_histories import Verdict
from learning.minimums import MIN_OUTCOMES
from learning.parallel import workers
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.final import fit_final
from services.lead_scoring.forward import validate
from services.lead_scoring.parts import Fitted, Study, share_of, shared_folds, taken

TRUTHS: Mapping[str, str] = {
    "same": "the same effects, other rates", "related": "effects that differ by half",
    "opposite": "the same effects, in one pipeline the other way round",
}  # fmt: skip
SIZES = (100, 1500)  # records of each of two pipelines, beside a third of at least BESIDE
BESIDE = 1_500
SEEDS = (1, 2, 3)
TESTED = 3_000  # records of each pipeline, with their true chances
NUMBERS, LEVELS, DAYS = 6, 8, 700
DESIGNS = ("together", "corrected", "alone", "mixed")
FEW, MANY, SLACK = SIZES[0], SIZES[-1], 0.003


def section() -> str:
    """The part of docs/accuracy.md."""
    with threadpool_limits(1):
        rows = [(truth, size, measured(truth, size)) for truth in TRUTHS for size in SIZES]
    return "\n".join([_INTRODUCTION, _HEAD, *(told(_row(*one)) for one in rows)])


_INTRODUCTION = f"""### By pipeline

Simulated companies of three pipelines with {NUMBERS} numbers and a choice of {LEVELS} values, two of the pipelines of
the size named, the third of {BESIDE:,} records or more. What each of the two loses in log loss beside the true chances
(mean of {len(SEEDS)} companies, {TESTED:,} new records of each): *together*, one model with the pipeline as a column;
*corrected*, its log-odds with an offset and a slope a pipeline, both shrunk; *alone*, a model a pipeline; *mixed*, what
serves: a share of the pipeline's own log-odds, shrunk towards none. Bars: mixed at most {SLACK} worse than together at
{FEW} records, and than alone at {MANY:,}."""
_HEAD = """
| pipelines have | records | together | corrected | alone | mixed | share | bar |
|---|---|---|---|---|---|---|---|"""


def _row(truth: str, size: int, found: Mapping[str, float]) -> str:
    limit = {FEW: "together", MANY: "alone"}.get(size)
    met = limit is None or found["mixed"] <= found[limit] + SLACK
    bar = "" if limit is None else "met" if met else "not met"
    cells = [TRUTHS[truth], f"{size:,}", *(f"{found[name]:.4f}" for name in DESIGNS), f"{found['share']:.2f}", bar]
    return "| " + " | ".join(cells) + " |"


def measured(truth: str, size: int) -> dict[str, float]:
    """By design, the mean loss beyond that of the true chances, and the mean share."""
    found = [one for seed in SEEDS for one in _company(truth, size, seed)]
    return {name: float(np.mean([one[name] for one in found])) for name in (*DESIGNS, "share")}


def _company(truth: str, size: int, seed: int) -> list[dict[str, float]]:
    sizes = (size, size, max(size, BESIDE))
    generator = np.random.default_rng([seed, size])
    table, log_odds = _rows(truth, sizes, generator)
    data = _dataset(table, log_odds, generator)
    later, chances = _rows(truth, (TESTED,) * 3, generator)
    study = Study(seed, shared_folds(data, seed))
    together = _fitted(data, study)
    return [_pipeline(data, study, together, (later, chances), number) for number in (0, 1)]


def _pipeline(
    data: Dataset, study: Study, together: Fitted, later: tuple[Table, Floats], number: int
) -> dict[str, float]:  # fmt: skip
    inside, tested = (np.flatnonzero(_codes(table) == number) for table in (data.table, later[0]))
    members, table, chances = data.take(inside), later[0].take(tested), later[1][tested]
    scores = {"together": together.model.score(table).log_odds}
    rows = inside[(together.forward.mature[inside] > 0) & np.isfinite(together.scores[inside])]
    stack = fit_stack(together.scores[rows], None, data.won[rows], together.forward.mature[rows])
    scores["corrected"] = stack.apply(scores["together"], None)
    won, lost = members.outcomes
    assert won + lost >= MIN_OUTCOMES
    alone = _fitted(members, Study(study.seed, taken(study.folds or (), inside)))
    scores["alone"] = alone.model.score(table).log_odds
    share = share_of(data, inside, together, alone)
    scores["mixed"] = (1 - share) * scores["together"] + share * scores["alone"]
    least = _loss(chances, chances)
    return {name: _loss(chances, found) - least for name, found in scores.items()} | {"share": share}


def _fitted(data: Dataset, study: Study) -> Fitted:
    """As `parts.fit`, without finding out how wide intervals must be."""
    with workers(data, 1) as run:
        forward = validate(data, study.seed, study.progress, run, study.folds)
        return Fitted(forward, fit_final(data, forward, study.seed, study.progress, run))


def _loss(chances: Floats, log_odds: Floats) -> float:
    return float(np.mean(np.logaddexp(0.0, log_odds) - sigmoid(chances) * log_odds))


def _codes(table: Table) -> Codes:
    column = table.columns["pipeline"]
    assert isinstance(column, Texts)
    return column.codes


def _effects(truth: str) -> list[tuple[float, Floats, Floats]]:
    """By pipeline: its rate's log-odds, the numbers' effects and the levels'."""
    generator = np.random.default_rng(5)
    numbers, levels = generator.normal(0, 0.6, NUMBERS), generator.normal(0, 0.5, LEVELS)
    found = []
    for number, rate in enumerate(generator.normal(0, 0.6, 3).tolist()):
        own = generator.normal(0, 0.6, NUMBERS), generator.normal(0, 0.5, LEVELS)
        if truth == "related":
            found.append((rate, numbers + 0.5 * own[0], levels + 0.5 * own[1]))
        else:
            sign = -1.0 if truth == "opposite" and number == 1 else 1.0
            found.append((rate, sign * numbers, sign * levels))
    return found


def _rows(truth: str, sizes: tuple[int, ...], generator: np.random.Generator) -> tuple[Table, Floats]:
    pipeline = generator.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)
    count = len(pipeline)
    numbers, choice = generator.normal(size=(count, NUMBERS)), generator.integers(0, LEVELS, count)
    effects = _effects(truth)
    rates = np.array([one[0] for one in effects])[pipeline]
    slopes, levels = np.array([one[1] for one in effects])[pipeline], np.array([one[2] for one in effects])
    log_odds = rates + (numbers * slopes).sum(axis=1) + levels[pipeline, choice]
    columns: dict[str, Floats | Texts] = {f"x{number}": numbers[:, number].copy() for number in range(NUMBERS)}
    columns["choice"] = Texts([f"c{one}" for one in range(LEVELS)], choice.astype(np.int64))
    columns["pipeline"] = Texts([f"p{one}" for one in range(len(sizes))], pipeline)
    return Table(count, columns), log_odds


def _dataset(table: Table, log_odds: Floats, generator: np.random.Generator) -> Dataset:
    count, last = table.rows, date(2018, 1, 1).toordinal()
    days = np.sort(generator.integers(0, DAYS, count)) + last - DAYS
    closed = days + 1 + generator.exponential(30, count).astype(np.int64)
    won = (generator.random(count) < sigmoid(log_odds)).astype(np.float64)
    ids = tuple(str(one) for one in range(count))
    return Dataset(
        table, ids, np.arange(count), days, np.where(closed > last, 0, closed), won, np.ones(count), Verdict()
    )


if __name__ == "__main__":
    print(section())
