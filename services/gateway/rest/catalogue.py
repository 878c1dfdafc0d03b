"""/v1/actions/catalogue: what reps may be told to do, as text that RevOps edits."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import Conflict, InvalidInput
from services.gateway.action_catalogue import LARGEST, ActionCatalogue
from services.gateway.rest import base
from services.gateway.rest.base import TEXT, principal_of
from services.gateway.rest.http import answer, body_of, object_in
from services.gateway.rest.problems import PreconditionFailed
from services.gateway.rest.schemas_actions import Catalogue

MOST_BYTES = 4 * LARGEST


def router(catalogue: ActionCatalogue) -> APIRouter:
    """The routes."""
    routes = base.routes("actions")
    generation = base.query("generation", "integer", "an earlier edition; 0 is the file", minimum=0)

    @routes.get(
        "/actions/catalogue", responses=base.gives(Catalogue, etag=True), openapi_extra=base.parameters(generation)
    )
    async def read_catalogue(request: Request) -> Response:
        """The action catalogue as TOML text, and the editions that are kept."""
        text = request.query_params.get("generation")
        return _answer(await catalogue.about(_generation(text, "generation") if text is not None else None))

    @routes.put(
        "/actions/catalogue", responses=base.gives(Catalogue, etag=True),
        openapi_extra=base.takes(base.obj(text=TEXT, note=TEXT), *base.IF_MATCH),
    )  # fmt: skip
    async def edit_catalogue(request: Request) -> Response:
        """Edit the catalogue. What is wrong is refused with its line and the mend, and the old one stays.

        Open deals are ranked anew. `If-Match` with the generation that was read refuses to overwrite another's edit.
        """
        given = object_in(await body_of(request, MOST_BYTES), ("text", "note"))
        text, note = given.get("text"), given.get("note", "")
        if not isinstance(text, str) or not text:
            raise InvalidInput("text is no text", field="text", mend="Send the TOML text")
        if not isinstance(note, str) or len(note) > 500:
            raise InvalidInput("note is no short text", field="note", mend="Send at most 500 characters")
        try:
            return _answer(await catalogue.edit(text, note, expected_generation(request), principal_of(request).id))
        except Conflict as error:
            raise PreconditionFailed(error.message, field=error.field, value=error.value, mend=error.mend) from None

    return routes


def _answer(found: dict[str, object]) -> Response:
    return answer(found, headers={"ETag": f'"{found["generation"]}"', "Cache-Control": "no-cache"})


def expected_generation(request: Request) -> int | None:
    """What If-Match names; None without."""
    text = request.headers.get("if-match", "").strip()
    return _generation(text.removeprefix("W/").strip('"'), "If-Match") if text and text != "*" else None


def _generation(text: str, field: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput("this is no generation", field=field, value=text, mend="Send a whole number from 0 on")
    return int(text)
