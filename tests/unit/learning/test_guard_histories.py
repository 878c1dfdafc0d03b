"""The leak guard on snapshots: planted leaks of each kind are found, honest columns stay."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from learning.columns import table_from_rows
from learning.guard import fills_with_closing
from learning.guard_histories import Seen, Verdict, judge_snapshots
from learning.guard_single import Labelled
from learning.overrules import Overrules
from learning.records import Outcome
from learning.snapshots import Snapshot, snapshots
from learning.testing import company, last_day
from learning.timeline import Cell

Fill = Callable[[int, Outcome, random.Random], Cell]


@cache
def looked_at() -> tuple[Seen, list[list[Snapshot]]]:
    """A company's snapshots, and the same by record."""
    pairs = [(history, list(snapshots(history, last_day()))) for history in company(600, signal=1.5)]
    pairs = [(history, taken) for history, taken in pairs if taken]
    rows = [one for _, taken in pairs for one in taken]
    table = table_from_rows([one.row for one in rows], [one.day for one in rows])
    ages = table.columns["age_days"]
    assert isinstance(ages, np.ndarray)
    record = np.repeat(np.arange(len(pairs)), [len(taken) for _, taken in pairs])
    won = np.array([float(one.label is Outcome.WON) for one in rows])
    closed = np.array([one.label is not None for one in rows])
    labelled = Labelled(won, np.ones(len(rows)), record)
    return Seen(table, ages, closed, labelled, *fills_with_closing(pairs)), [taken for _, taken in pairs]


def judged(fill: Fill, keep: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> Verdict:
    """The verdict where every record has had the column since its creation."""
    chance = random.Random(5)
    seen, records = looked_at()
    cells: list[Cell] = []
    for number, taken in enumerate(records):
        cells += [fill(number, taken[0].label or Outcome.OPEN, chance)] * len(taken)
    days = [one.day for taken in records for one in taken]
    planted = table_from_rows([{"fields.it": cell} for cell in cells], days)
    table = replace(seen.table, columns={**seen.table.columns, **planted.columns})
    return judge_snapshots(replace(seen, table=table), Overrules(keep, drop))


def outcome_told(share: float) -> Fill:
    """The outcome, wrong at this share; open records have either value."""

    def fill(_: int, outcome: Outcome, chance: random.Random) -> str:
        true = outcome is Outcome.WON if outcome is not Outcome.OPEN else chance.random() < 0.5
        return "hot" if true != (chance.random() < share) else "cold"

    return fill


def test_a_copy_of_the_outcome_is_dropped() -> None:
    verdict = judged(outcome_told(0.0))
    assert [one.column for one in verdict.dropped] == ["fields.it"]
    assert float(verdict.dropped[0].evidence["explained"]) >= 0.95
    assert verdict.absent == {"fields.it"}


def test_what_explains_much_is_suspected_with_the_evidence() -> None:
    verdict = judged(outcome_told(0.15))
    assert verdict.dropped == ()
    assert [one.column for one in verdict.suspected] == ["fields.it"]
    assert 0.2 < float(verdict.suspected[0].evidence["explained"]) < 0.6
    assert not verdict.absent


def test_missing_that_tells_the_outcome_is_dropped() -> None:
    def signed(_: int, outcome: Outcome, chance: random.Random) -> str | None:
        likely = {Outcome.WON: 0.7, Outcome.LOST: 0.0, Outcome.OPEN: 0.35}[outcome]
        return chance.choice("abc") if chance.random() < likely else None

    verdict = judged(signed)
    assert [one.column for one in verdict.dropped] == ["fields.it"]
    assert verdict.dropped[0].evidence["fill_rate_lost"] == 0.0


def test_identifiers_are_dropped_counted_by_record() -> None:
    verdict = judged(lambda number, *_: f"CRM-{number:06d}")
    assert [one.column for one in verdict.dropped] == ["fields.it"]
    evidence = verdict.dropped[0].evidence
    assert evidence["values"] == evidence["records"]
    assert [one.column for one in judged(lambda number, *_: 70_000.0 + number).dropped] == ["fields.it"]


def test_honest_columns_stay() -> None:
    fills: list[Fill] = [
        lambda _, __, chance: chance.choice(["kim", "lee", "park"]),
        lambda _, __, chance: float(round(chance.lognormvariate(9, 1))),
        lambda number, *_: f"group-{number // 3}",
    ]
    for fill in fills:
        verdict = judged(fill)
        assert verdict == Verdict(), verdict


def test_people_overrule_and_it_is_on_record() -> None:
    verdict = judged(outcome_told(0.0), keep=("fields.it", "elsewhere"), drop=("stage",))
    assert verdict.dropped == ()
    assert [one.column for one in verdict.kept] == ["fields.it"]
    assert (verdict.left_out, verdict.unknown) == (("stage",), ("elsewhere",))
    assert verdict.absent == {"stage"}
    told = verdict.to_json()["overrules"]
    assert isinstance(told, dict)
    assert [one["column"] for one in told["kept"]] == ["fields.it"]
    assert judged(outcome_told(0.0), drop=("fields.it",)).dropped == ()


def test_names_of_columns_need_not_be_exact_and_near_ones_are_told() -> None:
    verdict = judged(outcome_told(0.0), keep=("IT",), drop=("Stage", "sorce"))
    assert [one.column for one in verdict.kept] == ["fields.it"]
    assert (verdict.left_out, verdict.unknown) == (("stage",), ("sorce",))
    assert verdict.similar == {"sorce": ["fields.source"]}
    seen, _ = looked_at()
    late = replace(seen, filled={**seen.filled, "fields.Loss reason": 300})
    verdict = judge_snapshots(late, Overrules(drop=("Loss reason",)))
    assert (verdict.unknown, verdict.left_out, verdict.closing) == ((), (), ("fields.Loss reason",))
    told = verdict.to_json()["overrules"]
    assert isinstance(told, dict)
    assert told["closing"] == ["fields.Loss reason"]
