"""What people write into cells for nothing, for yes and no, and for numbers, in whatever way they do."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

MISSING_WORDS = frozenset(
    {"", "select", "n/a", "na", "n.a.", "#n/a", "-", "--", "none", "null", "nan", "nil", "?", "<na>", "\\n"}
)
# Pairs of words that together mean yes and no.
YES_NO_PAIRS = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"),
    ("예", "아니오"), ("예", "아니요"), ("네", "아니오"), ("네", "아니요"), ("o", "x"), ("참", "거짓"),
)  # fmt: skip
_SPACES = " \u00a0\u202f\u2009'"
_SIGNS = "$€£¥₩￦元円원"
_CODES = "USD|KRW|EUR|GBP|JPY|CNY|CHF|INR|AUD|CAD|SGD|HKD|BRL|SEK|NOK|DKK|PLN|CZK|TRY|MXN|ZAR|RS"
_AROUND = re.compile(rf"^(?:{_CODES})\.?\s*(?=[\d+(.,-])|\s*(?:{_CODES}|%)$", re.IGNORECASE)
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*|[.,]\d+|\d+[.,]")
_SCIENTIFIC = re.compile(r"\d*[.,]?\d+[eE][+-]?\d{1,3}|\d+[.,][eE][+-]?\d{1,3}")
_CODE = re.compile(r"[+-]?0\d+")
LARGEST = 1e300


def is_missing(text: str) -> bool:
    """Whether a cell says nothing: empty, or a word that stands for it, such as N/A or Select."""
    return len(text) <= 8 and text.strip().lower() in MISSING_WORDS


def yes_no_words(values: Iterable[str]) -> dict[str, bool] | None:
    """What each word (lower case) of a column means, where its two values are a pair of yes and no; else None."""
    found = {text.strip().lower() for text in values}
    if len(found) > 2:
        return None
    for yes, no in YES_NO_PAIRS:
        if found == {yes, no}:
            return {yes: True, no: False}
    if len(found) == 1:
        long = [(yes, no) for yes, no in YES_NO_PAIRS if found & {yes, no} and len(next(iter(found))) > 1]
        return {long[0][0]: True, long[0][1]: False} if long else None
    return None


def _bare(text: str) -> tuple[str, bool] | None:
    """The digits with their separators, and whether they are negative; None where it is no number in any way."""
    text = text.strip().replace("\u2212", "-")
    negative = False
    if text.startswith("(") and text.endswith(")"):
        text, negative = text[1:-1].strip(), True
    text = _AROUND.sub("", text).strip().strip(_SIGNS).strip()
    if text[:1] in "+-" and text:
        negative ^= text[0] == "-"
        text = text[1:].strip().lstrip(_SIGNS).strip()
    if any(space in text for space in _SPACES):
        text = _without_spaces(text)
    return (text, negative) if text else None


def _without_spaces(text: str) -> str:
    """Groups of three digits apart by spaces or apostrophes, joined; else the text as it is."""
    parts = re.split(f"[{_SPACES}]", text)
    last = re.split("[.,]", parts[-1])[0]
    if 1 <= len(parts[0]) <= 3 and all(len(part) == 3 for part in (*parts[1:-1], last)):
        return "".join(parts)
    return text


def parse_number(text: str, decimal: str = ".") -> float:
    """The number a cell holds, nan where it holds none.

    Signs and codes of currencies, a percent sign, groups of thousands (1,234,567 or 1.234.567 or 1 234 567) and
    brackets for negatives are understood; `decimal` is the mark before the decimals.
    """
    bare = _bare(text)
    if bare is None:
        return math.nan
    digits, negative = bare
    other = "," if decimal == "." else "."
    if _SCIENTIFIC.fullmatch(digits):
        plain = digits.replace(",", ".")
    elif not _DIGITS.fullmatch(digits):
        return math.nan
    else:
        whole, _, rest = digits.partition(decimal)
        if other in rest or decimal in rest or not _grouped(whole, other):
            return math.nan
        plain = whole.replace(other, "") + "." + rest
    try:
        number = float(plain)
    except ValueError:
        return math.nan
    return math.nan if number > LARGEST else -number if negative else number


def _grouped(whole: str, mark: str) -> bool:
    if mark not in whole:
        return True
    head, *groups = whole.split(mark)
    # groups of two before the last are how lakhs are written
    return 1 <= len(head) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups)


def decimal_mark(counts: Mapping[str, int], *, comma_likely: bool = False) -> str:
    """The decimal mark of a column whose values occur so often.

    What can be read in one way only decides (1,5 and 1.234,56; 0.125 and 1,234,567); `comma_likely` where nothing
    does, as in files with semicolons between the cells.
    """
    votes = {".": 0, ",": 0}
    for text, count in counts.items():
        bare = _bare(text)
        if bare is not None and (mark := _evident_mark(bare[0])):
            votes[mark] += count
    if votes["."] == votes[","]:
        return "," if comma_likely and not votes["."] else "."
    return max(votes, key=lambda mark: votes[mark])


def _evident_mark(digits: str) -> str:
    """The mark that a number cannot be read without; "" where it can be read either way, or has none."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    other = "," if last == "." else "."
    if other in marks:
        return last
    if len(marks) > 1:
        return other
    head, _, tail = digits.partition(last)
    return "" if len(tail) == 3 and 1 <= len(head) <= 3 and not head.startswith("0") else last


def is_code(text: str) -> bool:
    """Digits with a zero before them, such as a postcode: no quantity."""
    return _CODE.fullmatch(text.strip()) is not None
