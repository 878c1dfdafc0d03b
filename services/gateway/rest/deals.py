"""/v1/deals: create or change, read merged, list, history, activities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import DealcastError, Forbidden, InvalidInput
from kit.telemetry import TRACEPARENT, inject
from learning.records import CATEGORIES, DealKind, Outcome
from services.gateway.domain import DealWrite, FieldError, Principal, WriteStatus
from services.gateway.json_checks import Problems, check_id
from services.gateway.json_records import activity_to_json, deal_from_json, result_to_json
from services.gateway.json_values import time_text, value_to_json
from services.gateway.rest import base, inputs, recorded
from services.gateway.rest.base import principal_of
from services.gateway.rest.http import Line, answer, id_in_path, json_of, language_of, limit_of, rejected
from services.gateway.rest.ndjson import LineExchange
from services.gateway.rest.problems import Refused, refusal
from services.gateway.rest.schemas import Deal, DealPage
from services.gateway.rest.schemas_records import ActivityPage, ChangePage
from services.gateway.service import Gateway
from services.gateway.store.interface import SORTS, Query, Store
from services.gateway.store.reads import activity_cursor

log = structlog.get_logger(__name__)

LONGEST_CURSOR = 4_000
SEARCHED = "in name or id, account, business number, people or their phones; Korean by initial consonants too"
TEXT_FILTERS = ("owner_id", "pipeline", "stage", "account_id", "text", "action")
CHOICES = {
    "outcome": tuple(Outcome),
    "kind": tuple(DealKind),
    "category": CATEGORIES,
    "grade": ("A", "B", "C", "D"),
}
NUMBER_FILTERS = ("min_probability", "max_probability", "min_slip_risk")
LIST_PARAMETERS = [
    *base.PAGING,
    *base.LANGUAGE,
    base.query("owner_id", text="an owner; with subtree=true also everyone below"),
    base.query("subtree", "boolean"),
    *(base.query(name, enum=list(words)) for name, words in CHOICES.items()),
    *(base.query(name) for name in ("pipeline", "stage", "account_id", "action")),
    base.query("text", text=SEARCHED),
    *(base.query(name, "number", minimum=0, maximum=1) for name in NUMBER_FILTERS),
    base.query("sort", text="- before it descends", enum=[sign + name for name in SORTS for sign in ("", "-")]),
]
HISTORY_PAGING = [base.query("limit", "integer", minimum=1, maximum=1_000), base.PAGING[1]]


async def apply_lines(
    gateway: Gateway, principal: Principal, rows: Sequence[Any], store: Store | None = None
) -> list[Line]:
    """Write a chunk of deals, to another store than the gateway's where one is given; one result a row, in order."""
    results: list[Line] = [{}] * len(rows)
    writes: list[DealWrite] = []
    places: list[int] = []
    for place, row in enumerate(rows):
        if isinstance(row, FieldError):
            results[place] = rejected([row])
            continue
        write, errors = deal_from_json(row)
        if write is None:
            results[place] = rejected(errors, named(row))
        else:
            writes.append(write)
            places.append(place)
    for place, line in zip(places, await _apply(gateway, principal, writes, store), strict=True):
        results[place] = line
    return results


def named(row: Any) -> str:
    """The id a refused row seems to have."""
    found = row.get("id") if isinstance(row, dict) else None
    return found[:200] if isinstance(found, str) else ""


async def _apply(
    gateway: Gateway, principal: Principal, writes: Sequence[DealWrite], store: Store | None
) -> list[Line]:
    if not writes:
        return []
    try:
        trace = inject().get(TRACEPARENT, "")
        results = await (store or gateway.store).apply_deals(principal, writes, trace=trace)
        gateway.written(results)
        return [result_to_json(result) for result in results]
    except DealcastError as error:
        failed = FieldError(error.field, error.value, error.message, error.mend or "Send the line again")
    except Exception:
        log.exception("batch_failed", deals=len(writes))
        failed = FieldError("", "", "something unforeseen failed", "Send the line again; see the gateway's log")
    return [rejected([failed], write.id) for write in writes]


def expected_revision(request: Request) -> int | None:
    """The revision that If-Match names, as an ETag of the record or as "5"; None for * or none."""
    text = request.headers.get("if-match", "").strip()
    if text in {"", "*"}:
        return None
    number = text.removeprefix("W/").strip('"').partition("-")[0]
    if not number.isdecimal() or len(number) > 15:
        raise InvalidInput("If-Match names no state", field="If-Match", value=text, mend="Send the record's ETag")
    return int(number)


def checked_id(deal_id: str) -> str:
    """An id that a deal can have. Raises Refused."""
    problems = Problems()
    check_id(deal_id, "id", problems)
    if problems.found:
        raise Refused(problems.found)
    return deal_id


def query_of(request: Request) -> Query:
    """Filters and sort of a list. Raises InvalidInput naming the parameter."""
    given = request.query_params
    unknown = set(given) - {each["name"] for each in LIST_PARAMETERS}
    if unknown:
        name = min(unknown)
        raise InvalidInput("this is no filter", field=name[:60], value=given[name], mend="See /openapi.json")
    spelled = {
        name: given.get(name, "").lower() if name == "category" else given.get(name, "").upper() for name in CHOICES
    }
    for name, value in spelled.items():
        if value and value not in (allowed := CHOICES[name]):
            raise InvalidInput(f"{name} has no such value", field=name, value=value, mend="Use " + ", ".join(allowed))
    members: dict[str, Any] = dict(spelled)
    members |= {name: checked_text(name, given.get(name, "")) for name in TEXT_FILTERS}
    members |= {name: number(name, given.get(name, "")) for name in NUMBER_FILTERS}
    members["subtree"] = _flag("subtree", given.get("subtree", ""))
    return Query(**members, sort=given.get("sort", "") or "id")


def checked_text(name: str, value: str, longest: int = 500) -> str:
    """A filter's text. Raises InvalidInput for what no record can hold."""
    if len(value) > longest or "\x00" in value:
        mend = f"Use up to {longest:,} characters"
        raise InvalidInput("this is too long or no text", field=name, value=value[:60], mend=mend)
    return value


def cursor_of(request: Request) -> str:
    """?cursor=, which may hold a record's longest text, escaped, with its id."""
    return checked_text("cursor", request.query_params.get("cursor", ""), LONGEST_CURSOR)


def number(name: str, text: str) -> float | None:
    """A filter's share. Raises InvalidInput."""
    try:
        share = float(text) if text else None
    except ValueError:
        share = float("nan")
    if share is not None and not 0 <= share <= 1:
        raise InvalidInput(f"{name} is out of range", field=name, value=text, mend="Use a number from 0 to 1")
    return share


def _flag(name: str, text: str) -> bool:
    if text.lower() not in {"", "true", "false"}:
        raise InvalidInput(f"{name} is neither true nor false", field=name, value=text[:60], mend="Use true or false")
    return text.lower() == "true"


def etag(body: bytes, revision: int) -> str:
    """Revision, and a digest of what is shown."""
    return f'"{revision}-{hashlib.sha256(body).hexdigest()[:16]}"'


def record_answer(request: Request, record: dict[str, Any], status: int = 200) -> Response:
    """The record with its ETag; 304 where the reader has just that."""
    body = orjson.dumps(record)
    headers = {"ETag": etag(body, record["revision"]), "Vary": "Accept-Language", "Cache-Control": "no-cache"}
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    if request.method == "GET" and headers["ETag"] in known:
        return Response(None, 304, headers)
    return Response(body, status, headers, "application/json")


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("deals")

    @routes.get("/deals", responses=base.gives(DealPage), openapi_extra=base.parameters(*LIST_PARAMETERS))
    async def list_deals(request: Request) -> Response:
        """Merged records in a stable order, filtered and sorted by fields or insights; deleted ones are left out."""
        query = query_of(request)
        bounded = Query(
            **{name: getattr(query, name) for name in query.__slots__}
            | {"grade_bounds": gateway.workspace.grade_bounds}
        )
        cursor = cursor_of(request)
        found, following = await gateway.records(
            principal_of(request), bounded, cursor, limit_of(request), language_of(request)
        )
        return answer({"deals": found, "next_cursor": following})

    @routes.post(
        "/deals:batch", responses=base.gives_lines(), openapi_extra=base.takes_lines(inputs.DEAL, *recorded.IMPORT)
    )
    async def write_deals(request: Request) -> Response:
        """Create or change many deals: a deal a line in, a result a line out. Repeating a batch changes nothing."""
        principal, store = principal_of(request), await recorded.store_of(request, gateway)
        return LineExchange(request, lambda rows: apply_lines(gateway, principal, rows, store))

    _history_routes(routes, gateway)

    @routes.get(
        "/deals/{deal_id}", responses={**base.gives(Deal, etag=True), 304: {"description": "Not modified"}},
        openapi_extra=base.parameters(*base.LANGUAGE, base.header("If-None-Match")),
    )  # fmt: skip
    async def read_deal(request: Request, deal_id: str) -> Response:
        """The merged record. A part that is not there yet is null."""
        identity = checked_id(id_in_path(deal_id))
        return record_answer(request, await gateway.record(principal_of(request), identity, language_of(request)))

    @routes.put(
        "/deals/{deal_id}", responses=base.gives(Deal, 200, 201, etag=True),
        openapi_extra=base.takes(inputs.DEAL, *base.IF_MATCH),
    )  # fmt: skip
    async def write_deal(request: Request, deal_id: str) -> Response:
        """Create the deal, or change the members given; absent ones stay, null empties."""
        identity = checked_id(id_in_path(deal_id))
        write, errors = deal_from_json(await json_of(request), deal_id=identity)
        if write is None:
            raise Refused(errors)
        return await _write_one(gateway, request, write)

    @routes.delete("/deals/{deal_id}", status_code=204, openapi_extra=base.parameters(*base.IF_MATCH))
    async def delete_deal(request: Request, deal_id: str) -> Response:
        """Leave a tombstone: the deal disappears from lists, and models and totals learn of it."""
        identity = checked_id(id_in_path(deal_id))
        await gateway.store.get_record(principal_of(request), identity)
        await _write_one(gateway, request, DealWrite(identity, deleted=True))
        return Response(None, 204)

    return routes


async def _write_one(gateway: Gateway, request: Request, write: DealWrite) -> Response:
    principal = principal_of(request)
    checked = replace(write, expected_revision=expected_revision(request))
    [result] = await gateway.apply_deals(principal, [checked])
    if result.status is WriteStatus.REJECTED:
        if result.errors and result.errors[0].field == "id":  # somebody else's: for who may not see it, there is none
            await gateway.store.get_record(principal, write.id)
            raise Forbidden("the deal is somebody else's", field="id", value=write.id, mend="Ask its owner")
        raise refusal(result)
    if write.deleted is True:
        return Response(None, 204)
    record = await gateway.record(principal, write.id, language_of(request))
    return record_answer(request, record, 201 if result.status is WriteStatus.CREATED else 200)


def _history_routes(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get(
        "/deals/{deal_id}/history", responses=base.gives(ChangePage), openapi_extra=base.parameters(*HISTORY_PAGING)
    )
    async def history(request: Request, deal_id: str) -> Response:
        """Every change of the deal's fields, by the time it was true from."""
        identity, limit = checked_id(id_in_path(deal_id)), limit_of(request, 200, 1_000)
        text = request.query_params.get("cursor", "") or "0"
        if not text.isdecimal() or len(text) > 12:
            raise InvalidInput("this is no cursor", field="cursor", value=text, mend="Use next_cursor of a page")
        changes = await gateway.store.get_changes(principal_of(request), identity, int(text), limit)
        rows = [
            {
                "field": change.field,
                "value": value_to_json(change.value),
                "effective_time": time_text(change.effective_time),
                "recorded_time": time_text(change.recorded_time),
                "revision": change.revision,
            }
            for change in changes
        ]
        return answer({"changes": rows, "next_cursor": str(int(text) + limit) if len(rows) == limit else ""})

    @routes.get(
        "/deals/{deal_id}/activities", responses=base.gives(ActivityPage), openapi_extra=base.parameters(*base.PAGING)
    )
    async def activities(request: Request, deal_id: str) -> Response:
        """The deal's activities."""
        identity, limit = checked_id(id_in_path(deal_id)), limit_of(request, 100, 500)
        cursor = cursor_of(request)
        found = await gateway.store.get_activities(principal_of(request), identity, cursor, limit)
        following = activity_cursor(found[-1]) if len(found) == limit else ""
        return answer({"activities": [activity_to_json(each) for each in found], "next_cursor": following})
