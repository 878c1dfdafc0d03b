"""/v1/deals/{id}/scores: the lead scores a deal had."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.domain import Insight
from services.gateway.json_values import time_text
from services.gateway.merged import rounded
from services.gateway.rest import base
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import answer, id_in_path, limit_of
from services.gateway.rest.schemas_records import ScorePage
from services.gateway.service import Gateway
from services.gateway.store.insight_queries import MOST_SCORES


def router(gateway: Gateway) -> APIRouter:
    """The route."""
    routes = base.routes("deals")

    @routes.get(
        "/deals/{deal_id}/scores", responses=base.gives(ScorePage),
        openapi_extra=base.parameters(base.query("limit", "integer", minimum=1, maximum=MOST_SCORES)),
    )  # fmt: skip
    async def scores(request: Request, deal_id: str) -> Response:
        """The lead scores the deal had, newest first; of older ones than the newest 200 none is kept."""
        identity, limit = checked_id(id_in_path(deal_id)), limit_of(request, 50, MOST_SCORES)
        found = await gateway.store.score_history(principal_of(request), identity, limit)
        return answer({"scores": [rounded(past_score(one)) for one in found]})

    return routes


def past_score(insight: Insight) -> dict[str, Any]:
    """A score of the history as programs see it."""
    body, key = insight.body, insight.key
    parts = body.get("contributions") or {one["field"]: one["effect"] for one in body["reasons"]}
    return {
        "as_of": time_text(insight.as_of), "business_day": key.business_day, "deal_revision": key.deal_revision,
        "model_version": insight.model_version, "model_generation": key.model_generation,
        "probability": body["probability"], "low": body["low"], "high": body["high"],
        "base_log_odds": body["base_log_odds"], "contributions": parts,
        "prior": body["prior"], "nothing_predicts": body.get("nothing_predicts", False),
        "horizon_days": body.get("horizon_days"),
    }  # fmt: skip
