"""What stands in columns of numbers or days beside them: words for not knowing, bounds such as 10+, units."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from learning.cell_numbers import bounded, evident_mark, parse_number

# In a column that otherwise holds numbers or days these are gaps; among choices each is a value like any other.
UNKNOWN_WORDS = frozenset(
    {"unknown", "unk", "unkn", "n/k", "nk", "n.k.", "not known", "nd", "n.d.", "n/d", "no data", "none given", "n/s"}
    | {"not available", "not applicable", "not provided", "not specified", "not stated", "not given", "not disclosed"}
    | {"undisclosed", "unspecified", "undefined", "missing", "blank", "empty", "void", "refused", "declined", "error"}
    | {"prefer not to say", "don't know", "dont know", "dk", "tbd", "tba", "tbc", "pending", "inf", "-inf", "infinity"}
    | {"#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", ".", "..", "...", "*", "**", "***", "---", "–", "—"}
    | {"#", "##", "###", "####", "x", "xx", "xxx", "0000-00-00", "00/00/0000", "0000-00-00 00:00:00"}
    | {"k.a.", "unbekannt", "inconnu", "desconocido", "s/d", "n/v", "nv", "nil.", "nat"}
    | {"없음", "미상", "모름", "미정", "미입력", "미확인", "미기재", "해당없음", "해당 없음", "비공개", "무응답"}
    | {"알수없음", "알 수 없음", "확인불가", "확인 불가"}
)  # fmt: skip
LONGEST_WORD = 24
SURE = 0.95  # of the cells with a unit have that one
LONGEST_UNIT = 12
_BOUND = re.compile(
    r"^(?:(?:<=?|>=?|=<|=>|≤|≥|~|≈|approx\.?|about|ca\.?|over|under|up to|at least|at most|less than|more than|약)\s*)",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\s*(?:\+|or more|or less|and (?:over|more|above)|이상|이하|미만|초과)\s*$", re.IGNORECASE)
_MEASURED = re.compile(r"^([^A-Za-z\uac00-\ud7a3]*\d[\d.,\s'\u00a0]*)\s*\+?\s*([A-Za-z\uac00-\ud7a3°][^\d]*)$")
MAGNITUDES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9,
    "billion": 1e9,
}  # fmt: skip
CLOCK = ":"  # stands for the unit of durations
_DURATION = re.compile(r"(?:(\d{1,4}):(?=[0-5]\d:))?(\d{1,4}):([0-5]\d)")
_PLURALS = re.compile(r"(?<=[a-z]{2})s\b")


def says_unknown(text: str) -> bool:
    """Whether a cell among numbers or days only says that nobody knows."""
    return len(text) <= LONGEST_WORD and text.strip().casefold() in UNKNOWN_WORDS


def unbound(text: str) -> str:
    """The cell without the marks of a bound: 10 for `10+`, `<10`, `≥ 10` or `10 or more`."""
    return _OPEN.sub("", _BOUND.sub("", text.strip()))


def unit_of(text: str) -> tuple[str, str] | None:
    """The number of a cell as it is written, and its unit (lower case, singular); None where it has none."""
    bare = unbound(text)
    if _DURATION.fullmatch(bare):
        return bare, CLOCK
    match = _MEASURED.match(bare)
    if match is None:
        return None
    unit = " ".join(match[2].casefold().replace(".", " ").split())
    return (match[1].strip(), _PLURALS.sub("", unit)) if 0 < len(unit) <= LONGEST_UNIT else None


def seconds(text: str) -> float:
    """A duration, as 4:59 (minutes and seconds) or 2:12:12, in seconds; nan where it is none."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return math.nan
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + rest)


def factors(counts: Mapping[str, int]) -> dict[str, float]:
    """What numbers of each unit are multiplied by, where nearly all of a column's units are of one sort; else nothing.

    Sorts: one unit throughout (kept as it is), or magnitudes such as k and M beside each other or beside plain numbers.
    """
    units: Counter[str] = Counter()
    for text, count in counts.items():
        pair = unit_of(text)
        units[pair[1] if pair else ""] += count
    plain = units.pop("", 0)
    if not units:
        return {}
    (unit, most), sure = units.most_common(1)[0], SURE * units.total()
    known = {one: MAGNITUDES[one] for one in units if one in MAGNITUDES}
    if sum(units[one] for one in known) >= sure and (len(known) > 1 or plain):
        return known
    return {unit: 1.0} if most >= sure else {}


def measured_number(text: str, decimal: str, units: Mapping[str, float]) -> float:
    """The number of a cell with the marks of a bound and a known unit taken off, or written with the other decimal mark
    where it can be read in no other way; nan where there is none."""
    digits, factor = unbound(text), 1.0
    pair = unit_of(text) if units else None
    if pair is not None and pair[1] == CLOCK:
        return seconds(digits) if CLOCK in units else math.nan
    if pair is not None and pair[1] in units:
        digits, factor = pair[0], units[pair[1]]
    number = parse_number(digits, decimal)
    if math.isnan(number) and (mark := evident_mark(digits)) and mark != decimal:
        number = parse_number(digits, mark)
    return bounded(number * factor)
