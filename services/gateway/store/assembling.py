"""A record put together from what one read found around its deal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from learning.contact_counts import count_contacts
from learning.placements import credited, placements_of
from learning.records import (
    Account,
    Activity,
    Change,
    Contact,
    ContactRole,
    Credit,
    Deal,
    DealHistory,
    Placement,
    Product,
    ProductLine,
)
from services.gateway.domain import Insight, InsightKind, Record
from services.gateway.store.context import Context
from services.gateway.store.rows import deal_from


@dataclass(slots=True)
class Around:
    """What stands around the deals of one read, by deal id (accounts and contacts by their own)."""

    products: dict[str, list[ProductLine]] = field(default_factory=dict)
    roles: dict[str, list[ContactRole]] = field(default_factory=dict)
    credits: dict[str, list[Credit]] = field(default_factory=dict)
    insights: dict[str, dict[InsightKind, Insight]] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    activities: dict[str, list[Activity]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    former: dict[str, list[str]] = field(default_factory=dict)  # ids of accounts that deals had before
    contacts: dict[str, Contact] = field(default_factory=dict)
    catalogue: dict[str, Product] = field(default_factory=dict)  # of the products on the deals


def record_of(row: Any, around: Around, context: Context, whole: bool) -> Record:
    """The deal of a row with everything around it; `whole`: with its past and its places in trees."""
    roles: Iterable[ContactRole] = around.roles.get(row.id, ())
    activities = tuple(around.activities.get(row.id, ()))
    products = tuple(around.products.get(row.id, ()))
    deal = deal_from(row, products, tuple(roles), tuple(around.credits.get(row.id, ())))
    account = around.accounts.get(row.account_id)
    history = DealHistory(
        deal,
        tuple(around.changes.get(row.id, ())),
        activities,
        account,
        context.people.path(row.owner_id, context.day),
        tuple((around.contacts[one.contact_id], one.role) for one in roles),
        count_contacts(activities, context.now()) if activities else (),
        row.activity_count,
        truncated=not whole or row.activity_count > len(activities),
        product_names={
            one.product_id: around.catalogue[one.product_id].name
            for one in products
            if one.product_id in around.catalogue
        },
        former_accounts=tuple(around.accounts[one] for one in dict.fromkeys(around.former.get(row.id, ()))),
        placements=_places(deal, account, around, context) if whole and (context.trees or deal.credits) else (),
    )
    owner = context.people.users.get(row.owner_id)
    users = context.people.users
    named = {one.owner_id: users[one.owner_id].name for one in deal.credits if one.owner_id in users}
    return Record(history, owner.name if owner else "", around.insights.get(row.id, {}), named)


def _places(deal: Deal, account: Account | None, around: Around, context: Context) -> tuple[Placement, ...]:
    shared = credited(deal, lambda owner: context.people.path(owner, context.day))
    return (*shared, *placements_of(deal, account, around.catalogue, context.trees))
