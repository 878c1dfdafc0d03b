"""Score points of many deals and suggested categories, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

from kit.money import Money
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKey, InsightKind, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.insights import MOST_SCORES
from services.gateway.store.interface import ScorePoint

NOW = datetime(2017, 9, 30, tzinfo=UTC)


def insight(kind: InsightKind, deal_id: str, day: str, **sort: float | str) -> Insight:
    key = InsightKey(1, 2, day, f"{kind}-{deal_id}-{day}")
    return Insight(deal_id, kind, key, "v", NOW, {"probability": 0.5}, sort)


async def test_score_points_are_the_newest_of_each_deal(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b"), DealWrite("c")])
    for day in range(1, 6):
        found = [insight(InsightKind.LEAD_SCORE, deal, f"2017-09-0{day}", probability=day / 10) for deal in "ab"]
        await store.apply_insights(found)
    points = await store.score_points(LOCAL, ["a", "b", "c", "nowhere", "\x00"], 2)
    newest = [ScorePoint(0.5, 2, "2017-09-05"), ScorePoint(0.4, 2, "2017-09-04")]
    assert points == {"a": newest, "b": newest}
    assert await store.score_points(Principal("p", Scope.OWN, "nobody"), ["a"], 2) == {}


async def test_only_the_newest_scores_of_a_deal_are_kept(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b")])
    for number in range(MOST_SCORES + 5):
        key = InsightKey(1, number, "2017-09-01", "x")
        score = Insight("a", InsightKind.LEAD_SCORE, key, "v", NOW, {}, {"probability": 0.5})
        once = [Insight("b", InsightKind.LEAD_SCORE, key, "v", NOW, {}, {"probability": 0.5})] if number < 3 else []
        assert await store.apply_insights([score, *once]) == [True] * (1 + len(once))
    points = await store.score_points(LOCAL, ["a", "b"], 500)
    assert [point.model_generation for point in points["a"]] == list(range(MOST_SCORES + 4, 4, -1))
    assert len(points["b"]) == 3
    assert len(await store.score_history(LOCAL, "a", 500)) == MOST_SCORES


async def test_categories_name_the_suggested_one(store: Store) -> None:
    day, amount = date(2017, 10, 1), Money("USD", 5)
    own = {"a": "", "b": "commit"}
    writes = [DealWrite(name, close_date=day, amount=amount, category=word) for name, word in own.items()]
    await store.apply_deals(LOCAL, writes)
    suggested = [insight(InsightKind.FORECAST, name, "2017-09-01", category="best_case") for name in own]
    await store.apply_insights(suggested)
    found = await store.categories(LOCAL, day, day)
    assert [(each.category, each.suggested, each.minor) for each in found] == [
        ("", "best_case", 5), ("commit", "best_case", 5),
    ]  # fmt: skip
