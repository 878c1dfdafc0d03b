"""How the command line writes a number of a figure."""

from __future__ import annotations

from typing import Any

import pytest

from cli.figures import _cells, told


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


def test_in_korean_nothing_is_english() -> None:
    row = {
        "period": "2017-Q4", "name": "전체", "figure_text": "영업 주기", "part_text": "수주까지", "pipeline": "",
        "unit": "days", "value": 76.0, "low": 70.5, "high": 80.0, "currency": "", "count": 94, "note_text": "",
        "counts": {"won": 53, "lost": 41, "moved": 19, "to:Won": 3},
    }  # fmt: skip
    assert _cells(row, "ko")[4:] == ["76일", "70.5일 … 80일", "94", "수주 53, 실주 41, 이동 19", ""]
    assert _cells(row, "en")[4:] == ["76 d", "70.5 d … 80 d", "94", "won 53, lost 41, moved 19", ""]
