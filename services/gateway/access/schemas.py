"""What the answers about sign-in look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from services.gateway.rest.schemas import Shape

RoleName = Literal["rep", "manager", "revops", "viewer", "admin", "service"]


class Me(Shape):
    """Who asks. `sees`: own deals, those of everybody below, or all; `user_id`: the CRM user whose they are.

    `scopes` of a token, or all. Without sign-in the id is local.
    """

    id: str
    login: str
    name: str
    role: RoleName
    user_id: str
    sees: Literal["own", "subtree", "all"]
    scopes: list[str]
    signed_in_by: Literal["session", "token", "nothing"]
    sign_in: Literal["off", "accounts"]


class OneSession(Shape):
    """A browser that is signed in; `current` is the one that asks."""

    id: str
    created_time: str
    used_time: str
    expires_time: str
    device: str
    current: bool


class Sessions(Shape):
    """Newest first."""

    sessions: list[OneSession]


class Ended(Shape):
    """How many sessions and tokens were ended."""

    sessions: int
    tokens: int


class OneToken(Shape):
    """A token without what its program sends. `expires_time` null: never."""

    id: str
    name: str
    scopes: list[str]
    created_time: str
    expires_time: str | None
    used_time: str | None


class Tokens(Shape):
    """Newest first."""

    tokens: list[OneToken]


class NewToken(OneToken):
    """With what the program sends: it is told this once."""

    token: str


class OneMember(Shape):
    """Who may sign in."""

    id: str
    login: str
    name: str
    role: RoleName
    user_id: str
    active: bool
    has_password: bool
    created_time: str


class Members(Shape):
    """By login."""

    members: list[OneMember]


class NewMember(OneMember):
    """With the address at which the member sets a password, within a day and once; null for a service."""

    link: str | None


class Link(Shape):
    """The address at which the member sets a password, within a day and once."""

    link: str


class OneAccessEvent(Shape):
    """What was done, by whom: to a member, from which address; or to a thing, by its kind and id (`record`).

    `detail` may have `before` and `after`: amounts, days, ids and codes, never what somebody wrote.
    """

    id: str
    time: str
    act: str
    member_id: str
    by: str
    address: str
    kind: str
    record: str
    detail: dict[str, Any]


class AccessEvents(Shape):
    """Newest first."""

    events: list[OneAccessEvent]
    next_cursor: str


class Team(Shape):
    """The users who see the deal beside its owner and those with credit."""

    users: list[str]
