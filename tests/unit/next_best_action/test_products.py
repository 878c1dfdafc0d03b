"""Products: the method is chosen forward in time, what is known is not offered again, and it stands on suggestions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from kit.errors import InvalidInput
from kit.money import Money
from learning.history import HistoryWriter, Manifest, read_history
from learning.history_rows import deal_product_row, deal_row, product_row
from learning.records import Deal, Motion, Outcome, Product, ProductLine
from services.next_best_action import catalogue, convert, products_training
from services.next_best_action.domain import Answer, Asked, Ranking
from services.next_best_action.model import ActionModel
from services.next_best_action.products import FILE, ProductModel
from services.next_best_action.products import Product as Known
from services.next_best_action.products_training import POPULARITY, Purchase
from services.next_best_action.ranking import rank
from services.next_best_action.service import situation
from tests.unit.next_best_action.nba_builders import asked, person

START = date(2025, 1, 1)
ACTIONS = catalogue.load()
SIZES = ProductModel(
    "popularity",
    (Known("s", "Small", "box", 10.0, "USD", 5.0, 40), Known("m", "Medium", "box", 20.0, "USD", None, 30),
     Known("l", "Large", "box", 40.0, "USD", 2.0, 10), Known("x", "Other", "bag", 15.0, "USD", 1.0, 20)),
    (0, 1, 3, 2), {"acme": (3, 2), "full": ()}, 50,
)  # fmt: skip


def bought(*, clusters: bool, accounts: int = 150, seed: int = 0) -> list[Purchase]:
    """Accounts that buy within one of two families, or anything."""
    rng, found = Random(seed), []
    for number in range(accounts):
        family = [f"p{number % 2}-{place}" for place in range(8)] if clusters else [f"p{place}" for place in range(16)]
        for order, product in enumerate(rng.sample(family, 5)):
            day = START + timedelta(days=rng.randrange(10) + 20 * order)
            found.append(Purchase(f"a{number}", product, day, float(rng.randrange(1, 9)), f"d{number}-{order}"))
    return sorted(found, key=lambda one: (one.day, one.deal))


def test_a_method_that_foretells_better_is_taken() -> None:
    rows = bought(clusters=True)
    method, told = products_training.choose(rows)
    assert method != POPULARITY
    assert told["methods"][method]["against_popularity"][1] > 0
    assert told["methods"][method]["recall_at_3"] > told["methods"][POPULARITY]["recall_at_3"]
    model = products_training.freeze(rows, method, {})
    for account, places in model.accounts.items():
        family = f"p{int(account[1:]) % 2}-"
        had = {one.product for one in rows if one.account == account}
        offered = [model.products[place].id for place in places]
        assert all(name.startswith(family) for name in offered[:3])
        assert not had & set(offered)


def test_popularity_stands_where_nothing_is_surely_better() -> None:
    method, told = products_training.choose(bought(clusters=False))
    assert method == POPULARITY
    assert told["cases"] > 100
    assert products_training.choose(bought(clusters=True, accounts=8))[0] == POPULARITY  # too few to tell


def test_each_method_gives_the_same_again_and_scores_every_product() -> None:
    table = products_training.Counted.of(bought(clusters=True, accounts=30))
    for method in products_training.METHODS.values():
        one, other = method(table.counts)([0, 3]), method(table.counts)([0, 3])
        assert one.shape == (2, 16)
        assert (one == other).all()


def test_what_is_offered() -> None:
    def names(kind: str, account: str, *on_deal: str) -> list[str]:
        return [one.product_id for one in SIZES.offers(kind, account, on_deal)]

    assert names("new", "acme") == ["x", "l"]
    assert names("new", "acme", "x") == ["l"]
    assert names("new", "full") == []
    assert names("new", "stranger", "s") == ["m", "x", "l"]
    assert names("larger", "acme", "s") == ["m", "l"]
    assert names("larger", "acme", "l") == []
    assert names("larger", "acme", "x") == []
    one = SIZES.offers("larger", "", ["s"])[0]
    assert (one.text_en, one.quantity) == ("larger than Small on this deal; 30 of 50 customers bought it", None)
    assert one.text_ko == "이 거래의 Small보다 상위 상품이며 고객 50곳 가운데 30곳이 구매했습니다"


def growing(account: str = "acme") -> Asked:
    return asked(
        probability=0.8, contacts=((person(granted=("mail",)), "decides"),), motion=Motion.EXPANSION,
        account_id=account, products=(ProductLine("s", 1.0),),
    )  # fmt: skip


def ranked(question: Asked, model: ActionModel) -> Ranking:
    actions = replace(ACTIONS, policy=replace(ACTIONS.policy, shown=10))
    return rank(situation(question, actions, model), actions, model)


def test_suggestions_name_products_and_nothing_to_offer_is_no_suggestion() -> None:
    model = ActionModel(products=SIZES)
    shown = {each.action.name: each for each in ranked(growing(), model).suggestions}
    assert [one.product_id for one in shown["cross_sell"].products] == ["x", "l"]
    assert [one.product_id for one in shown["up_sell"].products] == ["m", "l"]
    assert all(not each.products for name, each in shown.items() if name not in ("cross_sell", "up_sell"))
    names = [each.action.name for each in ranked(growing("full"), model).suggestions]
    assert "cross_sell" not in names
    assert "up_sell" in names
    unknown = {each.action.name: each for each in ranked(growing(), ActionModel()).suggestions}
    assert unknown["cross_sell"].products == ()


def test_offers_travel_with_the_insight() -> None:
    from learning.insight_keys import InsightKey

    ranking = ranked(growing(), ActionModel(products=SIZES))
    answer = Answer(InsightKey(1, 0, "2026-03-31", "i", None), "v", datetime(2026, 3, 31, tzinfo=UTC), ranking)
    sent = next(one for one in convert.next_actions_to_pb(answer).actions if one.action == "up_sell")
    assert [(one.product_id, one.HasField("quantity")) for one in sent.products] == [("m", False), ("l", True)]


def test_products_are_learned_from_won_deals_and_kept_with_the_model(tmp_path: Path) -> None:
    as_of = datetime(2025, 12, 31, 23, tzinfo=UTC)
    rows = bought(clusters=False, accounts=20)
    deals = [Deal(one.deal, 1, outcome=Outcome.WON, account_id=one.account, closed_date=one.day,
                  products=(ProductLine(one.product, one.quantity or 1.0),)) for one in rows]  # fmt: skip
    deals.append(Deal("lost", 1, outcome=Outcome.LOST, account_id="a1", closed_date=START,
                      products=(ProductLine("never"),)))  # fmt: skip
    with HistoryWriter(tmp_path / "history", Manifest(as_of, as_of.date(), "USD")) as writer:
        writer.append("deals", [deal_row(deal) for deal in deals])
        writer.append("deal_products", [deal_product_row(deal.id, line) for deal in deals for line in deal.products])
        writer.append("products", [product_row(Product("p0", "Zero", "box", Money("USD", 1_000)))])
    model, told = products_training.learn(read_history(tmp_path / "history"))
    assert model is not None
    assert (told["purchases"], told["accounts"], told["method"]) == (100, 20, POPULARITY)
    assert "never" not in [one.id for one in model.products]
    zero = next(one for one in model.products if one.id == "p0")
    assert (zero.name, zero.series, zero.price, zero.currency) == ("Zero", "box", 10.0, "USD")
    ActionModel(products=model).save(tmp_path)
    assert ActionModel.load(tmp_path).products == model
    (tmp_path / FILE).write_text('{"method": "x", "products": [], "popular": [3], "accounts": {}, "buyers": 1}')
    with pytest.raises(InvalidInput):
        ActionModel.load(tmp_path)
