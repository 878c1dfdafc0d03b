"""Resident and foreigner registration numbers are told from the numbers that look like them."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from services.gateway.domain import FieldError
from services.gateway.privacy.resident_numbers import (
    MASK,
    holds_resident_number,
    masked,
    masked_logs,
    masked_name,
    shown,
    unrepeated,
)

WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def number(born: date, digit: int, rest: str, *, wrong: int = 0) -> str:
    """A number of a birth day with a right check digit, or one that is off by `wrong`."""
    twelve = f"{born:%y%m%d}{digit}{rest}"
    total = sum(weight * int(one) for weight, one in zip(WEIGHTS, twelve, strict=True))
    check = ((13 if digit in (5, 6, 7, 8) else 11) - total % 11 + wrong) % 10
    return f"{twelve[:6]}-{twelve[6:]}{check}"


def test_every_sound_number_is_found_however_it_is_written() -> None:
    draw = random.Random(7)
    found = total = 0
    for _ in range(2_000):
        born = date(1935, 1, 1) + timedelta(days=draw.randrange(29_000))
        century = (1, 2, 5, 6) if born.year < 2000 else (3, 4, 7, 8)
        one = number(born, draw.choice(century), f"{draw.randrange(100_000):05d}")
        for written in (one, one.replace("-", ""), one.replace("-", " - "), f"고객 {one}입니다"):
            total += 1
            found += holds_resident_number(written)
    assert found / total > 0.97  # a few are sound corporate numbers as well


@pytest.mark.parametrize(
    "told", ["주민등록번호: {}", "주민번호 {}", "외국인등록번호는 {}", "RRN {}", "Resident registration no {}"]
)
def test_a_number_that_is_called_one_needs_no_check_digit(told: str) -> None:
    assert masked(told.format("211105-3123456")) == told.format(MASK)
    assert masked(told.format("211105-9123456")) == told.format("211105-9123456")  # born in 1821


def test_a_heading_says_what_a_column_holds() -> None:
    assert holds_resident_number("2111053123456", "주민등록번호")
    assert not holds_resident_number("2111053123456", "주문번호")


@pytest.mark.parametrize("text", [
    "", "220-81-62517", "010-1234-5678", "02-555-1234", "+82 10-1234-5678", "2017-09-30 14:00", "1234567890123",
    "991332-1234567", "8801234567893", "SO-231105-0001234", "110111-0000000", "1.8501011234567", "850101-123456",
    "850101-12345678", "4111 1111 1111 1111",
])  # fmt: skip
def test_other_numbers_are_left_alone(text: str) -> None:
    assert (masked(text), holds_resident_number(text)) == (text, False)


def test_order_numbers_of_a_day_are_mostly_left_alone() -> None:
    """Of 10,000 order numbers YYMMDD-NNNNNNN, which are a birth day and seven digits by form, few pass for one."""
    draw = random.Random(11)
    orders = [
        f"{date(2018, 1, 1) + timedelta(days=draw.randrange(3_000)):%y%m%d}-{draw.randrange(10**7):07d}"
        for _ in range(10_000)
    ]
    assert sum(map(holds_resident_number, orders)) < 20
    assert sum(holds_resident_number(one, "Order") for one in orders if one[7] == "0") == 0


def test_a_corporate_number_is_no_persons() -> None:
    twelve = "110111345678"
    total = sum(weight * int(one) for weight, one in zip((1, 2) * 6, twelve, strict=True))
    assert not holds_resident_number(f"{twelve[:6]}-{twelve[6:]}{(10 - total % 10) % 10}")


def test_wide_digits_and_several_numbers_are_masked() -> None:
    one, other = number(date(1985, 3, 2), 1, "12345"), number(date(2003, 12, 31), 4, "54321")
    wide = one.translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
    assert masked(f"{one}, {wide} 그리고 {other}.") == f"{MASK}, {MASK} 그리고 {MASK}."
    assert masked(number(date(1985, 3, 2), 1, "12345", wrong=1)) != MASK


def test_errors_and_logs_repeat_none_whatever_it_stands_in() -> None:
    sound, odd = number(date(1985, 3, 2), 1, "12345"), number(date(1985, 3, 2), 1, "12345", wrong=1)
    bare = sound.replace("-", "")
    for value in ([int(bare)], {"a": {"b": [sound]}}, int(bare), float(bare), (odd,), f"/v1/deals/{odd}"):
        told = unrepeated(value)
        assert MASK in told, value
        assert "850302" not in told
    assert unrepeated({"n": 850302}) == "{'n': 850302}"
    assert "850302" not in unrepeated(f"{'x' * 50} {sound}"[:60])
    assert unrepeated(f"{'x' * 50} 231105") == f"{'x' * 50} 231105"
    line = masked_logs(None, "info", {"event": "refused", "value": [sound], "count": 3})
    assert line == {"event": "refused", "value": f"['{MASK}']", "count": 3}
    error = FieldError(f"fields.{odd}", odd, f"no such deal {odd}", "")
    assert (error.field, error.value, error.message) == (f"fields.{MASK}", MASK, f"no such deal {MASK}")


def test_what_is_shown_of_files_asks_for_no_check_digit() -> None:
    odd = number(date(1985, 3, 2), 1, "12345", wrong=1)
    for name in (f"계약 {odd}.xlsx", f"계약_{odd.replace('-', '_')}.xlsx"):
        assert "850302" not in masked_name(name)
        assert MASK in masked_name(name)
    assert shown(f"담당 {odd}") == f"담당 {MASK}"
    for other in ("영업_231105-3123459.xlsx", "010-1234-5678", "영업현황_20261116_1234567.csv", "SO-240101-1234567"):
        assert (masked_name(other), shown(other)) == (other, other)
