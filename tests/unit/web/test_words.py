import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.records import ACTIVITY_TYPES, BUYING_ROLES, CATEGORIES, DIRECTIONS, TRACKED_FIELDS, DealKind, Motion
from services.gateway.web import words as module
from services.gateway.web.filters import OUTCOMES, SORTS
from services.gateway.web.units import UNITS, in_unit
from services.gateway.web.words import Words, catalogue
from services.next_best_action.signals_corpus import NAMES as SIGNALS

TEMPLATES = Path(module.__file__).parent / "templates"


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_message_stands_in_both_languages_with_the_same_slots() -> None:
    for key, texts in catalogue().items():
        assert len(texts) == 2, key
        assert slots(texts[0]) == slots(texts[1]), key
        assert bool(texts[0]) == bool(texts[1]), key


def test_templates_use_only_known_messages() -> None:
    for path in TEMPLATES.glob("*.html"):
        for key in re.findall(r"""\bw\(["']([a-z_.]+)["']""", path.read_text(encoding="utf-8")):
            assert key in catalogue(), (path.name, key)


def test_all_codes_have_words() -> None:
    codes = {
        "kind": tuple(DealKind), "motion": tuple(Motion), "outcome": OUTCOMES[:-1], "sort": tuple(SORTS),
        "field": TRACKED_FIELDS, "activity": ACTIVITY_TYPES, "direction": DIRECTIONS, "role": BUYING_ROLES,
        "category": CATEGORIES, "trend": ("IMPROVING", "STEADY", "DECLINING", "NOT_ENOUGH"), "signal": SIGNALS,
    }  # fmt: skip
    for section, names in codes.items():
        for name in names:
            assert f"{section}.{name}" in catalogue()


def test_a_code_without_a_word_stays_as_it_is() -> None:
    assert Words("ko").name("outcome", "PAUSED") == "PAUSED"


@pytest.mark.parametrize(
    ("language", "currency", "value", "compact", "text"),
    [
        ("en", "KRW", "12340000", False, "₩12,340,000"), ("ko", "KRW", "12340000", False, "₩12,340,000"),
        ("en", "USD", "54.25", False, "$54.25"), ("en", "USD", "1054.00", False, "$1,054"),
        ("ko", "KRW", "812340000", True, "₩8.12억"), ("en", "USD", "1250000.00", True, "$1.25M"),
        ("en", "KRW", "1403000000", True, "₩1.4B"), ("en", "KRW", "1371106448", True, "₩1.37B"),
        ("en", "KRW", "9999", True, "₩9,999"), ("en", "USD", "-20.50", False, "-$20.50"),
    ],
)  # fmt: skip
def test_money(language: str, currency: str, value: str, compact: bool, text: str) -> None:
    assert Words(language).money({"currency": currency, "value": value}, compact=compact) == text


@pytest.mark.parametrize(
    ("language", "unit", "currency", "value", "text"),
    [
        ("ko", "eok", "KRW", "52000000", "₩0.52억"), ("ko", "eok", "KRW", "812340000", "₩8.12억"),
        ("ko", "eok", "KRW", "1234500000", "₩12.3억"), ("ko", "eok", "KRW", "999500000", "₩10.0억"),
        ("ko", "eok", "KRW", "-2700000000", "-₩27.0억"), ("ko", "eok", "KRW", "500000", "₩500,000"),
        ("ko", "eok", "KRW", "1500000", "₩0.02억"), ("ko", "eok", "KRW", "0", "₩0"),
        ("ko", "man", "KRW", "52005000", "₩5,200만"), ("ko", "man", "KRW", "52015000", "₩5,202만"),
        ("ko", "M", "KRW", "52050000", "₩52.0백만"), ("en", "M", "USD", "52150000.00", "$52.2M"),
        ("en", "K", "USD", "1250500", "$1,250K"), ("en", "K", "USD", "1251500", "$1,252K"),
        ("en", "K", "USD", "54.25", "$0.1K"), ("en", "K", "USD", "49.99", "$49.99"),
        ("ko", "1", "KRW", "1371106448", "₩1,371,106,448"), ("en", "1", "USD", "54.25", "$54.25"),
        ("en", "eok", "USD", "1E+10", "$100.0억"),
    ],
)  # fmt: skip
def test_money_in_the_readers_unit_rounds_halves_to_even(
    language: str, unit: str, currency: str, value: str, text: str
) -> None:
    for compact in (False, True):
        assert Words(language, unit).money({"currency": currency, "value": value}, compact=compact) == text


@given(st.decimals(-(10**15), 10**15, places=2), st.sampled_from(sorted(UNITS)))
def test_no_unit_is_off_by_more_than_half_its_last_digit(value: Decimal, name: str) -> None:
    unit = UNITS[name]
    text = in_unit("en", "USD", value, unit)
    if text is None:
        assert abs(value) <= unit.size * Decimal(10) ** -unit.near / 2
        return
    shown = text.removesuffix(unit.suffixes["en"]).replace("$", "").replace(",", "")
    places = len(shown.partition(".")[2])
    assert abs(Decimal(shown) * unit.size - value) <= unit.size * Decimal(10) ** -places / 2
    assert places >= min(unit.places, unit.near)


def test_no_money() -> None:
    assert Words("en").money(None) == "–"


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0%"), (0.004, "<1%"), (0.5, "50%"), (0.996, ">99%"), (1.0, "100%"), (None, "–")]
)
def test_percent_never_looks_more_certain_than_it_is(share: float | None, text: str) -> None:
    assert Words("en").percent(share) == text


def test_points_days_and_times() -> None:
    words = Words("ko")
    assert (words.points(0.034), words.points(-0.01)) == ("+3.4", "-1.0")
    assert words.day(date(2026, 11, 21)) == words.day("2026-11-21") == "2026. 11. 21."
    assert words.time("2026-11-21T10:11:12.123456Z") == "2026-11-21 10:11 UTC"
    assert Words("ko", zone="Asia/Seoul").time("2026-11-21T15:11:12.123456Z") == "2026-11-22 00:11 KST"
    assert words.day(None) == "–"


@pytest.mark.parametrize(
    "other", ["종료된 (딜|기록)", "마감된 (딜|기록)", "딜의 종료", "종료 기록", "사전 ?값", "사전 확률"]
)
def test_one_meaning_has_one_word_everywhere(other: str) -> None:
    """A deal is 종결 (contracts and processes are 종료), what stands in for a prediction is 기본값."""
    root = TEMPLATES.parents[3]
    found = [
        path.relative_to(root)
        for folder in ("services", "cli", "learning", "docs")
        for path in (root / folder).rglob("*")
        if path.suffix in (".py", ".toml", ".html", ".md") and re.search(other, path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "<1%"), (0.004, "<1%"), (0.5, "50%"), (0.996, ">99%"), (1.0, ">99%"), (None, "–")]
)
def test_a_chance_is_never_nothing_and_never_certain(share: float | None, text: str) -> None:
    assert Words("en").chance(share) == text


def test_pages_tell_every_chance_by_one_function() -> None:
    """Shares are counted, chances are of what is still to come."""
    pages = [*TEMPLATES.parent.glob("*.py")]
    told = r"words\.percent\([^()]*\b(?:quota_probability|probability|slip_risk)\b"
    assert not [(page.name, found) for page in pages for found in re.findall(told, page.read_text("utf-8"))]


def test_a_deals_chance_is_no_win_rate_and_its_promised_day_has_one_name() -> None:
    """Korean: 수주 확률 is this deal's chance, 수주율 what became of past ones; 마감 예정일 is what the team entered,
    AI 예상 마감 what the forecast expects."""
    for key, (_, korean) in catalogue().items():
        assert "승률" not in korean, key
        assert not re.search("마감일|예상 마감(?<!AI 예상 마감)", korean), key
