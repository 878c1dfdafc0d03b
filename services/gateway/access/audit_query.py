"""Which entries of the log somebody asks for, as far as they may read them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from kit.errors import InvalidInput
from services.gateway.access.gate import caller_of
from services.gateway.access.members import Act, EventQuery, Role

KINDS = (
    "ask", "catalogue", "currency", "deal", "duplicates", "erasure", "files", "import", "letter", "member", "model",
    "node", "person", "setting", "user", "workspace",
)  # fmt: skip


def asked_of(request: Request, given: Mapping[str, str], cursor: str = "cursor") -> EventQuery:
    """Of query parameters, of which `cursor` names the place. Raises InvalidInput."""
    act, kind, member, record = (given.get(name, "") for name in ("act", "kind", "member_id", "record"))
    before, caller = given.get(cursor, ""), caller_of(request)
    if before and (not (before.isascii() and before.isdecimal()) or len(before) > 18):
        raise InvalidInput("this is no cursor", field="cursor", value=before[:60], mend="Use next_cursor")
    if act and act not in tuple(Act):
        mend = "Use one of " + ", ".join(Act)
        raise InvalidInput("there is no such act", field="act", value=act[:60], mend=mend)
    if kind and kind not in KINDS:
        mend = "Use one of " + ", ".join(KINDS)
        raise InvalidInput("there is no such kind of thing", field="kind", value=kind[:60], mend=mend)
    for name, value, mend in (("member_id", member, "GET /v1/members"), ("record", record, "Use an id of an entry")):
        if len(value) > 200 or "\x00" in value:
            raise InvalidInput("this is no id", field=name, value=value[:60], mend=mend)
    changes = caller is None or caller.role is not Role.ADMIN
    return EventQuery(member, act, kind, record, int(before or 0), changes)
