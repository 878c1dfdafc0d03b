"""What people set and said, and the forecast's daily record, as rows of the history format."""

from __future__ import annotations

from typing import Any

from kit.money import format_minor
from services.gateway.store.codec import from_day, from_us


def exported_node_quota(row: Any) -> dict[str, Any]:
    """A quota set on a node above the owners."""
    amount = format_minor(row.currency, row.amount)
    return {"node": row.node, "period": row.period, "amount": amount, "currency": row.currency, "type": row.type}


def exported_call(row: Any) -> dict[str, Any]:
    """A submission or an adjustment, undone or not."""
    return {
        "kind": row.kind, "node": row.node, "period": row.period, "amount": format_minor(row.currency, row.amount),
        "currency": row.currency, "note": row.note, "author": row.author, "time": from_us(row.time),
        "context": row.context, "undone_time": None if row.undone_time is None else from_us(row.undone_time),
        "undone_by": row.undone_by or None, "type": row.type,
    }  # fmt: skip


def exported_forecast_day(row: Any) -> dict[str, Any]:
    """What was said of a node's period at the end of a day, in minor units."""
    return {**row._mapping, "day": from_day(row.day)}
