"""Who comes in with a company account: as which member, in which role, and who is refused."""

from __future__ import annotations

import hmac

from kit.errors import Conflict
from services.gateway.access.desk import AccessDesk, Client, digest
from services.gateway.access.members import FLOW_LASTS, Act, Caller, Flow, Member, Role
from services.gateway.access.oidc.config import Config
from services.gateway.access.oidc.people import Person, person_of
from services.gateway.access.oidc.provider import Provider
from services.gateway.access.oidc.refused import Refused
from services.gateway.access.personas import is_persona
from services.gateway.access.roll import Roll
from services.gateway.domain import Principal, Scope

WAY = "company account"
BY_PROVIDER = Caller(Principal(WAY, Scope.OWN, ""), Role.SERVICE)  # who the log says did what groups say


class Arrivals:
    """The use case of signing in with a company account."""

    def __init__(self, desk: AccessDesk, config: Config) -> None:
        self.config = config
        self.provider = Provider(config)
        self._desk = desk
        self._roll = Roll(desk)

    async def begin(self, callback: str, back: str, client: Client) -> tuple[str, str]:
        """Where to send the browser, and the state that it keeps meanwhile. Raises Refused, TooOften."""
        await self._desk.knock(client)
        begun = await self.provider.begin(callback)
        ends = self._desk.now() + FLOW_LASTS
        await self._desk.store.add_flow(Flow(digest(begun.state), begun.nonce, begun.verifier, back, ends))
        return begun.address, begun.state

    async def finish(self, given: dict[str, str], kept: str, callback: str, client: Client) -> tuple[str, str]:
        """The cookie of the session, and where to go. `given` is what the provider sent the browser back with, `kept`
        the state that the browser has. Raises Refused, which stands in the log, and TooOften."""
        await self._desk.knock(client)
        try:
            flow = await self._flow(given, kept)
            claims = await self.provider.claims(given.get("code", ""), callback, flow.nonce, flow.verifier)
            member = await self._member(person_of(claims, self.config))
        except Refused as refused:
            detail = {"way": WAY, "reason": refused.reason, "detail": refused.detail}
            await self._desk.note(Act.SIGN_IN_FAILED, refused.member_id, "", client, **detail)
            raise
        return await self._desk.open_session(member, client, WAY), flow.back

    async def _flow(self, given: dict[str, str], kept: str) -> Flow:
        """The flow that this browser began, which is over then."""
        state = given.get("state", "")
        if not state or not hmac.compare_digest(state.encode(), kept.encode()):
            raise Refused("state", "not of this browser")
        flow = await self._desk.store.take_flow(digest(state), self._desk.now())
        if flow is None:
            raise Refused("state", "over")
        if given.get("iss", self.config.issuer) != self.config.issuer:  # RFC 9207: another provider answered
            raise Refused("token", "iss")
        if "error" in given:
            declined = given["error"] == "access_denied"
            raise Refused("declined" if declined else "provider", given["error"][:60])
        return flow

    async def _member(self, person: Person) -> Member:
        role = self.config.role_of(person.groups)
        member = await self._desk.store.member_of_account(person.subject)
        linked = member is not None
        if member is None and person.checked:
            member = await self._desk.store.member_by_login(person.mail)
        if member is not None and (member.role is Role.SERVICE or is_persona(member)):
            raise Refused("unknown", "no person's account", person.mail)
        if member is not None and not member.active:
            raise Refused("disabled", "", person.mail, member.id)
        if member is None and not person.checked:
            raise Refused("unverified", "", person.mail)
        if self.config.roles and role is None:
            raise Refused("group", "", person.mail, member.id if member else "")
        if member is None and role is None:
            raise Refused("unknown", "", person.mail)
        try:
            member = member or await self._roll.admit(
                {"login": person.mail, "name": person.name, "role": role}, BY_PROVIDER
            )
            if not linked:
                await self._desk.store.link_account(person.subject, member.id, self._desk.now())
                await self._desk.note(Act.ACCOUNT_LINKED, member.id, WAY)
        except Conflict as error:  # the member has another account, or came in twice at once
            raise Refused("taken", error.field, person.mail, member.id if member else "") from None
        return await self._placed(member, person, role)

    async def _placed(self, member: Member, person: Person, role: Role | None) -> Member:
        """With the role of its groups, and the user of the CRM that has its address where it stands for none."""
        given: dict[str, str] = {}
        if not member.user_id and person.checked:
            given["user_id"] = await self._roll.user_of(person.mail)
        if role is not None and role is not member.role:
            given["role"] = role.value
        try:
            return await self._roll.change(member.id, given, BY_PROVIDER)
        except Conflict:  # the last administrator stays one
            given.pop("role", None)
            return await self._roll.change(member.id, given, BY_PROVIDER)
