"""What weekly files leave in doubt: asked in a CSV file, answered there, remembered."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.encodings import detect
from kit.errors import InvalidInput

COLUMNS = ("doubt", "kind", "file", "line", "about", "maybe", "answers", "answer")
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "renamed": ("same", "new"),  # a row much like a deal that this file lacks
    "twice": ("two", "last"),  # two rows of one account, deal and owner
    "again": ("same", "new"),  # an open row of a deal that had ended and was in no file since
    "owner": ("same", "new"),  # several deals of this account and name have other owners
    "person": ("same", "two"),  # one name with two titles in one file
    "account": (),  # several accounts of this name: the id of one
    "user": (),  # several users of this name: the id of one
    "gone": ("open", "lost", "won", "deleted"),  # an open deal that the file lacks
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One question: where it arose, about what, what it may be, and which answers there are."""

    kind: str
    file: str
    line: int
    about: str
    maybe: str
    key: str
    choices: tuple[str, ...] = ()

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

    def answer(self, doubt: Doubt) -> str:
        """The answer, "" where there is none yet: then it is asked."""
        given = self._answers.get(doubt.id, "")
        if given in doubt.answers:
            return given
        self.open.setdefault(doubt.id, doubt)
        return ""


def write_doubts(path: Path, doubts: Sequence[Doubt]) -> None:
    """The questions, to be answered in the last column."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in doubts:
            texts = (one.id, one.kind, one.file, str(one.line or ""), one.about, one.maybe, " | ".join(one.answers), "")
            writer.writerow(texts)


def read_answers(path: Path) -> dict[str, str]:
    """The answers given. Raises InvalidInput where the file is none of doubts, or an answer none of those there are."""
    try:
        with path.open(encoding=detect(path), newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, csv.Error, UnicodeDecodeError):
        rows = []
    found = {}
    for row in rows:
        identity, answer = (row.get("doubt") or "").strip(), (row.get("answer") or "").strip()
        allowed = [each.strip() for each in (row.get("answers") or "").split("|")]
        if answer and answer not in allowed:
            mend = "use one of " + ", ".join(allowed)
            raise InvalidInput("this is none of the answers", field="answer", value=answer, mend=mend)
        if identity and answer:
            found[identity] = answer
    if not rows or not {"doubt", "answer"} <= set(rows[0]):
        mend = "give the file of doubts that an import wrote"
        raise InvalidInput("this is no file of doubts", field="--answers", value=str(path), mend=mend)
    return found
