"""Junk, impossible values, deals left lying, who has left, and fields never filled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import median

from kit.clock import utc_day
from learning.records import Contact
from services.gateway.health.findings import Finding
from services.gateway.health.junk import junk, junk_mail
from services.gateway.health.names import vocabulary
from services.gateway.health.records import DealRow, Records
from services.gateway.imports.weekly.meanings import business_number
from services.gateway.renewals.terms import DEFINITIONS, impossible_term

OWN_PACE = 0.95  # of the company's closed deals were closed within this many days
FEWEST_CLOSED = 20  # to know the company's pace by
LONGEST_SILENCE = 90  # days without anything, where the company's own pace is not known
FAR = timedelta(days=5 * 365)  # ahead: no promise
EARLIEST = date(1980, 1, 1)
LARGE = 50  # times what 99 of 100 amounts stay below, or the next smaller one where hardly any are larger
HARDLY_ANY = (3, 0.02)  # so many, or such a share
NEVER = 0.02  # of the last year's deals at most fill a field that is never filled
FEWEST_DEALS = 50  # to say so
_ALL_NINES = re.compile(r"9{4,}|(\d)\1{6,}|12345678?9?0?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def checked(records: Records) -> Iterator[Finding]:
    """Everything but duplicates."""
    yield from _junk(records)
    yield from _impossible(records)
    yield from _lying(records)
    yield from _gone(records)
    yield from _missing(records)


def _of(finding: str, deal: DealRow, records: Records, why: str = "", value: str = "") -> Finding:
    worth = records.worth(deal)
    return Finding(finding, deal.id, why, value, owner=deal.owner, source=deal.source, amount=worth, open=deal.open)


def _junk(records: Records) -> Iterator[Finding]:
    for deal in records.deals:
        if why := junk(deal.name):
            yield _of("junk_deals", deal, records, why)
    for account in records.accounts:
        if why := junk(account.name):
            yield Finding("junk_accounts", account.id, why)
    for contact in records.contacts:
        if why := junk(contact.name) or ("test" if junk_mail(contact.email) else ""):
            yield Finding("junk_contacts", contact.id, why)


def _impossible(records: Records) -> Iterator[Finding]:
    most = largest_believable(records.deals)
    signs = _never_negative(records.deals)
    for deal in records.deals:
        why, value = _impossible_deal(deal, records.day, most, signs)
        if why:
            yield _of("impossible_deals", deal, records, why, value)
    for contact in records.contacts:
        if why := _impossible_contact(contact):
            yield Finding("impossible_contacts", contact.id, why)
    for account in records.accounts:
        for name, held in account.fields.items():
            shaped = isinstance(held, str) and re.fullmatch(r"\d{3}-\d{2}-\d{5}", held.strip())
            if shaped and business_number(str(held)) is None:
                yield Finding("impossible_accounts", account.id, "business_number", name)


def largest_believable(deals: Sequence[DealRow]) -> int:
    """The amount, in minor units, beyond which one is unbelievable; 0 where nothing tells.

    Few wrong amounts among few deals must not make each other believable, so a gap above the median tells them too.
    """
    amounts = sorted(abs(deal.amount.minor) for deal in deals if deal.amount is not None and deal.amount.minor)
    if not amounts:
        return 0
    most = LARGE * amounts[int(0.99 * (len(amounts) - 1))]
    fewest = len(amounts) - max(HARDLY_ANY[0], int(HARDLY_ANY[1] * len(amounts)))
    for place in range(max((len(amounts) - 1) // 2, fewest - 1), len(amounts) - 1):
        if amounts[place + 1] > LARGE * amounts[place]:
            return min(most, LARGE * amounts[place])
    return most


def _impossible_deal(deal: DealRow, day: date, most: int, signs: set[str]) -> tuple[str, str]:
    """Which value cannot be, and what it is; ("", "") where all can."""
    amount, created = deal.amount, utc_day(deal.created) if deal.created else None
    if amount is not None:
        digits = str(abs(amount.minor)).rstrip("0")
        if amount.minor < 0:
            return "negative_amount", amount.value
        if amount.minor and (_ALL_NINES.fullmatch(digits) or abs(amount.minor) > most > 0):
            return "odd_amount", amount.value
    if deal.closed and created and deal.closed < created:
        return "closed_before_created", deal.closed.isoformat()
    if (deal.closed and deal.closed > day) or (created and created > day):
        return "in_the_future", (deal.closed or created or day).isoformat()
    if deal.close and (deal.close < EARLIEST or deal.close > day + FAR):
        return "odd_day", deal.close.isoformat()
    if term := impossible_term(deal.fields, deal.closed)[0]:
        return "contract_term", f"{term} {deal.fields[term]}"
    for name, value in deal.fields.items():
        if isinstance(value, float) and ((value < 0 and name in signs) or value in (99_999.0, 999_999.0, -999.0)):
            return "odd_number", name
    return "", ""


def _never_negative(deals: Sequence[DealRow]) -> set[str]:
    """Number fields of which almost every value is at least nothing."""
    counts, below = Counter[str](), Counter[str]()
    for deal in deals:
        for name, value in deal.fields.items():
            if isinstance(value, float):
                counts[name] += 1
                below[name] += value < 0
    return {name for name, count in counts.items() if below[name] <= 0.02 * count}


def _impossible_contact(contact: Contact) -> str:
    if contact.email and not _MAIL.fullmatch(contact.email.strip()):
        return "contact_mail"
    digits = re.sub(r"\D", "", contact.phone)
    if contact.phone and (not 7 <= len(digits) <= 15 or len(set(digits)) == 1):
        return "contact_phone"
    return ""


def pace(deals: Sequence[DealRow]) -> float | None:
    """Days within which OWN_PACE of the closed opportunities were closed; None of too few."""
    days = sorted(
        (deal.closed - utc_day(deal.created)).days
        for deal in deals
        if deal.closed and deal.created and deal.opportunity and deal.closed >= utc_day(deal.created)
    )
    return float(days[int(OWN_PACE * (len(days) - 1))]) if len(days) >= FEWEST_CLOSED else None


def _lying(records: Records) -> Iterator[Finding]:
    """Open deals older than nearly all that were ever closed and silent for long, and promises that have passed."""
    longest = pace(records.deals)
    silence = LONGEST_SILENCE if longest is None else max(30.0, longest / 2)
    for deal in records.deals:
        if not deal.open:
            continue
        created = utc_day(deal.created) if deal.created else None
        last = deal.last or created
        quiet = (records.day - last).days if last else 0
        age = (records.day - created).days if created else 0
        if quiet >= silence and (longest is None or age > longest):
            yield _of("stale_open", deal, records, "quiet", str(quiet))
        if deal.close and deal.close < records.day and deal.opportunity:
            yield _of("past_close_date", deal, records, "", deal.close.isoformat())


def _gone(records: Records) -> Iterator[Finding]:
    """Open deals whose owner is none, unknown or not active, or all of whose contacts have left."""
    left = records.gone_contacts | {one.id for one in records.contacts if _has_left(one)}
    for deal in records.deals:
        if not deal.open:
            continue
        user = records.users.get(deal.owner)
        if not deal.owner or user is None or not user.active:
            yield _of("owner_left", deal, records, "none" if not deal.owner else "left", deal.owner)
        if deal.contacts and left.issuperset(deal.contacts):
            yield _of("contact_left", deal, records)


def _has_left(contact: Contact) -> bool:
    said = f"{contact.title} {contact.name}".casefold()
    return any(word in said for word in vocabulary()["junk"]["left"])


def _missing(records: Records) -> Iterator[Finding]:
    for deal in records.deals:
        if deal.open and deal.opportunity and (deal.amount is None or deal.amount.minor == 0):
            yield _of("missing_amount", deal, records)
        if deal.open and deal.opportunity and deal.close is None:
            yield _of("missing_close_date", deal, records)
    yield from _never_filled(records)


def _never_filled(records: Records) -> Iterator[Finding]:
    """Fields of deals that hardly any of the last year's fill, and some older ones did."""
    start = records.day - timedelta(days=365)
    recent = [deal for deal in records.deals if deal.created and utc_day(deal.created) >= start]
    if len(recent) < FEWEST_DEALS:
        return
    known = Counter(name for deal in records.deals for name in deal.fields)
    filled = Counter(name for deal in recent for name in deal.fields)
    own = {one.name for one in DEFINITIONS}  # those of contracts are there whether anybody fills them or not
    for name in sorted((set(known) | set(records.defined)) - own):
        if filled[name] <= NEVER * len(recent):
            yield Finding("empty_field", name, "", f"{filled[name]} / {len(recent)}")


def usual_amount(records: Records) -> int:
    """What an opportunity is typically worth, in minor units of the company's currency; 0 where nothing tells."""
    currency = records.manifest.currency
    known = [d.amount.minor for d in records.deals if d.amount and d.amount.currency == currency and d.opportunity]
    return round(median(known)) if known else 0
