"""What a lead's score is the chance of: labels of hand-made histories, and a simulated company whose truth is known."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from learning.columns import Texts
from learning.records import Change, DealHistory, DealKind, Outcome
from learning.snapshots import row_at, snapshots
from learning.testing import finished, opened
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.features import rows_table
from services.lead_scoring.forward import known_now
from services.lead_scoring.target import answers
from services.lead_scoring.training import train

BORN = datetime(2016, 1, 4, 10, tzinfo=UTC)
HORIZON = 30
FIRST = BORN.date()


def day(days: int) -> date:
    return (BORN + timedelta(days=days)).date()


def lead(deal_id: str, *changes: tuple[str, str, int], since: int = 0, **fields: str) -> DealHistory:
    """A lead with changes (field, value, days after it was created)."""
    start = BORN + timedelta(days=since)
    made = [Change(name, value, start + timedelta(days=after), start + timedelta(days=after))
            for name, value, after in changes]  # fmt: skip
    last = {name: value for name, value, _ in changes}
    kind, outcome = DealKind(last.get("kind", "LEAD")), Outcome(last.get("outcome", "OPEN"))
    closed = next(((start + timedelta(days=after)).date() for name, _, after in changes if name == "outcome"), None)
    return finished(
        opened(deal_id, start, kind=DealKind.LEAD, fields=fields), made, kind=kind, outcome=outcome, closed_date=closed
    )


def told(history: DealHistory, as_of: int, horizon: int | None = HORIZON) -> dict[int, tuple[int | None, bool]]:
    """By the day of each of its snapshots as a lead: the day the answer came, and whether it is yes."""
    taken = [one for one in snapshots(history, day(as_of)) if one.kind is DealKind.LEAD]
    days, yes = answers(taken, day(as_of), horizon)
    return {
        (one.day - FIRST).days: (when - FIRST.toordinal() if when else None, bool(good))
        for one, when, good in zip(taken, days.tolist(), yes.tolist(), strict=True)
    }


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ((("kind", "OPPORTUNITY", HORIZON),), (HORIZON, True)),
        ((("kind", "OPPORTUNITY", HORIZON + 1),), (HORIZON, False)),
        ((("outcome", "WON", HORIZON),), (HORIZON, True)),
        ((("outcome", "LOST", 12),), (12, False)),
        ((("outcome", "LOST", HORIZON + 9),), (HORIZON, False)),
        ((), (HORIZON, False)),
        ((("kind", "OPPORTUNITY", 20), ("outcome", "LOST", 25)), (20, True)),
        ((("outcome", "LOST", 5), ("outcome", "OPEN", 9), ("kind", "OPPORTUNITY", 21)), (21, True)),
    ],
)
def test_the_answer_of_the_first_day(changes: tuple[tuple[str, str, int], ...], first: tuple[int | None, bool]) -> None:
    assert told(lead("d", *changes), 200)[0] == first


def test_later_days_have_a_horizon_of_their_own() -> None:
    found = told(lead("d", ("kind", "OPPORTUNITY", HORIZON + 1)), 200)
    assert found == {0: (HORIZON, False), 7: (31, True), 14: (31, True), 21: (31, True), 28: (31, True)}


def test_an_answer_that_has_not_come_is_not_known() -> None:
    """Neither a yes of later nor the horizon's end may be seen before its day."""
    history = lead("d", ("kind", "OPPORTUNITY", 20))
    assert told(history, 19) == {0: (None, False), 7: (None, False), 14: (None, False)}
    assert told(lead("d"), HORIZON - 1)[0] == (None, False)
    assert told(lead("d"), HORIZON)[0] == (HORIZON, False)
    assert told(lead("d"), HORIZON)[7] == (None, False)


def test_without_a_horizon_the_end_counts_and_opportunities_have_none() -> None:
    late = lead("d", ("kind", "OPPORTUNITY", 90), ("outcome", "LOST", 200))
    assert set(told(late, 300, None).values()) == {(90, True)}
    taken = [one for one in snapshots(late, day(300)) if one.kind is DealKind.OPPORTUNITY]
    days, yes = answers(taken, day(300), HORIZON)
    assert (set((days - FIRST.toordinal()).tolist()), set(yes.tolist())) == ({200}, {0.0})


WEEKLY = {"web": (0.03, 0.10), "fair": (0.07, 0.07), "partner": (0.14, 0.04)}  # chances to convert, to be lost
SPAN = 500


def converts_within(source: str, weeks: int) -> float:
    """The truth: competing weekly chances."""
    convert, lose = WEEKLY[source]
    return convert * (1 - (1 - convert - lose) ** weeks) / (convert + lose)


@cache
def company(count: int) -> list[DealHistory]:
    """Leads that convert or are lost at a constant weekly chance of their source; nobody closes a third of the lost."""
    generator, found = random.Random(3), []
    for number in range(count):
        source, since = generator.choice(list(WEEKLY)), generator.randrange(SPAN)
        convert, lose = WEEKLY[source]
        when, drawn = 7, generator.random()
        while drawn >= convert + lose:
            when, drawn = when + 7, generator.random()
        name, value = ("kind", "OPPORTUNITY") if drawn < convert else ("outcome", "LOST")
        known = since + when <= SPAN and not (name == "outcome" and generator.random() < 1 / 3)
        found.append(lead(f"L{number:04d}", *(((name, value, when),) if known else ()), since=since, source=source))
    return found


def leads(count: int) -> Dataset:
    """Their snapshots as leads."""
    data = build_dataset(company(count), day(SPAN), horizon_days=28)
    assert data.kinds is not None
    return data.take(np.flatnonzero(data.kinds.codes == list(DealKind).index(DealKind.LEAD)))


def test_answers_and_weights_give_the_true_chances() -> None:
    """Of new leads by source, and of all: a lead that converts soon must not count more for it, nor one that waits
    less."""
    data = leads(1200)
    weights = known_now(data, np.ones(len(data.taken), dtype=np.bool_), day(SPAN).toordinal())
    source, age = data.table.columns["fields.source"], data.table.columns["age_days"]
    assert isinstance(source, Texts)
    for code, name in enumerate(source.dictionary):
        rows = (source.codes == code) & (np.asarray(age) == 0)
        found = float(np.average(data.won[rows], weights=weights[rows]))
        assert found == pytest.approx(converts_within(name, 4), abs=0.07), name
    old = data.taken <= day(SPAN - 28).toordinal()
    assert data.labelled[old].mean() == 1.0
    rate = float(np.average(data.won[old], weights=data.weight[old]))
    assert float(np.average(data.won, weights=weights)) == pytest.approx(rate, abs=0.01)
    young = data.labelled & ~old
    assert float(data.won[young].mean()) > rate + 0.1, "what is known of the young are the quick ones"


def test_training_learns_the_horizon_s_chance_and_says_which_it_is() -> None:
    trained = train(leads(400), 0, lambda *_: None)
    model = trained.model
    fresh = [lead(f"N{number}", source=source) for number, source in enumerate(WEEKLY)]
    table = rows_table([row_at(one, FIRST) for one in fresh], [FIRST] * len(fresh), model.columns)
    in_the_end = [convert / (convert + lose) for convert, lose in WEEKLY.values()]
    scores, truth = model.score(table).probability, [converts_within(source, 4) for source in WEEKLY]
    assert np.all(np.abs(scores - truth) < np.abs(scores - in_the_end))
    assert {one.horizon_days for one in model.explain(table)} == {28}
    (told,) = model.evaluation["kinds"]
    assert (told["kind"], told["target"], told["horizon_days"]) == ("LEAD", "converted", 28)
