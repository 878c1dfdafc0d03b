"""What people decide on duplicates: merged, kept apart, taken back; each stands in the log."""

from __future__ import annotations

from kit.telemetry import TRACEPARENT, inject
from services.gateway.access.members import Act
from services.gateway.change_log import DUPLICATES, note
from services.gateway.domain import Principal
from services.gateway.service import Gateway
from services.gateway.store.health_interface import DuplicateDecision


async def merge(gateway: Gateway, principal: Principal, of: str, keep: str, other: str) -> DuplicateDecision:
    """Merge `other` into `keep`. Raises NotFound, Conflict."""
    trace = inject().get(TRACEPARENT, "")
    decision = await gateway.store.merge_records(principal, of, keep, other, trace=trace)
    return await _noted(gateway, principal, Act.DUPLICATES_MERGED, decision)


async def keep_apart(gateway: Gateway, principal: Principal, of: str, first: str, second: str) -> DuplicateDecision:
    """The two are not the same. Raises NotFound, Conflict."""
    decision = await gateway.store.ignore_duplicate(principal, of, first, second)
    return await _noted(gateway, principal, Act.DUPLICATES_KEPT_APART, decision)


async def take_back(gateway: Gateway, principal: Principal, decision_id: int, *, discard: bool) -> DuplicateDecision:
    """As before the decision. Raises NotFound, Conflict, ChangedSince."""
    trace = inject().get(TRACEPARENT, "")
    decision = await gateway.store.undo_decision(principal, decision_id, discard=discard, trace=trace)
    return await _noted(gateway, principal, Act.DUPLICATES_UNDONE, decision)


async def _noted(gateway: Gateway, principal: Principal, act: Act, decision: DuplicateDecision) -> DuplicateDecision:
    """By its number: which records they were stands with the decision, as long as they may be known."""
    await note(gateway.store, act, principal.id, DUPLICATES, decision.id, of=decision.of)
    gateway.outbox.wake()
    gateway.news.wake()
    return decision
