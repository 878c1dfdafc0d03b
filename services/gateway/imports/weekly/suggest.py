"""Which column of a weekly file holds what: by its heading in either language, checked against what the cells hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.gateway.imports.amount_remarks import NoOneAmountError, parts
from services.gateway.imports.units import read_units
from services.gateway.imports.values import YMD, parse_amount, parse_day
from services.gateway.imports.weekly.meanings import business_number, outcome, person, phone
from services.gateway.imports.weekly.short_days import is_short_day
from services.gateway.imports.weekly.vocabulary import headings, plain
from services.gateway.privacy.resident_numbers import shown

SAMPLES = 5
LEAST_FITTING = 0.5  # of the cells: below it a heading does not say what the column holds
CUSTOM, IGNORED = "field", "ignore"
CONTRACT = ("contract_start", "contract_end")  # days of a contract: custom fields with names of their own
SECTION = "소제목"  # a column of what stands in lines of its own above the rows
TARGETS = (
    "id", "business_number", "account", "name", "owner", "stage", "outcome", "amount", "close_date", "closed_date",
    "created", "contract_start", "contract_end", "contact", "contact_phone", "contact_email", IGNORED, CUSTOM,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a column is taken to hold, why (given before, said now, heading, part of it, cells, else none), with
    samples; `but` names what its heading says where the cells deny it, or another column says it better."""

    column: str
    target: str
    why: str
    samples: tuple[str, ...] = ()
    but: str = ""


def _is_amount(text: str) -> bool:
    try:
        parse_amount(parts(text).amount, ".", ",")
    except NoOneAmountError:
        return True  # it is refused by itself
    except ValueError:
        return read_units(text) is not None
    return True


def _is_day(text: str) -> bool:
    try:
        parse_day(text, (YMD,))
    except ValueError:
        return is_short_day(text)
    return True


_FITS: Mapping[str, Callable[[str], bool]] = {
    "amount": _is_amount, "close_date": _is_day, "closed_date": _is_day, "created": _is_day,
    "contract_start": _is_day, "contract_end": _is_day,
    "business_number": lambda text: business_number(text) is not None,
    "contact_phone": lambda text: phone(text) is not None,
    "contact_email": lambda text: "@" in text,
    "outcome": lambda text: outcome(text) is not None,
}  # fmt: skip
_THEIRS = re.compile("고객|거래처|발주처|customer|client", re.IGNORECASE)  # of people, beside those who sell
_PROMISED = re.compile("예상|예정|목표|expected|target|planned|forecast", re.IGNORECASE)
_AMOUNT = re.compile("(?:예상|수주|계약|견적|제안|매출|사업|총)(?:액|금액)$")  # of a plain heading
_BY_CELLS = ("business_number", "contact_phone", "contact_email")  # plain from the cells alone


def suggest(
    columns: Sequence[str],
    cells: Mapping[str, Sequence[str]],
    given: Mapping[str, str] = {},
    now: Collection[str] = (),
) -> list[Suggestion]:
    """One suggestion a column, in order; `given` (column → target) stands, whatever the heading says; `now` names those
    that are said of this import.

    Of several columns for one thing the one whose heading says it in full wins, of those the leftmost.
    """
    told = {column: _of_heading(column, cells.get(column, ())) for column in columns if column not in given}
    best: dict[str, tuple[float, str]] = {target: (2.0, column) for column, target in given.items()}
    for column, (target, score, _) in told.items():
        if target not in (CUSTOM, IGNORED) and score > best.get(target, (0.0, ""))[0]:
            best[target] = (score, column)
    found = []
    for column in columns:
        samples = tuple(_some(cells.get(column, ()), column))
        if column in given:
            found.append(Suggestion(column, given[column], "said" if column in now else "given", samples))
            continue
        target, score, why = told[column]
        loses = target not in (CUSTOM, IGNORED) and best[target][1] != column
        denied = why.removeprefix("not ") if why.startswith("not ") else ""
        if loses or score == 0:
            found.append(Suggestion(column, CUSTOM, "none", samples, target if loses else denied))
        else:
            found.append(Suggestion(column, target, why, samples))
    return found


def doubled(suggestions: Iterable[Suggestion]) -> dict[str, list[str]]:
    """Columns that are taken for one thing, by what it is, where only one of them could be read."""
    found: dict[str, list[str]] = {}
    for one in suggestions:
        if one.target not in (CUSTOM, IGNORED):
            found.setdefault(one.target, []).append(one.column)
    return {target: columns for target, columns in found.items() if len(columns) > 1}


def _some(cells: Iterable[str], heading: str) -> list[str]:
    """They are shown, printed and written into reports before anything is refused."""
    return [shown(cell, heading) for cell in list(dict.fromkeys(filter(None, cells)))[:SAMPLES]]


def _of_heading(column: str, cells: Sequence[str]) -> tuple[str, float, str]:
    """What a column seems to hold, how sure that is (0 to 1), and why."""
    word, known = plain(column), headings()
    filled = [cell for cell in cells if cell]
    target, score, why = known.get(word, CUSTOM), 1.0, "heading"
    if target == CUSTOM:
        parts = [
            each for each in known if len(each) >= 2 and not each.isascii() and each in word and known[each] != IGNORED
            and (known[each] not in CONTRACT or "계약" in each)  # 보증만료일 is the end of something else
        ]  # fmt: skip
        parts += [each for each in known if len(each) >= 4 and each.isascii() and each in word]
        best = max(
            parts, key=lambda each: (word.endswith(each), len(each)), default=""
        )  # the last word says what it is
        target, score, why = (known[best], 0.6, "part") if parts else (CUSTOM, 0.0, "")
        if _AMOUNT.search(word):
            target, score, why = "amount", 0.6, "part"
    if target == "closed_date" and _PROMISED.search(column):  # what is to come tells no end
        target, why = "close_date", "part"
    if target == "owner" and _THEIRS.search(column):
        target = "contact"
    if column == SECTION and filled and sum(bool(person(cell)[1]) for cell in filled) >= LEAST_FITTING * len(filled):
        return "owner", 0.5, "cells"
    if word == "번호" and _are_ids(filled):
        target = "id"
    if target in _FITS and filled and sum(map(_FITS[target], filled)) < LEAST_FITTING * len(filled):
        return ("stage", 0.5, "cells") if target == "outcome" else (CUSTOM, 0.0, f"not {target}")
    if score == 0.0:
        for each in _BY_CELLS:
            if len(filled) >= 3 and sum(map(_FITS[each], filled)) >= 0.8 * len(filled):
                return each, 0.5, "cells"
    return target, score, why


def _are_ids(cells: Sequence[str]) -> bool:
    """Whether the cells are ids, and do not just count the rows."""
    made = sum(len(cell) >= 5 or any(each.isalpha() for each in cell) for cell in cells)
    return bool(cells) and made >= 0.9 * len(cells) and len(set(cells)) >= 0.9 * len(cells)
