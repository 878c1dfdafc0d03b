"""What if a deal stood otherwise: its score with another stage, amount or day, asked on its page; nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.clock import parse_day
from kit.errors import DealcastError, InvalidInput
from learning.records import Deal
from services.gateway.domain import UNSET, DealWrite, Principal, Record
from services.gateway.imports.weekly.meanings import outcome
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import id_in_path
from services.gateway.scoring_client import Scoring
from services.gateway.service import Gateway
from services.gateway.stage_order import ENDED, StageOrder
from services.gateway.web.forecast_forms import amount_of
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.refusals import BOOK
from services.gateway.web.rendering import answer, render
from services.gateway.web.views import reason_views
from services.gateway.web.words import Words
from services.gateway.what_if import suppose

PATH = "/deals/{deal_id}/what-if"


def router(gateway: Gateway, scoring: Scoring) -> APIRouter:
    """The route."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(PATH)
    async def what_if(request: Request, deal_id: str) -> Response:
        identity = checked_id(id_in_path(deal_id))
        return await answer(gateway, request, lambda words: _supposed(gateway, scoring, request, identity, words))

    return routes


async def supposing(
    gateway: Gateway, order: StageOrder, principal: Principal, deal: Deal, request: Request
) -> dict[str, Any]:
    """What the form on an open deal's page holds."""
    known = await order.of(await gateway.store.list_stages(principal))
    stages = [one for one in known if outcome(one) not in ENDED]
    return {
        "to": page_address(request, f"/deals/{quote(deal.id, safe='')}/what-if"),
        "stages": stages if deal.stage in stages else [deal.stage, *stages], "stage": deal.stage,
        "currency": deal.amount.currency if deal.amount else gateway.workspace.currency,
        "close": deal.close_date.isoformat() if deal.close_date else "",
    }  # fmt: skip


async def _supposed(gateway: Gateway, scoring: Scoring, request: Request, deal_id: str, words: Words) -> str:
    """The score before and after, or why there is none; by itself where the page asks for it in place."""
    principal = principal_of(request)
    record = await gateway.store.get_record(principal, deal_id)
    form = {name: values[-1].strip() for name, values in (await form_of(request)).items()}
    found, why = None, ""
    try:
        write = _write(record, form, gateway.workspace.currency, words)
        if write is None:
            raise InvalidInput(words("suppose.none"), field="stage")
        told = await suppose(gateway.store, gateway.workspace, scoring, principal, write, words.language)
        found = _view(told, words)
    except DealcastError as error:
        why = " ".join(f"{BOOK.said(one, words.language).rstrip('.')}." for one in (error.message, error.mend) if one)
    in_place = request.headers.get("hx-request") is not None
    values = {
        "found": found, "why": why, "name": record.history.deal.name or deal_id,
        "back": page_address(request, f"/deals/{quote(deal_id, safe='')}"), "sample": gateway.workspace.sample,
        "business_day": words.day(gateway.workspace.business_day),
    }  # fmt: skip
    return render("_supposed.html" if in_place else "supposed.html", request, words, **values)


def _write(record: Record, form: Mapping[str, str], currency: str, words: Words) -> DealWrite | None:
    """What would be other; None where nothing is. Raises InvalidInput."""
    deal = record.history.deal
    stage, day, amount = form.get("stage", "")[:200], form.get("close", ""), form.get("amount", "")
    write = DealWrite(
        deal.id,
        stage=stage if stage and stage != deal.stage else UNSET,
        close_date=close if day and (close := parse_day(day, "close_date")) != deal.close_date else UNSET,
        amount=amount_of(amount, deal.amount.currency if deal.amount else currency, words) if amount else UNSET,
    )
    return None if write == DealWrite(deal.id) else write


def _view(told: Mapping[str, Any], words: Words) -> dict[str, Any]:
    before, after = told["before"], told["after"]
    reasons = [{**one, "value": one["value_after"]} for one in told["differences"]]
    return {
        "before": words.chance(before["probability"]), "after": words.chance(after["probability"]),
        "points": words.points(after["probability"] - before["probability"]), "grade": after["grade"],
        "range": words("part.range", low=words.chance(after["low"]), high=words.chance(after["high"])),
        "prior": after["prior"] or after["nothing_predicts"], "reasons": reason_views(reasons, words),
    }  # fmt: skip
