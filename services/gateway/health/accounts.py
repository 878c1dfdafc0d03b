"""Accounts and contacts that stand twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from learning.records import Account, Contact
from services.gateway.health.findings import Finding
from services.gateway.health.hangul import spelled
from services.gateway.health.junk import junk, junk_mail
from services.gateway.health.names import company_name
from services.gateway.health.people_names import SLIP, PersonName, people_alike, person_name
from services.gateway.health.records import DealRow, Records
from services.gateway.health.same_name import alike_names, one_slip
from services.gateway.imports.weekly.meanings import business_number, phone

NUMBER, MAIL, PHONE, NAME, BOTH = 0.99, 0.97, 0.95, 0.85, 0.8  # BOTH: the phone, and nearly the name
MOST_SHARING = 3  # people of one mail address or phone; of more it is an office's
MOST_ACCOUNTS = 20  # of one business number; of more it is nobody's
MOST_SAME = 50  # contacts of one name at one account that are compared with each other
FILLED = 0.5  # of a field's values that must be business numbers for it to hold them

Pair = tuple[str, str]
Ignored = Callable[[str, str], bool]


def account_numbers(accounts: Iterable[Account]) -> dict[str, str]:
    """Business numbers by account id, of the field whose values are such."""
    values, sound = Counter[str](), defaultdict[str, dict[str, str]](dict)
    for account in accounts:
        for name, value in account.fields.items():
            text = str(int(value)) if isinstance(value, float) and value.is_integer() else value
            if not isinstance(text, str):
                continue
            values[name] += 1
            number = business_number(text.zfill(10) if isinstance(value, float) else text)
            if number is not None and len(set(number)) > 1:
                sound[name][account.id] = number
    field = max(sound, key=lambda name: len(sound[name]), default="")
    return sound[field] if field and len(sound[field]) >= FILLED * values[field] else {}


def duplicate_accounts(records: Records, ignored: Ignored) -> list[Finding]:
    """Accounts that are probably one, each with the one that would be kept. A business number decides where there is
    one: the same is one company, another is another."""
    accounts = [one for one in records.accounts if not junk(one.name)]
    numbers = account_numbers(accounts)
    deals = records.deals_of("account")
    found: dict[Pair, Finding] = {}
    by_number: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        if account.id in numbers:
            by_number[numbers[account.id]].append(account)
    for same in by_number.values():
        if 1 < len(same) <= MOST_ACCOUNTS:
            first = max(same, key=lambda one: _weight(one, deals))
            for other in same:
                if other is not first:
                    _add(found, first.id, other.id, NUMBER, "number", ignored)
    for pair in alike_names([company_name(one.name) for one in accounts]):
        one, other = accounts[pair.first], accounts[pair.second]
        mine, yours = numbers.get(one.id), numbers.get(other.id)
        if mine and yours and mine != yours:
            continue
        kept, gone = sorted((one, other), key=lambda each: _weight(each, deals), reverse=True)
        _add(found, kept.id, gone.id, pair.score, pair.why, ignored)
    return [_with_deals(each, deals.get(each.id, []), records) for each in found.values()]


def _weight(account: Account, deals: Mapping[str, Sequence[DealRow]]) -> tuple[int, int, str]:
    """More deals, more fields, then the id that came first: the one to keep."""
    return len(deals.get(account.id, ())), len(account.fields), "".join(chr(0x10FFFF - ord(c)) for c in account.id)


def _add(found: dict[Pair, Finding], kept: str, gone: str, score: float, why: str, ignored: Ignored) -> None:
    pair = (min(kept, gone), max(kept, gone))
    if pair not in found and not ignored(*pair):
        found[pair] = Finding("", gone, why, other=kept, score=score)


def _with_deals(one: Finding, deals: Sequence[DealRow], records: Records) -> Finding:
    """The finding with what hangs on the record that would go."""
    owners = Counter(deal.owner for deal in deals if deal.owner)
    sources = Counter(deal.source for deal in deals if deal.source)
    return Finding(
        "duplicate_accounts", one.id, one.why, str(len(deals)), one.other, one.score,
        owners.most_common(1)[0][0] if owners else "", sources.most_common(1)[0][0] if sources else "",
        sum(map(records.worth, deals)), any(deal.open for deal in deals),
    )  # fmt: skip


def duplicate_contacts(records: Records, same_account: Callable[[str], str], ignored: Ignored) -> list[Finding]:
    """Contacts that are probably one person: by mail address, by phone and name, or by name at one account.

    `same_account` gives one id for accounts that are probably one. Who has another mail address and another phone is
    somebody else, whatever the name.
    """
    contacts = [one for one in records.contacts if not junk(one.name)]
    names = {one.id: person_name(one.name) for one in contacts}
    found: dict[Pair, Finding] = {}

    def mail(one: Contact) -> Iterator[str]:
        if "@" in one.email and not junk_mail(one.email):
            yield one.email.strip().casefold()

    def dialled(one: Contact) -> Iterator[str]:
        if (number := phone(one.phone)) and names[one.id].words:
            yield number

    def named(one: Contact) -> Iterator[str]:
        if one.account_id:
            yield from (f"{same_account(one.account_id)} {key}" for key in names[one.id].shared())

    for score, why, keys in ((MAIL, "mail", mail), (PHONE, "phone", dialled), (NAME, "name", named)):
        for one, other in _pairs(_by(contacts, keys), MOST_SHARING if why == "mail" else MOST_SAME):
            told = _one_person(why, score, one, other, names)
            if told is not None:
                kept, gone = sorted((one, other), key=_known, reverse=True)
                _add(found, kept.id, gone.id, *told, ignored)
    return _on_deals(found.values(), records)


def _one_person(
    why: str, score: float, one: Contact, other: Contact, names: Mapping[str, PersonName]
) -> tuple[float, str] | None:
    """How sure it is that two contacts who share a mail address, a phone or a part of their name at one account are
    one, and by what; None where they are two."""
    mine, yours = names[one.id], names[other.id]
    if why == "mail":
        return (score, why) if _name_fits(mine.joined, yours.joined) else None
    alike = people_alike(mine, yours)
    if alike is None and why == "phone" and one_slip(spelled(mine.joined), spelled(yours.joined)):
        alike = SLIP, "slip"
    if alike is None or _contradicts(one, other):
        return None
    return (score if alike[1] == "name" else BOTH, "phone") if why == "phone" else alike


def _on_deals(found: Iterable[Finding], records: Records) -> list[Finding]:
    """The findings with the deals that the person who would go is on."""
    on = defaultdict[str, list[DealRow]](list)
    for deal in records.deals:
        for contact in deal.contacts:
            on[contact].append(deal)
    return [
        Finding("duplicate_contacts", each.id, each.why, str(len(on[each.id])), each.other, each.score,
                amount=sum(map(records.worth, on[each.id])), open=any(deal.open for deal in on[each.id]))
        for each in found
    ]  # fmt: skip


def _by(contacts: Sequence[Contact], keys: Callable[[Contact], Iterator[str]]) -> dict[str, list[Contact]]:
    groups: dict[str, list[Contact]] = defaultdict(list)
    for one in contacts:
        for shared in set(keys(one)):
            groups[shared].append(one)
    return groups


def _pairs(groups: Mapping[str, Sequence[Contact]], most: int) -> Iterator[tuple[Contact, Contact]]:
    for same in groups.values():
        if 1 < len(same) <= most:
            yield from combinations(same, 2)


def _contradicts(one: Contact, other: Contact) -> bool:
    """Whether both a mail address and a phone are known of both, or one of them, and say that they are two people."""
    mails = [each.email.strip().casefold() for each in (one, other)]
    phones = [phone(each.phone) or each.phone.strip() for each in (one, other)]
    told = [pair for pair in (mails, phones) if all(pair)]
    return bool(told) and all(pair[0] != pair[1] for pair in told) and not _mails_alike(*mails)


def _mails_alike(one: str, other: str) -> bool:
    """Whether two addresses differ by dots, by what stands behind a plus, or by one letter."""
    if not one or not other:
        return False
    mine, yours = (_bare_mail(each) for each in (one, other))
    digits = [re.sub(r"\D", "", each) for each in (mine, yours)]
    return mine == yours or (digits[0] == digits[1] and one_slip(mine, yours))


def _bare_mail(mail: str) -> str:
    local, _, domain = mail.partition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def _name_fits(one: str, other: str) -> bool:
    """Of one mail address: the same name, nearly, in another order or script, or none."""
    alike = not one or not other or one == other or sorted(one) == sorted(other) or one_slip(one, other)
    return alike or one in other or other in one or one.isascii() != other.isascii()


def _known(contact: Contact) -> tuple[int, str]:
    filled = sum(map(bool, (contact.email, contact.phone, contact.title, contact.account_id, contact.consents)))
    return filled, "".join(chr(0x10FFFF - ord(c)) for c in contact.id)
