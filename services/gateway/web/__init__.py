"""The pages: server-rendered, live by htmx and server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

    from services.gateway.forecast_client import Simulator
    from services.gateway.rest.operations import Desks
    from services.gateway.service import Gateway


def mount(app: FastAPI, gateway: Gateway, simulator: Simulator, desks: Desks | None = None) -> None:
    """Add the pages and /static to the gateway's application; some need `desks`, what stands behind a whole gateway."""
    from starlette.middleware.gzip import GZipMiddleware  # late: building the web files needs none of these

    from services.gateway.web import (
        asks_page,
        catalogue_page,
        compare_page,
        compressed,
        day_page,
        display_page,
        forecast_page,
        history_page,
        import_page,
        mend_page,
        mistakes,
        models_page,
        quotas_page,
        report_page,
        reporting_page,
        settings_page,
        what_if_page,
    )
    from services.gateway.web.pages import router
    from services.gateway.web.rendering import STATIC

    app.include_router(router(gateway, desks.alike if desks else None))
    app.include_router(day_page.router(gateway))
    app.include_router(asks_page.router(gateway))
    app.include_router(display_page.router(gateway))
    app.include_router(quotas_page.router(gateway))
    app.include_router(reporting_page.router(gateway))
    scratch, evaluations = (desks.scratch, _evaluations(desks)) if desks else (None, list)
    app.include_router(forecast_page.router(gateway, simulator, scratch, evaluations))
    app.include_router(report_page.router(gateway, scratch))
    app.include_router(history_page.router(gateway, evaluations, scratch))
    if desks is not None:  # what takes a broker
        app.include_router(what_if_page.router(gateway, desks.scoring))
        app.include_router(models_page.router(gateway, desks))
        app.include_router(compare_page.router(gateway, desks.models, desks.catalogue))
        app.include_router(mend_page.router(gateway, desks.scratch))
        app.include_router(catalogue_page.router(gateway, desks.catalogue))
        app.include_router(settings_page.router(gateway, desks))
        app.include_router(import_page.router(gateway, desks, desks.uploads))
    mistakes.install(app, gateway)
    app.state.operations = desks is not None
    app.mount("/static", compressed.WebFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, compresslevel=compressed.LEVEL, exclude_content_types=compressed.AS_THEY_ARE)


def _evaluations(desks: Desks) -> Callable[[], list[Mapping[str, Any]]]:
    """What is kept with the forecast's versions, newest first."""
    return lambda: [one["evaluation"] for one in desks.models.about("forecast")["versions"]]
