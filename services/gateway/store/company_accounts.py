"""Company accounts of members, sign-ins with them that have begun, and when each member signed in last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select

from kit.errors import Conflict
from services.gateway.access.members import IDLE, Flow, Member, Role, Standing
from services.gateway.store import tables_access as a
from services.gateway.store.codec import from_us, to_us
from services.gateway.store.database import Database
from services.gateway.store.logged import LogRows

C, F, N = a.company_accounts.c, a.sign_in_flows.c, a.last_sign_ins.c
M, S, T = a.members.c, a.sessions.c, a.api_tokens.c


class CompanyAccountRows(LogRows):
    """What AccessStore promises of company accounts."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._save_sign_in = database.upsert(a.last_sign_ins)

    async def add_flow(self, flow: Flow) -> None:
        """Keep one."""
        row = {
            "id": flow.id, "nonce": flow.nonce, "verifier": flow.verifier, "back": flow.back, "ends": to_us(flow.ends)
        }  # fmt: skip

        def work(connection: Connection) -> None:
            connection.execute(insert(a.sign_in_flows).values(row))

        await self._database.write(work, durable=False)

    async def take_flow(self, flow_id: str, now: datetime) -> Flow | None:
        """Once."""
        found = select(a.sign_in_flows).where(F.id == flow_id, F.ends > to_us(now))

        def work(connection: Connection) -> Flow | None:  # one writer at a time: nobody takes it in between
            row = connection.execute(found).first()
            connection.execute(delete(a.sign_in_flows).where(F.id == flow_id))
            return Flow(row.id, row.nonce, row.verifier, row.back, from_us(row.ends)) if row is not None else None

        return await self._database.write(work)

    async def member_of_account(self, subject: str) -> Member | None:
        """By the company account."""
        found = select(a.members).join(a.company_accounts, C.member_id == M.id).where(C.subject == subject)

        def work(connection: Connection) -> Member | None:
            row = connection.execute(found).first()
            return member_from(row) if row is not None else None

        return await self._database.read(work)

    async def link_account(self, subject: str, member_id: str, now: datetime) -> None:
        """From now on."""
        held = select(C.subject).where(or_(C.subject == subject, C.member_id == member_id))
        row = {"subject": subject, "member_id": member_id, "linked": to_us(now)}

        def work(connection: Connection) -> None:
            if connection.execute(held).first() is not None:
                mend = "Unlink the one that is there first"
                raise Conflict("there is a company account already", field="company_account", mend=mend)
            connection.execute(insert(a.company_accounts).values(row))

        await self._database.write(work)

    async def unlink_account(self, member_id: str) -> int:
        """Of a member."""

        def work(connection: Connection) -> int:
            return int(connection.execute(delete(a.company_accounts).where(C.member_id == member_id)).rowcount)

        return await self._database.write(work)

    async def note_sign_in(self, member_id: str, now: datetime, way: str) -> None:
        """The last one."""
        row = {"member_id": member_id, "time": to_us(now), "way": way}
        await self._database.write(lambda connection: self._save_sign_in.run(connection, [row]), durable=False)

    async def list_standings(self, now: datetime) -> list[Standing]:
        """By login."""
        moment, idle = to_us(now), to_us(now - IDLE)
        tokens = _counted(T.member_id, or_(T.ends.is_(None), T.ends > moment), "tokens")
        sessions = _counted(S.member_id, (S.ends > moment) & (S.used > idle), "sessions")
        found = select(a.members, N.time, N.way, C.linked, tokens.c.tokens, sessions.c.sessions)
        held = a.members.outerjoin(a.last_sign_ins, N.member_id == M.id)
        held = held.outerjoin(a.company_accounts, C.member_id == M.id)
        held = held.outerjoin(tokens, tokens.c.member_id == M.id).outerjoin(sessions, sessions.c.member_id == M.id)
        found, width = found.select_from(held).order_by(M.login), len(a.members.columns)

        def work(connection: Connection) -> list[Standing]:
            return [_standing(row, width) for row in connection.execute(found).all()]

        return await self._database.read(work)


def forget_flows(now_us: int) -> Callable[[Connection], Any]:
    """The work of forgetting those that are over."""
    return lambda connection: connection.execute(delete(a.sign_in_flows).where(F.ends <= now_us))


def member_from(row: Any) -> Member:
    """A row of members."""
    member_id, login, name, role, user_id, password, active, created = row
    made = from_us(created)
    return Member(member_id, login, name, Role(role), user_id, password, bool(active), made)


def _counted(member: Any, which: Any, name: str) -> Any:
    return select(member, func.count().label(name)).where(which).group_by(member).subquery()


def _standing(row: Any, width: int) -> Standing:
    signed_in, way, linked, tokens, sessions = row[width:]
    return Standing(
        member_from(row[:width]), from_us(signed_in) if signed_in is not None else None, way or "",
        from_us(linked) if linked is not None else None, int(tokens or 0), int(sessions or 0),
    )  # fmt: skip
