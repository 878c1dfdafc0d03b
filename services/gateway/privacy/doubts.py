"""What people have to decide in an erasure: who of the same name is meant, in the records and in their words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kit.errors import InvalidInput

REST = "rest"  # all that are not decided
VEIL = "#"  # of the number of what was decided, where its ref is not kept
PERSON, ROW, MESSAGE = "person", "row", "message"
SHOWN_CHARACTERS = 60  # before and behind the name
WHY = {
    PERSON: "bears the same name: the same person under another id, or somebody else",
    ROW: "names somebody of this name, whom others bear too",
    MESSAGE: "names somebody of this name, whom others bear too",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """`ref` is by what it is decided: contact:c-2 of a person, activities:d2/… of a row, nats:DEAD/12 of a message.
    `text` tells it to whoever decides, and is not kept."""

    ref: str
    what: str  # PERSON, ROW, MESSAGE
    place: str
    record: str = ""
    text: str = ""

    def to_json(self, *, told: bool = False) -> dict[str, Any]:
        """As programs see it; the words where they are asked for."""
        kept = {"ref": self.ref, "what": self.what, "place": self.place, "record": self.record, "why": WHY[self.what]}
        return kept | {"text": self.text} if told else kept


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was decided: refs that are the person's, and that are somebody else's."""

    theirs: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    def open(self, doubts: Iterable[Doubt]) -> list[Doubt]:
        """Those that nobody has decided."""
        return [one for one in doubts if one.ref not in self.theirs and one.ref not in self.others]

    def without(self, refs: Collection[str]) -> Verdicts:
        """Without these: who goes along is named no more."""
        return Verdicts(self.theirs - set(refs), self.others - set(refs))

    def veiled(self, names: Callable[[str], bool]) -> Verdicts:
        """With a number in place of those that name somebody, as an id may: that something was decided, and not of
        whom."""

        def numbered(refs: Collection[str]) -> frozenset[str]:
            told = enumerate(sorted(refs))
            return frozenset(f"{VEIL}{at}" if one.startswith(VEIL) or names(one) else one for at, one in told)

        return Verdicts(numbered(self.theirs), numbered(self.others))

    def joined(self, theirs: Sequence[str], others: Sequence[str], doubts: Sequence[Doubt]) -> Verdicts:
        """With more of them: refs as they are shown, `deal:ID` for the rows of a deal, `rest` for what is left.

        Raises InvalidInput for what is not in doubt, or decided both ways.
        """
        said = _refs(theirs, doubts), _refs(others, doubts)
        if said[0] & said[1]:
            mend = "Name each once"
            raise InvalidInput("this is decided both ways", field="others", value=min(said[0] & said[1]), mend=mend)
        of_rest = {one.ref for one in doubts} - said[0] - said[1]
        mine = said[0] | (of_rest if REST in theirs else set())
        not_mine = said[1] | (of_rest if REST in others and REST not in theirs else set())
        return Verdicts((self.theirs | mine) - not_mine, (self.others | not_mine) - mine)


def _refs(given: Sequence[str], doubts: Sequence[Doubt]) -> set[str]:
    known = {one.ref for one in doubts}
    found: set[str] = set()
    for one in given:
        deal = one.removeprefix("deal:") if one.startswith("deal:") else None
        rows = {each.ref for each in doubts if each.what == ROW and each.record == deal} if deal else set()
        if one != REST and one not in known and not rows:
            mend = "Use a ref as it is shown, deal:ID for the rows of a deal, or rest"
            raise InvalidInput("this is not in doubt", field="theirs", value=one[:100], mend=mend)
        found |= rows or ({one} & known)
    return found


def people_in(refs: Collection[str]) -> list[tuple[str, str]]:
    """Kind and id of the people among refs."""
    parts = (one.partition(":") for one in sorted(refs))
    return [(kind, identity) for kind, _, identity in parts if kind in ("contact", "user", "member")]


def excerpt(words: str, start: int, end: int) -> str:
    """A text around a name, on one line."""
    around = words[max(start - SHOWN_CHARACTERS, 0) : end + SHOWN_CHARACTERS]
    return " ".join(around.split())
