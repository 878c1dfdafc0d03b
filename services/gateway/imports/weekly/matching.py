"""Which deal a row is about, where no column says so: by account, deal and owner; what is in doubt is asked."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.gateway.domain import FieldError
from services.gateway.imports.weekly.around import People
from services.gateway.imports.weekly.doubts import Doubt, Doubts
from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.imports.weekly.memory import Memory, Seen
from services.gateway.imports.weekly.placed import Placed, left, named
from services.gateway.imports.weekly.remains import SEPARATOR, Known, KnownDeals
from services.gateway.imports.weekly.rows import WeekRow

MOST_NAMED = 5  # deals that a question names


@dataclass(slots=True)
class Matcher:
    """Places the rows of one file after the other; `present` are the deals of the file before, by id."""

    memory: Memory
    people: People
    doubts: Doubts
    present: dict[str, Seen] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)  # deals that a row held back may be about
    newest: bool = True  # no file of this day or later was imported before
    follows: bool = True  # `present` are of a file before this one, not of a later one that was imported earlier
    _kept: set[str] = field(
        default_factory=set
    )  # deals of rows that are placed later: not to be taken by an owner alone
    _pairs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for key, deal in self.memory.keys.items():
            self._pairs[key.rpartition(SEPARATOR)[0]].add(deal)

    def place(self, name: str, rows: Sequence[WeekRow]) -> list[Placed]:
        """The rows of the file of this name, each with its deal or its doubt."""
        self.held = set()
        self._look_above(rows)
        placed = [self._around(name, row) for row in rows]
        taken: set[str] = set()
        for one in placed:
            if one.row.id and one.doubt is None:
                one.deal = one.row.id
                self._take(name, one, taken)
        rest = [one for one in placed if not one.deal and one.doubt is None]
        below: list[Placed] = []
        others: list[Placed] = []
        for one in rest:
            said = self.doubts.given(self._below(name, one.row)) if one.row.above else ""
            (below if said == "above" else others).append(one)
        self._kept = {deal for one in below if (deal := self._above_deal(name, one))}
        self._place_known(name, others, taken)
        self._kept = set()
        self._place_below(name, below, left(rest), taken)
        self._by_what_remains(name, left(rest), taken)
        self._as_new(name, left(rest), taken)
        for one in placed:
            if one.deal and one.doubt is None and not one.row.id and not (one.new and one.row.errors):
                if self.memory.deal(one.key, one.row.day) != one.deal:
                    self.memory.keys[one.key] = one.deal
                self._pairs[one.pair].add(one.deal)
        return placed

    def _place_known(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        self._twice(name, rows)
        self._by_key(name, left(rows), taken)
        self._by_pair(name, left(rows), taken)

    def _place_below(self, name: str, below: Sequence[Placed], rest: Sequence[Placed], taken: set[str]) -> None:
        """Rows whose blank accounts are those above, as somebody said of all of them: but not of a row that is surely
        another deal, or of which something else was answered."""
        known, count = KnownDeals.of(self.memory, self.present), named(rest)
        for one in below:
            alone = count[plain_letters(one.row.name)] == 1
            self._without_account(name, one, known, taken, alone=alone, asking=False)
            if one.deal:
                self._take(name, one, taken)
            else:
                self._fill(name, one)
        self._place_known(name, left(below), taken)

    def _fill(self, name: str, one: Placed) -> None:
        one.row.account = one.row.above
        one.account, one.doubt = self.people.account(name, one.row)

    def _above_deal(self, name: str, one: Placed) -> str:
        """The deal that the row is about if its account is the one above."""
        of = Placed(replace(one.row, account=one.row.above), owner=one.owner)
        of.account, _ = self.people.account(name, of.row)
        return self.memory.deal(of.key, of.row.day) or ""

    def _look_above(self, rows: Sequence[WeekRow]) -> None:
        """Keep of accounts that are left blank which one stands above."""
        account = ""
        for row in rows:
            if row.account or row.business_number:
                account = row.account
            elif account:
                row.above = account

    def _below(self, name: str, row: WeekRow) -> Doubt:
        about = " / ".join(filter(None, (row.name, row.owner)))
        return Doubt("below", name, row.line, about, row.above, "layout")  # one question for all

    def _around(self, name: str, row: WeekRow) -> Placed:
        placed = Placed(row)
        seen = self.present.get(row.id) or self.memory.last.get(row.id) or self.memory.gone.get(row.id)
        placed.account, placed.doubt = self.people.account(name, row, seen.account if row.id and seen else "")
        if placed.doubt is None:
            placed.owner, placed.doubt = self.people.owner(name, row)
        return placed

    def _take(self, name: str, one: Placed, taken: set[str]) -> None:
        """A deal stands in a file once."""
        if one.deal in taken:
            one.doubt = Doubt("twice", name, one.row.line, one.about, "a row above", f"{one.deal}\x1f{one.key}")
            answer = self.doubts.answer(one.doubt, asking=not one.row.errors)
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
            answer = self.doubts.answer(doubt, asking=not all(one.row.errors for one in fresh))
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
            deal = self.memory.deal(one.key, one.row.day)
            if deal is None:
                continue
            self._perhaps_again(name, one, deal)
            if one.deal:
                self._take(name, one, taken)

    def _perhaps_again(self, name: str, one: Placed, deal: str) -> None:
        """It is that deal; where the row is open and the deal had ended, it is asked."""
        before = self.present.get(deal)
        ended = self.newest and not self._lately(deal) if before is None else self.follows and not before.open
        doubt = Doubt("again", name, one.row.line, one.about, "it had ended", f"{one.key}\x1f{deal}")
        if one.row.open and ended:
            self._ask(doubt, one, deal)
        else:
            one.deal = deal

    def _lately(self, deal: str) -> bool:
        """Whether the deal was in the last file, or is missed since."""
        return deal in self.present or deal in self.memory.gone

    def _by_pair(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        """The one deal of that account and name that no other row is about: it has another owner now."""
        count: dict[str, int] = defaultdict(int)
        for one in rows:
            count[one.pair] += 1
        for one in rows:
            free = sorted(deal for deal in self._pairs.get(one.pair, set()) - taken - self._kept if self._lately(deal))
            if not free:
                continue
            if len(free) > 1 or count[one.pair] > 1:
                seen = self.memory.gone | self.present
                mine = plain_letters(one.row.name)
                known = [Known(deal, one.account, mine, seen[deal].owner, seen[deal]) for deal in free]
                self._ask_which("owner", name, one, known, one.key)
            else:
                self._perhaps_again(name, one, free[0])
                one.moved = self.present[free[0]].owner if one.deal in self.present else ""
            if one.deal:
                self._take(name, one, taken)

    def _by_what_remains(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        """A blank account or a name written anew: the deal that the row is then about, or may be."""
        if not rows:
            return
        known = KnownDeals.of(self.memory, self.present)
        count = named(rows)
        for one in rows:
            if not self._without_account(name, one, known, taken, alone=count[plain_letters(one.row.name)] == 1):
                self._rewritten(name, one, known, taken)
            if one.deal:
                self._take(name, one, taken)

    def _without_account(
        self, name: str, one: Placed, known: KnownDeals, taken: set[str], *, alone: bool, asking: bool = True
    ) -> bool:
        """Whether the row, or a deal of its name, names no account: then the owner and the amount may say it is one.
        Without `asking` answers count alone."""
        mine = plain_letters(one.row.name)
        found = known.without_account(one.account, mine, one.owner, taken, ended=not one.row.open)
        if not found:
            return False
        first, amount = found[0], one.row.amount.minor if one.row.amount else 0
        same = (
            first.seen is not None
            and first.seen.amount == amount > 0
            and (first.name, first.owner) == (mine, one.owner)
        )
        if len(found) == 1 and alone and same:
            one.deal = first.deal
        else:
            deals = SEPARATOR.join(sorted(each.deal for each in found))
            self._ask_which("blank", name, one, found, f"{one.key}{SEPARATOR}{deals}", asking=asking)
        of = {each.deal: each.account for each in found}
        one.account = one.account or of.get(one.deal, "")
        return True

    def _ask_which(
        self, kind: str, name: str, one: Placed, found: Sequence[Known], key: str, *, asking: bool = True
    ) -> None:
        """Whether it is the one deal found, or which of several."""
        shown, several = found[:MOST_NAMED], len(found) > 1
        choices = (*(each.deal for each in shown), "new") if several else ("same", "new")
        maybe = "; ".join(self._told(each, named=several) for each in shown)
        told = tuple(self._told(each) for each in shown) if several else ()
        doubt = Doubt(kind, name, one.row.line, one.about, maybe, key, choices, told)
        if not asking:
            given = self.doubts.given(doubt)
            if given == "new":
                self._fill(name, one)
            if not given or one.doubt:
                return
        self._ask(doubt, one, found[0].deal)
        self.held |= {each.deal for each in found} if one.doubt else set()

    def _rewritten(self, name: str, one: Placed, known: KnownDeals, taken: set[str]) -> None:
        """A row much like a deal that no other row is about may be it, written anew."""
        amount = one.row.amount.minor if one.row.amount else 0
        shown = Seen(one.account, one.row.name, one.owner, amount, one.row.open, one.row.day.isoformat())
        row = Known("", one.account, plain_letters(one.row.name), one.owner, shown)
        found = known.rewritten(row, taken, self.people.accounts_alike)
        if found is not None:
            key = f"{found.deal}{SEPARATOR}{one.key}"
            self._ask(Doubt("renamed", name, one.row.line, one.about, self._told(found), key), one, found.deal)
            if one.deal == found.deal:
                self._keep_account(one, found, known)

    def _keep_account(self, one: Placed, found: Known, known: KnownDeals) -> None:
        """A customer that only this row names is the deal's own, written wrong: no account is made. Where a later file
        says it again of a customer's one deal, it is another name."""
        row, there = one.row, one.account in known.of_account or one.account not in self.people.accounts
        if there or row.business_number or found.account in ("", one.account):
            return
        day = row.day.isoformat()
        first = self.memory.respelt.setdefault(f"{found.deal}{SEPARATOR}{one.account}", day)
        if day > first and not known.has_others(found):
            return
        message = f"read as {self.people.account_name(found.account)}, whose deal this is"
        row.notes.append(FieldError("account", row.account, message, "correct the name in the file"))
        self.people.unname(row, one.account)
        one.account = found.account

    def _told(self, one: Known, *, named: bool = False) -> str:
        """A deal in words, with its id where several are named."""
        seen = one.seen
        account, owner = self.people.account_name(one.account), self.people.owner_name(one.owner)
        told = " / ".join(filter(None, (account, seen.name if seen else one.name, owner)))
        return f"{one.deal}: {told}" if named else told

    def _ask(self, doubt: Doubt, one: Placed, deal: str) -> None:
        answer = self.doubts.answer(doubt, asking=not one.row.errors)
        if answer == "same" or (answer in doubt.choices and answer != "new"):
            one.deal = deal if answer == "same" else answer
        elif answer == "new":
            known = self.memory.deal(one.key, one.row.day)
            one.deal, one.new = _new_id(one.key if known is None else f"{one.key}\x1f{known}"), True
            self.memory.means(one.key, one.deal, one.row.day)
        else:
            one.doubt = doubt
            self.held.add(deal)

    def _as_new(self, name: str, rows: Sequence[Placed], taken: set[str]) -> None:
        for one in rows:
            blank = self._below(name, one.row) if one.row.above and not one.account else None
            if blank is not None and not self.doubts.answer(blank, asking=not one.row.errors):
                one.doubt = blank
                continue
            one.deal, one.new = _new_id(one.key), True
            self._take(name, one, taken)


def _new_id(key: str) -> str:
    return "week-" + hashlib.sha256(key.encode()).hexdigest()[:16]
