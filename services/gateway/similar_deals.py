"""The won and lost deals most like one: asked of the next best action service, told as far as they may be seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Protocol

from learning.records import Outcome
from learning.wire_event import deal_event
from services.gateway.domain import Principal, Record
from services.gateway.store.interface import Store
from services.gateway.web.words import Words
from services.gateway.workspace import Workspace

MOST_SHOWN = 10  # of won, and of lost
ASKED_FOR_EACH = 5  # so many more are asked for, since some may not be seen
MOST_ASKED = 50
MOST_PRODUCTS = 10
WORDS = {
    "en": ("{days} later: {activity}", "nothing until it closed", "won after {days}", "lost after {days}"),
    "ko": ("{days} 뒤 {activity}", "종결까지 활동 없음", "{days} 뒤 수주", "{days} 뒤 실주"),
}  # fmt: skip


class Alike(Protocol):
    """Knows past deals like one; raises Unavailable while nobody does."""

    async def similar(self, event: Any, count: int) -> tuple[list[Mapping[str, Any]], bool]: ...


async def similar_deals(
    store: Store, workspace: Workspace, alike: Alike, principal: Principal, deal_id: str, count: int, language: str
) -> dict[str, Any]:
    """At most `count` each of won and lost deals, the likest first, of those the principal may see.

    Raises NotFound and Unavailable. What a past deal was is told as it was learned; who may not see it learns nothing.
    """
    record = await store.get_record(principal, deal_id)
    types = {each.name: each.type for each in await store.list_fields() if each.entity == "deal"}
    event = deal_event(
        record.history, business_day=workspace.business_day, owner_name=record.owner_name, field_types=types
    )
    found, pending = await alike.similar(event, min(count * ASKED_FOR_EACH, MOST_ASKED))
    seen = await store.get_records(principal, [one["deal_id"] for one in found], insights=False)
    deals = {one.history.deal.id: one for one in seen if not one.history.deal.deleted}
    known = [(deals[one["deal_id"]], one) for one in found if one["deal_id"] in deals]
    known = [(past, one) for past, one in known if _as_learned(past, one)]
    shown: list[dict[str, Any]] = []
    for past, one in known:
        if sum(each["won"] == one["won"] for each in shown) < count:
            shown.append(_json(past, one, language))
    products = bought(past for past, one in known if one["won"])
    return {"id": record.history.deal.id, "text_pending": pending, "deals": shown, "products": products}


def bought(won: Iterable[Record]) -> list[dict[str, Any]]:
    """What won deals had: each product with the number of deals that did, and their median quantity, commonest first.

    Of lines of one product on a deal the quantities add up.
    """
    quantities: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    names: dict[str, str] = {}
    for record in won:
        names.update(record.history.product_names)
        for line in record.history.deal.products:
            quantities[line.product_id][record.history.deal.id] += line.quantity
    order = sorted(quantities, key=lambda each: (-len(quantities[each]), each))[:MOST_PRODUCTS]
    return [
        {"product_id": each, "name": names.get(each, each), "deals": len(quantities[each]),
         "quantity": median(quantities[each].values())}
        for each in order
    ]  # fmt: skip


def _as_learned(record: Record, one: Mapping[str, Any]) -> bool:
    """Whether the deal still stands as it was learned: not reopened, its outcome not corrected."""
    return record.history.deal.outcome is (Outcome.WON if one["won"] else Outcome.LOST)


def told(one: Mapping[str, Any], language: str) -> str:
    """What was done next and how it went, in words."""
    later, nothing, won, lost = WORDS["ko" if language == "ko" else "en"]
    activity = Words(language).name("activity", one["next_activity"]).lower()
    days = _days(one["days_to_next"], language)
    next_told = later.format(days=days, activity=activity) if one["next_activity"] else nothing
    return f"{next_told}; {(won if one['won'] else lost).format(days=_days(one['days_to_close'], language))}"


def _days(count: int, language: str) -> str:
    return f"{count}일" if language == "ko" else f"{count} day" + ("" if count == 1 else "s")


def _json(record: Record, one: Mapping[str, Any], language: str) -> dict[str, Any]:
    activity = one["next_activity"]
    return {
        "id": record.history.deal.id,
        "name": record.history.deal.name,
        "account": account.name if (account := record.history.account) else "",
        "likeness": round(one["likeness"], 3),
        "won": one["won"],
        "as_of_day": one["as_of_day"],
        "next_activity": activity or None,
        "days_to_next": one["days_to_next"] if activity else None,
        "days_to_close": one["days_to_close"],
        "text": told(one, language),
    }
