"""The merge order: any order, repetition and interleaving of insights ends in the same one."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain import Insight, InsightKey, InsightKind, newer

revisions, generations = st.integers(0, 3), st.integers(0, 2)
days = st.sampled_from(["2017-09-29", "2017-09-30", "2017-10-01"])
ids = st.sampled_from(["0a", "0b", "f0"])
roots = st.builds(InsightKey, revisions, generations, days, ids)
middles = st.builds(InsightKey, revisions, generations, days, ids, st.one_of(st.none(), roots))
keys = st.one_of(roots, middles, st.builds(InsightKey, revisions, generations, days, ids, middles))
insights = keys.map(
    lambda key: Insight(
        "d", InsightKind.FORECAST, key, f"v{key.model_generation}", datetime(2017, 9, 30, tzinfo=UTC), {}
    )
)


def merge(arrivals: list[Insight]) -> Insight | None:
    held: Insight | None = None
    for one in arrivals:
        if newer(one, held):
            held = one
    return held


@given(st.lists(insights, max_size=30), st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same(arrivals: list[Insight], chance: object) -> None:
    shuffled = [*arrivals, *arrivals]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = merge(arrivals), merge(shuffled)
    assert (first and first.key) == (second and second.key)


@given(st.lists(insights, max_size=20), st.lists(insights, max_size=20), st.data())
def test_replicas_on_an_old_and_a_new_model_may_interleave(
    old: list[Insight], new: list[Insight], data: st.DataObject
) -> None:
    mixed, left, right = [], list(old), list(new)
    while left or right:
        from_left = bool(left) and (not right or data.draw(st.booleans()))
        mixed.append((left if from_left else right).pop(0))
    one, other = merge(mixed), merge(old + new)
    assert (one and one.key) == (other and other.key)


@given(keys, keys, keys)
def test_the_order_is_total(a: InsightKey, b: InsightKey, c: InsightKey) -> None:
    assert (a.flat < b.flat) + (b.flat < a.flat) + (a.flat == b.flat) == 1
    assert (a.flat == b.flat) == (a == b)
    if a.flat < b.flat < c.flat:
        assert a.flat < c.flat


def test_members_count_from_revision_down_to_the_id() -> None:
    low = InsightKey(1, 1, "2017-09-30", "m", InsightKey(1, 1, "2017-09-30", "m"))
    higher = [
        InsightKey(2, 0, "2017-01-01", "a"),
        InsightKey(1, 2, "2017-01-01", "a"),
        InsightKey(1, 1, "2017-10-01", "a"),
        InsightKey(1, 1, "2017-09-30", "a", InsightKey(1, 2, "2017-01-01", "a")),
        InsightKey(1, 1, "2017-09-30", "n", low.upstream),
    ]
    assert all(key.flat > low.flat for key in higher)
    assert InsightKey(1, 1, "2017-09-30", "z").flat < low.flat  # none upstream is below any


def test_a_repetition_is_not_newer() -> None:
    one = Insight("d", InsightKind.LEAD_SCORE, InsightKey(1, 0, "2017-09-30", "a"), "v", datetime.now(UTC), {})
    assert newer(one, None)
    assert not newer(one, one)
