"""Names that are none."""

from __future__ import annotations

import pytest

from services.gateway.health.junk import junk, junk_mail


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("asdf", "keyboard"), ("qwerqwer", "keyboard"), ("ㅁㄴㅇㄹ", "keyboard"), ("ㅋㅋ", "keyboard"),
        ("1234", "keyboard"), ("aaaa", "repeated"), ("xx", "repeated"), ("??", "empty"), ("테스트", "test"),
        ("삭제 예정", "test"), ("TEST DO NOT USE", "test"), ("Test Deal 3", "test"), ("샘플", "test"),
        ("Mickey Mouse", "placeholder"), ("홍길동", "placeholder"), ("홍 길동", "placeholder"),
        ("아무개", "placeholder"), ("홍길동 과장", "placeholder"),
        ("홍길동님", "placeholder"), ("홍길동 (테스트)", "placeholder"), ("Doe, John", "placeholder"),
        ("테스터", "test"), ("Test User", "test"), ("john  doe", "placeholder"),
    ],
)  # fmt: skip
def test_junk_says_why(text: str, why: str) -> None:
    assert junk(text) == why


@pytest.mark.parametrize(
    "text",
    ["", "홍길순", "홍길동전 기념관", "길동", "아무개소프트", "박테스", "Johnny Doe", "John Doerr",
     "한빛정밀", "Test Equipment Co.", "IBM", "3M", "AAA Insurance", "7-Eleven", "Deal Flow Partners", "신라",
     "비비", "Poiuy Trading", "삭도건설", "Sample Rate Audio"],
)  # fmt: skip
def test_names_are_no_junk(text: str) -> None:
    assert junk(text) == ""


def test_mail_of_nobody() -> None:
    assert junk_mail("test@acme.com")
    assert junk_mail("kim@test.com")
    assert not junk_mail("protest@acme.com")
    assert not junk_mail("kim@latest.com")
