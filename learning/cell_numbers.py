"""What people write into cells for nothing, for yes and no, and for numbers, in whatever way they do."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

MISSING_WORDS = frozenset(
    {"", "select", "n/a", "na", "n.a.", "#n/a", "-", "--", "none", "null", "nan", "nil", "?", "<na>", "\\n"}
)
# Words that mean yes, and those that mean no beside them. Single letters and digits speak only beside such words, or in
# pairs of their own.
YES_NO_FAMILIES = (
    (("yes", "y"), ("no", "n")), (("true", "t"), ("false", "f")), (("on",), ("off",)),
    (("예", "네"), ("아니오", "아니요")), (("o",), ("x",)), (("참",), ("거짓",)), (("ja", "j"), ("nein", "n")),
    (("oui",), ("non",)), (("sí", "si"), ("no",)), (("sim",), ("não", "nao")), (("はい",), ("いいえ",)),
    (("是",), ("否",)),
)  # fmt: skip
DIGITS_TOO = ({"1", "1.0"}, {"0", "0.0"})
_SPACES = " \u00a0\u202f\u2009'"
_SIGNS = "$€£¥₩￦元円원₹₽₺฿₫₱₪₴₦₡₲₵₸₼₾¤?\ufffd"  # the last three stand for signs that an export lost
_CODES = "USD|KRW|EUR|GBP|JPY|CNY|CHF|INR|AUD|CAD|SGD|HKD|BRL|SEK|NOK|DKK|PLN|CZK|TRY|MXN|ZAR|RS"
_AROUND = re.compile(
    rf"^(?:{_CODES})\.?\s*(?=[\d+(.,-])|^(?:US|CA|AU|NZ|HK|NT|MX|SG|[ACRS])(?=[$])|\s*(?:{_CODES}|%|％)$", re.IGNORECASE
)
_MYRIADS = re.compile(
    r"(?:(?P<eok>[\d.,]+)\s*억)?\s*(?:(?P<cheonman>[\d.,]+)\s*천만)?\s*(?:(?P<man>[\d.,]+)\s*만)?"
    r"\s*(?:(?P<cheon>[\d.,]+)\s*천)?\s*(?P<rest>[\d,]+)?"
)
_MYRIAD_WORTH = {"eok": 1e8, "cheonman": 1e7, "man": 1e4, "cheon": 1e3, "rest": 1.0}
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*|[.,]\d+|\d+[.,]")
_SCIENTIFIC = re.compile(r"\d*[.,]?\d+[eE][+-]?\d{1,3}|\d+[.,][eE][+-]?\d{1,3}")
_CODE = re.compile(r"[+-]?0\d+")
LARGEST = 1e100  # sums of squares of any that many rows hold stay finite


def is_missing(text: str) -> bool:
    """Whether a cell says nothing: empty, or a word that stands for it, such as N/A or Select."""
    return len(text) <= 8 and text.strip().lower() in MISSING_WORDS


def yes_no_words(values: Iterable[str]) -> dict[str, bool] | None:
    """What each word (lower case) of a column means, where all of them mean yes or no, in whatever spellings; else
    None. A column that only ever says no (or yes) is one too, if it says so in a word."""
    found = {text.strip().casefold() for text in values}
    known = {word for yes, no in YES_NO_FAMILIES for word in (*yes, *no) if len(word) > 1 or not word.isascii()}
    meant: dict[str, bool] = {}
    for yes, no in YES_NO_FAMILIES:
        family = {*yes, *no}
        if found & family & known or (found <= family and found & set(yes) and found & set(no)):
            meant |= {word: word in yes for word in family}
    if meant:
        meant |= {word: word in DIGITS_TOO[0] for word in DIGITS_TOO[0] | DIGITS_TOO[1]}
    if not meant or not found <= set(meant):
        return None
    both = len({meant[word] for word in found}) == 2
    return meant if both or (len(found) == 1 and len(next(iter(found))) > 1) else None


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
    elif text.endswith("-") and text[:-1].rstrip()[-1:].isdigit():  # as SAP writes negatives
        text, negative = text[:-1].rstrip(), not negative
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
    if any(unit in digits for unit in "억만천"):
        number = bounded(_of_myriads(digits, decimal))
        return -number if negative else number
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
        number = bounded(float(plain))
    except ValueError:
        return math.nan
    return -number if negative else number


def bounded(number: float) -> float:
    """The number, nan beyond what can be computed with: nothing that is counted or paid is so large."""
    return number if abs(number) <= LARGEST else math.nan


def _of_myriads(text: str, decimal: str) -> float:
    """Numbers by 억, 만 and 천, such as 1억 2,000만 or 300만; nan where it is none."""
    match = _MYRIADS.fullmatch(text.strip())
    if match is None:
        return math.nan
    return math.fsum(
        parse_number(part, decimal) * _MYRIAD_WORTH[name] for name, part in match.groupdict().items() if part
    )


def _grouped(whole: str, mark: str) -> bool:
    if mark not in whole:
        return True
    head, *groups = whole.split(mark)
    # groups of two before the last are how lakhs are written
    return 1 <= len(head) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups)


def mark_votes(counts: Mapping[str, int]) -> dict[str, int]:
    """By decimal mark, how many cells can be read with it only (1,5 and 1.234,56; 0.125 and 1,234,567); "?": how many
    can be read either way."""
    votes = {".": 0, ",": 0, "?": 0}
    for text, count in counts.items():
        bare = _bare(text)
        if bare is not None and any(mark in bare[0] for mark in ".,"):
            votes[evident_mark(text) or "?"] += count
    return votes


def decimal_mark(votes: Mapping[str, int], *, comma_likely: bool = False) -> str:
    """The decimal mark of a column with such votes; `comma_likely` where nothing decides, as in files with semicolons
    between the cells."""
    if votes["."] == votes[","]:
        return "," if comma_likely and not votes["."] else "."
    return "." if votes["."] > votes[","] else ","


def evident_mark(text: str) -> str:
    """The mark that a number cannot be read without; "" where it can be read either way, or has none."""
    bare = _bare(text)
    digits = bare[0] if bare is not None and _DIGITS.fullmatch(bare[0]) else ""
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
