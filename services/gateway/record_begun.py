"""Where a record begins: what its first weekly file shows was there before, and since when creating is on record."""

from __future__ import annotations

from datetime import date, timedelta

from services.gateway.imports.sinks import WEEKLY
from services.gateway.imports.weekly.memory import Memory
from services.gateway.store.interface import Store


async def there_before(store: Store, since: date | None = None) -> frozenset[str]:
    """Deals that the earliest weekly file shows already: when they came up nobody knows. None where that file is of a
    day up to `since`: then how they stood on it is known."""
    kept = await store.get_setting(WEEKLY)
    known = since is not None and (kept or {}).get("first", "") <= since.isoformat()
    return frozenset() if known else Memory.from_json(kept).there_before


async def creating_since(store: Store, today: date) -> date | None:
    """The first day that business not yet created is reckoned from: that of the first deal, or the one after the first
    weekly file where most of its deals were there before. As the forecast's training takes it
    (services.forecast.dataset.Company.first_day); None without deals."""
    memory = Memory.from_json(await store.get_setting(WEEKLY))
    before = memory.there_before
    looked = date.fromisoformat(memory.first) if before else today
    first, known = await store.creations(looked)
    if first is None or 2 * len(before) < known or not before:
        return first
    return min(looked + timedelta(days=1), today)
