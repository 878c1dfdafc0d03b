from datetime import date
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from kit.errors import InvalidInput
from learning.fiscal import FiscalCalendar
from learning.records import Node
from services.gateway.store.interface import SORTS as STORE_SORTS
from services.gateway.web.filters import SORTS, Filters
from services.gateway.web.words import Words

TREE = [
    Node("company", "company", "Company"), Node("manager:m1", "manager", "Park", "company"),
    Node("owner:u1", "owner", "Kim", "manager:m1"),
]  # fmt: skip


def test_without_parameters_open_deals_by_expected_amount() -> None:
    filters = Filters.read({})
    query = filters.query((0.75, 0.5, 0.25), FiscalCalendar())
    assert (query.outcome, query.sort, query.owner_id) == ("OPEN", "-expected_amount", "")
    assert (filters.node, filters.address()) == ("company", "/deals")


def test_a_team_is_a_subtree_and_a_manager_node() -> None:
    filters = Filters.read({"owner": "team:m1", "outcome": "ALL", "min": "0.25", "q": " x ", "sort": "name"})
    query = filters.query((0.75, 0.5, 0.25), FiscalCalendar())
    assert (query.owner_id, query.subtree, query.outcome) == ("m1", True, "")
    assert (query.min_probability, query.text, query.sort) == (0.25, "x", "name")
    assert filters.node == "manager:m1"
    assert Filters.read({"owner": "u1"}).node == "owner:u1"


def test_a_region_is_a_filter_and_a_node_and_known_to_files() -> None:
    filters = Filters.read({"owner": "region:수도권", "outcome": "ALL"})
    query = filters.query((0.75, 0.5, 0.25), FiscalCalendar())
    assert (query.owner_id, query.subtree, query.region, filters.node) == ("", False, "수도권", "region:수도권")
    asked = dict(parse_qsl(urlsplit(filters.export("ko")).query))
    assert asked == {"format": "xlsx", "lang": "ko", "region": "수도권"}


def test_an_address_reads_back_as_the_same_filters() -> None:
    filters = Filters.read({"owner": "a&b=c", "q": "한빛 #1", "min": "0.5", "sort": "close", "lang": "ko"})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(filters.address()).query).items()}
    assert Filters.read(asked) == filters


def test_a_period_is_of_opportunities_and_by_the_fiscal_year() -> None:
    filters = Filters.read({"period": "2027-Q1", "category": "commit", "outcome": "WON", "owner": "u1"})
    query = filters.query((0.75, 0.5, 0.25), FiscalCalendar(4))
    assert (query.closes_after, query.closes_by) == (date(2026, 3, 31), date(2026, 6, 30))
    assert (query.kind, query.own_category, query.outcome) == ("OPPORTUNITY", "commit", "WON")
    assert Filters.read(dict(parse_qsl(urlsplit(filters.address()).query))) == filters
    asked = dict(
        parse_qsl(
            urlsplit(
                Filters.read({"period": "2027-Q1", "category": "commit", "min": "0.5", "q": "ㅎㅂ"}).export("en")
            ).query
        )
    )
    assert asked == {
        "format": "xlsx", "lang": "en", "outcome": "OPEN", "period": "2027-Q1", "own_category": "commit",
        "text": "ㅎㅂ", "min_probability": "0.5",
    }  # fmt: skip
    told = filters.apart(Words("ko"))
    assert [text for text, _ in told] == ["2027-Q1 마감", "구분: 확정"]
    assert told[0][1] == "/deals?owner=u1&outcome=WON&category=commit"
    with pytest.raises(InvalidInput):
        Filters.read({"period": "soon"}).query((0.75, 0.5, 0.25), FiscalCalendar())


def test_only_paging_keeps_the_cursor() -> None:
    filters = Filters.read({"cursor": "abc", "q": "x"})
    assert "cursor" not in filters.address(sort="name")
    assert "cursor=next" in filters.address(cursor="next")


@pytest.mark.parametrize(
    "given",
    [
        {"min": "2"},
        {"min": "nan"},
        {"min": "x"},
        {"outcome": "MAYBE"},
        {"category": "sure"},
        {"sort": "id; drop"},
        {"sort": ".reversed"},
        {"q": "x" * 501},
        {"q": "\x00"},
    ],
)
def test_what_is_out_of_range_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        Filters.read(given)


def test_an_unknown_language_counts_for_nothing() -> None:
    assert Filters.read({"lang": "xx"}).lang == ""


def test_every_order_is_one_of_the_store() -> None:
    assert {sort.lstrip("-") for sort in SORTS.values()} <= set(STORE_SORTS)


def test_an_order_turns_round_when_it_is_asked_for_again() -> None:
    filters = Filters.read({"sort": "amount", "stage": "Demo"})
    assert (filters.store_sort, filters.sorted_by("amount", "expected")) == ("-amount", "descending")
    assert filters.order("close") == "/deals?stage=Demo&sort=close"
    assert filters.order("amount") == "/deals?stage=Demo&sort=amount.reversed"
    turned = Filters.read({"sort": "amount.reversed"})
    assert (turned.store_sort, turned.sorted_by("amount"), turned.sorted_by("name")) == ("amount", "ascending", "none")
    assert turned.order("amount") == "/deals?sort=amount"
    assert [option.label for option in turned.sorts(Words("en")) if option.chosen] == ["Amount, reversed"]
    assert Filters.read({"sort": "close.reversed"}).store_sort == "-close_date"


def test_a_stage_that_no_deal_stands_in_stays_chosen() -> None:
    options = Filters.read({"stage": "Gone"}).stages(["Demo", "Offer"], Words("en"))
    assert [(option.value, option.chosen) for option in options] == [
        ("", False), ("Demo", False), ("Offer", False), ("Gone", True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "label"), [("", "Everybody"), ("team:m1", "Team of Park"), ("u1", "Kim"), ("gone", "gone")]
)
def test_exactly_the_asked_owner_is_chosen(owner: str, label: str) -> None:
    options = Filters.read({"owner": owner}).owners(TREE, Words("en"))
    assert [option.label for option in options if option.chosen] == [label]


def test_an_unusual_minimum_stays_chosen() -> None:
    options = Filters.read({"min": "0.6"}).minima(Words("en"))
    assert [(option.value, option.label) for option in options if option.chosen] == [("0.6", "60%")]


def test_a_search_can_look_among_ended_deals_too() -> None:
    found = Filters.read({"q": "Northwind", "lang": "en"})
    assert (found.hidden, Filters.read({"q": "x", "outcome": "ALL"}).hidden) == (
        "/deals?q=Northwind&outcome=ALL&lang=en",
        "",
    )
