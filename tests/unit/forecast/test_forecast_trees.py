"""Totals of trees beside the reporting line: each adds up to the company, in every scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealcast.events.v1 import events_pb2
from kit.clock import FixedClock
from kit.errors import InvalidInput
from learning.periods import Period
from learning.placements import REPORTING, Tree, path_of, shares_of
from learning.records import Node, Placement
from learning.tree import COMPANY
from services.forecast import convert
from services.forecast.blend import Correction, Level, Past, Weights
from services.forecast.domain import SCENARIOS, Integers
from services.forecast.draws import CALENDAR, Drawer
from services.forecast.grid import Quarters
from services.forecast.hashing import own_shock
from services.forecast.leaves import UNALLOTTED, Update, Won
from services.forecast.model import ForecastModel
from services.forecast.newbusiness import OwnerRate
from services.forecast.other_trees import MANY_DEALS
from services.forecast.rollup import Rollup
from services.forecast.service import Forecasts
from services.forecast.spans import Span
from tests.unit.forecast.forecast_builders import owner_path, parameters, scored_event

DAY = date(2017, 9, 30)
TREES = (Tree("pipeline", ("pipeline",)), Tree("territory", ("account.fields.country", "account.fields.city")))


def spread(tree: str, paths: Sequence[tuple[Node, ...]], weights: Sequence[int]) -> list[Placement]:
    shares = shares_of(weights)
    return [Placement(tree, path, share) for path, share in zip(paths, shares, strict=True)]


def places(owners: Sequence[int], cells: Sequence[int], weights: Sequence[int]) -> tuple[Placement, ...]:
    """Credit for owners, in a territory for each cell, in the pipeline of the first."""
    found = spread(
        REPORTING, [owner_path(f"u{one}", f"r{one % 2}", f"m{one % 3}-{one % 2}") for one in owners], weights
    )
    pairs = [((str(cell % 2),) * 2, (str(cell % 3),) * 2) for cell in cells]
    found += spread("territory", [path_of(TREES[1], pair) for pair in pairs], weights[: len(cells)])
    return (*found, Placement("pipeline", path_of(TREES[0], ((str(cells[0]),) * 2,)), 10_000))


def update(deal: int, key: int, stands: tuple[Placement, ...], *, p: float = 0.5, day: date = DAY) -> Update:
    start = date.fromordinal(day.toordinal() + 1)
    given = parameters(f"d{deal}", win_probability=p, start=start, log_amount_mean=10.0 + deal / 7)
    return Update(f"d{deal}", (key,), day, owner_path("u0"), given, stands)


@st.composite
def updates(draw: st.DrawFn) -> list[Update]:
    """Deals as they come, some of them again and elsewhere."""
    found = []
    for key in range(draw(st.integers(1, 14))):
        count = draw(st.integers(1, 3))
        owners = draw(st.permutations(range(4)))[:count]
        cells = draw(st.permutations(range(6)))[:count]
        weights = draw(st.lists(st.integers(1, 997), min_size=count, max_size=count))
        day = draw(st.sampled_from([DAY, date(2017, 12, 31)]))
        one = update(draw(st.integers(0, 4)), key, places(owners, cells, weights), p=draw(st.floats(0, 1)), day=day)
        closed = replace(one, parameters=None, won=Won(date(2017, 9, draw(st.integers(1, 30))), "USD", 70_000))
        found.append(closed if draw(st.integers(0, 3)) == 0 else one)
    return found


def with_extras(rollup: Rollup) -> Rollup:
    """Business not yet created and a past for one owner, a level and a shock for all."""
    rate = OwnerRate("u1", "USD", owner_path("u1", "r1", "m1-1"), 0.1, 10.0, 0.5)
    quarter = Period(2017, 4)
    wins: dict[Span, Integers] = {quarter: np.arange(SCENARIOS, dtype=np.int64) % 7 * 9_001}
    past = Past(30_000.0, np.arange(SCENARIOS, dtype=np.int64) % 3 * 30_000, own_shock(5), 60_000.0, 1.3)
    correction = Correction(
        {quarter: Level(0.9, Weights(0.7, 0.3))},
        {quarter: np.exp(0.2 * own_shock(6))},
        {("u1", "USD"): {quarter: past}},
    )
    rollup.set_extras({("u1", "USD"): (rate, wins)}, correction)
    return rollup


def vectors(rollup: Rollup) -> dict[tuple[str, str], Integers]:
    return {(node.id, str(period)): vector for node, period, _, vector in rollup.vectors() if vector.any()}


@settings(max_examples=8, deadline=None)
@given(updates())
def test_every_tree_adds_up_to_the_company_in_every_scenario(given_updates: list[Update]) -> None:
    rollup = with_extras(Rollup(Drawer(grid=Quarters())))
    for each in given_updates:
        rollup.apply([each])
        rollup.take_dirty()
    nodes = {node.id: node for node, *_ in rollup.vectors()}
    below: dict[tuple[str, str, str], Integers] = defaultdict(lambda: np.zeros(SCENARIOS, dtype=np.int64))
    found = vectors(rollup)
    for (node, period), vector in found.items():
        tree = node.partition(":")[0] if node.partition(":")[0] in ("territory", "pipeline") else REPORTING
        for one in ("territory", "pipeline") if node == UNALLOTTED.id else (tree,):
            below[one, nodes[node].parent, period] += vector
    assert all((vector >= 0).all() for vector in found.values())
    periods = {period for node, period in found if node == "company"}
    known = (REPORTING, "territory", "pipeline") if any(node.startswith("pipeline") for node in nodes) else (REPORTING,)
    for period in periods:
        for tree in known:
            assert np.array_equal(below[tree, "company", period], found["company", period])
    for (_, parent, period), vector in below.items():
        if parent:
            assert np.array_equal(vector, found[parent, period])


@settings(max_examples=8, deadline=None)
@given(updates())
def test_what_was_replaced_leaves_nothing_behind(given_updates: list[Update]) -> None:
    worn, fresh = with_extras(Rollup(Drawer())), Rollup(Drawer())
    for each in given_updates:
        worn.apply([each])
        worn.settle()
    fresh.apply(list({each.deal_id: each for each in given_updates}.values()))
    with_extras(fresh)
    first, second = vectors(worn), vectors(fresh)
    if all(each.parameters is None for each in {one.deal_id: one for one in given_updates}.values()):
        first = {key: vector for key, vector in first.items() if key[0] != UNALLOTTED.id}
        second = {key: vector for key, vector in second.items() if key[0] != UNALLOTTED.id}
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[key], second[key]) for key in first)
    counts = [{(row.node.id, str(row.period)): row.open_deals for row in one.rows()} for one in (worn, fresh)]
    assert {key: count for key, count in counts[0].items() if count} == {
        key: count for key, count in counts[1].items() if count
    }


def test_a_total_is_as_old_as_the_oldest_of_its_deals() -> None:
    rollup = with_extras(Rollup(Drawer(grid=Quarters())))
    later = date(2017, 10, 1)
    first, second = update(1, 1, places([0], [0], [1])), update(2, 1, places([1], [1], [1]), day=later)
    rollup.apply([first, replace(second, generation=3)])

    def told() -> dict[str, tuple[int | None, date]]:
        return {row.node.id: (row.generation, row.business_day) for row in rollup.rows(period=Period(2017, 4))}

    old, new = (0, DAY), (3, later)
    found = told()
    assert [found[node] for node in ("company", "owner:u0", "owner:u1")] == [old, old, new]
    assert [found[node.id] for node in path_of(TREES[0], (("0", "0"),))] == [old]
    assert [found[node.id] for node in path_of(TREES[0], (("1", "1"),))] == [new]
    rollup.apply([replace(update(1, 2, places([0], [0], [1]), day=later), generation=3)])
    assert set(told().values()) == {new}
    rollup.apply([replace(one, key=(3,), parameters=None) for one in (first, second)])
    assert told()["company"] == (None, later), "without deals: of the day of the others"


def test_a_place_has_what_its_business_has_whatever_the_tree() -> None:
    """A node with everything has the company's very scenarios, one with a region's business the region's."""
    given_updates = []
    for deal in range(24):
        owner, region = f"u{deal % 4}", f"r{deal % 4 % 2}"
        stands = (
            Placement("all", path_of(Tree("all", ("pipeline",)), (("x", "x"),)), 10_000),
            Placement("pipeline", path_of(TREES[0], ((region, region),)), 10_000),
        )
        path = owner_path(owner, region, f"m{deal % 4}")
        given_updates.append(replace(update(deal, 1, stands, p=0.3), path=path))
    for grid in (CALENDAR, Quarters()):
        rollup = with_extras(Rollup(Drawer(grid=grid)))
        rollup.apply(given_updates)
        found = vectors(rollup)
        alike = {"all:x": "company", "pipeline:r0": "region:r0", "pipeline:r1": "region:r1"}
        for (node, period), vector in found.items():
            if node in alike:
                assert np.array_equal(vector, found[alike[node], period]), (node, period)
        assert {node for node, _ in found if node.startswith(("all", "pipeline"))} == set(alike)
        rows = {row.node.id: row for row in rollup.rows(period=Period(2017, 4))}
        for place, node in alike.items():
            told = [(each.deals_sum, each.not_yet_created_sum, each.correction_sum, each.quantiles, each.open_deals)
                    for each in (rows[place], rows[node])]  # fmt: skip
            assert told[0] == told[1]


def test_what_no_deal_brings_comes_from_where_money_came_from() -> None:
    """Wins of the year before and open deals weigh; an owner without any has the places of the team."""

    def won(deal: int, owner: str, place: str, day: date) -> Update:
        stands = (Placement("pipeline", path_of(TREES[0], ((place,) * 2,)), 10_000),)
        path = owner_path(owner, "r1", "m1-1")
        return replace(update(deal, 1, stands), parameters=None, path=path, won=Won(day, "USD", 100_000))

    june = date(2017, 6, 1)
    wins = [won(1, "u1", "a", june), won(2, "u1", "b", june.replace(year=2016)), won(3, "u2", "c", june)]
    open_deal = replace(update(9, 1, wins[2].placements, p=0.5), path=owner_path("u2", "r1", "m1-1"))
    rollup = with_extras(Rollup(Drawer()))
    rollup.apply([*wins, open_deal])
    sums = {row.node.id: row.not_yet_created_sum for row in rollup.rows(period=Period(2017, 4))}
    assert sums["pipeline:a"] == sums["company"] > 0
    assert sums["pipeline:c"] == 0
    assert "pipeline:b" not in sums
    assert UNALLOTTED.id not in sums
    rollup.apply([replace(wins[0], key=(2,), won=None)])
    sums = {row.node.id: row.not_yet_created_sum for row in rollup.rows(period=Period(2017, 4))}
    assert sums["pipeline:c"] == sums["company"] > sums["pipeline:a"] == 0
    rollup.apply([replace(open_deal, key=(2,), parameters=None)])
    sums = {row.node.id: row.not_yet_created_sum for row in rollup.rows(period=Period(2017, 4))}
    assert sums[UNALLOTTED.id] == sums["company"] > sums["pipeline:c"] == 0, "no open deal stands in any tree"


def test_a_deal_of_two_owners_is_one_deal_above_them() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(1, 1, places([0, 2], [0, 2], [7, 3]))])  # both in region r0, under managers m0-0 and m2-0
    rows = {row.node.id: row for row in rollup.rows(period=Period(2017, 4))}
    assert [rows[one].open_deals for one in ("owner:u0", "owner:u2", "region:r0", "company")] == [1, 1, 1, 1]
    whole = rows["company"].deals_sum
    assert rows["owner:u0"].deals_sum + rows["owner:u2"].deals_sum == whole > 0
    assert abs(rows["owner:u0"].deals_sum - 0.7 * whole) < SCENARIOS
    rollup.apply([update(1, 2, places([0], [0], [1]))])
    assert {row.open_deals for row in rollup.rows(period=Period(2017, 4)) if row.deals_sum} == {1}


def placed_event() -> events_pb2.DealEvent:
    event = scored_event()
    for one in places([0, 1], [0, 1], [1, 1]):
        event.deal.placements.add(tree=one.tree, share=one.share).path.extend(
            [type(event.deal.owner.path.add())(id=n.id, level=n.level, name=n.name, parent=n.parent) for n in one.path]
        )
    return event


def test_a_replica_reads_what_the_forecaster_meant() -> None:
    event = placed_event()
    service = Forecasts(SimpleNamespace(current=(ForecastModel(), None)), FixedClock(datetime(2017, 9, 30, tzinfo=UTC)))
    asked = convert.asked_from_event(event)
    assert asked.placements == places([0, 1], [0, 1], [1, 1])
    [answer] = service.answer([asked])
    sent = convert.update_of(asked, answer)
    read = convert.update_from_event(events_pb2.DealEvent.FromString(convert.event_with_answer(event, answer)))
    assert read.same(sent)
    first, second = Rollup(Drawer()), Rollup(Drawer())
    first.apply([sent])
    second.apply([read])
    assert first.rows() == second.rows()


def test_shares_that_are_not_whole_are_refused() -> None:
    event = placed_event()
    event.deal.placements[0].share += 1
    with pytest.raises(InvalidInput) as refused:
        convert.asked_from_event(event)
    assert (refused.value.field, refused.value.value) == ("deal.placements", "reporting")


def test_nodes_settled_in_turns_are_those_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.forecast.rollup.TURN_SECONDS", 0.0)
    stands = [places([deal % 4], [deal % 6], [1]) for deal in range(4 * MANY_DEALS)]
    first = [update(deal, 1, stood) for deal, stood in enumerate(stands)]
    then = [update(deal, 2, stands[deal], p=0.9) for deal in (0, 1, 4)]
    meanwhile = [update(deal, 3, stands[deal], p=0.1) for deal in (0, 2, 3)]
    turning, at_once = (with_extras(Rollup(Drawer(grid=Quarters()))) for _ in range(2))
    turning.apply(first)
    turns = sum(1 for _ in turning.settling())
    assert turns == 4  # a leaf each
    turning.apply(then)
    for number, _ in enumerate(turning.settling()):
        if number == 0:
            turning.apply(meanwhile)
            assert turning.rows(COMPANY.id)  # settles what is left
    turning.take_dirty()
    at_once.apply([*first, *then, *meanwhile])
    found, expected = vectors(turning), vectors(at_once)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[each], expected[each]) for each in expected)
