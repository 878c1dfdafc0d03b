"""The log of decisions: what was shown first on a deal in a week, and with which probability.

The first of a week stays: what is shown later in it may follow from what was shown before.
"""

from __future__ import annotations

from typing import Any

from services.gateway.domain import Insight, InsightKind
from services.gateway.store.codec import dumps, from_day, from_us, loads

Row = dict[str, Any]


def decision_row(one: Insight, now_us: int) -> Row | None:
    """What the log keeps of an insight; None where chance had no part in it."""
    decision = one.body.get("decision") if one.kind is InsightKind.NEXT_ACTIONS else None
    if decision is None or not _left_to_chance(decision):
        return None
    shown = [action["action"] for action in one.body["actions"]]
    body = {"chances": decision["chances"], "shares": decision["shares"], "shown": shown}
    return {
        "deal_id": one.deal_id, "since": decision["since"], "day": one.key.business_day, "time": now_us,
        "insight_id": one.key.insight_id, "policy": decision["policy"], "control": decision["control"],
        "action": decision["action"], "propensity": decision["propensity"], "body": dumps(body),
    }  # fmt: skip


def _left_to_chance(decision: Row) -> bool:
    return len(decision["chances"]) > 1 or sum(share > 0 for share in decision["shares"].values()) > 1


def exported_decision(row: Any) -> Row:
    """A row of decisions.parquet."""
    body = loads(row.body)
    return {
        "deal_id": row.deal_id, "since": from_day(row.since), "day": from_day(row.day), "time": from_us(row.time),
        "insight_id": row.insight_id, "policy": row.policy, "control": bool(row.control), "action": row.action,
        "propensity": row.propensity, **{name: dumps(body[name]) for name in ("chances", "shares", "shown")},
    }  # fmt: skip


def exported_feedback(row: Any) -> Row:
    """A row of feedback.parquet; its time is that of the answer."""
    body = loads(row.body)
    shown = body["shown"] or {}
    return {
        "id": row.id, "deal_id": row.deal_id, "action": row.action, "verb": row.verb, "time": from_us(body["time"]),
        "suggestion_id": body["suggestion_id"], "reason": body["reason"], "until": from_day(body["until"] or None),
        "activity_id": body["activity_id"], "undoes": body["undoes"], "undone": bool(row.undone),
        "place": shown.get("place"), "propensity": shown.get("propensity"),
    }  # fmt: skip
