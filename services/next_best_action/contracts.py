"""What a deal that renews says of the contract it renews."""

from __future__ import annotations

from datetime import date

from learning.records import Deal

ENDS = "renews_end"  # the field that the gateway fills when it opens a renewal
NO_END = 9999


def days_to_contract_end(deal: Deal, day: date) -> int:
    """Until the contract that the deal renews ends, negative once it has; NO_END where none is named."""
    end = deal.fields.get(ENDS)
    return (end - day).days if isinstance(end, date) else NO_END
