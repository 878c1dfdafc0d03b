"""What each table has to do with people, by name: a table that is not named here is not known, and a test fails.

Words that stand for a person are looked for in every column of words whatever stands here. This says besides which
rows are somebody's by id, and what becomes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, false, or_, select

from services.gateway.privacy.person import CONTACT, ERASED, MEMBER, USER, Person
from services.gateway.store.tables_access import members


@dataclass(frozen=True, slots=True)
class Holds:
    """A table's rows. `of`: columns that name a person of a kind by id; `kind`: the column that says which kind they
    name, where rows are of several. `goes`: their rows go whole, else `left` is what stays of them. `unique`: the same
    of values that must differ from row to row, which get the row's key behind them. `named`: its rows are people with
    a name, which is no mention of somebody else. `whole`: rows with a mention go too."""

    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind: str = ""
    goes: bool = False
    left: Mapping[str, Any] = field(default_factory=dict)
    unique: Mapping[str, str] = field(default_factory=dict)
    named: bool = False
    whole: bool = False


WORDS = Holds()  # nobody's by id
_OF_CONTACT = {CONTACT: ("contact_id",)}
_OF_MEMBER = {MEMBER: ("member_id",)}
_SIGN_IN = Holds(_OF_MEMBER, goes=True)
KNOWN: Mapping[str, Holds] = {
    # people
    "contacts": Holds({CONTACT: ("id",)}, goes=True, named=True),
    "users": Holds({USER: ("id",)}, left={"name": ERASED, "email": "", "title": ""}, named=True),
    "members": Holds(
        {MEMBER: ("id",)}, left={"name": ERASED, "password": "", "active": False},
        unique={"login": "erased-"}, named=True,
    ),
    # how members come in, and what was done: who was erased comes in no more
    "sessions": _SIGN_IN, "sign_in_links": _SIGN_IN, "api_tokens": _SIGN_IN, "sign_in_attempts": Holds(whole=True),
    "company_accounts": _SIGN_IN, "last_sign_ins": _SIGN_IN, "sign_in_flows": Holds(whole=True),
    "held_calls": Holds(_OF_MEMBER, goes=True),  # who looked at which node when
    "access_events": Holds({MEMBER: ("member_id", "by")}, left={"address": "", "detail": "{}"}),
    # what was done with contacts
    "deal_contacts": Holds(_OF_CONTACT, goes=True),
    "activities": Holds(_OF_CONTACT, left={"contact_id": "", "text": ERASED}),
    # privacy's own; what is kept for undoing
    "restrictions": Holds(dict.fromkeys((CONTACT, USER, MEMBER), ("person",)), kind="kind", goes=True),
    "personal_access": Holds(dict.fromkeys((CONTACT, USER, MEMBER), ("record",)), kind="kind",
                             left={"record": ERASED}),
    "import_before": Holds({CONTACT: ("record",), USER: ("record",)}, kind="kind", goes=True),
    "suppressions": WORDS, "personal_fields": WORDS,
    "erasures": WORDS,  # says who is to be erased, and is not looked through: it is emptied when they are
    "requests": Holds(whole=True),
    # records, and what is made of them; ids of users stay, as those of who owns a deal
    **dict.fromkeys((
        "accounts", "account_changes", "products", "deals", "deal_products", "deal_credits", "deal_teams", "changes",
        "reporting_lines", "field_definitions", "quotas", "node_quotas", "exchange_rates", "calls", "asks", "outbox",
        "insights", "standings", "score_history", "rollups", "forecast_days", "events", "settings", "model_audit",
        "alerts", "monitoring_days", "shadow_scores", "health_findings", "duplicate_decisions",
        "action_feedback", "action_decisions",
    ), WORDS),
}  # fmt: skip
_KINDS = {"import_before": {CONTACT: "contacts", USER: "users"}}  # how a table calls a kind, where not as such


def known(table: Table) -> Holds:
    """What is known of a table."""
    return KNOWN.get(table.name, WORDS)


def owned(person: Person, table: Table) -> ColumnElement[bool]:
    """Rows that are the person's by id. A user's account is theirs: its rows too."""
    holds = known(table)
    named = [table.c[column] == person.id for column in holds.of.get(person.kind, ())]
    if person.kind == USER and MEMBER in holds.of and not holds.kind:
        own = select(members.c.id).where(members.c.user_id == person.id)
        named += [table.c[column].in_(own) for column in holds.of[MEMBER]]
    if not named:
        return false()
    if not holds.kind:
        return or_(*named)
    called = _KINDS.get(table.name, {}).get(person.kind, person.kind)
    return and_(table.c[holds.kind] == called, or_(*named))


def owners(table: Table, row: Mapping[str, Any]) -> frozenset[str]:
    """The refs (kind:id) of those whose a row is by id."""
    holds = known(table)
    called = _KINDS.get(table.name, {})
    return frozenset(
        f"{kind}:{row[column]}" for kind, columns in holds.of.items() for column in columns
        if row[column] and (not holds.kind or row[holds.kind] == called.get(kind, kind))
    )  # fmt: skip


def emptied(table: Table, key: str) -> dict[str, Any]:
    """What becomes of a row that is the person's and stays."""
    holds = known(table)
    return {**holds.left, **{name: f"{start}{key}"[:200] for name, start in holds.unique.items()}}
