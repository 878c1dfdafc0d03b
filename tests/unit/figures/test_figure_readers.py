"""Whose deals stay in memory."""

from __future__ import annotations

from collections import OrderedDict

from services.gateway.domain import Principal, Scope
from services.gateway.figures.book import ALL, READERS, Reader, let_go, reader_of


def test_who_sees_all_shares_one_book_and_others_have_their_own() -> None:
    assert reader_of(Principal("ops", Scope.ALL, "ops")) == reader_of(Principal("local", Scope.ALL)) == ALL
    sellers = [
        Principal("ann", Scope.OWN, "ann"),
        Principal("ann", Scope.SUBTREE, "ann"),
        Principal("b", Scope.OWN, "b"),
    ]
    assert len({reader_of(one) for one in sellers}) == 3


def test_the_oldest_goes_and_the_book_of_all_deals_stays() -> None:
    sellers: list[Reader] = [(Scope.OWN, str(number)) for number in range(READERS + 2)]
    held = OrderedDict.fromkeys([ALL, *sellers], 0)
    let_go(held)
    assert list(held) == [ALL, *sellers[2:]]
    alone = OrderedDict.fromkeys(sellers, 0)
    let_go(alone)
    assert list(alone) == sellers[2:]
