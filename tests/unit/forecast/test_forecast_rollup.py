"""Totals: exact under any order of updates, and additive at every level."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.periods import Period
from learning.records import Node
from services.forecast.blend import Correction, Level, Past, Pasts
from services.forecast.domain import SCENARIOS, Floats, Loadings, Parameters, RollupRow
from services.forecast.draws import Drawer
from services.forecast.leaves import Update
from services.forecast.newbusiness import NewWins, OwnerRate
from services.forecast.rollup import Rollup
from services.forecast.spans import Span

COMPANY = Node("company", "company", "Company")
WEIGHTS = np.full(53, 1 / 60)


def place(owner: int) -> tuple[Node, ...]:
    region = Node(f"region:r{owner % 2}", "region", f"r{owner % 2}", "company")
    manager = Node(f"manager:m{owner % 3}-{owner % 2}", "manager", "m", region.id)
    return COMPANY, region, manager, Node(f"owner:u{owner}", "owner", f"u{owner}", manager.id)


def update(
    deal: int, revision: int, owner: int, *, p: float = 0.5, alive: bool = True, day: date = date(2017, 9, 30),
    currency: str = "USD",
) -> Update:  # fmt: skip
    path = place(owner)
    parameters = Parameters(
        f"d{deal}", 7, date.fromordinal(day.toordinal() + 1), currency, p, WEIGHTS, 10.0 + deal / 10, 0.3, Loadings(),
        path[1].id,
    )  # fmt: skip
    return Update(f"d{deal}", (revision, 0, day.isoformat(), (), "x"), day, path, parameters if alive else None)


def totals(rows: Sequence[RollupRow]) -> dict[tuple[str, str, str], tuple[object, ...]]:
    """What stands in each node; empty ones count as absent."""
    return {
        (row.node.id, str(row.period), row.currency): (row.open_deals, row.deals_sum, row.quantiles)
        for row in rows
        if row.open_deals or row.deals_sum
    }


steps = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(1, 6), st.integers(0, 3), st.floats(0, 1), st.booleans(),
        st.sampled_from([date(2017, 9, 29), date(2017, 9, 30), date(2017, 12, 31)]), st.sampled_from(["USD", "KRW"]),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_what_recomputing_gives(
    given_steps: list[tuple[int, int, int, float, bool, date, str]], shuffle: random.Random
) -> None:
    unique = {step[:2]: step for step in given_steps}
    updates = [
        update(deal, revision, owner, p=p, alive=alive, day=day, currency=currency)
        for deal, revision, owner, p, alive, day, currency in unique.values()
    ]
    latest: dict[str, Update] = {}
    for each in updates:
        if each.deal_id not in latest or each.key >= latest[each.deal_id].key:
            latest[each.deal_id] = each
    fresh = Rollup(Drawer())
    fresh.apply(list(latest.values()))
    worn = Rollup(Drawer(30_000))
    replayed = updates + shuffle.sample(updates, len(updates) // 2)
    shuffle.shuffle(replayed)
    while replayed:
        count = shuffle.randint(1, 4)
        worn.apply(replayed[:count])
        del replayed[:count]
        if shuffle.random() < 0.5:
            worn.take_dirty()
    assert totals(worn.rows()) == totals(fresh.rows())


def test_every_level_adds_up_exactly() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(deal, 1, deal % 6, p=deal / 50) for deal in range(50)])
    rates = [OwnerRate(f"u{owner}", "USD", place(owner), 0.1, 10.0, 0.5) for owner in range(8)]
    period = Period(2017, 4)
    wins: NewWins = {period: np.arange(SCENARIOS, dtype=np.int64)}
    noise = np.linspace(-2, 2, SCENARIOS)
    pasts: dict[tuple[str, str], Pasts] = {("u1", "USD"): {period: Past(-1_000.0, None, noise, 500.0, 1.5)}}
    shocks: dict[Span, Floats] = {period: np.linspace(0.7, 1.0, SCENARIOS)}
    correction = Correction({period: Level(0.9)}, shocks, pasts)
    rollup.set_extras({(rate.owner_id, "USD"): (rate, wins) for rate in rates}, correction)
    rows = rollup.rows(period=period)
    by_id = {row.node.id: row for row in rows}
    children: dict[str, list[RollupRow]] = defaultdict(list)
    for row in rows:
        children[row.node.parent].append(row)
    for node, below in children.items():
        if node:
            for name in ("open_deals", "deals_sum", "not_yet_created_sum", "correction_sum"):
                assert getattr(by_id[node], name) == sum(getattr(row, name) for row in below)
    assert by_id["company"].open_deals == 50
    assert by_id["company"].not_yet_created_sum == 8 * sum(range(SCENARIOS))
    assert by_id["company"].correction_sum < 0


def test_new_business_follows_its_owner() -> None:
    rollup = Rollup(Drawer())
    rate = OwnerRate("u1", "USD", place(1), 0.1, 10.0, 0.5)
    period = Period(2017, 4)
    rollup.set_extras({("u1", "USD"): (rate, {period: np.full(SCENARIOS, 5, dtype=np.int64)})}, Correction())
    assert rollup.rows("region:r1", period)[0].not_yet_created_sum == 5 * SCENARIOS
    moved = Update("d1", (1,), date(2017, 9, 30), (COMPANY, place(1)[3]), update(1, 1, 1).parameters)
    rollup.apply([moved])
    assert rollup.rows("region:r1", period)[0].not_yet_created_sum == 0
    assert rollup.rows("owner:u1", period)[0].not_yet_created_sum == 5 * SCENARIOS
    rollup.apply([Update("d1", (2,), date(2017, 9, 30), (COMPANY, place(1)[3]))])
    assert rollup.rows("region:r1", period)[0].not_yet_created_sum == 5 * SCENARIOS


def test_an_emptied_node_is_published_as_zero_once() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(1, 1, 1)])
    assert {row.node.id for row in rollup.take_dirty()} == {node.id for node in place(1)}
    rollup.apply([update(1, 2, 1, alive=False)])
    emptied = rollup.take_dirty()
    assert len(emptied) == 16
    assert all(row.open_deals == row.deals_sum == 0 and not any(row.quantiles) for row in emptied)
    rollup.apply([update(1, 2, 1, alive=False)])
    assert rollup.take_dirty() == []


def test_what_was_published_before_a_restart_is_emptied() -> None:
    rollup = Rollup(Drawer())
    rollup.empty(place(1)[3], Period(2017, 4), "USD")
    [row] = rollup.take_dirty()
    assert (row.node.id, row.deals_sum) == ("owner:u1", 0)


def test_a_repetition_is_not_published(path: Callable[..., tuple[Node, ...]]) -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(1, 1, 1)])
    rollup.take_dirty()
    rollup.apply([update(1, 1, 1)])
    assert rollup.take_dirty() == []


def test_a_round_is_one_state_whatever_changes_meanwhile() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(1, 1, 1)])
    before = rollup.rows()
    taken = rollup.freeze_dirty()
    assert [each.row().node.id for each in taken][-1] == "company"
    rollup.apply([update(1, 2, 1, p=0.9), update(2, 1, 2)])
    rollup.settle()
    assert totals([each.row() for each in taken]) == totals(before)
    after = rollup.take_dirty()
    assert totals(after) == totals(rollup.rows())
    rollup.mark(taken[:5])
    assert {row.node.id for row in rollup.take_dirty()} == {each.node.id for each in taken[:5]}


def test_a_stream_made_anew_may_bring_older_revisions() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(1, 5, 1)])
    rollup.apply([update(1, 2, 2)])
    assert rollup.rows("owner:u2") == []
    rollup.apply([update(1, 2, 2)], anew={"d1"})
    assert totals(rollup.rows("owner:u2"))
    assert not totals(rollup.rows("owner:u1"))


def test_simulation_leaves_no_trace() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([update(deal, 1, deal % 3) for deal in range(10)])
    rollup.take_dirty()
    before = totals(rollup.rows())
    changes = [update(0, 9, 1, p=1.0), update(1, 9, 1, alive=False), update(99, 1, 2)]
    current, simulated = rollup.simulate(changes)
    assert totals(rollup.rows()) == before
    assert rollup.take_dirty() == []
    expected = Rollup(Drawer())
    expected.apply([update(deal, 1, deal % 3) for deal in range(2, 10)] + changes)
    wanted = totals(expected.rows())
    assert totals(simulated) == {key: value for key, value in wanted.items() if key in totals(simulated)}
    assert totals(current) == {key: value for key, value in before.items() if key in totals(current)}
    assert ("company", "2017-Q4", "USD") in totals(simulated)


def test_a_deal_without_an_owner_stands_under_the_company() -> None:
    rollup = Rollup(Drawer())
    rollup.apply([Update("d1", (1,), date(2017, 9, 30), (), update(1, 1, 1).parameters)])
    assert {row.node.id for row in rollup.rows()} == {"company", "owner:"}
