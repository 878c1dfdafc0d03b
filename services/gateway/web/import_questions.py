"""What the pages of dropped files ask: which deal a row is of, what became of one, in what unit amounts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.imports.units import CHOICES
from services.gateway.imports.weekly.doubts import ANSWERS, answer_told, kind_told
from services.gateway.imports.weekly.uploads import Upload
from services.gateway.web.words import Words

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DoubtView:
    """A question with its answers, and the one given."""

    id: str
    told: str
    where: str
    answers: tuple[tuple[str, str], ...]
    given: str


@dataclass(frozen=True, slots=True)
class AtOnceView:
    """Questions of a kind that may be answered together."""

    kind: str
    told: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UnitView:
    """A file whose amounts may be in another unit than was read."""

    file: str
    read: str
    choices: tuple[tuple[str, str, bool], ...]  # value, label, chosen


def doubt_view(one: Json, upload: Upload, words: Words) -> DoubtView:
    """A question about a row, or about a deal that is in no file any more."""
    where = words("import.line", file=one["file"], line=one["line"]) if one["line"] else one["file"]
    about, maybe = one["about"], f" ({one['maybe']})" if one["maybe"] else ""
    if gone := one.get("gone"):
        about, maybe = gone_told(gone, words), maybe.replace(gone["day"], words.day(gone["day"]))
    told = words("import.doubt", what=kind_told(one["kind"], words.language), about=about)
    answers = _answers(one["answers"], words, one["named"])
    return DoubtView(one["id"], told + maybe, where, answers, upload.answers.get(one["id"], ""))


def gone_told(one: Json, words: Words) -> str:
    """An open deal that is in no file any more, in a line."""
    amount = words.money(one["amount"]) if one["amount"] else ""
    return " / ".join(filter(None, (one["account"], one["name"], one["owner"], amount)))


def at_once_views(report: Json, words: Words) -> tuple[AtOnceView, ...]:
    """The kinds that several questions are of."""
    return tuple(
        AtOnceView(
            kind, words("import.at_once", what=kind_told(kind, words.language), count=words.number(len(ids))),
            _answers(ANSWERS[kind], words),
        )
        for kind, ids in report.get("at_once", {}).items()
    )  # fmt: skip


def _answers(
    values: Sequence[str], words: Words, named: Mapping[str, str] | None = None
) -> tuple[tuple[str, str], ...]:
    """Answers with what they are called; ids by what they stand for."""
    return tuple((value, (named or {}).get(value) or answer_told(value, words.language)) for value in values)


def unit_views(upload: Upload, words: Words) -> tuple[UnitView, ...]:
    """Files whose pipeline moves too far, and those whose unit was set, with the units to choose from."""
    far = [one["file"] for one in upload.report.get("steps", ()) if one["far"]]
    read = {one["name"]: one.get("unit", "") for one in upload.report.get("files", ())}
    found = []
    for name in dict.fromkeys([*far, *upload.units]):
        given, label = upload.units.get(name, ""), read.get(name) or words("import.no_unit")
        choices = (("", words("import.as_file"), not given), *((one, one, one == given) for one in CHOICES))
        found.append(UnitView(name, label, choices))
    return tuple(found)
