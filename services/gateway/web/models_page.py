"""Data and models: what is being trained, what serves and how good it is, promoted and rolled back with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import InvalidInput, Unavailable
from services.gateway.champions import LEAD_SCORING
from services.gateway.domain import Principal
from services.gateway.health.telling import told
from services.gateway.monitoring.records import AlertState
from services.gateway.rest.base import principal_of
from services.gateway.rest.models import reason_in
from services.gateway.rest.operations import Desks
from services.gateway.service import Gateway
from services.gateway.web.compare_page import action_titles, address, did_serve
from services.gateway.web.drift_views import drift_view
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.job_views import import_view, job_view
from services.gateway.web.letters_views import LetterView, letter_view
from services.gateway.web.member_names import called_by, people_of
from services.gateway.web.models_views import ServiceView, audit_view, service_view
from services.gateway.web.policies_views import policies_view
from services.gateway.web.rendering import answer, render
from services.gateway.web.undo_page import undone
from services.gateway.web.words import Words
from services.gateway.workspace import SERVICES

PATH = "/models"
LONGEST_NAME = 200
MOST_JOBS, MOST_AUDIT, MOST_LETTERS, MOST_ALERTS = 6, 12, 12, 8
# first reasons of the verdict that more files mend
MORE_FILES = frozenset({"few_outcomes", "one_outcome", "few_lost", "never_open", "short_history", "no_moves"})

Act = Callable[[Request, dict[str, list[str]]], Awaitable[str]]  # where its page says what was done


def router(gateway: Gateway, desks: Desks) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def models(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, desks, request, words))

    for name, act in _acts(desks).items():
        _post(routes, gateway, name, act)

    @routes.post(f"{PATH}/undo")
    async def undo(request: Request) -> Response:
        async def ask(words: Words) -> str | Response:
            form = await form_of(request)
            return await undone(gateway, desks, request, form, words, _one(form, "job"), f"{PATH}/undo", PATH)

        return await answer(gateway, request, ask)

    return routes


def _post(routes: APIRouter, gateway: Gateway, name: str, act: Act) -> None:
    @routes.post(f"{PATH}/{name}", name=f"models_{name}")
    async def post(request: Request) -> Response:
        async def done(_: Words) -> str | Response:
            return RedirectResponse(await act(request, await form_of(request)), 303)

        return await answer(gateway, request, done)


def _acts(desks: Desks) -> dict[str, Act]:
    """What a form can ask for, by the last part of its address."""

    async def train(request: Request, form: dict[str, list[str]]) -> str:
        await desks.trainer.start("requested", [one for one in form.get("service", []) if one])
        return page_address(request, PATH)

    async def cancel(request: Request, form: dict[str, list[str]]) -> str:
        await desks.trainer.cancel(_one(form, "job"))
        return page_address(request, PATH)

    async def promote(request: Request, form: dict[str, list[str]]) -> str:
        service, version = _one(form, "service"), _one(form, "version")
        found = desks.models.version(service, version)["version"]
        serving = await desks.models.promote(service, found, reason_in(_text(form)), who=principal_of(request).id)
        return _back(request, form, f"{service}.{serving.generation}")

    async def rollback(request: Request, form: dict[str, list[str]]) -> str:
        service, version = _one(form, "service"), (form.get("version") or [""])[0]
        found = desks.models.version(service, version)["version"] if version else ""
        serving = await desks.models.rollback(service, reason_in(_text(form)), found, who=principal_of(request).id)
        return _back(request, form, f"{service}.{serving.generation}")

    async def replay(request: Request, form: dict[str, list[str]]) -> str:
        await desks.letters.replay(_number(form), principal_of(request).id)
        return page_address(request, PATH, did="replay")

    async def drop(request: Request, form: dict[str, list[str]]) -> str:
        await desks.letters.drop(_number(form), principal_of(request).id)
        return page_address(request, PATH, did="drop")

    async def look(request: Request, _: dict[str, list[str]]) -> str:
        await desks.health.start()
        desks.monitoring.monitor.ask()
        return page_address(request, PATH)

    async def seen(request: Request, form: dict[str, list[str]]) -> str:
        alert = _number(form, "alert")
        await desks.monitoring.change(principal_of(request), alert, AlertState.ACKNOWLEDGED, _text(form)["reason"])
        return page_address(request, PATH)

    async def champion(request: Request, form: dict[str, list[str]]) -> str:
        given = (await desks.catalogue.serving())[1].to_json()
        chosen = {"champion": _one(form, "policy"), "reason": reason_in(_text(form))}
        await desks.policies.change(principal_of(request), given | chosen)
        return page_address(request, PATH)

    return {"train": train, "cancel": cancel, "promote": promote, "rollback": rollback, "replay": replay,
            "drop": drop, "look": look, "seen": seen, "champion": champion}  # fmt: skip


def _back(request: Request, form: dict[str, list[str]], did: str) -> str:
    """To where a version was let serve: this page, or that of two versions side by side."""
    if "back" not in form:
        return page_address(request, PATH, did=did)
    one, other = ((form.get(name) or [""])[0][:LONGEST_NAME] for name in ("a", "b"))
    return address(request, _one(form, "service"), one, other, did)


def _one(form: dict[str, list[str]], name: str) -> str:
    value = (form.get(name) or [""])[0]
    if not value or len(value) > LONGEST_NAME:
        raise InvalidInput(f"{name} is missing", field=name, value=value[:40], mend="Send it from the page")
    return value


def _text(form: dict[str, list[str]]) -> dict[str, str]:
    return {"reason": (form.get("reason") or [""])[0]}


def _number(form: dict[str, list[str]], name: str = "letter") -> int:
    text = _one(form, name)
    if not text.isdecimal() or len(text) > 18:
        raise InvalidInput("this is no number of one", field=name, value=text[:40], mend="Send it from the page")
    return int(text)


async def _page(gateway: Gateway, desks: Desks, request: Request, words: Words) -> str:
    since = await gateway.store.last_event_id()
    principal, part = principal_of(request), request.query_params.get("part", "")
    jobs = [job_view(job.to_json(), words) for job in desks.trainer.jobs.all()[:MOST_JOBS]]
    values = {
        "since": since, "business_day": words.day(gateway.workspace.business_day), "sample": gateway.workspace.sample,
        "jobs": jobs, "training": any(job.running for job in jobs),
        "to": {name: page_address(request, f"{PATH}/{name}") for name in (*_acts(desks), "undo")},
    }  # fmt: skip
    if part == "jobs":
        return render("_jobs.html", request, words, **values)
    if part == "trust":
        return render("_trust.html", request, words, **values, **await _trust(desks, principal, words))
    if part == "done":
        return render("_done.html", request, words, **values, **await _done(gateway, desks, principal, words))
    titles = await action_titles(desks.catalogue, words)
    values["services"] = await _services(gateway, desks, principal, titles, words)
    if part == "versions":
        return render("_versions.html", request, words, **values)
    values["letters"] = await _letters(gateway, desks, principal, words)
    values |= await _trust(desks, principal, words) | await _done(gateway, desks, principal, words)
    values["did"] = did_serve(request, desks.models, words)
    values |= {"policies": policies_view(await desks.policies.about(principal), titles, words)}
    return render("models.html", request, words, **values)


async def _services(
    gateway: Gateway, desks: Desks, principal: Principal, titles: Mapping[str, str], words: Words
) -> list[ServiceView]:
    counts, people = await desks.policies.outcomes(principal), await people_of(gateway, principal, words)
    ended = counts["won"] + counts["lost"]
    return [
        service_view(desks.models.about(one), titles, words, ended if one == LEAD_SCORING else 0, people)
        for one in SERVICES
    ]


async def _letters(gateway: Gateway, desks: Desks, principal: Principal, words: Words) -> list[LetterView] | None:
    """Messages that could not be handled, with the deals they are of; None while the broker is away."""
    try:
        found, _ = await desks.letters.page(0, MOST_LETTERS)
    except Unavailable:
        return None
    of = sorted({one["deal_id"] for one in found} - {""})
    deals = [one.history.deal for one in await gateway.store.get_records(principal, of, insights=False)]
    names = {one.id: one.name or one.id for one in deals if not one.deleted}
    return [letter_view(one, names, words) for one in found]


async def _done(gateway: Gateway, desks: Desks, principal: Principal, words: Words) -> dict[str, Any]:
    """What was imported, and what was done to models."""
    called = called_by(await gateway.store.list_members(), words)
    kept = {one.report.get("import_id"): f"/import/{one.id}" for one in desks.uploads.kept(principal.id)}
    audit = await gateway.store.list_model_audit(principal, "", 0, MOST_AUDIT)
    return {
        "audit": [audit_view(entry.to_json(), called, words) for entry in audit],
        "kept": kept,
        "imports": [import_view(job.to_json(), called, words) for job in desks.imports.jobs.all()[:MOST_JOBS]],
    }  # fmt: skip


async def _trust(desks: Desks, principal: Principal, words: Words) -> dict[str, Any]:
    """Can the data and the models be trusted: the verdict, what to mend first, three lights, open alerts."""
    health, watched = await desks.health.summary(), await desks.monitoring.about(principal, words.language)
    alerts = await desks.monitoring.alerts(principal, words.language, AlertState.OPEN.value, 0, MOST_ALERTS)
    codes = [one["code"] for one in health["verdict"]["reasons"]] if health else []
    return {
        "bring": bool(codes) and codes[0] in MORE_FILES,
        "health": told(health, words.language) if health else None, "looking": desks.health.jobs.running is not None,
        "lights": watched["lights"], "watched": words.day(watched["business_day"]), "alerts": alerts,
        "drift": drift_view(watched["score"].get("inputs"), words),
    }  # fmt: skip
