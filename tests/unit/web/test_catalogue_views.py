"""What the page of the action catalogue tells of an action's cost."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.web.catalogue_views import Typed, action_views
from services.gateway.web.words import Words

CALL = {"name": "call", "en": "Call", "ko": "전화하기", "cost": 45, "minutes": 5}
RATES = {"KRW": 1380, "EUR": 0.9}


@pytest.mark.parametrize(
    ("written", "company", "language", "told"),
    [
        ("USD", "KRW", "ko", "비용 약 ₩62,100(US$45), 5분"), ("USD", "USD", "en", "Costs $45, 5 minutes"),
        ("KRW", "EUR", "en", "Costs about €0.03 (₩45), 5 minutes"), ("USD", "CHF", "en", "Costs $45, 5 minutes"),
    ],
)  # fmt: skip
def test_costs_are_told_in_the_companys_currency(written: str, company: str, language: str, told: str) -> None:
    document: dict[str, Any] = {"currency": written, "rates": RATES, "actions": [CALL]}
    [one] = action_views(document, Typed(), company, Words(language))
    assert one.takes == told
    units = {field.key: field.unit for field in (*one.fields, *one.more) if field.unit}
    assert units == {"cost": written, "benefit": written}
