"""What is remembered between weekly imports: what columns hold, who is who, and the deals of the last file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from services.gateway.domain import UNSET, DealWrite


@dataclass(frozen=True, slots=True)
class Seen:
    """A deal as a file showed it: ids of its account and owner, its name as written; amount in minor units; `series`:
    what the file's name says beside days and numbers."""

    account: str
    name: str
    owner: str
    amount: int
    open: bool
    day: str  # of the file
    series: str = ""

    @property
    def worth(self) -> int:
        """What it adds to the open pipeline."""
        return self.amount if self.open else 0


@dataclass(frozen=True, slots=True)
class Closing:
    """A closing day that was taken from a promised one: by which file, after which last one that showed the deal open
    ("": none), and what that file said; amount in minor units of its currency ("": it said none). `former`: days that
    were taken before the file was corrected."""

    file: str
    closed: str
    open_on: str
    stage: str
    outcome: str
    owner: str
    amount: int
    currency: str
    former: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Memory:
    """The document; empty before the first import."""

    columns: dict[str, str] = field(default_factory=dict)  # heading → what it holds
    latest: list[str] = field(default_factory=list)  # headings of the last file
    keys: dict[str, str] = field(default_factory=dict)  # account, deal and owner → deal id
    former: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # key → until which day it was which deal
    accounts: dict[str, list[str]] = field(default_factory=dict)  # name:… or number:… → account ids
    numbers: dict[str, str] = field(default_factory=dict)  # account id → business number
    answers: dict[str, str] = field(default_factory=dict)  # doubt → answer
    respelt: dict[str, str] = field(default_factory=dict)  # deal and new account → day of the first file that says so
    last: dict[str, Seen] = field(default_factory=dict)  # of the last full file, by deal id
    gone: dict[str, Seen] = field(default_factory=dict)  # open deals that were in no file since
    day: str = ""  # of the last file
    first: str = ""  # the day of the earliest full one
    begun: dict[str, str] = field(default_factory=dict)  # deal → from when on files show it, where no column tells that
    closings: dict[str, Closing] = field(default_factory=dict)  # by deal
    outcomes: dict[str, int] = field(default_factory=dict)  # WON, LOST → deals seen to end so

    def deal(self, key: str, day: date) -> str | None:
        """Which deal a key means in the file of a day; None where none is known."""
        before = [(until, deal) for until, deal in self.former.get(key, ()) if day.isoformat() < until]
        return min(before)[1] if before else self.keys.get(key)

    def means(self, key: str, deal: str, day: date) -> None:
        """From the file of that day on a key means another deal."""
        known = self.keys.get(key)
        if known is not None and known != deal:
            self.former.setdefault(key, []).append((day.isoformat(), known))
        self.keys[key] = deal

    def begins(self, deal: str, day: date) -> bool:
        """Whether a file of that day shows the deal earlier than any did: older files may come after newer ones."""
        return day.isoformat() < self.begun.get(deal, "")

    def note_begun(self, write: DealWrite, *, told: bool, made: bool) -> None:
        """Keep from when on a deal is there: `told` by a column, else since the file that `made` it or one before."""
        first = write.effective_time if made else None
        since = first if write.created_time is UNSET else write.created_time
        if told:
            self.begun.pop(write.id, None)
        elif since is not None:
            self.begun[write.id] = since.date().isoformat()

    def note_full(self, day: date) -> None:
        """A file of that day shows all there was."""
        known = self.first or min(self.begun.values(), default=self.day)  # of documents that do not tell it
        self.first = min(filter(None, (known, day.isoformat())))

    @property
    def there_before(self) -> frozenset[str]:
        """Deals that the earliest file shows already: when they came up nobody knows."""
        return frozenset(deal for deal, since in self.begun.items() if since <= self.first)

    def to_json(self) -> dict[str, Any]:
        """The document."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any] | None) -> Memory:
        """Read the document; keys that are not known are passed over."""
        return _DOCUMENT.validate_python(raw or {})


_DOCUMENT = TypeAdapter(Memory)
