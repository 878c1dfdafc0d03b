"""Score points of many deals and suggested categories, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

from kit.money import Money
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKey, InsightKind, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.insight_queries import MOST_SCORES
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


async def test_the_ends_of_each_models_stretch_carry_their_contributions(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a")])
    steps = [(1, "01"), (1, "02"), (1, "03"), (2, "03"), (3, "04"), (3, "05")]
    for number, (generation, day) in enumerate(steps):
        body = {"probability": 0.5, "contributions": {"stage": number / 10}, "reasons": [{"text": "long"}]}
        key = InsightKey(1, generation, f"2017-09-{day}", "x")
        await store.apply_insights([Insight("a", InsightKind.LEAD_SCORE, key, "v", NOW, body, {"probability": 0.5})])
    points = (await store.score_points(LOCAL, ["a"], 30))["a"]
    stages = [point.contributions["stage"] if point.contributions else None for point in points]
    assert stages == [0.5, 0.4, None, 0.2, None, 0.0]
    near = (await store.score_points(LOCAL, ["a"], 30, 2))["a"]
    assert [point.business_day[-2:] for point in near] == ["05", "04", "03", "03"]
    assert all("reasons" not in one.body for one in await store.score_history(LOCAL, "a", 10))
    record = await store.get_record(LOCAL, "a")
    assert record.insights[InsightKind.LEAD_SCORE].body["reasons"], "the newest is kept whole"


async def test_scores_without_contributions_keep_their_reasons_instead(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a")])
    for day, effect in (("01", 0.1), ("02", 0.3)):
        body = {"probability": 0.5, "reasons": [{"field": "stage", "effect": effect}]}
        key = InsightKey(1, 1, f"2017-09-{day}", "x")
        await store.apply_insights([Insight("a", InsightKind.LEAD_SCORE, key, "v", NOW, body, {"probability": 0.5})])
    points = (await store.score_points(LOCAL, ["a"], 30))["a"]
    assert [point.contributions for point in points] == [{"stage": 0.3}, {"stage": 0.1}]


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
