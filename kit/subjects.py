"""Names on the wire: subjects, their last token, and ids of insights."""

from __future__ import annotations

import base64
import hashlib
import json
import re

DEALS_STREAM = "DEALS"
INSIGHTS_STREAM = "INSIGHTS"
DEAD_STREAM = "DEAD"

DEALS_CHANGED = "DEALS.changed"
DEALS_RESCORE = "DEALS.rescore"
INSIGHTS_LEAD_SCORE = "INSIGHTS.lead_score"
INSIGHTS_FORECAST = "INSIGHTS.forecast"
INSIGHTS_NEXT_ACTIONS = "INSIGHTS.next_actions"
INSIGHTS_ROLLUP = "INSIGHTS.rollup"
FEEDBACK_ACTIONS = "FEEDBACK.actions"
ALERTS = "ALERTS"
DEAD = "DEAD"

MODELS_BUCKET = "models"
ARTIFACTS_BUCKET = "artifacts"

HASHED = "~"  # begins the token of an id that is not plain
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def token(identifier: str) -> str:
    """One subject token for any id: itself where it is plain, else ~ and the base64 of its SHA-256."""
    if _PLAIN.fullmatch(identifier):
        return identifier
    hashed = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).digest()
    return HASHED + base64.urlsafe_b64encode(hashed).decode().rstrip("=")


def subject(prefix: str, *identifiers: str) -> str:
    """The prefix and a token for each id."""
    return ".".join((prefix, *(token(each) for each in identifiers)))


def rollup_subject(node: str, period: str, currency: str) -> str:
    """INSIGHTS.rollup.<node>.<period>.<currency>."""
    return subject(INSIGHTS_ROLLUP, node, period, currency)


def insight_id(*parts: object) -> str:
    """16 hex digits that depend on every part and nothing else.

    The parts of an insight: kind, deal_id, deal_revision, generation, business_day,
    upstream_insight_id, model_version.
    """
    text = json.dumps([str(part) for part in parts], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
