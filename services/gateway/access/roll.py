"""Who may sign in: administrators keep the roll of members."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Any

from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway.access import passwords
from services.gateway.access.desk import FIRST, AccessDesk, Client, folded
from services.gateway.access.members import Act, Caller, Member, Role, TokenScope
from services.gateway.domain import LOCAL
from services.gateway.json_checks import shown

LONGEST = 200
MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)*")
MEMBER_KEYS = ("login", "name", "role", "user_id", "active")


class Roll:
    """Adds and changes members. What changes holds from the next request on, and on open event streams."""

    def __init__(self, desk: AccessDesk) -> None:
        self._desk = desk
        self._store = desk.store

    async def add(self, given: dict[str, Any], by: Caller) -> tuple[Member, str]:
        """A member, and what the one-time link to set its password holds; empty for a service, which has tokens.

        Raises InvalidInput, Conflict.
        """
        member = await self.admit(given, by)
        person = member.role is not Role.SERVICE
        return member, await self._desk.make_link(member.id, by.principal.id) if person else ""

    async def admit(self, given: dict[str, Any], by: Caller) -> Member:
        """A member without a way in; without a user_id it is the user of the CRM that has its address.

        Raises InvalidInput, Conflict.
        """
        blank = Member(secrets.token_hex(8), "", "", Role.VIEWER)
        member = await self._with(blank, given)
        if not member.login:
            raise InvalidInput("login is missing", field="login", mend="Send the mail address to sign in with")
        if not member.user_id and member.role is not Role.SERVICE:
            member = replace(member, user_id=await self.user_of(member.login))
        await self._store.save_member(member)
        await self._note(Act.MEMBER_ADDED, member, by)
        return member

    async def change(self, member_id: str, given: dict[str, Any], by: Caller) -> Member:
        """Change the members given. Raises NotFound, InvalidInput, Conflict."""
        before = await self.find(member_id)
        after = await self._with(before, given)
        if is_admin(before) and not is_admin(after):
            await self._check_another_admin(before)
        if after == before:
            return before
        await self._store.save_member(after)
        if not after.active:
            await self._store.end_sessions(member_id)
        await self._note(Act.MEMBER_CHANGED, after, by)
        self._desk.news.wake()
        return after

    async def unlink(self, member_id: str, by: Caller) -> None:
        """The member's company account no longer counts; another may be taken. Raises NotFound."""
        await self.find(member_id)
        if await self._store.unlink_account(member_id):
            await self._desk.note(Act.ACCOUNT_UNLINKED, member_id, by.principal.id)

    async def make_first(self, secret: str, given: dict[str, Any], password: str, client: Client) -> str:
        """The first administrator, by the link that was printed; the cookie of the session."""
        if await self.has_admin():
            raise NotFound("the link is over, or was used", field="link", mend="Sign in as an administrator")
        member = await self._with(Member(secrets.token_hex(8), "", "", Role.ADMIN), given)
        if not member.login:
            raise InvalidInput("login is missing", field="login", mend="Type your mail address")
        passwords.checked(password, member.login, member.name)
        await self._desk.take_link(secret)
        await self._store.save_member(member)
        await self._desk.note(Act.MEMBER_ADDED, member.id, FIRST, client, role=member.role.value)
        return await self._desk.set_password(member, password, client)

    async def find(self, member_id: str) -> Member:
        """Raises NotFound."""
        member = await self._store.read_member(member_id)
        if member is None:
            raise NotFound("there is no such member", field="id", value=member_id[:60], mend="GET /v1/members")
        return member

    async def link(self, member_id: str, by: Caller) -> str:
        """What a new one-time link of a person holds. Raises NotFound, Conflict."""
        member = await self.find(member_id)
        if member.role is Role.SERVICE or not member.active:
            raise Conflict("only persons who may sign in have links", field="id", mend="Make a token, or activate it")
        return await self._desk.make_link(member_id, by.principal.id)

    async def sign_out(self, member_id: str, by: Caller) -> dict[str, int]:
        """End all sessions and tokens of a member; how many there were."""
        await self.find(member_id)
        ended = await self._desk.end_sessions(member_id, by)
        tokens = await self._store.end_token(member_id)
        if tokens:
            await self._desk.note(Act.TOKEN_ENDED, member_id, by.principal.id, count=tokens)
            self._desk.news.wake()
        return {"sessions": ended, "tokens": tokens}

    async def has_admin(self) -> bool:
        """Whether anybody could let others in."""
        return any(is_admin(member) for member in await self._store.list_members())

    async def _check_another_admin(self, member: Member) -> None:
        others = [each for each in await self._store.list_members() if each.id != member.id and is_admin(each)]
        if not others:
            mend = "Make somebody else an administrator first"
            raise Conflict("nobody would be left who lets others in", field="role", mend=mend)

    async def _with(self, member: Member, given: dict[str, Any]) -> Member:
        for name in ("login", "name", "user_id"):
            text = given.get(name, "")
            if not isinstance(text, str) or len(text) > LONGEST or "\x00" in text:
                raise InvalidInput(f"{name} is no short text", field=name, value=shown(text), mend="Send a text")
        active = given.get("active", member.active)
        if not isinstance(active, bool):
            raise InvalidInput("active is neither true nor false", field="active", mend="Send true or false")
        role = given.get("role", member.role)
        if role not in tuple(Role):
            mend = "Use " + ", ".join(Role)
            raise InvalidInput("this is no role", field="role", value=shown(role), mend=mend)
        user_id = given.get("user_id", member.user_id)
        if user_id and user_id != member.user_id and user_id not in await self._users():
            raise InvalidInput("there is no such user", field="user_id", value=user_id, mend="GET /v1/users")
        login = folded(given["login"]) if "login" in given else member.login
        if login and login != member.login and Role(role) is not Role.SERVICE and not MAIL.fullmatch(login):
            mend = "Write it as name@example.com"
            raise InvalidInput("this is no mail address", field="login", value=shown(login), mend=mend)
        name = given.get("name", member.name).strip()
        return replace(member, login=login, name=name, role=Role(role), user_id=user_id, active=active)

    async def user_of(self, mail: str) -> str:
        """The one user of the CRM at work with that address; empty where there is none, or several."""
        users = await self._store.list_users(LOCAL)
        found = [user.id for user in users if user.active and mail and folded(user.email) == mail]
        return found[0] if len(found) == 1 else ""

    async def _users(self) -> set[str]:
        return {user.id for user in await self._store.list_users(LOCAL)}

    async def _note(self, act: Act, member: Member, by: Caller) -> None:
        await self._desk.note(
            act, member.id, by.principal.id, role=member.role.value, user_id=member.user_id, active=member.active
        )


def is_admin(member: Member) -> bool:
    """Whether it may let others in, and can sign in to."""
    return member.role is Role.ADMIN and member.active and bool(member.password)


def scopes_of(given: Any) -> frozenset[TokenScope]:
    """The scopes a body names. Raises InvalidInput."""
    if not isinstance(given, list) or not all(one in tuple(TokenScope) for one in given):
        mend = "Send a list of some of " + ", ".join(TokenScope)
        raise InvalidInput("these are no scopes", field="scopes", value=shown(given), mend=mend)
    return frozenset(TokenScope(one) for one in given)
