"""Records out: a deal, or a batch of them in one round of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, literal_column, select, tuple_

from kit.errors import InvalidInput
from learning.records import (
    CHANNELS,
    Activity,
    Change,
    ContactRole,
)
from services.gateway.domain import Principal, Record
from services.gateway.store import tables as t
from services.gateway.store.assembling import Around, record_of
from services.gateway.store.codec import dumps, from_us, loads, storable, to_us
from services.gateway.store.context import Context, Part, no_deal
from services.gateway.store.database import Database
from services.gateway.store.interface import Touch
from services.gateway.store.rows import (
    account_from,
    activity_from,
    change_from,
    contact_from,
    credit_from,
    insight_from,
    product_from,
    product_line_from,
)

MOST_ACTIVITIES = 200  # in one record
MOST_ROWS = 10_000  # in one page


class Reads(Part):
    """`get_record`, `get_records`, `get_changes` and `get_activities`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        among, a, c = database.among, t.activities.c, t.changes.c
        self._by_id = select(t.deals).where(among(t.deals.c.id))
        self._products_of = (
            select(t.deal_products).where(among(t.deal_products.c.deal_id)).order_by(t.deal_products.c.position)
        )
        self._roles_of = (
            select(t.deal_contacts).where(among(t.deal_contacts.c.deal_id)).order_by(t.deal_contacts.c.position)
        )
        self._credits_of = (
            select(t.deal_credits).where(among(t.deal_credits.c.deal_id)).order_by(t.deal_credits.c.position)
        )
        self._insights_of = select(t.insights).where(among(t.insights.c.deal_id))
        self._changes_of = select(
            c.deal_id, c.seq, c.field, c.value, c.effective_time, c.recorded_time, c.revision
        ).where(among(c.deal_id))
        self._changes_of = self._changes_of.order_by(c.deal_id, c.effective_time, c.seq)
        self._activities_of = select(t.activities).where(among(a.deal_id)).order_by(a.deal_id, a.time, a.id)
        numbered = select(
            t.activities,
            func.row_number().over(partition_by=a.deal_id, order_by=(a.time.desc(), a.id.desc())).label("n"),
        ).where(among(a.deal_id))
        newest = numbered.subquery()
        made = numbered.where(a.type.in_(CHANNELS), a.direction.in_(("outbound", "inbound"))).subquery()
        self._touches = (
            select(made.c.deal_id, made.c.type, made.c.direction, made.c.time)
            .where(made.c.n <= MOST_ACTIVITIES)
            .order_by(made.c.deal_id, made.c.time, made.c.id)
        )
        self._newest_activities = (
            select(*[newest.c[column.name] for column in t.activities.c])
            .where(newest.c.n <= MOST_ACTIVITIES)
            .order_by(newest.c.deal_id, newest.c.time, newest.c.id)
        )
        self._accounts_by_id = select(t.accounts).where(among(t.accounts.c.id))
        past = t.account_changes.c
        self._account_changes = (
            select(
                past.account_id,
                past.field,
                past.value,
                past.effective_time,
                past.recorded_time,
                literal_column("0").label("revision"),
            )
            .where(among(past.account_id))
            .order_by(past.account_id, past.effective_time, past.seq)
        )
        self._contacts_by_id = select(t.contacts).where(among(t.contacts.c.id))
        self._products_by_id = select(t.products).where(among(t.products.c.id))

    async def get_record(self, principal: Principal, deal_id: str) -> Record:
        """The deal with everything around it; NotFound where it does not exist for the principal."""
        records = await self.get_records(principal, [deal_id])
        if not records or (records[0].history.deal.deleted and not records[0].history.changes):  # an undone import's
            raise no_deal(deal_id)
        return records[0]

    async def get_records(
        self, principal: Principal, deal_ids: Sequence[str], *, insights: bool = True
    ) -> list[Record]:
        """Those of the deals that exist, in the order asked for, in one round of queries."""
        wanted = storable(deal_ids)
        if not wanted:
            return []

        def work(connection: Connection) -> list[Record]:
            context = self._contexts.read(connection)
            return self._records(connection, context, principal, wanted, whole=True, insights=insights)

        return await self._database.read(work)

    def _records(
        self, connection: Connection, context: Context, principal: Principal, ids: Sequence[str], *, whole: bool,
        insights: bool = True,
    ) -> list[Record]:  # fmt: skip
        found = self._database.fetch(connection, self._by_id, ids)
        rows = {row.id: row for row in self._seen_of(connection, found, context.visible(principal))}
        if not rows:
            return []
        around = self._read_around(connection, rows, whole, insights)
        return [record_of(rows[one], around, context, whole) for one in ids if one in rows]

    def _read_around(self, connection: Connection, rows: dict[str, Any], whole: bool, insights: bool) -> Around:
        ids, around, fetch = list(rows), Around(), self._database.fetch
        if whole:
            self._read_past(connection, rows, around)
        for row in fetch(connection, self._products_of, ids):
            around.products.setdefault(row.deal_id, []).append(product_line_from(row))
        for row in fetch(connection, self._roles_of, ids):
            around.roles.setdefault(row.deal_id, []).append(ContactRole(row.contact_id, row.role))
        for row in fetch(connection, self._credits_of, ids):
            around.credits.setdefault(row.deal_id, []).append(credit_from(row))
        for row in fetch(connection, self._insights_of, ids if insights else []):
            insight = insight_from(row)
            around.insights.setdefault(row.deal_id, {})[insight.kind] = insight
        self._read_accounts(connection, rows, around, whole)
        people = list({role.contact_id for roles in around.roles.values() for role in roles})
        around.contacts = {row.id: contact_from(row) for row in fetch(connection, self._contacts_by_id, people)}
        if whole:
            sold = list({line.product_id for lines in around.products.values() for line in lines})
            around.catalogue = {row.id: product_from(row) for row in fetch(connection, self._products_by_id, sold)}
        return around

    def _read_accounts(self, connection: Connection, rows: dict[str, Any], around: Around, whole: bool) -> None:
        ids = list({row.account_id for row in rows.values() if row.account_id}.union(*around.former.values()))
        past: dict[str, list[Change]] = {}
        for row in self._database.fetch(connection, self._account_changes, ids) if whole else ():
            past.setdefault(row[0], []).append(change_from(row))
        found = self._database.fetch(connection, self._accounts_by_id, ids)
        around.accounts = {row.id: account_from(row, past.get(row.id, ())) for row in found}

    def _read_past(self, connection: Connection, rows: dict[str, Any], around: Around) -> None:
        for row in self._database.fetch(connection, self._changes_of, list(rows)):
            change = change_from(row)
            around.changes.setdefault(row[0], []).append(change)
            if change.field == "account_id" and change.value and change.value != rows[row[0]].account_id:
                around.former.setdefault(row[0], []).append(str(change.value))
        few = [row.id for row in rows.values() if 0 < row.activity_count <= MOST_ACTIVITIES]
        many = [row.id for row in rows.values() if row.activity_count > MOST_ACTIVITIES]
        for statement, ids in ((self._activities_of, few), (self._newest_activities, many)):
            for activity in self._database.fetch(connection, statement, ids):
                around.activities.setdefault(activity[0], []).append(activity_from(activity))

    def _deals_seen(self, connection: Connection, principal: Principal, ids: Sequence[str]) -> list[str]:
        """Those of the deals that the principal sees."""
        visible = self._contexts.read(connection).visible(principal)
        rows = self._database.fetch(connection, self._by_id, ids)
        return [row.id for row in self._seen_of(connection, rows, visible)]

    async def touches(self, principal: Principal, deal_ids: Sequence[str]) -> Mapping[str, Sequence[Touch]]:
        """The newest 200 contacts made with each deal's people on a channel, oldest first; deals without any are left
        out."""
        ids = storable(deal_ids)

        def work(connection: Connection) -> Mapping[str, Sequence[Touch]]:
            seen = self._deals_seen(connection, principal, ids)
            found: dict[str, list[Touch]] = {}
            for deal_id, channel, direction, time in self._database.fetch(connection, self._touches, seen):
                found.setdefault(deal_id, []).append(Touch(channel, direction == "outbound", from_us(time)))
            return found

        return await self._database.read(work)

    async def get_changes(self, principal: Principal, deal_id: str, after: int, limit: int) -> list[Change]:
        """The deal's changes by effective time, without the first `after` of them."""
        c = t.changes.c
        page = (
            select(c.field, c.value, c.effective_time, c.recorded_time, c.revision)
            .where(c.deal_id == deal_id)
            .order_by(c.effective_time, c.seq)
            .offset(max(after, 0))
            .limit(bounded(limit))
        )

        def work(connection: Connection) -> list[Change]:
            self._see(connection, principal, deal_id)
            return [change_from(row) for row in connection.execute(page).all()]

        return await self._database.read(work)

    async def get_activities(self, principal: Principal, deal_id: str, cursor: str, limit: int) -> list[Activity]:
        """The deal's activities, newest first, after the one `activity_cursor` names ('' from the newest)."""
        a = t.activities.c
        page = select(t.activities).where(a.deal_id == deal_id)
        if cursor:
            page = page.where(tuple_(a.time, a.id) < tuple_(*_read_cursor(cursor)))
        page = page.order_by(a.time.desc(), a.id.desc()).limit(bounded(limit))

        def work(connection: Connection) -> list[Activity]:
            self._see(connection, principal, deal_id)
            return [activity_from(row) for row in connection.execute(page).all()]

        return await self._database.read(work)

    def _see(self, connection: Connection, principal: Principal, deal_id: str) -> None:
        """Raise NotFound where the deal does not exist for the principal."""
        context = self._contexts.read(connection)
        rows = self._database.fetch(connection, self._by_id, storable([deal_id]))
        if not self._seen_of(connection, rows, context.visible(principal)):
            raise no_deal(deal_id)


def activity_cursor(activity: Activity) -> str:
    """The cursor that goes on after this activity."""
    return dumps([to_us(activity.time), activity.id])


def bounded(limit: int) -> int:
    """A page size between 1 and 10,000."""
    return min(max(limit, 1), MOST_ROWS)


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        time, activity_id = loads(cursor)
        from_us(time)
        return int(time), str(activity_id)
    except (ValueError, TypeError, OverflowError):
        raise InvalidInput("this is no cursor", field="cursor", value=cursor, mend="Start without one") from None
