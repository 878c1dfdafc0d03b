"""What weekly files leave in doubt: asked in a CSV file, answered there, remembered."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kit.encodings import detect
from kit.errors import InvalidInput
from services.gateway.imports.messages import LANGUAGES, said
from services.gateway.imports.weekly.meanings import outcome

COLUMNS = ("doubt", "kind", "file", "line", "about", "maybe", "answers", "answer")
SOURCE = Path(__file__).parent / "questions.toml"
_SENTENCES = ("gone", "twice", "again")  # whose `maybe` is one, and no name
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "renamed": ("same", "new"),  # a row much like a deal that this file lacks
    "blank": (),  # a row or a deal of its name names no account: same, or the id of one of several, or new
    "below": ("above", "none"),  # accounts that are left blank below another: of all such rows
    "twice": ("two", "last"),  # two rows of one account, deal and owner
    "again": ("same", "new"),  # an open row of a deal that had ended and was in no file since
    "owner": (),  # several deals of this account and name have other owners: same, or the id of one, or new
    "person": ("same", "two"),  # one name with two titles in one file
    "account": (),  # several accounts of this name: the id of one
    "user": (),  # several users of this name: the id of one
    "gone": ("open", "lost", "won", "deleted"),  # an open deal that the file lacks
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One question: where it arose, about what, what it may be, and which answers there are; `named` says in words
    what the ids among the choices are, in their order."""

    kind: str
    file: str
    line: int
    about: str
    maybe: str
    key: str
    choices: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same whenever the same is in doubt again."""
        return hashlib.sha256(f"{self.kind}\x1f{self.key}".encode()).hexdigest()[:12]

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered."""
        return ANSWERS[self.kind] or self.choices


class Doubts:
    """Collects what is in doubt; what was answered is not asked again."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers
        self.open: dict[str, Doubt] = {}

    def given(self, doubt: Doubt) -> str:
        """The answer, "" where there is none yet."""
        given = self._answers.get(doubt.id, "")
        return given if given in doubt.answers else ""

    def answer(self, doubt: Doubt, *, asking: bool = True) -> str:
        """The answer, "" where there is none yet: then it is asked, unless without `asking`."""
        if given := self.given(doubt):
            return given
        if asking:  # not of a row that is refused whatever is answered
            self.open.setdefault(doubt.id, doubt)
        return ""


def alike(doubts: Iterable[Doubt]) -> dict[str, list[str]]:
    """The ids of questions that may all be answered at once, by kind: those of it have the same answers."""
    found: dict[str, list[str]] = {}
    for one in doubts:
        if ANSWERS[one.kind]:
            found.setdefault(one.kind, []).append(one.id)
    return {kind: ids for kind, ids in found.items() if len(ids) > 1}


def kind_told(kind: str, language: str) -> str:
    """What is asked, in the language."""
    return _words()["kinds"][kind][LANGUAGES.index(language)]


def answer_told(answer: str, language: str) -> str:
    """An answer in the language; ids as they are."""
    found = _words()["answers"].get(answer)
    return found[LANGUAGES.index(language)] if found else answer


def maybe_told(kind: str, maybe: str, language: str) -> str:
    """What it may be, in the language: names as they are."""
    return said(maybe, language) if kind in _SENTENCES else maybe


def write_doubts(path: Path, doubts: Sequence[Doubt], language: str = "en", used: Collection[str] = ()) -> int:
    """The questions in the language, to be answered in the last column. Answers that stand there already are kept, but
    for those to questions that are settled (`used`); how many."""
    words = _words()
    there = _rows(path) if path.exists() else []
    kept = {row["doubt"]: row for row in there if row.get("doubt") and row.get("answer")}
    asked_now = {one.id for one in doubts}
    others = [row for doubt, row in kept.items() if doubt not in asked_now and doubt not in used]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(words["columns"][each][LANGUAGES.index(language)] for each in COLUMNS)
        for one in doubts:
            answers = " | ".join(_short(each, language) for each in one.answers)
            maybe = maybe_told(one.kind, one.maybe, language)
            asked = (one.id, kind_told(one.kind, language), one.file, str(one.line or ""), one.about, maybe)
            writer.writerow((*asked, answers, kept.get(one.id, {}).get("answer", "")))
        writer.writerows([row.get(each, "") for each in COLUMNS] for row in others)
    return len(others) + len(kept.keys() & asked_now)


def _short(answer: str, language: str) -> str:
    found = _words()["answers"].get(answer)
    return found[-1] if found and language == "ko" else answer


def read_answers(path: Path) -> dict[str, str]:
    """The answers given, in whatever language they were asked. Raises InvalidInput where the file is none of doubts, or
    an answer none of those there are."""
    rows, found = _rows(path), {}
    for row in rows:
        identity, given = row.get("doubt", ""), row.get("answer", "")
        shown = [each.strip() for each in row.get("answers", "").split("|")]
        answer = _meant(given)
        if answer and answer not in map(_meant, shown):
            mend = "use one of " + ", ".join(shown)
            raise InvalidInput("this is none of the answers", field="answer", value=given, mend=mend)
        if identity and answer:
            found[identity] = answer
    if not rows or not {"doubt", "answer"} <= set(rows[0]):
        mend = "give the file of doubts that an import wrote"
        raise InvalidInput("this is no file of doubts", field="--answers", value=str(path), mend=mend)
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file of doubts; none where it cannot be read."""
    try:
        with path.open(encoding=detect(path), newline="") as file:
            return [_plain(row) for row in csv.DictReader(file)]
    except (OSError, csv.Error, UnicodeDecodeError):
        return []


def _plain(row: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    """A row by what its columns are called here; what stands beyond the columns is left out."""
    meant = {text: name for name, texts in _words()["columns"].items() for text in texts}
    named = {meant.get((name or "").strip(), ""): value for name, value in row.items()}
    return {name: value.strip() for name, value in named.items() if name and isinstance(value, str)}


def _meant(text: str) -> str:
    """The answer that a word of any language says, such as 실주 or, as cells say it, 드랍; any other text as it is."""
    said = next((answer for answer, texts in _words()["answers"].items() if text in (answer, *texts)), "")
    ended = None if said else outcome(text)
    return said or (ended.value.lower() if ended else text)


@cache
def _words() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))
