"""`dealcast evaluate lead-scoring` on real files with fixed splits, beside logistic regression and LightGBM."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from accuracy.guard import EDUCATION_LEAKS
from accuracy.histories import datasets
from learning.baselines import BASE_RATE, LIGHTGBM, LOGISTIC
from services.lead_scoring.file_flags import FileOptions
from services.lead_scoring.file_run import OURS, Output, Report, run

SPLITS = 5
DRAWS = 20
Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to train on and rows to test on, with the flags that go with them."""

    name: str
    head: list[str]
    train: Rows
    test: Rows
    target: str
    time: str | None = None
    drop: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """Mean figures of a set: by model AUC, log loss and ECE; and what a perfect score's ECE would stay below."""

    name: str
    figures: Mapping[str, tuple[float, float, float]]
    perfect: float
    kinds: str
    seconds: float


def _read(path: Path) -> tuple[list[str], Rows]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    return head, rows


def _shuffled(rows: Rows, seed: int) -> Rows:
    return [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]


def education(seeds: Sequence[int] = range(SPLITS)) -> Iterator[Split]:
    """70/30, without the columns that leak."""
    head, rows = _read(datasets() / "education_leads" / "leads.csv")
    for seed in seeds:
        mixed, cut = _shuffled(rows, seed), int(0.7 * len(rows))
        yield Split("education_leads", head, mixed[:cut], mixed[cut:], "Converted", drop=",".join(EDUCATION_LEAKS))


def education_small(rows_each: int = 100, seeds: Sequence[int] = range(DRAWS)) -> Iterator[Split]:
    """So many training rows, tested on the same 30 % each time."""
    first = next(education([0]))
    for seed in seeds:
        drawn = _shuffled(first.train, seed)[:rows_each]
        name = f"education_leads, {rows_each} training rows"
        yield Split(name, first.head, drawn, first.test, first.target, drop=first.drop)


def telco(seeds: Sequence[int] = range(SPLITS)) -> Iterator[Split]:
    """70/30."""
    head, rows = _read(datasets() / "telco_churn" / "customers.csv")
    for seed in seeds:
        mixed, cut = _shuffled(rows, seed), int(0.7 * len(rows))
        yield Split("telco_churn", head, mixed[:cut], mixed[cut:], "Churn")


def telco_drifting(seeds: Sequence[int] = range(SPLITS)) -> Iterator[Split]:
    """Put in an order of time in which the rate halves and the customers change: first 80 % to last 20 %.

    Who comes late is drawn by contract and charges, and late churners are thinned, so that effects and rate shift.
    """
    head, rows = _read(datasets() / "telco_churn" / "customers.csv")
    contract, charges, churn = (head.index(name) for name in ("Contract", "MonthlyCharges", "Churn"))
    for seed in seeds:
        generator = np.random.default_rng([seed, 1])
        late = np.array([
            0.9 * (row[contract] != "Month-to-month") + float(row[charges]) / 120
            - 0.8 * (row[churn] == "Yes") * (float(row[charges]) > 70) for row in rows
        ])  # fmt: skip
        order = np.argsort(late + generator.logistic(0, 0.8, len(rows)))
        told, cut = [rows[place] for place in order], int(0.8 * len(rows))
        yield Split("telco_churn, drifting", head, told[:cut], told[cut:], "Churn", time="row-order")


def opportunities() -> Iterator[Split]:
    """Fields known from the start, first 80 % of closed deals to the last 20 %, by the day of engagement."""
    head, rows = _read(datasets() / "crm_sales_opportunities" / "sales_pipeline.csv")
    stage, engaged = head.index("deal_stage"), head.index("engage_date")
    closed = sorted((row for row in rows if row[stage] in ("Won", "Lost")), key=lambda row: row[engaged])
    opened = [[*row[:stage], "", *row[stage + 1 :]] for row in rows if row[stage] not in ("Won", "Lost")]
    cut = int(0.8 * len(closed))
    yield Split("crm_sales_opportunities", head, closed[:cut] + opened, closed[cut:], "deal_stage", "engage_date")


SETS: Mapping[str, Callable[[], Iterator[Split]]] = {
    "education": education, "telco": telco, "drifting": telco_drifting, "crm": opportunities,
    "small": education_small, "small400": lambda: education_small(400),
}  # fmt: skip


def evaluate(split: Split, out: Path | None = None) -> Report:
    """What the command does, on one split."""
    with TemporaryDirectory() as folder:
        train, test = Path(folder) / "train.csv", Path(folder) / "test.csv"
        for path, rows in ((train, split.train), (test, split.test)):
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([split.head, *rows])
        options = FileOptions(train, test, split.target, time=split.time, drop=split.drop)
        return run(options, Output(out, lambda _: "", reasons=0), lambda *_: None)


def measure(splits: Iterator[Split]) -> Result:
    """Mean figures over the splits of a set."""
    began, name = time.process_time(), ""
    figures: dict[str, list[tuple[float, float, float]]] = {}
    perfect, kinds, count = [], set[str](), 0
    for split in splits:
        name, count = split.name, count + 1
        report = evaluate(split)
        kinds.add(report.model.kind)
        if report.figures is None:
            continue
        for model, of in report.figures.of.items():
            figures.setdefault(model, []).append((of["auc"].value, of["log_loss"].value, of["ece"].value))
        perfect.append(_perfect_ece(report.figures.rows, report.figures.won / report.figures.rows))
    means = {model: tuple(np.mean(values, axis=0).tolist()) for model, values in figures.items()}
    seconds = (time.process_time() - began) / max(count, 1)
    return Result(name, {key: (a, b, c) for key, (a, b, c) in means.items()}, float(np.mean(perfect)),
                  ", ".join(sorted(kinds)), seconds)  # fmt: skip


def _perfect_ece(rows: int, rate: float) -> float:
    """The 95th percentile of the ECE of a perfectly calibrated score on as many rows, spread around the rate."""
    from learning.metrics import ece

    generator = np.random.default_rng(0)
    strength = 2.0
    found = []
    for _ in range(200):
        p = generator.beta(strength * rate, strength * (1 - rate), rows)
        found.append(ece((generator.random(rows) < p).astype(np.float64), p, np.ones(rows)))
    return float(np.quantile(found, 0.95))


def section() -> str:
    """The section of docs/accuracy.md."""
    return "\n".join([_INTRODUCTION, *(_lines(measure(SETS[name]())) for name in SETS)])


_INTRODUCTION = f"""## Lead scoring on files

What `dealcast evaluate lead-scoring` reaches on files with fixed splits: {SPLITS} random 70/30 splits of
`education_leads` (without the columns that its README lists as leaks) and of `telco_churn`; `telco_churn` put in an
order in which rates and effects shift, first 80 % to last 20 %; `crm_sales_opportunities` by day of engagement; and
{DRAWS} draws of 100 and of 400 training rows of `education_leads`. Means of AUC / log loss / ECE. The last column says
how large the ECE of a perfectly calibrated score may be by chance.

| data | Dealcast | logistic regression | LightGBM | base rate | log loss / better of both | model | perfect ECE |
|---|---|---|---|---|---|---|---|"""


def _lines(result: Result) -> str:
    told = [_figures(result.figures.get(name)) for name in (OURS, LOGISTIC, LIGHTGBM, BASE_RATE)]
    others = [result.figures[name][1] for name in (LOGISTIC, LIGHTGBM) if name in result.figures]
    ratio = f"{result.figures[OURS][1] / min(others):.3f}" if others else "–"
    return "| " + " | ".join([result.name, *told, ratio, result.kinds, f"{result.perfect:.3f}"]) + " |"


def _figures(figures: tuple[float, float, float] | None) -> str:
    return " / ".join(f"{value:.3f}" for value in figures) if figures is not None else "–"


def main(names: Sequence[str]) -> None:
    """`python -m accuracy.lead_scoring_files [SET]...`: the table alone, for some sets or all."""
    print(_INTRODUCTION)
    for name in names or SETS:
        result = measure(SETS[name]())
        print(_lines(result), f"{result.seconds:.1f} s of CPU each", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
