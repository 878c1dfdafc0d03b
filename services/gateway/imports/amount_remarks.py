"""What people write around an amount: VAT, "about", 일금 … 원정; and what is no one amount: ranges and bounds.

An amount with a remark is taken as it is written, and the report tells of it: whether VAT is in a number, and how near
a guess is, nobody but who wrote it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WITH_VAT, WITHOUT_VAT, ABOUT = "with_vat", "without_vat", "about"
_OPEN, _CLOSE = r"[\s,/]*[(\[（]?\s*", r"\s*[)\]）]?[\s,:]*"
_VAT = r"(?:v\.?a\.?t\.?|부가\s?가치\s?세|부가\s?세|세금)"
_IN = r"(?:포함|included|including|incl\.?|inc\.?)"
_OUT = r"(?:별도|제외|미포함|불포함|excluded|excluding|excl\.?|ex\.?)"
_OFTEN = r"(?:내외|정도|가량|안팎|쯤)"
_BEFORE = r"(?:약|대략|approx(?:imately|\.)?|about|around|circa|ca\.)"
_REMARKS = {
    WITHOUT_VAT: rf"(?:{_VAT}\s?{_OUT}|{_OUT}\s?{_VAT}|공급\s?가액?)",
    WITH_VAT: rf"(?:{_VAT}\s?{_IN}|{_IN}\s?{_VAT})",
}
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    *((kind, re.compile(rf"^{_OPEN}{said}{_CLOSE}|{_OPEN}{said}{_CLOSE}$", re.IGNORECASE))
      for kind, said in _REMARKS.items()),
    (ABOUT, re.compile(
        rf"^[(\[（]?{_BEFORE}[)\]）]?\s*(?=[\d.₩￦$€£¥A-Z])|\s*[(\[（]?{_OFTEN}[)\]）]?$", re.IGNORECASE
    )),
    ("", re.compile(r"^(?:일금|금)\s*(?=[\d₩￦])|(?<=[원조억만천])\s*정$")),
)  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")
_UNIT = r"\s*(?:조|십?억|[천백십]?만|[천백](?:만|원)?|원|k|m|mn|bn|b)?\s*원?\s*"
_RANGE = re.compile(rf"\d{_UNIT}[~∼～〜–—-]\s*[₩￦$€£¥]?\s*\d", re.IGNORECASE)
_BOUND = re.compile(
    r"이상|이하|미만|초과|이내|최대|최소|까지|부터|up to|at least|at most|more than|less than"
    r"|[<>≤≥]|^\s*[~∼～〜]|\d[^\d]*[~∼～〜+]\s*$|[조억만천]\s*대$|^수\s?[십백천]?\s?[만억]",
    re.IGNORECASE,
)
_WORDS = {
    "en": {
        WITH_VAT: "{file}: {count:,} amounts with VAT included are taken as they are written, with the VAT ({written})",
        WITHOUT_VAT: "{file}: {count:,} amounts without VAT are taken as they are written ({written})",
        ABOUT: "{file}: {count:,} amounts that are only about right are taken as they are written ({written})",
    },
    "ko": {
        WITH_VAT: "{file}: 부가세 포함 금액 {count:,}건을 부가세를 빼지 않고 적힌 그대로 읽었습니다(예: {written})",
        WITHOUT_VAT: "{file}: 부가세 별도 금액 {count:,}건을 적힌 그대로 읽었습니다(예: {written})",
        ABOUT: "{file}: ‘약’, ‘내외’ 등이 붙은 어림 금액 {count:,}건을 적힌 그대로 읽었습니다(예: {written})",
    },
}


class NoOneAmountError(ValueError):
    """It is a range or a bound; `mend` says what to do."""

    mend = "write one amount, the likeliest"


@dataclass(frozen=True, slots=True)
class Parts:
    """A cell: the amount alone, what stands before and behind it, and what that says."""

    before: str
    amount: str
    after: str
    kinds: tuple[str, ...] = ()


@dataclass(slots=True)
class Remarked:
    """How many amounts of a file had a remark of each kind, with the first as it was written."""

    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, kinds: tuple[str, ...], written: str) -> None:
        """Count one."""
        for kind in kinds:
            count, first = self.found.get(kind, (0, written))
            self.found[kind] = count + 1, first


def parts(text: str) -> Parts:
    """A cell without the remarks around its amount; whole where there are none, or nothing but remarks."""
    if not _LETTER.search(text):
        return Parts("", text, "")
    start, end, kinds = 0, len(text.rstrip()), []
    start = end - len(text[:end].lstrip())
    while found := _next(text[start:end]):
        kind, first, last = found
        start, end = (start + last, end) if first == 0 else (start, start + first)
        kinds += [kind] if kind else []
    if not any(each.isdigit() for each in text[start:end]):
        return Parts("", text, "")
    return Parts(text[:start], text[start:end], text[end:], tuple(dict.fromkeys(kinds)))


def _next(text: str) -> tuple[str, int, int] | None:
    for kind, pattern in _PATTERNS:
        found = pattern.search(text)
        if found and found.end() > found.start() and found.group() != text:
            return kind, found.start(), found.end()
    return None


def check_one(text: str) -> None:
    """Raises NoOneAmountError for a range such as 3~5억 and a bound such as 5억 이상."""
    if _RANGE.search(text):
        raise NoOneAmountError("it is a range of amounts")
    if _BOUND.search(text):
        raise NoOneAmountError("it is a bound, not an amount")


def remark_lines(remarked: Mapping[str, Remarked], language: str) -> Iterator[str]:
    """What there is to tell of the amounts of each file."""
    for file, each in remarked.items():
        for kind, (count, written) in sorted(each.found.items()):
            yield _WORDS[language][kind].format(file=file, count=count, written=written)
