"""Small histories for the tests of figures: what happened to a deal on which day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from kit.clock import last_second
from kit.money import Money
from learning.exchange import DatedRate, Rates
from learning.records import Credit, Deal, Motion, Outcome
from services.gateway.figures.book import Book
from services.gateway.figures.counting import Asked, Group
from services.gateway.figures.desk import asked_of
from services.gateway.figures.facts import Facts, facts_of
from services.gateway.figures.groups import ALL, groups_of
from services.gateway.figures.spans import Span
from services.gateway.store.codec import to_us
from services.gateway.store.figures_interface import DealPast

TODAY = date(2026, 7, 15)
Q2 = Span("2026-Q2", date(2026, 4, 1).toordinal(), date(2026, 6, 30).toordinal())
Q3 = Span("2026-Q3", date(2026, 7, 1).toordinal(), date(2026, 9, 30).toordinal())


def day(text: str) -> date:
    """Of this year: 04-01."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def deal(
    name: str, created: str, *, stages: Mapping[str, str] | None = None, won: str = "", lost: str = "",
    promised: Mapping[str, str] | None = None, amounts: Mapping[str, Money] | None = None, amount: Money | None = None,
    owner: str = "ann", account: str = "", motion: Motion = Motion.NEW, pipeline: str = "default",
    fields: Mapping[str, Any] | None = None, shares: Iterable[tuple[str, int]] = (),
) -> DealPast:  # fmt: skip
    """A deal with stages, promised days and amounts by the day since when they were so, closed at the end of a day."""
    begun = datetime.combine(day(created), datetime.min.time(), UTC)
    rows: list[tuple[str, Any, int]] = [("outcome", "OPEN", to_us(begun)), ("kind", "OPPORTUNITY", to_us(begun))]
    for field, values in (("stage", stages), ("close_date", promised), ("amount", amounts)):
        for since, value in (values or {}).items():
            moment = datetime.combine(day(since), datetime.min.time(), UTC)
            rows.append((field, day(str(value)) if field == "close_date" else value, to_us(moment)))
    if amount is not None and not amounts:
        rows.append(("amount", amount, to_us(begun)))
    outcome, closed = (Outcome.WON, won) if won else (Outcome.LOST, lost) if lost else (Outcome.OPEN, "")
    if closed:
        rows += [(field, value, to_us(last_second(day(closed)))) for field, value in
                 (("stage", outcome.value.title()), ("outcome", outcome.value))]  # fmt: skip
    standing = Deal(
        name, 1, motion=motion, pipeline=pipeline, outcome=outcome, owner_id=owner, account_id=account,
        amount=list(amounts.values())[-1] if amounts else amount, created_time=begun,
        closed_date=day(closed) if closed else None, fields=fields or {},
        credits=tuple(Credit(one, share) for one, share in shares),
    )  # fmt: skip
    return DealPast(standing, sorted(rows, key=lambda row: row[2]))


def book_of(pasts: Iterable[DealPast], owners: Iterable[str] | None = None) -> Book:
    """A book of deals; every field tells deals apart."""
    deals = [facts_of(one) for one in pasts]
    fields = frozenset(name for one in deals for name in one.fields)
    seen = None if owners is None else frozenset(owners)
    return Book(deals, seen, fields, {}, (1, TODAY))


def asked_in_dollars(book: Book, rates: Iterable[DatedRate] = ()) -> Asked:
    """What holds for every group, on the day of the book."""
    return asked_of(book, Rates.of("USD", rates), "USD")


def everything(book: Book, rates: Iterable[DatedRate] = ()) -> tuple[Group, Asked]:
    """All deals as one group."""
    [group] = groups_of(book, ALL, (), None)
    return group, asked_in_dollars(book, rates)


def facts(past: DealPast) -> Facts:
    """What figures see of a deal."""
    return facts_of(past)
