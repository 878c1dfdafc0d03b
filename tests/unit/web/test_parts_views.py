"""Parts of a number in words: rounded so that they make it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.web.parts_views import composition, whole_parts
from services.gateway.web.words import Words


@given(st.lists(st.decimals(-(10**12), 10**12, places=4), max_size=6))
def test_parts_make_the_rounded_total(parts: list[Decimal]) -> None:
    whole, total = whole_parts(parts, "USD"), sum(parts, Decimal(0))
    places = Decimal(1) if abs(total) >= 1000 else Decimal("0.01")
    assert sum(whole, Decimal(0)) == total.quantize(places)
    assert all(abs(one - part) <= places for one, part in zip(whole, parts, strict=True))


def test_what_is_nothing_is_left_out_and_a_unit_shortens_nothing() -> None:
    row = {"booked": "0", "deals": "1500.6", "not_yet_created": "0.0000", "correction": "-200.2"}
    steps = composition(row, "KRW", "2026-Q4", Words("en", "M"))
    assert [(step.label, step.amount) for step in steps] == [
        ("Won in 2026-Q4", "+₩0"), ("Open deals", "+₩1,501"), ("Correction", "−₩201"), ("AI, expected", "₩1,300"),
    ]  # fmt: skip
