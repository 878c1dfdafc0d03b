"""The settings of the workspace as a page: what each means and is, set with its bounds beside it; and the sample
company removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.clock import parse_day
from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway.change_log import noting_settings
from services.gateway.exchange_rows import COLUMNS, holding_json, rate_rows
from services.gateway.fiscal_change import moved
from services.gateway.noted_writes import drop_rates
from services.gateway.renewals.keeper import renewal_days
from services.gateway.rest.base import principal_of
from services.gateway.rest.exchange import rate_kind, rates_changed
from services.gateway.rest.operations import Desks
from services.gateway.rest.quotas import import_rows
from services.gateway.service import Gateway
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.member_names import called_by
from services.gateway.web.refusals import refusal, said
from services.gateway.web.rendering import answer, render
from services.gateway.web.settings_forms import SETTERS, fiscal_given
from services.gateway.web.settings_views import (
    YES,
    Form,
    Typed,
    Values,
    moved_view,
    rate_views,
    sample_view,
    setting_views,
)
from services.gateway.web.words import Words

PATH = "/settings"
MOST_PASTED = 256 << 10  # bytes of a form
MOST_REFUSED = 20
LINKS = ("catalogue", "models", "users", "quotas", "reporting", "audit")
DELIMITERS = ("\t", ";", ",")


def router(gateway: Gateway, desks: Desks) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def show(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, desks, request, words))

    @routes.post(PATH + "/{key}")
    async def change(request: Request, key: str) -> Response:
        return await answer(gateway, request, lambda words: _change(gateway, desks, request, words, key))

    return routes


async def _page(gateway: Gateway, desks: Desks, request: Request, words: Words, **more: Any) -> str:
    """Everything as it is now, beside what was typed and refused."""
    workspace, rules, since = gateway.workspace, desks.trainer.rules, await gateway.store.last_event_id()
    now = Values(
        await renewal_days(gateway.store), await desks.privacy.retention.periods(), rules.promotion, rules.retraining
    )
    typed, saved = more.pop("typed", Typed()), request.query_params.get("did", "")[:40]
    values: dict[str, Any] = {
        "since": since, "business_day": words.day(workspace.business_day), "sample": workspace.sample,
        "settings": setting_views(workspace, now, typed, saved, words), "saved": saved,
        "rates": rate_views(holding_json(await gateway.store.rates(), workspace.business_day), words),
        "currency": workspace.currency, "pasted": "", "refused": (), "taken": None,
        "trees": [(tree.name, ", ".join(tree.levels)) for tree in workspace.trees],
        "types": [(one.name, one.field) for one in workspace.forecast_types],
        "about_sample": sample_view(
            await desks.sample.about(principal_of(request)), called_by(await gateway.store.list_members(), words), words
        ),
        "links": LINKS,
        "to": lambda key: page_address(request, f"{PATH}/{key}"), "page": page_address(request, PATH),
    }  # fmt: skip
    return render("settings.html", request, words, **values | more)


async def _change(gateway: Gateway, desks: Desks, request: Request, words: Words, key: str) -> str | Response:
    form = {name: values[-1] for name, values in (await form_of(request, MOST_PASTED)).items()}
    if key == "rates":
        return await _paste_rates(gateway, desks, request, form, words)
    if key == "rate_drop":
        await _drop_rate(gateway, desks, request, form)
    elif key == "sample":
        if form.get("confirm") != YES:
            raise InvalidInput(words("settings.sample_unconfirmed"), field="confirm", mend=words("settings.sample"))
        await desks.sample.remove(principal_of(request))
    elif key in SETTERS:
        typed = await _set(gateway, desks, request, form, words, key)
        if typed is not None:
            return await _page(gateway, desks, request, words, typed=typed)
    else:
        raise NotFound("there is no such setting", field="setting", value=key[:60], mend="Load the page anew")
    address = page_address(request, PATH)
    return RedirectResponse(f"{address}{'&' if '?' in address else '?'}did={key}#s-{key}", 303)


async def _set(gateway: Gateway, desks: Desks, request: Request, form: Form, words: Words, key: str) -> Typed | None:
    """Set it; what was typed with what is wrong, or to be confirmed, where it is not taken."""
    principal = principal_of(request)
    try:
        async with noting_settings(gateway.store, gateway.workspace, principal.id):
            await SETTERS[key](gateway, desks, principal, form)
    except Conflict:
        if key != "fiscal_year":
            raise
        return Typed(key, form, asks=moved_view(await moved(gateway, principal, fiscal_given(form)), words))
    except InvalidInput as error:
        return Typed(key, form, refusal(error, words.language), error.field.rpartition(".")[2])
    gateway.news.wake()
    return None


async def _paste_rates(gateway: Gateway, desks: Desks, request: Request, form: Form, words: Words) -> str:
    """Set the rates of the lines that are understood; the others stay to be mended, each with why."""
    text = form.get("pasted", "").replace("\r\n", "\n").strip("\n")
    data, ahead = _with_names(text)
    try:
        rows = list(rate_rows(data.encode()))
    except InvalidInput as error:
        refused = [(text.partition("\n")[0], error.message, words("settings.rates_bounds"))]
        return await _page(gateway, desks, request, words, pasted=text, refused=_told(refused, words), taken=0)
    told: Mapping[str, Any] = await import_rows(gateway, rate_kind(gateway), principal_of(request), rows)
    await rates_changed(gateway, desks.exchange)
    lines = [*[""] * ahead, *text.split("\n")]
    refused = [
        (lines[one["line"] - 1], one["errors"][0]["message"], one["errors"][0]["mend"])
        for one in told["errors"][:MOST_REFUSED]
    ]
    taken = told["created"] + told["changed"] + told["unchanged"]
    left = "\n".join(line for line, _, _ in refused)
    return await _page(gateway, desks, request, words, pasted=left, refused=_told(refused, words), taken=taken)


def _told(refused: Sequence[tuple[str, str, str]], words: Words) -> list[tuple[str, str, str]]:
    return [(line, said(message, words.language), said(mend, words.language)) for line, message, mend in refused]


def _with_names(text: str) -> tuple[str, int]:
    """The text under a line of names, and how many lines were put before it."""
    first = text.partition("\n")[0]
    if {part.strip().lower() for sign in DELIMITERS for part in first.split(sign)} & set(COLUMNS):
        return text, 0
    sign = next((one for one in DELIMITERS if one in first), ",")
    return f"{sign.join(COLUMNS)}\n{text}", 1


async def _drop_rate(gateway: Gateway, desks: Desks, request: Request, form: Form) -> None:
    code, day = form.get("currency", "").upper()[:10], parse_day(form.get("date", ""), "date")
    if not await drop_rates(gateway, principal_of(request), code, day):
        raise NotFound("there is no such rate", field="currency", value=code, mend="Load the page anew")
    await rates_changed(gateway, desks.exchange)
