"""What data health finds: the kinds of findings, and one finding."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

ACCOUNTS, CONTACTS, DEALS = "accounts", "contacts", "deals"
# Findings by name, with the records they are about; those of `duplicates` are about two.
FINDINGS = {
    "duplicate_accounts": ACCOUNTS,
    "duplicate_contacts": CONTACTS,
    "duplicate_deals": DEALS,
    "junk_accounts": ACCOUNTS,
    "junk_contacts": CONTACTS,
    "junk_deals": DEALS,
    "impossible_accounts": ACCOUNTS,
    "impossible_contacts": CONTACTS,
    "impossible_deals": DEALS,
    "stale_open": DEALS,
    "past_close_date": DEALS,
    "missing_close_date": DEALS,
    "missing_amount": DEALS,
    "owner_left": DEALS,
    "contact_left": DEALS,
    "empty_field": "fields",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One record that something is found about. It holds no names: what it is about may be erased."""

    finding: str
    id: str
    why: str = ""  # which of the finding's reasons
    value: str = ""  # what was found: a number, a day or a field
    other: str = ""  # of a duplicate: the record it repeats, which would be kept
    score: float = 0.0  # how sure a duplicate is, 0 to 1
    owner: str = ""
    source: str = ""
    amount: int = 0  # open, in minor units of the company's currency
    open: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)
