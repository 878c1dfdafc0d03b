"""Amounts as Korean and English sheets write them: 3.2억, 1억 2,000만, (1,000), 1.2M, and units told in headings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from services.gateway.imports.amount_remarks import parts

UNITS = {
    "조": 12, "십억": 9, "억": 8, "천만": 7, "백만": 6, "십만": 5, "만": 4, "천": 3, "백": 2, "원": 0,
    "k": 3, "thousand": 3, "thousands": 3, "m": 6, "mn": 6, "mil": 6, "million": 6, "millions": 6, "mm": 6,
    "b": 9, "bn": 9, "billion": 9, "billions": 9,
}  # fmt: skip
CHOICES = ("원", "천원", "만원", "백만원", "천만원", "억원")  # that people may choose from
_KOREAN = "|".join(sorted((word for word in UNITS if not word.isascii() and word != "원"), key=len, reverse=True))
_PARTS = re.compile(rf"(?:(\d+(?:,\d{{3}})*(?:\.\d+)?)\s*({_KOREAN})\s*)")
_ENGLISH = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)\s*(k|m|mn|bn|b)", re.IGNORECASE)
_PLAIN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+")
_CURRENCY = re.compile(r"^(?:KRW|USD|EUR|JPY|[₩￦$€¥£])\s*|\s*(?:KRW|USD|EUR|JPY|원)$", re.IGNORECASE)
_WON = re.compile(r"[₩￦]|원화|KRW", re.IGNORECASE)
_IN_WON = re.compile(rf"\d\s*(?:{_KOREAN}|원)|[₩￦]|KRW", re.IGNORECASE)
_NEGATIVE = re.compile(r"[-\u2212△▲]\s*")
_NUMBER_ALONE = re.compile(r"\(?\s*[-+\u2212△▲]?\s*(?:\d[\d,]*\.?\d*|\.\d+)\s*\)?")
_IN_HEADING = re.compile(r"[(\[（]\s*(?:단위\s*[:：]?\s*)?(?:in\s+)?([^()\[\]（）]{1,20}?)\s*[)\]）]", re.IGNORECASE)
_OF_SHEET = re.compile(r"(?:단위|unit)(?:\s*[:：]\s*|\s+)([^()\[\]（）,;]{1,20})", re.IGNORECASE)


def read_units(text: str) -> Decimal | None:
    """The number of a cell with a unit, brackets or a mark for negatives around it; None where it has none of them, or
    cannot be read in one way only (2천5백만, 12억5000, 3억2천)."""
    text, negative = text.strip(), False
    if text.startswith("(") and text.endswith(")"):
        text, negative = text[1:-1].strip(), True
    for _ in range(2):  # a sign may stand before or behind the currency
        if mark := _NEGATIVE.match(text):
            text, negative = text[mark.end() :], True
        text = _CURRENCY.sub("", text, count=1).strip()
    text = _CURRENCY.sub("", text).strip()
    number = _korean(text)
    if number is None and (found := _ENGLISH.fullmatch(text)):
        number = _scaled(found[1], found[2].lower())
    if number is None and negative and _PLAIN.fullmatch(text):
        number = Decimal(text.replace(",", ""))
    if number is None:
        return None
    return -number if negative else number


def _korean(text: str) -> Decimal | None:
    """Numbers each with a unit smaller than the one before, added up."""
    total, place, least = Decimal(0), 0, 99
    while found := _PARTS.match(text, place):
        unit = UNITS[found[2]]
        if unit >= least or (unit < UNITS["만"] < least < 99):  # 3억2천 mostly leaves out a 만
            return None
        least, place = unit, found.end()
        total += _scaled(found[1], found[2])
    return total if place == len(text) and place else None


def _scaled(digits: str, unit: str) -> Decimal:
    return Decimal(digits.replace(",", "")).scaleb(UNITS[unit])


def heading_unit(heading: str) -> str:
    """The unit that a heading tells, such as 천원 of "금액(천원)"; "" where it tells none."""
    told = (word for found in _IN_HEADING.findall(heading) for word in re.split(r"[,/·;]", found))
    return next((unit for word in told if (unit := _unit(word))), "")


def won_in(heading: str, unit: str, cells: Iterable[str]) -> str:
    """What says that amounts are in won: their heading, the unit told above them, or the first cell with a Korean unit
    or sign; "" where nothing does."""
    if _WON.search(heading) or heading_unit(heading).endswith("원"):
        return heading
    return unit if unit.endswith("원") else next((cell.strip() for cell in cells if _IN_WON.search(cell)), "")


def sheet_unit(text: str) -> str:
    """The unit that a note above a table tells, such as 백만원 of "(단위: 백만원)"; "" where it tells none."""
    found = _OF_SHEET.search(text)
    return _unit(found[1]) if found else ""


def unit_named(text: str) -> str:
    """The unit where a text is nothing but a Korean one, such as 백만원 or (억원); else ""."""
    word = text.strip().strip("()[]（）").strip()
    return _unit(word) if word.endswith("원") else ""


def _unit(word: str) -> str:
    """A unit as `with_unit` writes it behind a number."""
    bare = _CURRENCY.sub("", _CURRENCY.sub("", word.strip())).strip().lower()
    if not bare:
        return "원" if word.strip() == "원" else ""
    if bare not in UNITS:
        return ""
    if not bare.isascii():
        return bare + "원"
    return {3: "k", 6: "m", 9: "bn"}[UNITS[bare]]


def with_unit(text: str, unit: str) -> str:
    """A cell that holds a bare number, remarks around it or not, with the unit behind the number; any other says
    itself what it means."""
    if not unit or unit == "원":
        return text
    cell = parts(text)
    number = cell.amount.strip()
    if not _NUMBER_ALONE.fullmatch(number):
        return text
    number = f"{number[:-1].strip()}{unit})" if number.endswith(")") else number + unit
    return f"{cell.before}{number}{cell.after}"
