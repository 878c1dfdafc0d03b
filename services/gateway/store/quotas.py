"""Quotas of nodes above the owners, and taking quotas away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select

from kit.money import Money
from learning.placements import depth_of, tree_of
from learning.records import Quota
from services.gateway.amount_types import AMOUNT
from services.gateway.domain import NodeQuota, Principal, WriteResult
from services.gateway.store import tables as t
from services.gateway.store import tables_forecast as f
from services.gateway.store.around import Around, company_wide
from services.gateway.store.checks import Checker
from services.gateway.store.codec import storable
from services.gateway.store.context import Context
from services.gateway.store.database import Database

OWNER, MANAGER, REGION = "owner:", "manager:", "region:"


class Quotas(Around):
    """Saving, dropping and listing quotas, beside everything around deals."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._savers[f.node_quotas.name] = database.upsert(f.node_quotas)
        q, n = t.quotas.c, f.node_quotas.c
        self._quotas_in = select(q.owner_id, q.period, q.currency, q.amount).where(database.among(q.period))
        self._node_quotas_in = select(f.node_quotas).where(database.among(n.period))

    async def save_node_quotas(self, principal: Principal, quotas: Sequence[NodeQuota]) -> list[WriteResult]:
        """Create or change quotas of nodes; see ForecastStore."""
        company_wide(principal, "quotas")

        def work(connection: Connection) -> list[WriteResult]:
            context = self._contexts.read(connection)
            checks = [_check(quota, context) for quota in quotas]
            return self._save(connection, f.node_quotas, quotas, checks, _row, match="node")

        return await self._database.write(work)

    async def drop_quotas(
        self, principal: Principal, node: str, period: str, currency: str = "", type_name: str = AMOUNT
    ) -> int:
        """Take a node's quotas of a period away; how many there were."""
        company_wide(principal, "quotas")
        table = f.node_quotas
        where = [table.c.node == node, table.c.type == type_name]
        if node.startswith(OWNER) and type_name == AMOUNT:
            table, where = t.quotas, [t.quotas.c.owner_id == node.removeprefix(OWNER)]
        if not storable([node]) or not storable([period, type_name]):
            return 0
        wanted = delete(table).where(*where, table.c.period == period)
        if currency:
            wanted = wanted.where(table.c.currency == currency)

        def work(connection: Connection) -> int:
            return int(connection.execute(wanted).rowcount)

        return await self._database.write(work)

    async def quotas_in(
        self, principal: Principal, periods: Sequence[str], type_name: str = AMOUNT
    ) -> tuple[list[Quota], list[NodeQuota]]:
        """Quotas of several periods, of the owners the principal sees and of nodes it sees whole: one reading."""
        ids = self._database.ids(periods)
        wanted = self._node_quotas_in.where(f.node_quotas.c.type == type_name)

        def work(connection: Connection) -> tuple[list[Quota], list[NodeQuota]]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            seen = context.people.nodes_within(visible, context.day)
            owners = self._database.rows(connection, self._quotas_in, ids=ids) if type_name == AMOUNT else []
            nodes = self._database.rows(connection, wanted, ids=ids)
            return (
                [
                    Quota(row.owner_id, row.period, Money(row.currency, row.amount))
                    for row in owners
                    if visible is None or row.owner_id in visible
                ],
                [_node_quota(row) for row in nodes if seen is None or row.node in seen],
            )

        return await self._database.read(work)

    async def named_periods(self, principal: Principal) -> dict[str, dict[str, int]]:
        """How often periods are named; see ForecastStore."""
        company_wide(principal, "fiscal years")
        calls = f.calls.c
        counted = [
            select(table.c.period, func.count()).where(*where).group_by(table.c.period)
            for table, where in ((t.quotas, ()), (f.node_quotas, ()), (f.calls, (calls.undone_time.is_(None),)))
        ]

        def work(connection: Connection) -> dict[str, dict[str, int]]:
            found: dict[str, dict[str, int]] = {"quotas": {}, "calls": {}}
            for kind, wanted in zip(("quotas", "quotas", "calls"), counted, strict=True):
                for period, count in connection.execute(wanted).all():
                    found[kind][period] = found[kind].get(period, 0) + count
            return found

        return await self._database.read(work)

    async def list_quotas(self, principal: Principal, period: str) -> list[Quota]:
        """Quotas of a period ('' for all) of the owners the principal sees."""
        q = t.quotas.c
        found = select(t.quotas).order_by(q.period, q.owner_id, q.currency)
        if period:
            found = found.where(q.period == period)

        def work(connection: Connection) -> list[Quota]:
            visible = self._contexts.read(connection).visible(principal)
            return [
                Quota(row.owner_id, row.period, Money(row.currency, row.amount))
                for row in connection.execute(found)
                if visible is None or row.owner_id in visible
            ]

        return await self._database.read(work)

    async def list_node_quotas(self, principal: Principal, period: str) -> list[NodeQuota]:
        """Quotas set on nodes all of whose owners the principal sees, by period, type, node and currency."""
        n = f.node_quotas.c
        found = select(f.node_quotas).order_by(n.period, n.type, n.node, n.currency)
        if period:
            found = found.where(n.period == period)

        def work(connection: Connection) -> list[NodeQuota]:
            context = self._contexts.read(connection)
            seen = context.people.nodes_within(context.visible(principal), context.day)
            return [_node_quota(row) for row in connection.execute(found).all() if seen is None or row.node in seen]

        return await self._database.read(work)


def _check(quota: NodeQuota, context: Context) -> Checker:
    check = Checker()
    check.name("node", quota.node, required=True)
    check.period("period", quota.period)
    check.amount("amount", quota.amount)
    if not check.errors and not _is_node(quota, context):
        mend = "Name company, region:<name>, manager:<user id>, owner:<user id> or a node of /v1/forecast?tree=<name>"
        check.refuse("node", quota.node, "there is no such node", mend)
    return check


def _is_node(quota: NodeQuota, context: Context) -> bool:
    """Whether it is, or was, a node above the owners; of another type than amounts also an owner."""
    node = quota.node
    if node.startswith(OWNER) and quota.type != AMOUNT:
        return node.removeprefix(OWNER) in context.people.users
    if node.startswith(MANAGER):
        return node.removeprefix(MANAGER) in context.people.users
    if node.startswith(REGION):
        return any(line.region == node.removeprefix(REGION) for line in context.people.lines if line.region)
    if node == "company":
        return True
    return any(tree.name == tree_of(node) and depth_of(node) <= len(tree.levels) for tree in context.trees)


def _node_quota(row: Any) -> NodeQuota:
    return NodeQuota(row.node, row.period, Money(row.currency, row.amount), row.type)


def _row(quota: NodeQuota) -> dict[str, Any]:
    return {
        "type": quota.type, "node": quota.node, "period": quota.period, "amount": quota.amount.minor,
        "currency": quota.amount.currency,
    }  # fmt: skip
