"""Who stands around the deals of weekly files: accounts by business number or name, owners and contacts by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from learning.records import Account, Contact, User
from services.gateway.imports.values import slug
from services.gateway.imports.weekly.doubts import Doubt, Doubts
from services.gateway.imports.weekly.meanings import company, plain_letters
from services.gateway.imports.weekly.memory import Memory
from services.gateway.imports.weekly.rows import WeekRow

Named = Iterable[tuple[str, str]]  # ids with names


@dataclass(slots=True)
class People:
    """Finds accounts, owners and contacts, and makes those that are new."""

    memory: Memory
    doubts: Doubts
    number_field: str = ""  # the account's field that keeps its business number
    users: dict[str, User] = field(default_factory=dict)  # new ones, as those below
    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    contact_rows: dict[str, WeekRow] = field(default_factory=dict)  # that name them last
    _users: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # name → ids
    _owners: dict[str, str] = field(default_factory=dict)  # user id → name
    _names: dict[str, str] = field(default_factory=dict)  # account id → name
    _titles: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # in this file, by name
    _contacts: set[str] = field(default_factory=set)

    def know(self, users: Named, accounts: Named, contacts: Iterable[str]) -> None:
        """Take in who is there already."""
        for identity, name in users:
            self._users[plain_letters(name)].append(identity)
            self._owners[identity] = name
        for identity, name in accounts:
            self._names[identity] = name
            known = self.memory.accounts.setdefault(f"name:{company(name)}", [])
            if identity not in known:
                known.append(identity)
        self._contacts = set(contacts)

    def begin(self, rows: Iterable[WeekRow]) -> None:
        """Look over the owners of a file: one name may have two titles."""
        self._titles.clear()
        for row in rows:
            if row.owner_title and not row.errors:
                self._titles[plain_letters(row.owner)].add(row.owner_title)

    def account(self, file: str, row: WeekRow, known: str = "") -> tuple[str, Doubt | None]:
        """The id of the row's account, "" where it names none; or what is in doubt. `known`: the deal's, where the row
        says by id which deal it is."""
        if not row.account and not row.business_number:
            return "", None
        memory, name = self.memory, f"name:{company(row.account or row.business_number)}"
        named = memory.accounts.get(name, [])
        if row.business_number:
            found = self._by_number(row, named)
        elif known in named:
            found = known
        elif len(named) > 1:
            told = tuple(f"{self.account_name(each)} ({memory.numbers.get(each, each)})" for each in named)
            doubt = Doubt("account", file, row.line, row.account, ", ".join(named[:5]), name, tuple(named), told)
            found = self.doubts.answer(doubt, asking=not row.errors)
            if not found:
                return "", doubt
        else:
            found = named[0] if named else company(row.account)
        if found not in named:
            memory.accounts[name] = [*named, found]
        if found not in self._names:
            self._names[found] = row.account or found
            fields = {self.number_field: row.business_number} if row.business_number and self.number_field else {}
            self.accounts[found] = Account(found, self._names[found], fields)
        return found, None

    def unname(self, row: WeekRow, account: str) -> None:
        """The row's name of an account, which would be new, is one of another."""
        name = f"name:{company(row.account)}"
        if self.memory.accounts.get(name) == [account]:
            del self.memory.accounts[name]

    def _by_number(self, row: WeekRow, named: list[str]) -> str:
        """The number says it, whatever the name; a number not met before belongs to the account of that name that has
        none."""
        memory, number = self.memory, f"number:{row.business_number}"
        if number not in memory.accounts:
            free = [each for each in named if each not in memory.numbers]
            made = company(row.account or row.business_number)
            if made in self._names:
                made = f"{made}-{row.business_number}"
            memory.accounts[number] = [free[0] if len(free) == 1 else made]
            memory.numbers[memory.accounts[number][0]] = row.business_number
        return memory.accounts[number][0]

    def owner(self, file: str, row: WeekRow) -> tuple[str, Doubt | None]:
        """The id of the row's owner, "" where it names none; or what is in doubt."""
        if not row.owner:
            return "", None
        name = plain_letters(row.owner)
        known, identity = self._users[name], slug(row.owner)
        if len(known) > 1 and identity not in known:
            told = tuple(f"{self.owner_name(each)} ({each})" for each in known)
            doubt = Doubt("user", file, row.line, row.owner, ", ".join(known[:5]), f"user:{name}", tuple(known), told)
            answer = self.doubts.answer(doubt, asking=not row.errors)
            return (answer, None) if answer else ("", doubt)
        titles = self._titles[name]
        if len(titles) > 1:
            doubt = Doubt("person", file, row.line, row.owner, ", ".join(sorted(titles)), f"person:{name}")
            answer = self.doubts.answer(doubt, asking=not row.errors)
            if not answer:
                return "", doubt
            if answer == "two" and row.owner_title:
                identity = slug(f"{row.owner} {row.owner_title}")
        elif known:
            identity = known[0]
        if identity not in known:
            known.append(identity)
            self.users[identity] = User(identity, row.owner, title=row.owner_title)
            self._owners[identity] = row.owner
        return identity, None

    def contact(self, row: WeekRow, account: str) -> str:
        """The id of the contact that the row names, "" where it names none."""
        name, title, number, mail = row.contact
        if not name:
            return ""
        identity = slug(f"{account} {name}")
        if identity not in self._contacts:
            before = self.contacts.get(identity)
            number, mail = number or (before.phone if before else ""), mail or (before.email if before else "")
            self.contacts[identity] = Contact(identity, name, account, title, mail, number)
            self.contact_rows[identity] = row
        return identity

    def account_name(self, identity: str) -> str:
        """As it is written."""
        return self._names.get(identity, identity)

    def owner_name(self, identity: str) -> str:
        """As it is written."""
        return self._owners.get(identity, identity)

    def accounts_alike(self, one: str, other: str) -> float:
        """How much the names of two accounts are alike, 0 to 1."""
        names = company(self.account_name(one)), company(self.account_name(other))
        return SequenceMatcher(None, *names).ratio()
