"""/v1/figures: sales figures by owner, team, segment, pipeline and period."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from kit.errors import InvalidInput
from services.gateway.exports.writing import FORMATS, write_file
from services.gateway.figures.desk import FIGURES, MOST_PERIODS, FiguresDesk
from services.gateway.figures.table import TABLE, pages, worded
from services.gateway.rest import base, schemas_figures
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text
from services.gateway.rest.http import answer, language_of
from services.gateway.service import Gateway

NAMES = ("period", "last", "by", "figure", "format", "lang")
PARAMETERS = [
    base.query("period", text="such as 2017-W39, 2017-09, 2017-Q4, 2017-H2 or FY2017; the current quarter without"),
    base.query("last", "integer", "so many periods up to that one", minimum=1, maximum=MOST_PERIODS),
    base.query("by", text="all (without), owner, team, pipeline, motion or segment:<field>"),
    base.query("figure", text=f"with commas between: {', '.join(FIGURES)}; all but the last without"),
    base.query("format", text="json without", enum=["json", *FORMATS]),
    *base.LANGUAGE,
]


def router(gateway: Gateway, scratch: Path) -> APIRouter:
    """The routes."""
    routes = base.routes("figures")
    desk = FiguresDesk(gateway)

    @routes.get("/figures", responses=base.gives(schemas_figures.Figures), openapi_extra=base.parameters(*PARAMETERS))
    async def sales_figures(request: Request) -> Response:
        """Win rates, cycle length, time in stage, conversion, slip rate, pipeline creation, average deal, net new
        revenue, retention and activity effectiveness, each with its interval and the cases behind it.

        They are defined in docs/sales-figures.md. With another format than json the rows come as a file.
        """
        given = request.query_params
        if unknown := sorted(set(given) - set(NAMES)):
            mend = "Use " + ", ".join(NAMES)
            raise InvalidInput("this is no parameter", field=unknown[0][:60], value=given[unknown[0]][:60], mend=mend)
        texts = {name: checked_text(name, given.get(name, "")) for name in NAMES}
        chosen, language = texts["format"] or "json", language_of(request)
        if chosen != "json" and chosen not in FORMATS:
            mend = "Use json, " + ", ".join(FORMATS)
            raise InvalidInput("there is no such format", field="format", value=chosen[:60], mend=mend)
        names = [one.strip() for one in texts["figure"].split(",") if one.strip()]
        found = await desk.figures(
            principal_of(request), names, texts["by"] or "all", texts["period"], _last(texts["last"])
        )
        if chosen == "json":
            found["rows"] = [row | _words(row, language) for row in found["rows"]]
            return answer(found)
        path = await write_file(TABLE, chosen, language, pages(found["rows"], language), scratch)
        cleanup = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(
            path, media_type=FORMATS[chosen].media_type, filename=f"figures.{chosen}", background=cleanup
        )

    return routes


def _last(text: str) -> int:
    if not text:
        return 1
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise InvalidInput("this is no number of periods", field="last", value=text[:20], mend="Ask for 1 or more")
    return int(text)


def _words(row: dict[str, object], language: str) -> dict[str, str]:
    found = worded(row, language)
    return {name: found[name] for name in ("figure_text", "part_text", "note_text")}
