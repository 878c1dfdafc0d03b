"""What is missing in a quota is told as missing."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.json_people import quota_from_json


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({}, {"owner_id": "", "period": "", "amount": ""}),
        ({"owner_id": "u", "period": None, "amount": {"currency": "USD", "value": "1"}}, {"period": "null"}),
        ({"owner_id": "u", "period": "2017-Q4", "amount": None}, {"amount": "null"}),
    ],
)
def test_a_quota_without_its_parts(raw: dict[str, Any], told: dict[str, str]) -> None:
    quota, errors = quota_from_json(raw)
    assert quota is None
    assert {each.field: each.value for each in errors} == told
    assert not any("None" in each.message + each.value for each in errors)
    assert all(each.mend for each in errors)
