"""Amounts and reasons as messages carry them and records show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dealcast.common.v1 import insights_pb2, records_pb2


def money(amount: records_pb2.Money) -> dict[str, str] | None:
    """As the record shows it; None where there is none."""
    return {"currency": amount.currency, "value": amount.value} if amount.currency else None


def reasons(reasons: Iterable[insights_pb2.Reason]) -> list[dict[str, Any]]:
    """As the record shows them."""
    return [
        {
            "field": reason.field,
            "value": reason.value,
            "effect": reason.effect,
            "text": {"en": reason.text_en, "ko": reason.text_ko},
            "evidence": {"count": reason.evidence_count, "won": reason.evidence_won},
        }
        for reason in reasons
    ]


def money_to_pb(amount: Mapping[str, str] | None) -> records_pb2.Money | None:
    """Back into a message."""
    return records_pb2.Money(currency=amount["currency"], value=amount["value"]) if amount else None


def reasons_to_pb(reasons: Iterable[Mapping[str, Any]]) -> list[insights_pb2.Reason]:
    """Back into messages."""
    return [
        insights_pb2.Reason(
            field=reason["field"], value=reason["value"], effect=reason["effect"], text_en=reason["text"]["en"],
            text_ko=reason["text"]["ko"], evidence_count=reason["evidence"]["count"],
            evidence_won=reason["evidence"]["won"],
        )
        for reason in reasons
    ]  # fmt: skip
