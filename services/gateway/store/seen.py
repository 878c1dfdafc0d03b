"""Which deals, accounts and contacts a principal sees, as conditions of a query."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, not_, or_, select, union_all

from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.context import Context
from services.gateway.store.database import Database
from services.gateway.store.tables_access import deal_teams

D = t.deals.c
Seen = tuple[list[ColumnElement[bool]], dict[str, Any]]  # with the parameters; none of both for who sees all


def deal_seen(database: Database) -> ColumnElement[bool]:
    """A deal of one of the `owners`, or for which one of them has credit, or in whose team one of them is."""
    shared, team = t.deal_credits.c, deal_teams.c
    credited = select(shared.deal_id).where(database.among(shared.owner_id, "owners")).correlate(None)
    teamed = select(team.deal_id).where(database.among(team.user_id, "owners")).correlate(None)
    return or_(database.among(D.owner_id, "owners"), D.id.in_(credited), D.id.in_(teamed))


def deal_seers(database: Database) -> CompoundSelect[Any]:
    """Rows of deal_id and the id of a user by whom `deal_seen` lets it be seen, of deals whose ids are bound."""
    shared, team = t.deal_credits.c, deal_teams.c
    return union_all(
        select(D.id.label("deal_id"), D.owner_id.label("user_id")).where(database.among(D.id), D.owner_id != ""),
        select(shared.deal_id, shared.owner_id).where(database.among(shared.deal_id)),
        select(team.deal_id, team.user_id).where(database.among(team.deal_id)),
    )


def held_by(database: Database, name: str) -> ColumnElement[bool]:
    """A deal of one of the owners bound to a name, or for which one of them has credit."""
    shared = t.deal_credits.c
    credited = select(shared.deal_id).where(database.among(shared.owner_id, name)).correlate(None)
    return or_(database.among(D.owner_id, name), D.id.in_(credited))


def account_seen(database: Database, context: Context, principal: Principal, account: ColumnElement[str]) -> Seen:
    """Accounts with a deal the principal sees, or with no deal."""
    visible = context.visible(principal)
    if visible is None:
        return [], {}
    on_it = select(D.id).where(D.account_id == account).correlate_except(t.deals)
    mine = on_it.where(deal_seen(database))
    return [or_(mine.exists(), not_(on_it.exists()))], {"owners": database.ids(sorted(visible))}


def with_free_contacts(seen: Seen) -> Seen:
    """Beside those seen, contacts on no account and no deal: they are nobody's, as accounts without deals are."""
    c, d = t.contacts.c, t.deal_contacts.c
    conditions, parameters = seen
    if not conditions:
        return seen
    linked = select(d.deal_id).where(d.contact_id == c.id).correlate(t.contacts)
    return [or_(and_(*conditions), and_(c.account_id == "", not_(linked.exists())))], parameters


def contact_seen(database: Database, context: Context, principal: Principal) -> Seen:
    """Contacts on an account or a deal the principal sees."""
    c, d = t.contacts.c, t.deal_contacts.c
    seen, parameters = account_seen(database, context, principal, c.account_id)
    if not seen:
        return seen, parameters
    linked = select(d.deal_id).join(t.deals, D.id == d.deal_id)
    linked = linked.where(d.contact_id == c.id, deal_seen(database))
    return [or_(and_(c.account_id != "", *seen), linked.exists())], parameters
