"""What a typed text finds: deals by their name or id, their account's name or business number, their people's names or
phone numbers; Korean also by initial consonants. All of it as conditions that the database works through by itself.

A consonant stands for every syllable that begins with it, and those are neighbours: 사 to 싷 for ㅅ. So ㅅㅅㅈㅈ is a
pattern of four ranges, and a name half typed, such as 삼ㅅ, is one too.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, union

from services.gateway.store import tables as t
from services.gateway.store.database import Database

D = t.deals.c
LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
PAIRS = {  # what input methods make of two consonants typed one after the other
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
FIRST, OF_LEAD = 0xAC00, 588  # syllables: the first of them, and how many begin with one consonant
LEAST_DIGITS = 4
FEW = 20_000
SPACED = re.compile(r"\s+")
NUMBER = re.compile(r"\+?[\d\s().\-]+")
SEPARATORS = "- ()."


def found_by(database: Database, text: str, outcome: str = "") -> Select[Any]:
    """The ids of deals that a text finds, visible or not; of those found by their own name only that have the outcome,
    so that the many closed ones are not looked through for the open ones."""
    accounts, contacts = t.accounts.c, t.contacts.c
    of_deal = [_within(database, D.search, text)]
    of_account: list[ColumnElement[bool]] = []
    of_contact: list[ColumnElement[bool]] = []
    pattern = initials_pattern(text, glob=database.is_sqlite)
    if pattern:
        lower = ((D.search, of_deal), (func.lower(accounts.name), of_account), (func.lower(contacts.name), of_contact))
        for column, found in lower:
            found.append(func.replace(column, " ", "").op("GLOB" if database.is_sqlite else "~")(pattern))
    else:
        for column, found in ((accounts.name, of_account), (contacts.name, of_contact)):
            found.append(_within(database, func.lower(column), text))
    digits = digits_of(text)
    if digits:
        of_contact.append(_bare(contacts.phone).contains(digits))
        of_account.append(_bare(accounts.fields).contains(digits))
    roles = t.deal_contacts.c
    ended = [D.outcome == outcome] if outcome else []
    deals = (
        select(D.id).where(or_(*of_deal), *ended),
        select(D.id).where(D.account_id.in_(select(accounts.id).where(or_(*of_account)))),
        select(roles.deal_id).where(roles.contact_id.in_(select(contacts.id).where(or_(*of_contact)))),
    )
    found_ids = union(*deals).subquery()
    return select(found_ids.c.id)


def few_found(connection: Connection, found: Select[Any]) -> list[str] | None:
    """Their ids, where they are few enough to look each up; a page in any order is then read without another scan."""
    ids = list(connection.execute(found.limit(FEW + 1)).scalars())
    return ids if len(ids) <= FEW else None


def _within(database: Database, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether a text stands in a column of small letters: twice as fast as LIKE."""
    found: ColumnElement[int] = (func.instr if database.is_sqlite else func.strpos)(column, text.casefold())
    return found > 0


def _bare(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A text without what people write between the digits of a number, and with a country's code as people dial it."""
    bare: ColumnElement[str] = column
    for separator in SEPARATORS:
        bare = func.replace(bare, separator, "")
    return func.replace(bare, "+82", "0")


def digits_of(text: str) -> str:
    """The digits of what looks like a number, as it is dialled within the country; empty for anything else."""
    if not NUMBER.fullmatch(text.strip()):
        return ""
    digits = "".join(one for one in text if one.isascii() and one.isdigit())
    if text.strip().startswith("+82"):
        digits = "0" + digits[2:].removeprefix("0")
    return digits if len(digits) >= LEAST_DIGITS else ""


def initials_pattern(text: str, *, glob: bool) -> str:
    """A pattern, for SQLite's GLOB or as a regular expression, of a text with consonants in it; empty without any."""
    spread = SPACED.sub("", "".join(PAIRS.get(one, one) for one in text.casefold()))
    if not any(one in LEADS for one in spread):
        return ""
    pattern = "".join(_piece(one, glob=glob) for one in spread)
    return f"*{pattern}*" if glob else pattern


def _piece(one: str, *, glob: bool) -> str:
    place = LEADS.find(one)
    if place >= 0:
        first = FIRST + place * OF_LEAD
        return f"[{one}{chr(first)}-{chr(first + OF_LEAD - 1)}]"
    if glob:
        return f"[{one}]" if one in "*?[" else one
    return one if one.isalnum() else f"\\{one}"
