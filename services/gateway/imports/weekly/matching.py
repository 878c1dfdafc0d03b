"""Which deal a row is about, where no column says so: by account, deal and owner; what is in doubt is asked."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from services.gateway.imports.weekly.around import People
from services.gateway.imports.weekly.doubts import Doubt, Doubts
from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.imports.weekly.memory import Memory, Seen
from services.gateway.imports.weekly.rows import WeekRow

LIKE = 0.75  # names as much alike may be one that was rewritten
MOST_ALIKE = 500  # compared with a row


@dataclass(slots=True)
class Placed:
    """A row with whose it is: ids of deal, account and owner; or the doubt that holds it back, or that it says again
    what another row of its file says."""

    row: WeekRow
    account: str = ""
    owner: str = ""
    deal: str = ""
    doubt: Doubt | None = None
    repeated: bool = False
    new: bool = False
    moved: str = ""  # the owner the deal had before

    @property
    def key(self) -> str:
        """Account, deal and owner, to compare."""
        return "\x1f".join((self.account, plain_letters(self.row.name), self.owner))

    @property
    def pair(self) -> str:
        """Account and deal, to compare."""
        return self.key.rpartition("\x1f")[0]

    @property
    def about(self) -> str:
        """The row in words."""
        return " / ".join(filter(None, (self.row.account, self.row.name, self.row.owner)))


@dataclass(slots=True)
class Matcher:
    """Places the rows of one file after the other; `present` are the deals of the file before, by id."""

    memory: Memory
    people: People
    doubts: Doubts
    present: dict[str, Seen] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)  # deals that a row held back may be about
    newest: bool = True  # no file of this day or later was imported before
    _pairs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for key, deal in self.memory.keys.items():
            self._pairs[key.rpartition("\x1f")[0]].add(deal)

    def place(self, name: str, rows: Sequence[WeekRow]) -> list[Placed]:
        """The rows of the file of this name, each with its deal or its doubt."""
        self.held = set()
        placed = [self._around(name, row) for row in rows]
        taken: set[str] = set()
        for one in placed:
            if one.row.id and one.doubt is None:
                one.deal = one.row.id
                self._take(name, one, taken)
        rest = [one for one in placed if not one.deal and one.doubt is None]
        self._twice(name, rest)
        for step in (self._by_key, self._by_pair, self._alike, self._as_new):
            rest = [one for one in rest if not one.deal and one.doubt is None and not one.repeated]
            step(name, rest, taken)
        for one in placed:
            if one.deal and one.doubt is None and not one.row.id:
                self.memory.keys[one.key] = one.deal
                self._pairs[one.pair].add(one.deal)
        return placed

    def _around(self, name: str, row: WeekRow) -> Placed:
        placed = Placed(row)
        placed.account, placed.doubt = self.people.account(name, row)
        if placed.doubt is None:
            placed.owner, placed.doubt = self.people.owner(name, row)
        return placed

    def _take(self, name: str, one: Placed, taken: set[str]) -> None:
        """A deal stands in a file once."""
        if one.deal in taken:
            one.doubt = Doubt("twice", name, one.row.line, one.about, one.deal, f"{one.deal}\x1f{one.key}")
            answer = self.doubts.answer(one.doubt)
            if answer == "two" and not one.row.id:
                one.deal, one.doubt, one.new = _new_id(one.key + "\x1f2"), None, True
            else:
                self.held.add(one.deal)
        taken.add(one.deal)

    def _twice(self, name: str, rows: Sequence[Placed]) -> None:
        """Rows of one key: alike in every cell they are one; else it is asked whether they are."""
        groups: dict[str, list[Placed]] = defaultdict(list)
        for one in rows:
            groups[one.key].append(one)
        for key, group in groups.items():
            fresh = [one for place, one in enumerate(group) if one.row.said not in [o.row.said for o in group[:place]]]
            for one in group:
                one.repeated = all(one is not other for other in fresh)
            if len(fresh) == 1:
                continue
            doubt = Doubt("twice", name, fresh[-1].row.line, fresh[-1].about, f"line {fresh[0].row.line}", key)
            answer = self.doubts.answer(doubt)
            for number, one in enumerate(fresh, 1):
                if answer == "two" and number > 1:
                    one.row.name = f"{one.row.name} #{number}"
                elif answer == "last":
                    one.repeated = number < len(fresh)
                elif not answer:
                    one.doubt = doubt
            self.held |= {deal for deal in [self.memory.keys.get(key, "")] if deal}

    def _by_key(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        for one in rows:
            deal = self.memory.keys.get(one.key)
            if deal is None:
                continue
            if self.newest and one.row.open and not self._lately(deal):
                maybe = f"{deal}, which had ended"
                self._ask(Doubt("again", name, one.row.line, one.about, maybe, f"{one.key}\x1f{deal}"), one, deal)
            else:
                one.deal = deal
            if one.deal:
                self._take(name, one, taken)

    def _lately(self, deal: str) -> bool:
        """Whether the deal was in the last file, or is missed since."""
        return deal in self.present or deal in self.memory.gone

    def _by_pair(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        """The one deal of that account and name that no other row is about: it has another owner now."""
        count: dict[str, int] = defaultdict(int)
        for one in rows:
            count[one.pair] += 1
        for one in rows:
            free = sorted(deal for deal in self._pairs.get(one.pair, set()) - taken if self._lately(deal))
            if not free:
                continue
            if len(free) > 1 or count[one.pair] > 1:
                maybe = ", ".join(free[:5])
                self._ask(Doubt("owner", name, one.row.line, one.about, maybe, one.key), one, free[0])
            else:
                one.deal = free[0]
                one.moved = self.present[free[0]].owner if free[0] in self.present else ""
            if one.deal:
                self._take(name, one, taken)

    def _alike(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        """Open deals that the file before had and this one lacks: a row much like one may be it, written anew."""
        missing = {deal: seen for deal, seen in self.present.items() if deal not in taken and seen.open}
        for one in rows:
            deal = self._most_alike(one, missing)
            if not deal:
                continue
            seen = missing[deal]
            maybe = " / ".join(filter(None, (self.people.account_name(seen.account), seen.name, seen.owner)))
            self._ask(Doubt("renamed", name, one.row.line, one.about, maybe, f"{deal}\x1f{one.key}"), one, deal)
            if one.deal:
                self._take(name, one, taken)
                del missing[deal]

    def _most_alike(self, one: Placed, missing: dict[str, Seen]) -> str:
        mine, best, found = plain_letters(one.row.name), LIKE, ""
        near = [
            (deal, seen) for deal, seen in missing.items() if seen.account == one.account or seen.owner == one.owner
        ]
        for deal, seen in near[:MOST_ALIKE]:
            if seen.account == one.account:
                alike = SequenceMatcher(None, mine, plain_letters(seen.name)).ratio()
            elif mine == plain_letters(seen.name):
                alike = self.people.accounts_alike(one.account, seen.account)
            else:
                continue
            if alike >= best:
                best, found = alike, deal
        return found

    def _ask(self, doubt: Doubt, one: Placed, deal: str) -> None:
        answer = self.doubts.answer(doubt)
        if answer == "same":
            one.deal = deal
        elif answer == "new":
            known = self.memory.keys.get(one.key)
            one.deal, one.new = _new_id(one.key if known is None else f"{one.key}\x1f{known}"), True
        else:
            one.doubt = doubt
            self.held.add(deal)

    def _as_new(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        for one in rows:
            one.deal, one.new = _new_id(one.key), True
            self._take(name, one, taken)


def _new_id(key: str) -> str:
    return "week-" + hashlib.sha256(key.encode()).hexdigest()[:16]
