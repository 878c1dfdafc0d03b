"""An import undone from a page: asked about once; and once more where records were changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.domain import ChangedSince
from services.gateway.rest.base import principal_of
from services.gateway.rest.operations import Desks
from services.gateway.service import Gateway
from services.gateway.web.forms import page_address
from services.gateway.web.job_views import import_view
from services.gateway.web.member_names import called_by
from services.gateway.web.refusals import BOOK
from services.gateway.web.rendering import render, shown_at
from services.gateway.web.words import Words

Form = Mapping[str, Sequence[str]]
YES = "yes"


async def undone(
    gateway: Gateway, desks: Desks, request: Request, form: Form, words: Words, job_id: str, path: str, back: str
) -> str | Response:
    """The question, or once it is answered the page `back`. The form goes to `path`.

    Raises NotFound, Conflict for an import that cannot be undone.
    """
    sure, discard = ((form.get(name) or [""])[0] == YES for name in ("confirm", "discard"))
    job, changed = desks.imports.jobs.get(job_id), ""
    if sure:
        try:
            await desks.imports.undo(principal_of(request), job.id, discard=discard)
            return RedirectResponse(page_address(request, back), 303)
        except ChangedSince as error:
            changed = BOOK.said(error.message, words.language)
    values = {
        "one": import_view(job.to_json(), called_by(await gateway.store.list_members(), words), words),
        "to": page_address(request, path), "back": page_address(request, back), "changed": changed,
        "since": await gateway.store.last_event_id(), "sample": gateway.workspace.sample,
        "business_day": words.day(gateway.workspace.business_day),
    }  # fmt: skip
    shown_at(request, back)  # the question itself is no page: its links and parts go to the one it leads back to
    return render("undo.html", request, words, **values)
