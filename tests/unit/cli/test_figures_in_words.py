"""How the command line writes a number of a figure."""

from __future__ import annotations

from typing import Any

import pytest

from cli.figures import told


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("money", "-0.50", "-0.50 USD"), ("money", "-1234567.00", "-1,234,567.00 USD"),
        ("money", "12000", "12,000 USD"), ("share", 0.0417, "4.2 %"), ("days", 12.5, "12.5 d"),
        ("count", 1200, "1,200"), ("share", None, "–"),
    ],
)  # fmt: skip
def test_numbers_are_written_with_their_sign_and_unit(unit: str, value: Any, text: str) -> None:
    assert told({"unit": unit, "value": value, "currency": "USD"}, "value") == text
