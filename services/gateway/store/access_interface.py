"""What sign-in asks of the database. All but deal teams is the system's own work: it comes before anybody is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.gateway.access.members import AccessEvent, EventQuery, Flow, Member, Session, Standing, Token
from services.gateway.domain import Principal
from services.gateway.store.shapes import DealTeam

ACCESS_CALLS = frozenset({
    "add_access_event", "add_access_events", "add_flow", "add_link", "add_session", "add_token", "attempt",
    "end_sessions", "end_token", "forget_attempts", "forget_over", "link_account", "link_member",
    "list_access_events", "list_members", "list_sessions", "list_standings", "list_tokens", "member_by_login",
    "member_of_account", "member_of_token", "members_of_sessions", "note_sign_in", "read_member", "save_member",
    "save_password", "take_flow", "take_link", "touch_session", "touch_token", "unlink_account",
})  # fmt: skip


class AccessStore(Protocol):
    """Members with what they come in with, attempts to, and what was done; who else sees a deal."""

    async def save_member(self, member: Member) -> None:
        """Create or replace. Raises Conflict where another member has the login."""

    async def save_password(self, member_id: str, password: str) -> None:
        """A member's hash alone: whatever else is changed of it meanwhile stays."""

    async def list_members(self) -> list[Member]: ...

    async def read_member(self, member_id: str) -> Member | None: ...

    async def member_by_login(self, login: str) -> Member | None: ...

    async def add_session(self, session: Session) -> None: ...

    async def members_of_sessions(self, session_ids: Sequence[str]) -> Mapping[str, tuple[Session, Member]]:
        """Whose each is, with it; without those that are none."""

    async def touch_session(self, session_id: str, used: datetime) -> None: ...

    async def list_sessions(self, member_id: str) -> list[Session]:
        """Newest first."""

    async def end_sessions(self, member_id: str, session_id: str = "", keep: str = "") -> int:
        """End one session of the member, or all but `keep`; how many there were."""

    async def add_link(self, link_id: str, member_id: str, ends: datetime) -> None:
        """A member has one link at a time: an earlier one ends."""

    async def link_member(self, link_id: str, now: datetime) -> str:
        """Whose link it is; empty where there is none, or it is over."""

    async def take_link(self, link_id: str, now: datetime) -> str:
        """As `link_member`; the link is gone then: of two that take it at once, one gets it."""

    async def add_token(self, token: Token) -> None: ...

    async def member_of_token(self, digest: str) -> tuple[Token, Member] | None: ...

    async def touch_token(self, token_id: str, used: datetime) -> None: ...

    async def list_tokens(self, member_id: str) -> list[Token]:
        """Newest first."""

    async def end_token(self, member_id: str, token_id: str = "") -> int:
        """End one token of the member, or all; how many there were."""

    async def attempt(self, steps: Mapping[str, tuple[timedelta, int]], now: datetime) -> float:
        """Take an attempt under each key, if all have one left: a key earns one every so often and saves up to a
        number of them. The seconds to wait where one has none left: nothing is taken then. 0 where it was taken."""

    async def forget_attempts(self, key: str) -> None:
        """The key has all its attempts again."""

    async def forget_over(self, now: datetime) -> None:
        """Forget sessions, links, tokens and flows that are over, and attempts that no longer count."""

    async def add_flow(self, flow: Flow) -> None: ...

    async def take_flow(self, flow_id: str, now: datetime) -> Flow | None:
        """The flow, which is gone then: of two that take it at once, one gets it. None where there is none, or it is
        over."""

    async def member_of_account(self, subject: str) -> Member | None:
        """Who signs in with the company account."""

    async def link_account(self, subject: str, member_id: str, now: datetime) -> None:
        """The member signs in with the company account from now on. Raises Conflict where the account has a member, or
        the member an account."""

    async def unlink_account(self, member_id: str) -> int:
        """How many there were."""

    async def note_sign_in(self, member_id: str, now: datetime, way: str) -> None: ...

    async def list_standings(self, now: datetime) -> list[Standing]:
        """Every member, by login, with how and when they came in last and what of theirs counts now."""

    async def add_access_event(self, event: AccessEvent) -> None: ...

    async def add_access_events(self, events: Sequence[AccessEvent]) -> None:
        """Keep all of them, or none; no more than a write that they tell of may have records."""

    async def list_access_events(self, asked: EventQuery | None = None, limit: int = 100) -> list[AccessEvent]:
        """Newest first, all or those that are `asked` for."""

    async def deal_team(self, principal: Principal, deal_id: str) -> list[str]:
        """The users who see the deal beside its owner and those with credit. Raises NotFound."""

    async def set_deal_team(self, principal: Principal, deal_id: str, user_ids: Sequence[str]) -> None:
        """Replace the team. Raises NotFound for a deal, InvalidInput for a user that does not exist, Forbidden for who
        only sees the deal as one of its team or for its credit."""

    async def list_deal_teams(self, principal: Principal, cursor: str, limit: int) -> list[DealTeam]:
        """Deals that have a team, by id, after `cursor`; at most `limit`."""

    async def seen_among(self, principal: Principal, deal_ids: Sequence[str]) -> frozenset[str]:
        """Those of the deals that the principal sees now."""

    async def sight(self, principal: Principal) -> str:
        """What a change of tells that the principal may now see other deals than before; empty for who sees all."""

    async def sights(self, principals: Sequence[Principal]) -> Mapping[Principal, str]:
        """The same of several."""
