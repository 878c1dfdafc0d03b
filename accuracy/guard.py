"""The leak guard on real files: leaks planted one at a time, honest columns counted, known leaks named."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from accuracy.histories import datasets
from accuracy.told import told
from learning.columns import Floats, Table, Texts
from services.lead_scoring.file_flags import FileOptions
from services.lead_scoring.files import Training, read_files

DRAWS = 20
PLANTED = "planted"
SIZES = (450, 4_000)  # rows that leaks are planted among
EDUCATION_LEAKS = (
    "Tags", "Lead Quality", "Lead Profile", "Asymmetrique Activity Index", "Asymmetrique Profile Index",
    "Asymmetrique Activity Score", "Asymmetrique Profile Score", "Last Activity", "Last Notable Activity",
    "What is your current occupation", "What matters most to you in choosing a course",
)  # fmt: skip
CRM_LEAKS = ("account", "close_date", "close_value", "deal_stage")


@dataclass(frozen=True, slots=True)
class Case:
    """A real file: its columns, how it ended, and which columns its README calls leaks."""

    name: str
    training: Training
    leaks: tuple[str, ...]


def section() -> str:
    """The section of docs/accuracy.md."""
    with TemporaryDirectory() as folder:
        cases = list(_cases(Path(folder)))
    return "\n".join([_INTRODUCTION, *_planted(cases), "", *(told(_honest(case)) for case in cases)])


_INTRODUCTION = """## The leak guard on files

A leak of each kind is planted as one more column of the whole file, cut to 450 and to 4,000 closed rows, with other
rows and other noise each time. Found means left out or warned of. Of the honest columns beside it, those left out must
stay at 1 % or less.

| kind of leak | planted | left out | found | honest columns left out | warned of |
|---|---|---|---|---|---|"""


def _cases(folder: Path) -> Iterator[Case]:
    data = datasets()
    for name, file, target, leaks in (
        ("education_leads", "leads.csv", "Converted", EDUCATION_LEAKS),
        ("telco_churn", "customers.csv", "Churn", ()),
        ("crm_sales_opportunities", "sales_pipeline.csv", "outcome", CRM_LEAKS),
    ):
        source = data / name / file
        with source.open(encoding="utf-8", newline="") as opened:
            head, *rows = list(csv.reader(opened))
        if target == "outcome":
            stage = head.index("deal_stage")
            rows = [[*row, row[stage] if row[stage] in ("Won", "Lost") else ""] for row in rows]
            head = [*head, target]
        train, test = folder / f"{name}.csv", folder / f"{name}-test.csv"
        for path, part in ((train, rows), (test, rows[:1])):
            with path.open("w", encoding="utf-8", newline="") as written:
                csv.writer(written).writerows([head, *part])
        yield Case(name, read_files(FileOptions(train, test, target), lambda *_: None)[0], leaks)


Plant = Callable[[np.random.Generator, Floats, int], tuple[Floats | Texts, Floats | Texts | None]]


def _texts(values: np.ndarray, words: tuple[str, ...]) -> Texts:
    return Texts(words, values.astype(np.int64))


def _copy(generator: np.random.Generator, won: Floats, opened: int, wrong: float) -> tuple[Texts, Texts]:
    flips = generator.random(len(won)) < wrong
    said = np.where(flips, 1 - won, won)
    return _texts(said, ("cold", "hot")), _texts(generator.integers(0, 2, opened), ("cold", "hot"))


def _amount(generator: np.random.Generator, won: Floats, opened: int) -> tuple[Floats, Floats]:
    paid: Floats = generator.lognormal(7, 1, len(won)).round(2)
    return won * paid, np.full(opened, np.nan)


def _noisy_number(generator: np.random.Generator, won: Floats, opened: int) -> tuple[Floats, Floats]:
    return won * 2.5 + generator.normal(size=len(won)), generator.normal(size=opened)


def _reason(generator: np.random.Generator, won: Floats, opened: int, share: float) -> tuple[Texts, Texts]:
    filled = (won == 0) & (generator.random(len(won)) < share)
    values = np.where(filled, generator.integers(0, 4, len(won)), -1)
    words = ("price", "timing", "competitor", "no need")
    return _texts(values, words), _texts(np.full(opened, -1), words)


def _with_closing(generator: np.random.Generator, won: Floats, opened: int, gaps: float) -> tuple[Texts, Texts]:
    words = tuple(f"account {number}" for number in range(80))
    closed = np.where(generator.random(len(won)) < gaps, -1, generator.integers(0, 80, len(won)))
    late = np.where(generator.random(opened) < 0.9, -1, generator.integers(0, 80, opened))
    return _texts(closed, words), _texts(late, words)


def _counted(generator: np.random.Generator, won: Floats, opened: int) -> tuple[Floats, Floats]:
    """Numbers given at closing, the won ones first."""
    order = np.argsort(np.argsort(1 - won + generator.random(len(won)) * 0.9, kind="stable"))
    return order.astype(np.float64) + 1000, np.full(opened, np.nan)


def _changed(generator: np.random.Generator, won: Floats, opened: int) -> tuple[Texts, Texts]:
    words = ("proposal", "negotiation", "done", "archived")
    return _texts(generator.integers(2, 4, len(won)), words), _texts(generator.integers(0, 2, opened), words)


def _partly_changed(generator: np.random.Generator, won: Floats, opened: int, share: float) -> tuple[Texts, Texts]:
    """Closing changes it on a share of the records; the others keep a value that open ones have too."""
    words = ("qualified", "proposal", "negotiation", "handed over", "archived")
    after, before = generator.integers(3, 5, len(won)), generator.integers(0, 3, len(won))
    values = np.where(generator.random(len(won)) < share, after, before)
    return _texts(values, words), _texts(generator.integers(0, 3, opened), words)


def _moved_number(generator: np.random.Generator, won: Floats, opened: int, share: float) -> tuple[Floats, Floats]:
    """A number that closing raises by three deviations on a share of the records."""
    raised = generator.random(len(won)) < share
    return generator.normal(size=len(won)) + 3.0 * raised, generator.normal(size=opened)


PLANTS: Mapping[str, Plant] = {
    "the outcome itself": lambda g, won, opened: _copy(g, won, opened, 0.0),
    "the outcome, 5 % wrong": lambda g, won, opened: _copy(g, won, opened, 0.05),
    "the outcome, 15 % wrong": lambda g, won, opened: _copy(g, won, opened, 0.15),
    "an amount paid, 0 when lost": _amount,
    "a score set after the outcome": _noisy_number,
    "a reason, on 95 % of the lost": lambda g, won, opened: _reason(g, won, opened, 0.95),
    "a reason, on 30 % of the lost": lambda g, won, opened: _reason(g, won, opened, 0.3),
    "numbers given at closing": _counted,
    "filled in by closing": lambda g, won, opened: _with_closing(g, won, opened, 0.0),
    "filled in by closing, half the time": lambda g, won, opened: _with_closing(g, won, opened, 0.5),
    "changed by closing": _changed,
    "changed by closing, 3 of 4 times": lambda g, won, opened: _partly_changed(g, won, opened, 0.75),
    "a number changed by closing": lambda g, won, opened: _moved_number(g, won, opened, 1.0),
    "a number changed by closing, 3 of 4 times": lambda g, won, opened: _moved_number(g, won, opened, 0.75),
}


def _planted(cases: list[Case]) -> Iterator[str]:
    everything = np.zeros(6, dtype=int)
    for kind, plant in PLANTS.items():
        counts = np.zeros(6, dtype=int)
        for case in cases:
            for draw in range(DRAWS):
                for size in SIZES:
                    counts += _one(case, plant, size, draw, needs_open="by closing" in kind)
        everything += counts
        yield told(_line(kind, counts))
    yield _line("all", everything)


def _line(kind: str, counts: np.ndarray) -> str:
    planted, dropped, found, honest, wrongly, warned = counts.tolist()
    shares = f"{dropped / planted:.0%} | {found / planted:.1%} | {wrongly / honest:.2%} | {warned / honest:.1%}"
    return f"| {kind} | {planted} | {shares} |"


def _one(case: Case, plant: Plant, size: int, draw: int, *, needs_open: bool) -> np.ndarray:
    """Planted, left out, found; honest columns, of those left out, and warned of.

    All files lend some of their closed rows as open ones.
    """
    training, generator = case.training, np.random.default_rng([draw, size])
    rows = generator.permutation(len(training.won))
    closed = rows[:size]
    opened = rows[size : size + size // 3] if needs_open else rows[:0]
    won = training.won[closed]
    here, there = plant(generator, won, len(opened))
    table = _with(training.table.take(closed), here)
    late = _with(training.table.take(opened), there) if needs_open and there is not None else None
    found = {one.column: one.drop for one in replace_tables(training, table, late, won).guard()}
    honest = [name for name in training.table.columns if name not in case.leaks]
    wrongly = [found[name] for name in honest if name in found]
    planted = 1, found.get(PLANTED, False), PLANTED in found
    return np.array([*planted, len(honest), sum(wrongly), len(wrongly) - sum(wrongly)], dtype=int)


def _with(table: Table, planted: Floats | Texts) -> Table:
    return replace(table, columns={**table.columns, PLANTED: planted})


def replace_tables(training: Training, table: Table, opened: Table | None, won: Floats) -> Training:
    """The same file with other rows and columns."""
    return replace(training, table=table, opened=opened, won=won)


def _honest(case: Case) -> str:
    """What the guard says of the file as it is."""
    training = case.training
    found = training.guard()
    honest = [name for name in training.table.columns if name not in case.leaks]
    dropped = [one.column for one in found if one.drop]
    wrongly = [name for name in dropped if name in honest]
    draws = 0
    for draw in range(DRAWS):
        rows = np.sort(np.random.default_rng(draw).permutation(len(training.won))[:450])
        part = replace_tables(training, training.table.take(rows), training.opened, training.won[rows])
        draws += sum(one.drop and one.column in honest for one in part.guard())
    suspected = [one.column for one in found if not one.drop]

    def listed(names: list[str]) -> str:
        return ", ".join(f"`{name}`" for name in names) or "none"

    return (
        f"* `{case.name}`: left out {listed(dropped)}; suspected {listed(suspected)}. Honest columns left out: "
        f"{len(wrongly)} of {len(honest)}, and {draws} of {DRAWS * len(honest)} in samples of 450 rows."
    )
