"""What the cells of weekly files mean: people with titles, companies, business and phone numbers, outcomes."""

from __future__ import annotations

import re
import unicodedata

from learning.records import Outcome
from services.gateway.imports.weekly.vocabulary import outcomes, plain, titles

_LEGAL = re.compile(
    r"㈜|\(주\)|（주）|주식회사|\(유\)|유한회사|유한책임회사|\(사\)|사단법인|\(재\)|재단법인"
    r"|\b(?:co\.?,?\s*ltd|inc|ltd|corp|corporation|llc|gmbh|plc|incorporated|limited|company)\b\.?",
    re.IGNORECASE,
)
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_SINGLE = re.compile(r"[^\u3131-\u318e]+")  # all but single letters of Hangul, of which NFKC makes parts of syllables
_HANGUL_NAME = re.compile(r"[가-힣]{2,5}")
_SEOUL, _MOBILE, _AREA = "2", ("10", "11", "16", "17", "18", "19"), ("3", "4", "5", "6")
_OF_COMPANIES = ("15", "16", "18")  # 1588-1234 and the like have no leading zero


def person(text: str) -> tuple[str, str]:
    """Name and title, such as of "김민수 부장", "김민수부장님" or "김민수(부장)"; the title "" where there is none."""
    words = re.sub(r"[()（）/,]", " ", _SINGLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)).split()
    found = [word for word in words if _bare(word) in titles()]
    names = [word for word in words if _bare(word) not in titles()]
    if found and names:
        return " ".join(names), _bare(found[0])
    if len(names) == 1:
        for title in titles():
            name = _bare(names[0]).removesuffix(title)
            if name != _bare(names[0]) and _HANGUL_NAME.fullmatch(name):
                return name, title
    return " ".join(names or words), ""


def _bare(word: str) -> str:
    return word.removesuffix("님")


def company(text: str) -> str:
    """A company's name to compare: without its legal form, spaces and marks, lower case."""
    name = unicodedata.normalize("NFC", text)
    bare = plain_letters(_LEGAL.sub(" ", name))
    return bare or plain_letters(name)


def plain_letters(text: str) -> str:
    """Letters and digits alone, in lower case."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def business_number(text: str) -> str | None:
    """The ten digits of a Korean business registration number, None where the check digit does not fit.

    The check digit is that of the National Tax Service: weights 1 3 7 1 3 7 1 3 5, and the tens of the ninth product.
    """
    if re.fullmatch(r"\d{3}\s*-?\s*\d{2}\s*-?\s*\d{5}", text.strip()) is None:
        return None
    digits = [int(each) for each in text if each.isdecimal()]
    total = sum(digit * weight for digit, weight in zip(digits[:9], _WEIGHTS, strict=True)) + digits[8] * 5 // 10
    return "".join(map(str, digits)) if (10 - total % 10) % 10 == digits[9] else None


def phone(text: str) -> str | None:
    """A Korean phone number as it is dialled, such as 010-1234-5678, with the leading 0 that a sheet dropped; one from
    abroad as it is, None where it is none."""
    text = text.strip()
    digits = re.sub(r"\D", "", text)
    if text.startswith("+") and not digits.startswith("82"):
        return text if 8 <= len(digits) <= 15 else None
    if digits.startswith("82") and (text.startswith("+") or len(digits) >= 11):
        digits = digits[2:]
    if len(digits) == 8 and digits.startswith(_OF_COMPANIES):
        return f"{digits[:4]}-{digits[4:]}"
    national = digits.removeprefix("0")
    head = _head(national)
    rest = len(national) - len(head)
    if not head or not 7 <= rest <= 8:
        return None
    return f"0{head}-{national[len(head) : -4]}-{national[-4:]}"


def _head(national: str) -> str:
    """The part before the number itself, without its 0."""
    if national.startswith(_SEOUL):
        return _SEOUL
    if national[:2] in (*_MOBILE, "70", "80") or national.startswith(_AREA):
        return national[:2]
    return national[:3] if national.startswith("50") else ""


def outcome(text: str) -> Outcome | None:
    """How a deal ended by a word such as 수주, 드랍 or Closed Won; OPEN for 진행, 보류, 이월; None for other words."""
    return outcomes().get(plain(text))
