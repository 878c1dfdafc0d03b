"""The action catalogue as a page: every action with its words, cost, limits and conditions; edited, checked before it
is saved, and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import Conflict, InvalidInput, NotFound, TooLarge
from kit.toml_edits import with_values
from services.gateway.action_catalogue import LARGEST, ActionCatalogue
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.web.catalogue_views import (
    Typed,
    action_views,
    changed_values,
    edition_views,
    field_of,
    parsed,
)
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.member_names import called_by
from services.gateway.web.refusals import Refusal, refusal
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words

PATH = "/catalogue"
MOST_BYTES = 12 * LARGEST  # of a form: a Korean letter takes nine
SHOWN_EDITIONS, LONGEST_NOTE = 12, 500

Form = Mapping[str, str]
Act = Callable[[ActionCatalogue, Request, Form, Words], Awaitable[Mapping[str, Any] | Response]]


def router(gateway: Gateway, catalogue: ActionCatalogue) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def show(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, catalogue, request, words))

    for name, act in {"action": _save_action, "switch": _switch, "text": _save_text, "back": _back}.items():
        _post(routes, gateway, catalogue, name, act)
    return routes


def _post(routes: APIRouter, gateway: Gateway, catalogue: ActionCatalogue, name: str, act: Act) -> None:
    @routes.post(f"{PATH}/{name}", name=f"catalogue_{name}")
    async def post(request: Request) -> Response:
        async def done(words: Words) -> str | Response:
            form = {key: values[-1] for key, values in (await form_of(request, MOST_BYTES)).items()}
            found = await act(catalogue, request, form, words)
            return found if isinstance(found, Response) else await _page(gateway, catalogue, request, words, **found)

        return await answer(gateway, request, done)


async def _page(gateway: Gateway, catalogue: ActionCatalogue, request: Request, words: Words, **more: Any) -> str:
    """The edition that serves, beside what was typed and what is wrong with it."""
    since, about = await gateway.store.last_event_id(), await catalogue.about()
    document = parsed(about["text"])
    entries = about["editions"][: SHOWN_EDITIONS + 1]
    wanted = [int(one["generation"]) for one in entries] + ([0] if len(entries) <= SHOWN_EDITIONS and entries else [])
    texts = {number: text for number in wanted if (text := await _text(catalogue, number)) is not None}
    called = called_by(await gateway.store.list_members(), words)
    values: dict[str, Any] = {
        "since": since, "business_day": words.day(gateway.workspace.business_day), "sample": gateway.workspace.sample,
        "generation": about["generation"], "text": about["text"], "problem": None, "checked": None,
        "note": "", "done": request.query_params.get("did", "")[:20],
        "actions": action_views(document, more.pop("typed", Typed()), gateway.workspace.currency, words),
        "editions": edition_views(entries, texts, about["serving"], called, words)[:SHOWN_EDITIONS],
        "before": next((number for number in wanted[1:] if texts.get(number) not in (None, about["text"])), None),
        "to": {name: page_address(request, f"{PATH}/{name}") for name in ("action", "switch", "text", "back")},
    }  # fmt: skip
    return render("catalogue.html", request, words, **values | more)


async def _text(catalogue: ActionCatalogue, generation: int) -> str | None:
    try:
        return str((await catalogue.about(generation))["text"])
    except NotFound:  # only so many are kept
        return None


async def _save_action(catalogue: ActionCatalogue, request: Request, form: Form, words: Words) -> Any:
    """One action's fields, checked, and saved unless only a check was asked for."""
    about, name = await catalogue.about(), form.get("action", "")
    actions = parsed(about["text"]).get("actions", [])
    place = _place(actions, name)
    values, errors = changed_values(actions[place], form, words.language)
    if errors:
        return {"typed": Typed(name, form, errors)}
    if not values and form.get("act") != "check":
        return {"typed": Typed(name, form), "checked": (name, words("catalogue.same"))}
    text = with_values(about["text"], ("actions", str(place)), values)
    note = f"{name}: {', '.join(values)}"
    try:
        return await _taken(catalogue, request, form, text, note, words, {"typed": Typed(name, form)})
    except InvalidInput as error:
        if not (field := field_of(error, name)):
            raise
        return {"typed": Typed(name, form, {field: refusal(error, words.language)})}


async def _switch(catalogue: ActionCatalogue, request: Request, form: Form, words: Words) -> Any:
    """An action on or off."""
    about, name = await catalogue.about(), form.get("action", "")
    actions = parsed(about["text"]).get("actions", [])
    place = _place(actions, name)
    off = not actions[place].get("off")
    text = with_values(about["text"], ("actions", str(place)), {"off": True if off else None})
    return await _taken(catalogue, request, form, text, f"{name}: {'off' if off else 'on'}", words, {})


async def _save_text(catalogue: ActionCatalogue, request: Request, form: Form, words: Words) -> Any:
    """The whole text."""
    text = form.get("text", "").replace("\r\n", "\n")
    shown = {"text": text, "note": form.get("note", "")}
    try:
        return await _taken(catalogue, request, form, text, "", words, shown)
    except (InvalidInput, TooLarge) as error:
        why = refusal(error, words.language)
        return shown | {"problem": (why, _line(text, why), error.field)}


async def _back(catalogue: ActionCatalogue, request: Request, form: Form, words: Words) -> Any:
    """An earlier edition's text is the catalogue again."""
    number = form.get("edition", "")
    if not number.isdecimal() or len(number) > 9:
        raise InvalidInput("there is no such edition of the catalogue", field="edition", value=number[:20])
    text = (await catalogue.about(int(number)))["text"]
    return await _taken(catalogue, request, form, text, f"← {number}", words, {})


async def _taken(
    catalogue: ActionCatalogue, request: Request, form: Form, text: str, note: str, words: Words,
    shown: Mapping[str, Any],
) -> Mapping[str, Any] | Response:  # fmt: skip
    """Check a text, or save it; where another edition serves by now, nothing is overwritten."""
    action = form.get("action", "")
    if form.get("act") == "check":
        count = await catalogue.check(text)
        return {**shown, "checked": (action, words("catalogue.sound", count=count))}
    generation = form.get("generation", "")
    expected = int(generation) if generation.isdecimal() and len(generation) < 10 else None
    said = form.get("note", "").strip()[:LONGEST_NOTE] or note
    try:
        await catalogue.edit(text, said, expected, principal_of(request).id)
    except Conflict as error:
        why = refusal(error, words.language)
        raise Conflict(why.message, mend=why.mend) from None
    return RedirectResponse(_address(request) + (f"#a-{action}" if action else "#editions"), 303)


def _address(request: Request) -> str:
    address = page_address(request, PATH)
    return f"{address}{'&' if '?' in address else '?'}did=saved"


def _place(actions: Any, name: str) -> int:
    places = [place for place, one in enumerate(actions) if one.get("name") == name]
    if not places:
        raise NotFound("there is no such action", field="action", value=name[:60], mend="Load the page anew")
    return places[-1]


def _line(text: str, why: Refusal) -> str:
    """The line that is wrong."""
    lines = text.splitlines()
    return lines[why.line - 1][:300] if 0 < why.line <= len(lines) else ""
