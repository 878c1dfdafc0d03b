"""Where a deal stands in the CRM it came from: an address with a place for the deal's id."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from kit.errors import InvalidInput

CRM_LINK = "crm_link"
SLOT, LONGEST = "{id}", 500
_FORBIDDEN = frozenset(" \"'<>\\")


def checked_link(address: Any) -> str:
    """The address, empty for none. Raises InvalidInput for one that no browser opens or that has no place for an id."""
    link = address.strip() if isinstance(address, str) else "?"
    if link and not _is_link(link):
        mend = f"Write it such as https://crm.example.com/deals/{SLOT}, or leave it empty"
        raise InvalidInput("this is no address of a deal", field=CRM_LINK, value=link[:60], mend=mend)
    return link


def address_of(link: str, deal_id: str) -> str:
    """The deal's own address; empty without a link."""
    return link.replace(SLOT, quote(deal_id, safe=""))


def _is_link(text: str) -> bool:
    host, slash, rest = text.partition("://")[2].partition("/")
    sound = len(text) <= LONGEST and text.isprintable() and not _FORBIDDEN & set(text)
    known = text.startswith(("https://", "http://")) and bool(host) and SLOT not in host
    return sound and known and bool(slash) and rest.count(SLOT) == 1
