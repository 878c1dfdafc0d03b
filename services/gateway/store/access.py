"""Members, sessions, links, tokens and attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from kit.errors import Conflict
from services.gateway.access.members import IDLE, Member, Session, Token, TokenScope
from services.gateway.store import tables_access as a
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.company_accounts import CompanyAccountRows, forget_flows, member_from
from services.gateway.store.database import Database

M, S, L, T = a.members.c, a.sessions.c, a.sign_in_links.c, a.api_tokens.c
_MEMBERS = select(a.members)
MICROSECOND = timedelta(microseconds=1)


class AccessRows(CompanyAccountRows):
    """What AccessStore promises of members."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._save_member = database.upsert(a.members)
        of_both = select(a.sessions, *(one.label(f"of_{one.name}") for one in a.members.c)).join(
            a.members, S.member_id == M.id
        )
        self._of_sessions = of_both.where(database.among(S.id))
        self._save_attempt = database.upsert(a.sign_in_attempts)

    async def save_member(self, member: Member) -> None:
        """Create or replace."""
        row = {
            "id": member.id, "login": member.login, "name": member.name, "role": member.role.value,
            "user_id": member.user_id, "password": member.password,
            "active": member.active, "created": to_us(member.created),
        }  # fmt: skip
        namesake = select(M.id).where(M.login == member.login, M.id != member.id)

        def work(connection: Connection) -> None:
            if connection.execute(namesake).first() is not None:
                mend = "Use another one, or change that member"
                raise Conflict("somebody signs in by this already", field="login", value=member.login, mend=mend)
            self._save_member.run(connection, [row])

        await self._database.write(work)

    async def save_password(self, member_id: str, password: str) -> None:
        """Nothing else of the member."""
        await self._run(update(a.members).where(M.id == member_id).values(password=password))

    async def list_members(self) -> list[Member]:
        """By login."""
        return await self._members(_MEMBERS.order_by(M.login))

    async def read_member(self, member_id: str) -> Member | None:
        """By id."""
        return next(iter(await self._members(_MEMBERS.where(M.id == member_id))), None)

    async def member_by_login(self, login: str) -> Member | None:
        """By what it signs in with."""
        return next(iter(await self._members(_MEMBERS.where(M.login == login))), None)

    async def _members(self, found: Any) -> list[Member]:
        def work(connection: Connection) -> list[Member]:
            return [member_from(row) for row in connection.execute(found).all()]

        return await self._database.read(work)

    # sessions

    async def add_session(self, session: Session) -> None:
        """Keep one."""
        row = {
            "id": session.id, "member_id": session.member_id, "created": to_us(session.created),
            "used": to_us(session.used), "ends": to_us(session.ends), "device": session.device,
        }  # fmt: skip
        await self._run(insert(a.sessions).values(row))

    async def members_of_sessions(self, session_ids: Sequence[str]) -> dict[str, tuple[Session, Member]]:
        """By the session's id."""
        width = len(a.sessions.columns)

        def work(connection: Connection) -> dict[str, tuple[Session, Member]]:
            rows = self._database.fetch(connection, self._of_sessions, session_ids)
            return {row[0]: (_session(row[:width]), member_from(row[width:])) for row in rows}

        return await self._database.read(work)

    async def touch_session(self, session_id: str, used: datetime) -> None:
        """It was used."""
        await self._run(update(a.sessions).where(S.id == session_id).values(used=to_us(used)), durable=False)

    async def list_sessions(self, member_id: str) -> list[Session]:
        """Newest first."""
        found = select(a.sessions).where(S.member_id == member_id).order_by(S.created.desc(), S.id)

        def work(connection: Connection) -> list[Session]:
            return [_session(row) for row in connection.execute(found).all()]

        return await self._database.read(work)

    async def end_sessions(self, member_id: str, session_id: str = "", keep: str = "") -> int:
        """End one, or all but one."""
        which = S.id == session_id if session_id else S.id != keep
        return await self._run(delete(a.sessions).where(S.member_id == member_id, which))

    # one-time links

    async def add_link(self, link_id: str, member_id: str, ends: datetime) -> None:
        """In place of an earlier one."""
        row = {"id": link_id, "member_id": member_id, "ends": to_us(ends)}

        def work(connection: Connection) -> None:
            connection.execute(delete(a.sign_in_links).where(L.member_id == member_id))
            connection.execute(insert(a.sign_in_links).values(row))

        await self._database.write(work)

    async def link_member(self, link_id: str, now: datetime) -> str:
        """Whose it is."""
        found = select(L.member_id).where(L.id == link_id, L.ends > to_us(now))

        def work(connection: Connection) -> str:
            return str(connection.execute(found).scalar() or "")

        return await self._database.read(work)

    async def take_link(self, link_id: str, now: datetime) -> str:
        """Whose it was."""
        found = select(L.member_id).where(L.id == link_id, L.ends > to_us(now))

        def work(connection: Connection) -> str:  # one writer at a time: nobody takes it in between
            owner = str(connection.execute(found).scalar() or "")
            connection.execute(delete(a.sign_in_links).where(L.id == link_id))
            return owner

        return await self._database.write(work)

    # tokens

    async def add_token(self, token: Token) -> None:
        """Keep one."""
        row = {
            "id": token.id, "digest": token.digest, "member_id": token.member_id, "name": token.name,
            "scopes": dumps(sorted(token.scopes)), "created": to_us(token.created),
            "ends": to_us(token.ends) if token.ends else None, "used": to_us(token.used) if token.used else None,
        }  # fmt: skip
        await self._run(insert(a.api_tokens).values(row))

    async def member_of_token(self, digest: str) -> tuple[Token, Member] | None:
        """With its token."""
        found = select(a.api_tokens, a.members).join(a.members, T.member_id == M.id).where(T.digest == digest)

        def work(connection: Connection) -> tuple[Token, Member] | None:
            row = connection.execute(found).first()
            width = len(a.api_tokens.columns)
            return (_token(row[:width]), member_from(row[width:])) if row is not None else None

        return await self._database.read(work)

    async def touch_token(self, token_id: str, used: datetime) -> None:
        """It was used."""
        await self._run(update(a.api_tokens).where(T.id == token_id).values(used=to_us(used)), durable=False)

    async def list_tokens(self, member_id: str) -> list[Token]:
        """Newest first."""
        found = select(a.api_tokens).where(T.member_id == member_id).order_by(T.created.desc(), T.id)

        def work(connection: Connection) -> list[Token]:
            return [_token(row) for row in connection.execute(found).all()]

        return await self._database.read(work)

    async def end_token(self, member_id: str, token_id: str = "") -> int:
        """End one, or all."""
        which = [T.id == token_id] if token_id else []
        return await self._run(delete(a.api_tokens).where(T.member_id == member_id, *which))

    # attempts

    async def attempt(self, steps: Mapping[str, tuple[timedelta, int]], now: datetime) -> float:
        """Take one under each key, or none: the generic cell rate algorithm, one number a key."""
        now_us = to_us(now)
        known = select(a.sign_in_attempts).where(a.sign_in_attempts.c.id.in_(list(steps)))

        def work(connection: Connection) -> float:
            free = {row.id: row.free for row in connection.execute(known).all()}
            wait, rows = 0, []
            for key, (every, saved) in steps.items():
                step = every // MICROSECOND
                following = max(free.get(key, 0), now_us) + step
                wait = max(wait, following - saved * step - now_us)
                rows.append({"id": key, "free": following})
            if wait > 0:
                return wait / 1e6
            self._save_attempt.run(connection, rows)
            return 0.0

        return await self._database.write(work)

    async def forget_attempts(self, key: str) -> None:
        """All are there again."""
        await self._run(delete(a.sign_in_attempts).where(a.sign_in_attempts.c.id == key))

    async def forget_over(self, now: datetime) -> None:
        """What no longer counts."""
        now_us, idle = to_us(now), to_us(now - IDLE)

        def work(connection: Connection) -> None:
            connection.execute(delete(a.sessions).where(or_(S.ends <= now_us, S.used <= idle)))
            connection.execute(delete(a.sign_in_links).where(L.ends <= now_us))
            connection.execute(delete(a.api_tokens).where(T.ends <= now_us))
            forget_flows(now_us)(connection)
            connection.execute(delete(a.sign_in_attempts).where(a.sign_in_attempts.c.free <= now_us))

        await self._database.write(work)

    async def _run(self, statement: Any, *, durable: bool = True) -> int:
        def work(connection: Connection) -> int:
            return int(connection.execute(statement).rowcount)

        return await self._database.write(work, durable=durable, aside=not durable)


def _session(row: Any) -> Session:
    session_id, member_id, created, used, ends, device = row
    return Session(session_id, member_id, from_us(created), from_us(used), from_us(ends), device)


def _token(row: Any) -> Token:
    token_id, digest, member_id, name, scopes, created, ends, used = row
    last = from_us(used) if used is not None else None
    until = from_us(ends) if ends is not None else None
    granted = frozenset(TokenScope(each) for each in loads(scopes))
    return Token(token_id, digest, member_id, name, granted, from_us(created), until, last)
