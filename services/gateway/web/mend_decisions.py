"""What was decided lately on records that stand twice: who merged what or told it apart and when, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from kit.errors import InvalidInput
from services.gateway.domain import ChangedSince, Principal
from services.gateway.health.deciding import take_back
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.store.health_interface import MERGE, DuplicateDecision
from services.gateway.web.member_names import Called, called_by
from services.gateway.web.refusals import said
from services.gateway.web.words import Words

SHOWN = 20
YES = "yes"


async def decisions(gateway: Gateway, principal: Principal, of: str, words: Words) -> list[dict[str, Any]]:
    """The latest on a kind of records, newest first, those taken back too."""
    found = await gateway.store.list_decisions(principal, of, 0, SHOWN)
    ids = {one for decision in found for one in (decision.first, decision.second)}
    names = await gateway.store.record_names(principal, of, sorted(ids))
    called = called_by(await gateway.store.list_members(), words)
    return [_shown(one, names, called, words) for one in found]


def _shown(one: DuplicateDecision, names: Mapping[str, str], called: Called, words: Words) -> dict[str, Any]:
    merged = one.act == MERGE
    kept = one.kept if merged else one.second
    other = one.first if kept == one.second else one.second
    undone = (
        words("mend.undone", when=words.time(one.undone_time), who=called(one.undone_by)) if one.undone_time else ""
    )
    return {
        "id": one.id, "when": words.time(one.time), "who": called(one.who), "undone": undone,
        "what": words("mend.merged" if merged else "mend.apart", other=names.get(other) or other,
                      kept=names.get(kept) or kept),
    }  # fmt: skip


async def undo(gateway: Gateway, request: Request, form: Mapping[str, list[str]], words: Words) -> dict[str, Any]:
    """Take a decision back. What was changed since, and would be lost; empty where it is done.

    Raises InvalidInput for a number of none, NotFound, Conflict for what was undone already.
    """
    given, discard = (form.get("decision") or [""])[0], form.get("discard") == [YES]
    if not (given.isascii() and given.isdecimal() and len(given) < 16):
        raise InvalidInput("this is no number of one", field="id", value=given[:40], mend="Send it from the page")
    try:
        await take_back(gateway, principal_of(request), int(given), discard=discard)
    except ChangedSince as error:
        return {"id": given, "why": said(error.message, words.language)}
    return {}
