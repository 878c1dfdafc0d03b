"""How the models do: lights, alerts, and versions that score along unseen."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput, NotFound
from services.gateway.monitoring.desk import MonitoringDesk
from services.gateway.monitoring.records import AlertState
from services.gateway.monitoring.words import alert_json
from services.gateway.rest import base
from services.gateway.rest import schemas_monitoring as shapes
from services.gateway.rest.base import TEXT, principal_of
from services.gateway.rest.http import answer, language_of, limit_of, object_of, text_of
from services.gateway.rest.models import LARGEST, reason_in

LONGEST_NOTE = 500
STATES = [state.value for state in AlertState]


def router(desk: MonitoringDesk) -> APIRouter:
    """The routes."""
    routes = base.routes("monitoring")
    _lights(routes, desk)
    _alerts(routes, desk)
    _shadow(routes, desk)
    return routes


def _lights(routes: APIRouter, desk: MonitoringDesk) -> None:
    @routes.get("/monitoring", responses=base.gives(shapes.Monitoring), openapi_extra=base.parameters(*base.LANGUAGE))
    async def read_monitoring(request: Request) -> Response:
        """Three lights first (score, forecast, actions), then outcomes beside what was said, inputs, ranges, value."""
        return answer(await desk.about(principal_of(request), language_of(request)))

    parameters = base.parameters(*base.LANGUAGE, base.query("limit", "integer", minimum=1, maximum=500))

    @routes.get("/monitoring/days", responses=base.gives(shapes.MonitoringDays), openapi_extra=parameters)
    async def list_days(request: Request) -> Response:
        """How the lights stood on past business days."""
        found = await desk.days(principal_of(request), language_of(request), limit_of(request))
        return answer({"days": found})

    @routes.post("/monitoring:look", status_code=202, responses=base.gives(shapes.Asked, 202))
    async def look(request: Request) -> Response:
        """Look anew, as soon as nothing is trained or imported; GET /v1/monitoring has a `began_time` from
        `asked_time` on then."""
        last = (await desk.about(principal_of(request), "en"))["time"]
        asked = desk.monitor.ask()
        return answer({"time": last, "asked_time": asked}, 202)


def _alerts(routes: APIRouter, desk: MonitoringDesk) -> None:
    parameters = base.parameters(*base.LANGUAGE, *base.PAGING, base.query("state", enum=STATES))

    @routes.get("/alerts", responses=base.gives(shapes.Alerts), openapi_extra=parameters)
    async def list_alerts(request: Request) -> Response:
        """Alerts on the models, newest first."""
        state, cursor = (request.query_params.get(name) or "" for name in ("state", "cursor"))
        if state and state not in STATES:
            raise InvalidInput("there is no such state", field="state", value=state[:60], mend=f"Use {STATES}")
        if cursor and not _whole(cursor):
            raise InvalidInput("this is no cursor", field="cursor", value=cursor[:60], mend="Use next_cursor")
        limit = limit_of(request)
        found = await desk.alerts(principal_of(request), language_of(request), state, int(cursor or 0), limit)
        return answer({"alerts": found, "next_cursor": found[-1]["id"] if len(found) == limit else ""})

    for verb, state in (("acknowledge", AlertState.ACKNOWLEDGED), ("close", AlertState.CLOSED)):
        _change(routes, desk, verb, state)


def _change(routes: APIRouter, desk: MonitoringDesk, verb: str, state: AlertState) -> None:
    async def change(request: Request, alert_id: str) -> Response:
        """Say that it was seen, or is settled; it is not raised again while its cause stands."""
        note = text_of(await object_of(request, ("note",), LARGEST), "note").strip()
        if len(note) > LONGEST_NOTE:
            raise InvalidInput("the note is too long", field="note", mend=f"Use up to {LONGEST_NOTE} characters")
        if not _whole(alert_id):
            raise NotFound("there is no such alert", field="id", value=alert_id[:60], mend="List the alerts")
        one = await desk.change(principal_of(request), int(alert_id), state, note)
        return answer(alert_json(one, language_of(request)))

    routes.add_api_route(
        f"/alerts/{{alert_id}}:{verb}", change, methods=["POST"], name=f"{verb}_alert",
        responses=base.gives(shapes.Alert), openapi_extra=base.takes(base.obj(note=TEXT), *base.LANGUAGE),
    )  # fmt: skip


def _shadow(routes: APIRouter, desk: MonitoringDesk) -> None:
    body = base.takes(base.obj(version=TEXT, reason=TEXT) | {"required": ["version", "reason"]}, *base.LANGUAGE)

    @routes.post("/models/{service}:shadow", responses=base.gives(shapes.Monitoring), openapi_extra=body)
    async def shadow(request: Request, service: str) -> Response:
        """Let a version of lead scoring score open deals once a business day, unseen, beside the one that serves."""
        given = await object_of(request, ("version", "reason"), LARGEST)
        await desk.shadow(principal_of(request), service, text_of(given, "version"), reason_in(given))
        desk.monitor.ask()
        return answer(await desk.about(principal_of(request), language_of(request)))

    @routes.post("/models/{service}:unshadow", responses=base.gives(shapes.Monitoring), openapi_extra=body)
    async def unshadow(request: Request, service: str) -> Response:
        """End that; what was found of it stays in the audit log."""
        given = await object_of(request, ("version", "reason"), LARGEST)
        await desk.unshadow(principal_of(request), service, text_of(given, "version"), reason_in(given))
        return answer(await desk.about(principal_of(request), language_of(request)))


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
