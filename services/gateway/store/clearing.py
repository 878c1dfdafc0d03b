"""Taking all records out of a workspace, with what was computed on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update

from services.gateway.domain import Principal
from services.gateway.privacy.person import MEMBER
from services.gateway.store import tables as t
from services.gateway.store import tables_access as a
from services.gateway.store import tables_actions as actions
from services.gateway.store import tables_forecast as f
from services.gateway.store import tables_health as h
from services.gateway.store import tables_monitoring as m
from services.gateway.store import tables_privacy as p
from services.gateway.store.around import Around, company_wide
from services.gateway.store.codec import dumps, to_us
from services.gateway.store.context import FIELDS_VERSION, PEOPLE_VERSION
from services.gateway.store.database import Database
from services.gateway.store.tables_asks import asks
from services.gateway.store.tables_imports import THERE, import_before

COUNTED: Mapping[str, Table] = {
    "deals": t.deals, "accounts": t.accounts, "contacts": t.contacts, "users": t.users, "products": t.products,
    "activities": t.activities, "quotas": t.quotas,
}  # fmt: skip
COMPUTED = (
    t.insights, t.standings, t.score_history, t.rollups, f.forecast_days, h.health_findings, m.monitoring_days,
    m.alerts, m.shadow_scores,
)  # fmt: skip
RECORDS = (
    *COUNTED.values(), *COMPUTED, t.reporting_lines, t.account_changes, t.deal_contacts, t.deal_products,
    t.deal_credits, t.changes, t.field_definitions, t.outbox, t.events, t.requests, import_before, f.node_quotas,
    f.calls, f.held_calls, actions.action_feedback, actions.action_decisions, asks, h.duplicate_decisions, a.deal_teams,
    p.restrictions, p.suppressions, p.erasures,
)  # fmt: skip
# What stays: settings and members but for what the caller names, exchange rates, which fields are personal, the logs of
# what was done to models and by members.


class Clearing(Around):
    """`record_counts`, `clear_records`, `drop_computed`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._put = database.upsert(t.settings)

    async def record_counts(self, principal: Principal) -> Mapping[str, int]:
        """How many records of each kind `clear_records` would take away."""
        company_wide(principal, "workspace")
        return await self._database.read(_counts)

    async def clear_records(
        self, principal: Principal, settings: Mapping[str, Any], members: Sequence[str]
    ) -> Mapping[str, int]:
        """Take all records away, with what was computed on them and these members; set these settings, None empties
        one; all in one transaction. How many records of each kind there were. Members that stay stand for nobody.

        Readers of live events begin again: those before are gone. Raises Forbidden for who does not see all.
        """
        company_wide(principal, "workspace")

        def work(connection: Connection) -> Mapping[str, int]:
            counts = _counts(connection)
            for table in RECORDS:
                connection.execute(delete(table))
            connection.execute(delete(p.personal_access).where(p.personal_access.c.kind != MEMBER))
            _drop_members(connection, list(members))
            connection.execute(update(a.members).values(user_id=""))
            rows = [{"key": key, "value": dumps(value)} for key, value in settings.items()]
            self._put.run(connection, rows)
            for version in (PEOPLE_VERSION, FIELDS_VERSION):
                self._contexts.touch(connection, version)
            self._add_events(connection, [("", "workspace", {"cleared": True})], to_us(datetime.now(UTC)))
            return counts

        return await self._database.write(work)

    async def drop_computed(self, principal: Principal) -> None:
        """Take away what was computed on deals that are there no more, and all totals: they are told anew."""
        company_wide(principal, "workspace")
        known = select(t.deals.c.id)

        def work(connection: Connection) -> None:
            for table in (t.insights, t.standings, t.score_history):
                connection.execute(delete(table).where(table.c.deal_id.not_in(known)))
            for table in (t.rollups, f.forecast_days, m.monitoring_days, m.alerts):
                connection.execute(delete(table))

        await self._database.write(work)


def _counts(connection: Connection) -> Mapping[str, int]:
    found = {}
    for kind, table in COUNTED.items():
        query = select(func.count()).select_from(table)
        found[kind] = int(connection.execute(query.where(THERE) if table is t.deals else query).scalar_one())
    return found


def _drop_members(connection: Connection, members: Sequence[str]) -> None:
    """Some members, with what they come in by."""
    connection.execute(delete(a.members).where(a.members.c.id.in_(members)))
    for table in (a.sessions, a.sign_in_links, a.api_tokens, a.company_accounts, a.last_sign_ins):
        connection.execute(delete(table).where(table.c.member_id.in_(members)))
