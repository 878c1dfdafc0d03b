"""Coming in and going out: sessions by password or one-time link, tokens, and who asks now."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from kit.clock import Clock, WallClock
from kit.errors import Conflict, DealcastError, Forbidden, InvalidInput, NotFound, Unauthenticated
from services.gateway.access import passwords
from services.gateway.access.members import (
    LASTS,
    LINK_LASTS,
    USED_STEP,
    AccessEvent,
    Act,
    Caller,
    Member,
    Role,
    Session,
    Token,
    TokenScope,
)
from services.gateway.live import Signal
from services.gateway.store import Store
from services.gateway.together import Together

BY_LOGIN = (timedelta(seconds=30), 10)  # an attempt earned every so often, and how many may be saved up
BY_ADDRESS = (timedelta(seconds=5), 30)
BY_DOOR = (timedelta(seconds=1), 300)  # to be sent to the company's provider, by address: offices share one
QUIET_SECONDS = 60.0  # between two entries of the log about the same refusal
TOKEN_PREFIX = "dealcast_"  # noqa: S105 - by it, tokens that leaked are found
LONGEST_TOKEN_DAYS = 366
MOST_TOKENS = 50
TIDY_SECONDS = 600.0
FIRST = "first-admin"  # whose link the first one is


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from: the address, the browser's name, the session it already has."""

    address: str = ""
    device: str = ""
    session: str = ""


class TooOften(DealcastError):
    """Too many attempts to sign in."""

    http_status: ClassVar[int] = 429
    problem: ClassVar[str] = "too-many-attempts"
    title: ClassVar[str] = "Too many attempts"


class AccessDesk:
    """The use cases of signing in, over the store. `news` wakes event streams, which look whether they may go on."""

    def __init__(self, store: Store, news: Signal, clock: Clock | None = None) -> None:
        self.store = store
        self.news = news
        self.hasher = passwords.Hasher()
        self._clock = clock or WallClock()
        self._sessions = Together(self._whose)
        self.sights = Together(store.sights)
        self._told: dict[tuple[str, ...], float] = {}

    def now(self) -> datetime:
        """By the wall, whatever the business clock says."""
        return self._clock.now()

    # who asks

    async def by_session(self, secret: str) -> Caller | None:
        """Whose session a cookie holds; None where it is over."""
        found, now = await self._sessions.of(digest(secret)), self.now()
        if found is None or not found[0].alive(now) or not found[1].active:
            return None
        session, member = found
        if now - session.used > USED_STEP:
            await self.store.touch_session(session.id, now)
        return Caller(member.principal, member.role, member, session=session.id)

    async def _whose(self, session_ids: Sequence[str]) -> Mapping[str, tuple[Session, Member] | None]:
        found = await self.store.members_of_sessions(session_ids)
        return {each: found.get(each) for each in session_ids}

    async def by_token(self, secret: str) -> Caller | None:
        """Whose token it is; None where it is over."""
        found, now = await self.store.member_of_token(digest(secret)), self.now()
        if found is None or not found[1].active or (found[0].ends is not None and found[0].ends <= now):
            return None
        token, member = found
        if token.used is None or now - token.used > USED_STEP:
            await self.store.touch_token(token.id, now)
        return Caller(member.principal, member.role, member, token.scopes, token=token.id)

    # sessions

    async def sign_in(self, login: str, password: str, client: Client) -> tuple[str, Member]:
        """What the cookie of a new session holds, and whose it is. Raises Unauthenticated, in the same words and after
        the same work whatever is wrong; TooOften."""
        name = folded(login)
        await self._attempt(name, client)
        member = await self.store.member_by_login(name) if name else None
        kept = member.password if member is not None and member.active else ""
        if not await self.hasher.matches(password, kept) or member is None:
            await self.note(Act.SIGN_IN_FAILED, member.id if member else "", "", client)
            mend = "Try again, or ask an administrator for a link"
            raise Unauthenticated("the name or the password is wrong", field="password", mend=mend)
        await self.store.forget_attempts(_login_key(name))
        if passwords.outdated(kept):
            await self.store.save_password(member.id, await self.hasher.hashed(password))
        return await self.open_session(member, client, "password"), member

    async def open_session(self, member: Member, client: Client, way: str) -> str:
        """A new session in place of the one the browser has; what its cookie holds."""
        secret, now = secrets.token_urlsafe(32), self.now()
        if client.session:
            await self.end_session(client.session)
        await self.store.add_session(Session(digest(secret), member.id, now, now, now + LASTS, client.device[:200]))
        await self.store.note_sign_in(member.id, now, way)
        await self.note(Act.SIGNED_IN, member.id, member.id, client, way=way)
        return secret

    async def end_session(self, session_id: str, client: Client | None = None) -> None:
        """Sign a browser out; nothing where it is signed out already."""
        found = await self._sessions.of(session_id)
        if found is None:
            return
        await self.store.end_sessions(found[1].id, session_id)
        if client is not None:
            await self.note(Act.SIGNED_OUT, found[1].id, found[1].id, client)
        self.news.wake()

    async def end_sessions(self, member_id: str, by: Caller, session_id: str = "", keep: str = "") -> int:
        """End one session of a member, or all but one; how many there were."""
        ended = await self.store.end_sessions(member_id, session_id, keep)
        if ended:
            await self.note(Act.SESSIONS_ENDED, member_id, by.principal.id, count=ended)
            self.news.wake()
        return ended

    # passwords and links

    async def change_password(self, caller: Caller, old: str, new: str, client: Client) -> str:
        """Set another password; every session of the member ends, and the cookie of a new one is answered."""
        member = caller.member
        if member is None or not member.password:
            mend = "Sign in where you have the password, or ask an administrator for a link"
            raise Conflict("there is no password to change", field="password", mend=mend)
        await self._attempt(member.login, client)
        if not await self.hasher.matches(old, member.password):
            await self.note(Act.SIGN_IN_FAILED, member.id, member.id, client)
            raise InvalidInput("the password is not the present one", field="old", mend="Type it again")
        return await self.set_password(member, new, client)

    async def set_password(self, member: Member, new: str, client: Client) -> str:
        """The member's password from now on; the cookie of its one session. Raises InvalidInput."""
        sound = passwords.checked(new, member.login, member.name)
        await self.store.save_password(member.id, await self.hasher.hashed(sound))
        await self.store.end_sessions(member.id)
        await self.note(Act.PASSWORD_SET, member.id, member.id, client)
        self.news.wake()
        return await self.open_session(member, replace(client, session=""), "password set")

    async def make_link(self, member_id: str, by: str) -> str:
        """What a one-time link holds: whoever opens it within a day sets the member's password."""
        secret = secrets.token_urlsafe(32)
        await self.store.add_link(digest(secret), member_id, self.now() + LINK_LASTS)
        await self.note(Act.LINK_MADE, member_id, by)
        return secret

    async def link_owner(self, secret: str) -> Member | None:
        """Whose link it is; None for the one of the first administrator, who is still to be made.

        Raises NotFound for a link that is over.
        """
        owner = await self.store.link_member(digest(secret), self.now())
        member = await self.store.read_member(owner) if owner and owner != FIRST else None
        if not owner or (owner != FIRST and (member is None or not member.active)):
            raise NotFound("the link is over, or was used", field="link", mend="Ask an administrator for a new one")
        return member

    async def use_link(self, secret: str, member: Member, new: str, client: Client) -> str:
        """Set the password by a link, which is over then; the cookie of the session. Raises NotFound."""
        passwords.checked(new, member.login, member.name)
        await self.take_link(secret)
        await self.store.forget_attempts(_login_key(member.login))
        return await self.set_password(member, new, client)

    async def take_link(self, secret: str) -> None:
        """From now on the link is over. Raises NotFound where it was before."""
        if not await self.store.take_link(digest(secret), self.now()):
            raise NotFound("the link is over, or was used", field="link", mend="Ask an administrator for a new one")

    # tokens

    async def make_token(
        self, member: Member, name: str, scopes: frozenset[TokenScope], days: int | None, by: str
    ) -> tuple[Token, str]:
        """A token and what its program sends, which is told this once. Raises InvalidInput, Conflict."""
        most = f"1 to {LONGEST_TOKEN_DAYS}"
        if days is None and member.role is not Role.SERVICE:
            raise InvalidInput("a token of a person ends", field="days", mend=f"Use {most}")
        if days is not None and not 1 <= days <= LONGEST_TOKEN_DAYS:
            raise InvalidInput("this is no number of days", field="days", value=str(days), mend=f"Use {most}")
        if not scopes:
            raise InvalidInput("a token is for something", field="scopes", mend="Use " + ", ".join(TokenScope))
        if len(await self.store.list_tokens(member.id)) >= MOST_TOKENS:
            raise Conflict(f"there are {MOST_TOKENS} tokens already", field="tokens", mend="End those not needed")
        secret, now = TOKEN_PREFIX + secrets.token_urlsafe(32), self.now()
        ends = now + timedelta(days=days) if days is not None else None
        token = Token(secrets.token_hex(8), digest(secret), member.id, name[:100], scopes, now, ends)
        await self.store.add_token(token)
        await self.note(Act.TOKEN_MADE, member.id, by, token=token.id, scopes=sorted(scopes))
        return token, secret

    async def end_token(self, member_id: str, token_id: str, by: str) -> None:
        """It counts no longer. Raises NotFound."""
        if not await self.store.end_token(member_id, token_id):
            raise NotFound("there is no such token", field="id", value=token_id[:60], mend="GET /v1/me/tokens")
        await self.note(Act.TOKEN_ENDED, member_id, by, token=token_id)
        self.news.wake()

    async def keep_tidy(self, stop: asyncio.Event) -> None:
        """Forget what is over, now and then, until stopped."""
        while not stop.is_set():
            with contextlib.suppress(DealcastError):  # the store is away: the next round comes
                await self.store.forget_over(self.now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TIDY_SECONDS):
                    await stop.wait()

    # the log

    async def note(self, act: Act, member_id: str, by: str, client: Client | None = None, **detail: Any) -> None:
        """Keep what was done."""
        address, kind = client.address if client else "", "member" if member_id else ""
        event = AccessEvent(act, member_id, by, address, detail, self.now(), kind=kind, record=member_id)
        await self.store.add_access_event(event)

    async def refused(self, caller: Caller, route: str, error: Forbidden) -> None:
        """Keep that a right was missing; once a minute for the same."""
        if self._first(caller.principal.id, route):
            await self.note(Act.REFUSED, caller.principal.id, caller.principal.id, route=route, field=error.field)

    async def knock(self, client: Client) -> None:
        """Take an attempt to begin what is kept for a while. Raises TooOften where none is left."""
        await self._take({f"door:{network(client.address)}": BY_DOOR}, client)

    async def _attempt(self, login: str, client: Client) -> None:
        """Take an attempt. Raises TooOften where none is left."""
        keys = {_login_key(login): BY_LOGIN}
        if client.address:
            keys[f"address:{network(client.address)}"] = BY_ADDRESS
        await self._take(keys, client)

    async def _take(self, keys: dict[str, tuple[timedelta, int]], client: Client) -> None:
        wait = await self.store.attempt(keys, self.now())
        if wait:
            if self._first(*keys):
                await self.note(Act.THROTTLED, "", "", client)
            seconds = str(int(wait) + 1)
            raise TooOften(f"too many attempts: try again in {seconds} seconds", field="wait", value=seconds)

    def _first(self, *about: str) -> bool:
        """Whether this was not said within the last minute."""
        moment = time.monotonic()
        if moment - self._told.get(about, -QUIET_SECONDS) < QUIET_SECONDS:
            return False
        if len(self._told) > 1_000:
            self._told.clear()
        self._told[about] = moment
        return True


def digest(secret: str) -> str:
    """By what a secret is kept and found."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def folded(login: str) -> str:
    """A sign-in name as it is kept: mail addresses are the same in capitals."""
    return login.strip().casefold()[:200]


def network(address: str) -> str:
    """What attempts are counted by: an IPv4 address, or the /64 that an IPv6 host may choose its own from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)


def _login_key(login: str) -> str:
    return f"login:{digest(login)[:32]}"
