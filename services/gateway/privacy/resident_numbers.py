"""Korean resident and foreigner registration numbers: found in text, and masked.

Six digits of a birth day, then seven of which the first tells sex, century and whether a foreigner. Numbers given out
since October 2020 have no check digit, and order numbers often begin with a day too, mostly one of late. So a number
is one only where its check digit is right and it begins with the birth day of a grown person, or where the words before
it, or its column's heading, say what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, MutableMapping
from datetime import UTC, date, datetime
from typing import Any

from kit.clock import utc_day

MASK = "******-*******"
MASK_IN_PATHS = "xxxxxx-xxxxxxx"  # where a system takes no *
SHORTEST = 13  # characters of such a number
MESSAGE = "this holds a resident registration number, which is not kept"
MEND = "Leave the number out"
OLDEST = 110  # years
YOUNGEST, OLD = 10, 99  # whom a company meets: what nothing calls a resident number begins with such a birth day
_CENTURY = {1: 1900, 2: 1900, 5: 1900, 6: 1900, 3: 2000, 4: 2000, 7: 2000, 8: 2000}
_FOREIGN = (5, 6, 7, 8)
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_COMPANY_WEIGHTS = (1, 2) * 6
_COMPANY_KINDS = ("11", "12", "13", "14", "15", "21", "22")
_NUMBER = re.compile(r"(?<![\d\-–.])(\d{6})(\s?[-–—‐·.]\s?|\s)?([1-8]\d{6})(?!\d|[-–]\d)")
_NAMED = re.compile(
    r"주민\s*(?:등록)?\s*번호|주민\s*등록|외국인\s*(?:등록)?\s*번호|거소\s*신고|주민\s*NO|\bRRN\b|\bARC\b"
    r"|resident\s+(?:registration|id|number)|alien\s+registration",
    re.IGNORECASE,
)
# No check digit is asked for in errors where a line parts the two.
_PARTED = re.compile(r"(?<!\d)(\d{6})\s?[-–—‐·.]\s?([1-8]\d{6})(?!\d)")
# The end of a text that was cut within such a number.
_CUT = re.compile(r"(?<![\d-])\d{6}(?:\s?[-–—‐·.]\s?[1-8]?\d{0,6}|[1-8]\d{1,5})…?$")
SHORTEST_CUT = 55  # characters; errors show 60 and more
_NEAR = 32  # characters before a number in which its name counts
_WIDE = str.maketrans("０１２３４５６７８９－", "0123456789-")


def resident_numbers(text: str, heading: str = "", today: date | None = None) -> Iterator[tuple[int, int]]:
    """Where such numbers stand in a text: start and end of each. A heading that names them counts for all of it."""
    if len(text) < SHORTEST:
        return
    plain = text.translate(_WIDE)
    named = bool(_NAMED.search(heading)) if heading else False
    for found in _NUMBER.finditer(plain):
        told = named or bool(_NAMED.search(plain, max(0, found.start() - _NEAR), found.start()))
        if _is_one(found[1] + found[3], told=told, today=today or utc_day(datetime.now(UTC))):
            yield found.span()


def holds_resident_number(text: str, heading: str = "") -> bool:
    """Whether a text holds one."""
    return next(resident_numbers(text, heading), None) is not None


def masked(text: str, heading: str = "") -> str:
    """The text with every such number masked whole, its birth day too."""
    for start, end in reversed(list(resident_numbers(text, heading))):
        text = text[:start] + MASK + text[end:]
    return text


def shown(text: str, heading: str = "") -> str:
    """A text as it may be shown of a file nobody has checked: where a line parts the two halves and a grown person may
    be born on the day, a wrong check digit shows no more than a slip."""
    text = masked(text, heading)
    for start, end in reversed(list(_parted(text))):
        text = text[:start] + MASK + text[end:]
    return text


def shows_resident_number(text: str) -> bool:
    """Whether a heading holds one, be its check digit right or not."""
    return holds_resident_number(text) or next(_parted(text), None) is not None


def masked_name(name: str, mark: str = MASK) -> str:
    """The name of a file or a sheet as it may be shown, stored or logged; it may part the two with an underscore."""
    name = unicodedata.normalize("NFC", name)
    found = {*resident_numbers(name.replace("_", " ")), *_parted(name.replace("_", "-"))}
    for start, end in sorted(found, reverse=True):
        name = name[:start] + mark + name[end:]
    return name


def unrepeated(value: object, heading: str = "") -> str:
    """A value of any kind as an error or a log may repeat it: lists and objects as text, every such number masked."""
    text = value if isinstance(value, str) else str(value)
    if len(text) < SHORTEST:
        return text
    text = masked(text, heading)
    for found in reversed(list(_PARTED.finditer(text.translate(_WIDE)))):
        if _is_one(found[1] + found[2], told=True, today=utc_day(datetime.now(UTC))):
            text = text[: found.start()] + MASK + text[found.end() :]
    return _CUT.sub(MASK, text) if len(text) >= SHORTEST_CUT else text


def masked_logs(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: no line repeats such a number, whatever it tells of."""
    for name, value in event.items():
        if isinstance(value, str | list | dict | tuple) and (told := unrepeated(value)) != str(value):
            event[name] = told
    return event


def _parted(text: str) -> Iterator[tuple[int, int]]:
    """Where two halves stand that a line parts, whatever the check digit says."""
    if len(text) < SHORTEST:
        return
    today = utc_day(datetime.now(UTC))
    for found in _PARTED.finditer(text.translate(_WIDE)):
        if _is_one(found[1] + found[2], told=False, today=today, checked=False):
            yield found.span()


def _is_one(digits: str, *, told: bool, today: date, checked: bool = True) -> bool:
    born = _born(digits)
    if born is None or born > today or today.year - born.year > OLDEST:
        return False
    if told:
        return True
    if not YOUNGEST <= today.year - born.year <= OLD or _is_company(digits):
        return False
    return _checks(digits) or not checked


def _born(digits: str) -> date | None:
    try:
        return date(_CENTURY[int(digits[6])] + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None


def _checks(digits: str) -> bool:
    """Whether the last digit is the check digit of the others: 11 less the weighted sum, 13 less it of foreigners."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    base = 13 if int(digits[6]) in _FOREIGN else 11
    return (base - total % 11) % 10 == int(digits[12])


def _is_company(digits: str) -> bool:
    """Whether it is a sound corporate registration number, which is as long: 등기소 4, kind 2, serial 6, check 1."""
    if digits[4:6] not in _COMPANY_KINDS:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_COMPANY_WEIGHTS, digits, strict=False))
    return (10 - total % 10) % 10 == int(digits[12])
