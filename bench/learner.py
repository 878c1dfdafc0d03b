"""The learner alone: training, bulk scoring beside bare trees, and one explanation, each in a process of its own.

Every figure comes with the most memory that its process ever held, the interpreter and libraries included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import Figure, peak_memory
from bench.scoring import bare_predict
from learning.columns import MISSING, NO, YES, Floats, Table, Texts
from learning.guard_histories import Verdict
from services.lead_scoring.dataset import Dataset

ROWS, BULK_ROWS, EXPLAINED = 50_000, 10_000, 200
NUMBERS, CHOICES, DATES, YES_NO = 18, 12, 6, 4
MISSING_SHARE = 0.08
SPAN_DAYS, DAYS_TO_CLOSE = 730, 60.0
START = date(2016, 1, 4).toordinal()
TRAIN_SECONDS, EXPLAIN_MS, SHARE = 120.0, 10.0, 0.6
ROUNDS = 3
HOW = (
    f"Generated records: {ROWS:,} rows of {NUMBERS} numbers, {CHOICES} choices (2 to 2,000 values), {DATES} dates and "
    f"{YES_NO} yes/no columns, {MISSING_SHARE:.0%} of the cells missing, outcomes that half of the columns tell about. "
    "Trained, validated forward in time and evaluated by the production code, model card included; then scored and "
    "explained from the artifact it wrote. The ceiling of bulk scoring is a bare `Booster.predict` on one thread of "
    "the artifact's own trees, or, where it has none, of 300 trees × 31 leaves on as many columns. Peak memory is the "
    "process's high-water mark, libraries included."
)


def generated(rows: int, seed: int = 7) -> Dataset:
    """Records of every type of column, one row each, in order of time; half of the columns bear on the outcome."""
    random = np.random.default_rng(seed)
    columns: dict[str, Floats | Texts] = {}
    signal = np.zeros(rows)
    for number in range(NUMBERS):
        plain = random.normal(size=rows)
        signal += (number % 2) * 0.25 * plain + (number == 3) * 0.4 * np.abs(plain)
        values = np.exp(plain) * 1000 if number % 3 == 0 else plain * 10 + number
        columns[f"number {number}"] = np.where(random.random(rows) < MISSING_SHARE, np.nan, values)
    for number, levels in enumerate(np.geomspace(2, 2000, CHOICES).astype(int).tolist()):
        codes = np.minimum(random.geometric(min(3 / levels, 0.6), rows) - 1, levels - 1)
        signal += (number % 2) * random.normal(0, 0.5, levels)[codes]
        columns[f"choice {number}"] = _texts([f"value {code}" for code in range(levels)], codes, random)
    for number in range(DATES):
        days = random.integers(-200, 200, rows).astype(np.float64)
        signal += (number % 2) * days / 300
        columns[f"date {number}"] = np.where(random.random(rows) < MISSING_SHARE, np.nan, days)
    for number in range(YES_NO):
        codes = random.integers(0, 2, rows)
        signal += (number % 2) * 0.5 * codes
        columns[f"yes {number}"] = _texts([NO, YES], codes, random)
    won = (random.random(rows) < 1 / (1 + np.exp(1.0 - signal + signal.mean()))).astype(np.float64)
    taken = START + np.sort(random.integers(0, SPAN_DAYS, rows))
    closed = taken + 1 + random.exponential(DAYS_TO_CLOSE, rows).astype(np.int64)
    closed[closed > START + SPAN_DAYS] = 0  # not known yet
    dates = frozenset(f"date {number}" for number in range(DATES))
    ids = tuple(f"D{number}" for number in range(rows))
    return Dataset(
        Table(rows, columns, dates), ids, np.arange(rows), taken, closed, np.where(closed > 0, won, 0.0),
        np.ones(rows), Verdict(),
    )  # fmt: skip


def _texts(dictionary: list[str], codes: np.ndarray[Any, Any], random: np.random.Generator) -> Texts:
    return Texts(dictionary, np.where(random.random(len(codes)) < MISSING_SHARE, MISSING, codes).astype(np.int64))


def train_once(folder: Path) -> dict[str, float]:
    """Train on ROWS rows and keep the artifact."""
    from services.lead_scoring.training import train

    data = generated(ROWS)
    began = time.perf_counter()
    trained = train(data, 0, lambda *_: None, card=True)
    seconds = time.perf_counter() - began
    assert not trained.model.prior
    trained.model.save(folder)
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # KiB on Linux
    return {"seconds": seconds, "worker": worker}


def score_bulk(folder: Path) -> dict[str, float]:
    """Rows a second of the artifact's model, in one call."""
    from services.lead_scoring.model import load

    model, table = load(folder), generated(BULK_ROWS, 8).table
    model.score(table)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        assert len(model.score(table).probability) == BULK_ROWS
    return {"rate": ROUNDS * BULK_ROWS / (time.perf_counter() - began)}


def predict_bare(folder: Path) -> dict[str, float]:
    """Rows a second of the artifact's own trees without anything around them."""
    boosters = trees_of(folder)
    if not boosters:
        return {"rate": bare_predict(NUMBERS + CHOICES + DATES + YES_NO)}
    random = np.random.default_rng(0)
    matrices = [random.normal(size=(BULK_ROWS, booster.num_feature())) for booster in boosters]
    began = time.perf_counter()
    for _ in range(ROUNDS):
        for booster, matrix in zip(boosters, matrices, strict=True):
            booster.predict(matrix, num_threads=1)
    return {"rate": ROUNDS * BULK_ROWS / (time.perf_counter() - began)}


def trees_of(folder: Path) -> list[Any]:
    """The boosters of an artifact: its files in LightGBM's own text format."""
    import lightgbm

    texts = (path.read_text("utf-8") for path in sorted(folder.rglob("*.txt")))
    return [lightgbm.Booster(model_str=text) for text in texts if text.startswith("tree\n")]


def explain_one(folder: Path) -> dict[str, float]:
    """Milliseconds for one row's score with its reasons in words, the median and the 99th percentile."""
    from services.lead_scoring.model import load

    model, table = load(folder), generated(EXPLAINED, 9).table
    rows = [table.take(np.array([row])) for row in range(EXPLAINED)]
    model.explain(rows[0])
    spent = []
    for row in rows:
        began = time.perf_counter()
        [score] = model.explain(row)
        spent.append(1000 * (time.perf_counter() - began))
        assert score.reasons
    return {"median": float(np.median(spent)), "p99": float(np.quantile(spent, 0.99))}


PARTS = {"train": train_once, "score": score_bulk, "bare": predict_bare, "explain": explain_one}


def figures() -> list[Figure]:
    """Every part in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="dealcast-learning-") as name:
        found = {part: _child(part, Path(name) / "artifact") for part in PARTS}
    trained, scored, bare, explained = (found[part] for part in PARTS)
    columns = NUMBERS + CHOICES + DATES + YES_NO
    ceiling = bare["rate"]
    return [
        Figure(f"training, {ROWS:,} × {columns}", trained["seconds"], "s", 0.0, f"≤ {TRAIN_SECONDS:.0f} s",
               trained["seconds"] <= TRAIN_SECONDS),
        Figure("its peak memory", trained["peak"], "MiB"),
        Figure("and that of its largest worker process", trained["worker"], "MiB"),
        Figure(f"bulk scoring, {BULK_ROWS:,} × {columns}", scored["rate"], "rows/s", ceiling,
               f"≥ {SHARE:.0%} of Booster.predict", scored["rate"] >= SHARE * ceiling),
        Figure("its peak memory", scored["peak"], "MiB", bare["peak"]),
        Figure("one explanation, median", explained["median"], "ms", 0.0, f"≤ {EXPLAIN_MS:.0f} ms",
               explained["median"] <= EXPLAIN_MS),
        Figure("one explanation, p99", explained["p99"], "ms"),
        Figure("its peak memory", explained["peak"], "MiB"),
    ]  # fmt: skip


def _child(part: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.learner", part, str(folder)], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(arguments: list[str]) -> None:
    """One part where it is named, else all of them with their figures."""
    if arguments:
        part, folder = arguments
        print(json.dumps(PARTS[part](Path(folder)) | {"peak": peak_memory() or 0.0}))
        return
    print(*(figure.row for figure in figures()), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
