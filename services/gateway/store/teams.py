"""Deal teams: who sees a deal beside its owner; and what tells that somebody sees other deals than before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, not_, select

from kit.errors import Forbidden, InvalidInput
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import storable
from services.gateway.store.context import no_deal
from services.gateway.store.database import Database
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.seen import deal_seen
from services.gateway.store.shapes import DealTeam
from services.gateway.store.tables_access import deal_teams

MOST = 50
C = deal_teams.c


class Teams(Reads):
    """What AccessStore promises of deals."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._owner_of = select(t.deals.c.id, t.deals.c.owner_id).where(database.among(t.deals.c.id))
        self._users_of = select(C.deal_id, C.user_id).where(database.among(C.deal_id))
        self._teams_of = select(C.deal_id, C.user_id).where(database.among(C.user_id))

    async def deal_team(self, principal: Principal, deal_id: str) -> list[str]:
        """By id."""
        team = select(C.user_id).where(C.deal_id == deal_id).order_by(C.user_id)

        def work(connection: Connection) -> list[str]:
            self._see(connection, principal, deal_id)
            return list(connection.scalars(team))

        return await self._database.read(work)

    async def list_deal_teams(self, principal: Principal, cursor: str, limit: int) -> list[DealTeam]:
        """By id, after the cursor."""
        D = t.deals.c  # noqa: N806 - columns, as elsewhere
        page = (
            select(D.id, D.name, D.owner_id).where(D.id > cursor, D.id.in_(select(C.deal_id)), not_(D.deleted))
            .order_by(D.id).limit(bounded(limit))
        )  # fmt: skip

        def work(connection: Connection) -> list[DealTeam]:
            visible = self._contexts.read(connection).visible(principal)
            seen = [] if visible is None else [deal_seen(self._database)]
            given = {} if visible is None else {"owners": self._database.ids(sorted(visible))}
            rows = connection.execute(page.where(*seen), given).all()
            users: dict[str, list[str]] = {}
            for deal, user in self._database.fetch(connection, self._users_of, [row.id for row in rows]):
                users.setdefault(deal, []).append(user)
            return [DealTeam(row.id, row.name, row.owner_id, tuple(sorted(users[row.id]))) for row in rows]

        return await self._database.read(work)

    async def set_deal_team(self, principal: Principal, deal_id: str, user_ids: Sequence[str]) -> None:
        """Replace it."""
        wanted = sorted(set(user_ids))
        if len(wanted) > MOST:
            mend = "Share the credit, or give their manager the deal"
            raise InvalidInput(
                f"a deal team has at most {MOST} users", field="users", value=str(len(wanted)), mend=mend
            )

        def work(connection: Connection) -> None:
            context = self._contexts.read(connection)
            self._see(connection, principal, deal_id)
            visible = context.visible(principal)
            (row,) = self._database.fetch(connection, self._owner_of, storable([deal_id])) or [None]
            if row is None:
                raise no_deal(deal_id)
            if visible is not None and row.owner_id not in visible:
                mend = "Ask the deal's owner, or their manager"
                raise Forbidden("whose deal it is says who sees it", field="users", mend=mend)
            for user in wanted:
                if user not in context.people.users:
                    raise InvalidInput("there is no such user", field="users", value=user, mend="GET /v1/users")
            connection.execute(delete(deal_teams).where(C.deal_id == deal_id))
            if wanted:
                connection.execute(insert(deal_teams), [{"deal_id": deal_id, "user_id": one} for one in wanted])

        await self._database.write(work)

    async def seen_among(self, principal: Principal, deal_ids: Sequence[str]) -> frozenset[str]:
        """Those that are there for it now."""
        wanted = storable(deal_ids)
        return await self._database.read(lambda connection: frozenset(self._deals_seen(connection, principal, wanted)))

    async def sight(self, principal: Principal) -> str:
        """Of one."""
        return (await self.sights([principal]))[principal]

    async def sights(self, principals: Sequence[Principal]) -> dict[Principal, str]:
        """Of the owners that each sees and the teams they are in."""

        def work(connection: Connection) -> dict[Principal, str]:
            context = self._contexts.read(connection)
            seen = {each: context.visible(each) for each in principals}
            users = {user for owners in seen.values() for user in owners or ()}
            teams: dict[str, list[str]] = {}
            for deal_id, user_id in self._database.fetch(connection, self._teams_of, sorted(users)):
                teams.setdefault(user_id, []).append(deal_id)
            return {each: "" if owners is None else _digest(owners, teams) for each, owners in seen.items()}

        return await self._database.read(work)


def _digest(owners: set[str], teams: Mapping[str, Sequence[str]]) -> str:
    deals = [deal for owner in owners for deal in teams.get(owner, ())]
    return hashlib.sha256("\n".join([*sorted(owners), "", *sorted(deals)]).encode()).hexdigest()
