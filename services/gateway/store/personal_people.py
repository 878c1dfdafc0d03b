"""People by name, mail and telephone number, and who else bears these."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from services.gateway.privacy.person import CONTACT, MEMBER, USER, Person, digits_of, plain_name
from services.gateway.store import tables as t
from services.gateway.store.tables_access import members

PEOPLE = {CONTACT: t.contacts, USER: t.users, MEMBER: members}
SPACES = (" ", "\u3000", "\u00a0")
WIDER = 0xFEE0  # from a narrow letter to its wide one


def known_person(connection: Connection, kind: str, row: Any, aliases: Sequence[str] = ()) -> Person:
    """A person of a row of their table, with whether others bear the name."""
    person = replace(person_of(kind, row), aliases=tuple(aliases))
    shared = bool(person.name and twins(connection, person, [person.name]))
    return replace(person, shared=shared, common=_common(connection, person))


def named_like(column: Any, text: str) -> list[Any]:
    """Names with this in them, however both are spaced, and wide letters as narrow ones."""
    bare: Any = column
    for space in SPACES:
        bare = func.replace(bare, space, "")
    narrow = unicodedata.normalize("NFKC", text)
    # databases know cases of narrow letters alone
    forms = [narrow, *map(_wide, (narrow, narrow.lower(), narrow.upper(), narrow.title())), text]
    spellings = dict.fromkeys("".join(one.split()) for one in forms)
    return [of_case for one in spellings if one for of_case in (
        func.lower(bare).like(f"%{one.lower()}%"), bare.like(f"%{one}%")
    )]  # fmt: skip


def _wide(text: str) -> str:
    return "".join(chr(ord(one) + WIDER) if "!" <= one <= "~" else one for one in text)


def twins(connection: Connection, person: Person, names: Sequence[str]) -> list[Person]:
    """Others who bear one of the names, however it is spaced; deleted ones too, whose words are there still."""
    wanted = {plain_name(one) for one in names}
    spellings = [
        form for one in names for form in (plain_name(one), "".join(one.split()).lower(), "".join(one.split()))
    ]
    found = []
    for kind, table in PEOPLE.items():
        bare: Any = table.c.name
        for space in SPACES:
            bare = func.replace(bare, space, "")
        rows = connection.execute(select(table).where(or_(func.lower(bare).in_(spellings), bare.in_(spellings))))
        others = (person_of(kind, row) for row in rows if not _is_they(person, kind, row))
        found += [one for one in others if plain_name(one.name) in wanted]
    return found


def _is_they(person: Person, kind: str, row: Any) -> bool:
    """Whether a row is the person's own: a user's account is theirs."""
    if kind == MEMBER and person.kind == USER:
        return bool(row.user_id == person.id)
    if kind == USER and person.kind == MEMBER:
        return bool(row.id == person.account_id)
    return (kind, row.id) == (person.kind, person.id) or f"{kind}:{row.id}" in person.aliases


def _common(connection: Connection, person: Person) -> tuple[str, ...]:
    """Which of mail and telephone number others have too, whatever their name."""
    found = []
    digits = digits_of(person.phone)
    for kind, table in PEOPLE.items():
        for name, column, wanted in (
            ("email", mail_of(table), person.email), ("phone", table.c.get("phone"), digits[-4:])
        ):  # fmt: skip
            if not wanted or column is None or name in found:
                continue
            like = func.lower(column) == wanted.lower() if name == "email" else column.like(f"%{wanted}%")
            for row in connection.execute(select(table, column.label("word")).where(like)):
                same = name == "email" or digits_of(row.word) == digits
                if same and not _is_they(person, kind, row):
                    found.append(name)
                    break
    return tuple(dict.fromkeys(found))


def mail_of(table: Table) -> Any:
    """The column that holds a mail address; members sign in with theirs."""
    return table.c.get("email", table.c.get("login"))


def person_of(kind: str, row: Any) -> Person:
    """Of a row of their table."""
    if kind == USER:
        return Person(row.id, USER, row.name, row.email)
    if kind == MEMBER:  # whose login may be a mail address; the user it acts for in place of an account
        return Person(row.id, MEMBER, row.name, row.login if "@" in row.login else "", account_id=row.user_id)
    return Person(row.id, CONTACT, row.name, row.email, row.phone, row.account_id)
