"""Who may come in: members with their role, and what they come in with (sessions, tokens, one-time links)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.json_values import time_text

IDLE = timedelta(hours=12)  # a session nobody used for so long is over
LASTS = timedelta(days=7)  # and any session after so long
USED_STEP = timedelta(minutes=1)  # how exactly it is known when something was used last
LINK_LASTS = timedelta(days=1)
FLOW_LASTS = timedelta(minutes=10)  # to sign in with the company's provider


class Role(StrEnum):
    """What somebody does in the company."""

    REP = "rep"
    MANAGER = "manager"
    REVOPS = "revops"
    VIEWER = "viewer"
    ADMIN = "admin"
    SERVICE = "service"


SEES = {Role.REP: Scope.OWN, Role.MANAGER: Scope.SUBTREE}  # the others see all records


class TokenScope(StrEnum):
    """What a token is for; a token may never more than its member's role."""

    READ = "read"
    WRITE = "write"
    IMPORT = "import"
    TRAIN = "train"
    ADMIN = "admin"


ALL_SCOPES = frozenset(TokenScope)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody, or a program, that may sign in. user_id is the user of the CRM that it is, whose deals it sees.

    `login` is the mail address (or name) it signs in with; `password` a hash, empty where there is none.
    """

    id: str
    login: str
    name: str
    role: Role
    user_id: str = ""
    password: str = ""
    active: bool = True
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def principal(self) -> Principal:
        """What it sees."""
        return Principal(self.id, SEES.get(self.role, Scope.ALL), self.user_id)

    def to_json(self) -> dict[str, Any]:
        """As administrators see it."""
        return {
            "id": self.id, "login": self.login, "name": self.name, "role": self.role.value, "user_id": self.user_id,
            "active": self.active, "has_password": bool(self.password), "created_time": time_text(self.created),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. `id` is the SHA-256 of what its cookie holds."""

    id: str
    member_id: str
    created: datetime
    used: datetime
    ends: datetime
    device: str = ""

    def alive(self, now: datetime) -> bool:
        """Whether it still counts."""
        return now < self.ends and now - self.used < IDLE


@dataclass(frozen=True, slots=True)
class Token:
    """A key of a program. `digest` is the SHA-256 of what the program sends; `ends` None: never."""

    id: str
    digest: str
    member_id: str
    name: str
    scopes: frozenset[TokenScope]
    created: datetime
    ends: datetime | None = None
    used: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As its member sees it."""
        return {
            "id": self.id, "name": self.name, "scopes": sorted(self.scopes), "created_time": time_text(self.created),
            "expires_time": time_text(self.ends) if self.ends else None,
            "used_time": time_text(self.used) if self.used else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which role, and what it came in with (`session` and `token` are ids; both empty: neither)."""

    principal: Principal
    role: Role
    member: Member | None = None
    scopes: frozenset[TokenScope] = ALL_SCOPES
    session: str = ""
    token: str = ""


MACHINE = "machine"  # the member that the data folder's token is of
LOCAL_CALLER = Caller(LOCAL, Role.ADMIN)  # without sign-in: the person at this machine


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in with a company account that has begun. `id` is the SHA-256 of its state; `back` where to go then."""

    id: str
    nonce: str
    verifier: str
    back: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A member, how and when it signed in last, since when it has a company account, and what of its counts now."""

    member: Member
    signed_in: datetime | None = None
    way: str = ""
    linked: datetime | None = None
    tokens: int = 0
    sessions: int = 0


class Act(StrEnum):
    """What the audit log tells of: signing in first, which administrators read; then what was changed, by anybody."""

    SIGNED_IN = "SIGNED_IN"
    SIGN_IN_FAILED = "SIGN_IN_FAILED"
    THROTTLED = "THROTTLED"
    SIGNED_OUT = "SIGNED_OUT"
    SESSIONS_ENDED = "SESSIONS_ENDED"
    PASSWORD_SET = "PASSWORD_SET"  # noqa: S105 - a word of the log
    LINK_MADE = "LINK_MADE"
    MEMBER_ADDED = "MEMBER_ADDED"
    MEMBER_CHANGED = "MEMBER_CHANGED"
    ACCOUNT_LINKED = "ACCOUNT_LINKED"  # a company account
    ACCOUNT_UNLINKED = "ACCOUNT_UNLINKED"
    TOKEN_MADE = "TOKEN_MADE"  # noqa: S105 - a word of the log
    TOKEN_ENDED = "TOKEN_ENDED"  # noqa: S105 - a word of the log
    REFUSED = "REFUSED"  # a right was missing
    TEAM_CHANGED = "TEAM_CHANGED"
    SETTING_CHANGED = "SETTING_CHANGED"
    RATE_SET = "RATE_SET"
    RATE_DROPPED = "RATE_DROPPED"
    QUOTA_SET = "QUOTA_SET"
    QUOTA_DROPPED = "QUOTA_DROPPED"
    USER_ADDED = "USER_ADDED"  # of the CRM, by hand or by a program; imports have an entry of their own
    USER_CHANGED = "USER_CHANGED"
    SUBMITTED = "SUBMITTED"
    ADJUSTED = "ADJUSTED"
    SUBMISSION_UNDONE = "SUBMISSION_UNDONE"
    ADJUSTMENT_UNDONE = "ADJUSTMENT_UNDONE"
    ASK_MADE = "ASK_MADE"
    ASK_CLOSED = "ASK_CLOSED"
    ASK_REOPENED = "ASK_REOPENED"
    IMPORTED = "IMPORTED"
    IMPORT_UNDONE = "IMPORT_UNDONE"
    FILES_DELETED = "FILES_DELETED"
    CATALOGUE_CHANGED = "CATALOGUE_CHANGED"
    POLICIES_CHANGED = "POLICIES_CHANGED"
    DUPLICATES_MERGED = "DUPLICATES_MERGED"
    DUPLICATES_KEPT_APART = "DUPLICATES_KEPT_APART"
    DUPLICATES_UNDONE = "DUPLICATES_UNDONE"
    LETTER_REPLAYED = "LETTER_REPLAYED"
    LETTER_DROPPED = "LETTER_DROPPED"
    SAMPLE_REMOVED = "SAMPLE_REMOVED"
    PERSON_ERASED = "PERSON_ERASED"
    ERASURE_SETTLED = "ERASURE_SETTLED"
    PERSON_READMITTED = "PERSON_READMITTED"
    PERSON_RESTRICTED = "PERSON_RESTRICTED"
    RESTRICTION_LIFTED = "RESTRICTION_LIFTED"
    MODEL_PROMOTED = "MODEL_PROMOTED"
    MODEL_ROLLED_BACK = "MODEL_ROLLED_BACK"
    MODEL_REMOVED = "MODEL_REMOVED"
    MODEL_RULES_CHANGED = "MODEL_RULES_CHANGED"
    SHADOW_STARTED = "SHADOW_STARTED"
    SHADOW_ENDED = "SHADOW_ENDED"


ADMINISTRATORS_ONLY = frozenset({  # who came in, and from where, is not for everybody who reads what was changed
    Act.SIGNED_IN, Act.SIGN_IN_FAILED, Act.THROTTLED, Act.SIGNED_OUT, Act.SESSIONS_ENDED, Act.PASSWORD_SET,
    Act.LINK_MADE, Act.ACCOUNT_LINKED, Act.ACCOUNT_UNLINKED, Act.TOKEN_MADE, Act.TOKEN_ENDED, Act.REFUSED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccessEvent:
    """What happened: to whom (`member_id`), by whom, from which address; to what, by kind and id (`record`). `before`
    and `after` in the detail are short. `id` 0 until it is kept."""

    act: Act
    member_id: str = ""
    by: str = ""
    address: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: int = 0
    kind: str = ""
    record: str = ""

    def to_json(self) -> dict[str, Any]:
        """As whoever may read the log sees it."""
        return {
            "id": str(self.id), "time": time_text(self.time), "act": self.act.value, "member_id": self.member_id,
            "by": self.by, "address": self.address, "kind": self.kind, "record": self.record,
            "detail": dict(self.detail),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which entries of the log: about or by a member, of an act, on a kind of thing or one of them; `before` an id.
    `changes`: without what only administrators read."""

    member_id: str = ""
    act: str = ""
    kind: str = ""
    record: str = ""
    before: int = 0
    changes: bool = False
