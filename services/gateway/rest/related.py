"""What stands around deals: activities, users, accounts, contacts, products and custom fields; every batch."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import DealcastError, InvalidInput
from kit.telemetry import TRACEPARENT, inject
from services.gateway import json_people as people
from services.gateway.domain import FieldError, Principal, WriteResult, WriteStatus
from services.gateway.json_records import activity_from_json, result_to_json
from services.gateway.noted_writes import set_quotas, set_users
from services.gateway.quota_rows import read_quota, save_quotas
from services.gateway.rest import base, inputs, recorded
from services.gateway.rest import schemas_records as shapes
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text, named
from services.gateway.rest.http import (
    Line,
    answer,
    body_of,
    id_in_path,
    json_of,
    limit_of,
    parse,
    rejected,
)
from services.gateway.rest.idempotency import idempotency_key, once
from services.gateway.rest.ndjson import LineExchange
from services.gateway.rest.problems import Refused, refusal
from services.gateway.rest.schemas import Result
from services.gateway.service import Gateway
from services.gateway.store import Store

log = structlog.get_logger(__name__)

Read = Callable[[Any], tuple[Any, Sequence[FieldError]]]
Save = Callable[[Principal, Sequence[Any]], Awaitable[Sequence[WriteResult]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of record is read, saved and described."""

    name: str  # plural, as in the address
    schema: dict[str, Any]
    read: Read
    save: Save


def kinds(gateway: Gateway, store: Store) -> dict[str, Kind]:
    """Every kind that has a batch, written to this store: the gateway's own, or one that keeps what an import
    changes, which has one entry of the log for all of it."""
    by_hand = store is gateway.store
    quotas = partial(set_quotas, gateway) if by_hand else partial(save_quotas, gateway.workspace, store)

    def traced(save: Callable[..., Awaitable[Sequence[WriteResult]]]) -> Save:
        return lambda principal, records: save(principal, records, trace=inject().get(TRACEPARENT, ""))

    async def save_users(principal: Principal, users: Sequence[Any]) -> Sequence[WriteResult]:
        lines, trace = [line for _, own in users for line in own], inject().get(TRACEPARENT, "")
        people = [user for user, _ in users]
        if by_hand:
            results = await set_users(gateway, principal, people, lines, trace)
        else:
            results = await store.save_users(principal, people, lines, trace=trace)
        return with_lines(results[: len(users)], results[len(users) :], [len(own) for _, own in users])

    found = (
        Kind("activities", inputs.DEAL_ACTIVITY, read_activity, traced(store.save_activities)),
        Kind("users", inputs.USER, people.user_from_json, save_users),
        Kind("accounts", inputs.ACCOUNT, people.account_from_json, traced(store.save_accounts)),
        Kind("contacts", inputs.CONTACT, people.contact_from_json, traced(store.save_contacts)),
        Kind("products", inputs.PRODUCT, people.product_from_json, store.save_products),
        Kind("quotas", inputs.QUOTA, read_quota, quotas),
    )
    return {kind.name: kind for kind in found}


def with_lines(users: Sequence[WriteResult], lines: Sequence[WriteResult], counts: Sequence[int]) -> list[WriteResult]:
    """One result a user, of whom each has so many of the lines in order: refused where one of the lines is, although
    the user and the other lines are kept; changed where only a line is new."""
    merged, start = [], 0
    for user, count in zip(users, counts, strict=True):
        own = lines[start : start + count]
        start += count
        errors = tuple(
            replace(error, field=f"lines[{place}].{error.field}")
            for place, line in enumerate(own)
            for error in line.errors
        )
        status = user.status
        if errors:
            status = WriteStatus.REJECTED
        elif status is WriteStatus.UNCHANGED and any(line.status is not WriteStatus.UNCHANGED for line in own):
            status = WriteStatus.CHANGED
        merged.append(WriteResult(user.id, status, user.revision, user.errors + errors))
    return merged


def read_activity(raw: Any) -> tuple[Any, Sequence[FieldError]]:
    """An activity with its deal_id; without an id it gets one of its contents, so that a repetition is known as one."""
    if not isinstance(raw, dict):
        return activity_from_json(raw, deal_id="")
    deal_id = raw.get("deal_id")
    if not isinstance(deal_id, str) or not deal_id:
        return None, [FieldError("deal_id", str(deal_id)[:60], "deal_id is missing", "give the deal's id")]
    rest = {key: value for key, value in raw.items() if key != "deal_id"}
    if "id" not in rest:
        rest["id"] = hashlib.sha256(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    return activity_from_json(rest, deal_id=deal_id)


async def save_rows(gateway: Gateway, kind: Kind, principal: Principal, rows: Sequence[Any]) -> list[Line]:
    """Save a chunk of records; one result a row, in order."""
    results: list[Line] = [{}] * len(rows)
    records: list[Any] = []
    places: list[int] = []
    for place, row in enumerate(rows):
        record, errors = (None, [row]) if isinstance(row, FieldError) else kind.read(row)
        if record is None:
            results[place] = rejected(errors, named(row))
        else:
            records.append(record)
            places.append(place)
    saved = await _save(gateway, kind, principal, records)
    for place, line in zip(places, saved, strict=True):
        results[place] = line
    return results


async def _save(gateway: Gateway, kind: Kind, principal: Principal, records: Sequence[Any]) -> list[Line]:
    if not records:
        return []
    try:
        results = await kind.save(principal, records)
    except DealcastError as error:
        failed = FieldError(error.field, error.value, error.message, error.mend or "Send the line again")
    except Exception:
        log.exception("batch_failed", kind=kind.name, records=len(records))
        failed = FieldError("", "", "something unforeseen failed", "Send the line again; see the gateway's log")
    else:
        gateway.written(results)
        return [result_to_json(result) for result in results]
    return [rejected([failed]) for _ in records]


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("records")
    for kind in kinds(gateway, gateway.store).values():
        _batch(routes, gateway, kind)
        if kind.name not in {"activities", "quotas"}:
            _put(routes, gateway, kind)
    _post_activity(routes, gateway)
    _lists(routes, gateway)
    _fields(routes, gateway)
    return routes


def _batch(routes: APIRouter, gateway: Gateway, kind: Kind) -> None:
    @routes.post(
        f"/{kind.name}:batch", name=f"write_{kind.name}", responses=base.gives_lines(),
        openapi_extra=base.takes_lines(kind.schema, *recorded.IMPORT),
        description=f"Create or change many {kind.name}, one a line.",
    )  # fmt: skip
    async def write(request: Request) -> Response:
        principal, store = principal_of(request), await recorded.store_of(request, gateway)
        own = kinds(gateway, store)[kind.name]
        return LineExchange(request, lambda rows: save_rows(gateway, own, principal, rows))


async def save_one(gateway: Gateway, kind: Kind, principal: Principal, raw: Any) -> tuple[int, Line]:
    """Save one record; the status to answer with, and its result. Raises Refused."""
    record, errors = kind.read(raw)
    if record is None:
        raise Refused(errors)
    results = await kind.save(principal, [record])
    gateway.written(results)
    bad = next((result for result in results if result.status is WriteStatus.REJECTED), None)
    if bad is not None:
        raise refusal(bad)
    return 201 if results[0].status is WriteStatus.CREATED else 200, result_to_json(results[0])


def _put(routes: APIRouter, gateway: Gateway, kind: Kind) -> None:
    @routes.put(
        f"/{kind.name}/{{record_id}}", name=f"write_one_of_{kind.name}", openapi_extra=base.takes(kind.schema),
        responses=base.gives(Result, 200, 201),
        description=f"Create or replace one of the {kind.name}.",
    )  # fmt: skip
    async def write(request: Request, record_id: str) -> Response:
        identity, raw = id_in_path(record_id), await json_of(request)
        if isinstance(raw, dict) and raw.setdefault("id", identity) != identity:
            raise InvalidInput("id differs from the address", field="id", mend="Leave it out or make both the same")
        status, line = await save_one(gateway, kind, principal_of(request), raw)
        return answer(line, status)


def _post_activity(routes: APIRouter, gateway: Gateway) -> None:
    kind = kinds(gateway, gateway.store)["activities"]

    @routes.post(
        "/activities", status_code=201, responses=base.gives(Result, 200, 201),
        openapi_extra=base.takes(kind.schema, *base.IDEMPOTENCY),
    )  # fmt: skip
    async def add_activity(request: Request) -> Response:
        """Add an activity to a deal; one without an id gets one of its contents."""
        data = await body_of(request)

        async def add() -> tuple[int, Line]:
            return await save_one(gateway, kind, principal_of(request), parse(data))

        return await once(gateway, idempotency_key(request, principal_of(request)), data, add)


def _lists(routes: APIRouter, gateway: Gateway) -> None:
    store = gateway.store

    @routes.get("/users", responses=base.gives(shapes.Users))
    async def users(request: Request) -> Response:
        """Users with their reporting lines."""
        lines: dict[str, list[Any]] = {}
        for line in await store.list_lines(principal_of(request)):
            lines.setdefault(line.user_id, []).append(line)
        found = await store.list_users(principal_of(request))
        return answer({"users": [people.user_to_json(each, tuple(lines.get(each.id, ()))) for each in found]})

    @routes.get("/accounts", responses=base.gives(shapes.AccountPage), openapi_extra=base.parameters(*base.PAGING))
    async def accounts(request: Request) -> Response:
        """Accounts by id."""
        limit, cursor = limit_of(request, 100), checked_text("cursor", request.query_params.get("cursor", ""))
        found = await store.list_accounts(principal_of(request), cursor, limit)
        following = found[-1].id if len(found) == limit else ""
        return answer({"accounts": [people.account_to_json(each) for each in found], "next_cursor": following})

    @routes.get(
        "/contacts", responses=base.gives(shapes.ContactPage),
        openapi_extra=base.parameters(*base.PAGING, base.query("account_id")),
    )  # fmt: skip
    async def contacts(request: Request) -> Response:
        """Contacts by id, of one account or all."""
        limit, cursor = limit_of(request, 100), checked_text("cursor", request.query_params.get("cursor", ""))
        account = checked_text("account_id", request.query_params.get("account_id", ""))
        found = await store.list_contacts(principal_of(request), account, cursor, limit)
        following = found[-1].id if len(found) == limit else ""
        kept_only = await store.restricted()
        told = [people.contact_to_json(each) | {"restricted": each.id in kept_only} for each in found]
        return answer({"contacts": told, "next_cursor": following})

    @routes.get("/products", responses=base.gives(shapes.Products))
    async def products(request: Request) -> Response:
        """Products."""
        found = await store.list_products(principal_of(request))
        return answer({"products": [people.product_to_json(each) for each in found]})


def _fields(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("/fields", responses=base.gives(shapes.FieldDefinitions))
    async def fields() -> Response:
        """The custom fields of deals and accounts."""
        return answer({"fields": [people.definition_to_json(each) for each in await gateway.store.list_fields()]})

    schema = base.obj(fields=base.listed(inputs.DEFINITION))

    @routes.put(
        "/fields", responses=base.gives(shapes.FieldDefinitions), openapi_extra=base.takes(schema, *recorded.IMPORT)
    )
    async def define(request: Request) -> Response:
        """Declare custom fields; those not named stay. A type that contradicts stored values is refused."""
        raw = await json_of(request)
        rows = raw.get("fields") if isinstance(raw, dict) else raw
        if not isinstance(rows, list) or len(rows) > 1_000:
            mend = 'Send {"fields": [{"entity": "deal", "name": …, "type": …}]}, up to 1,000'
            raise InvalidInput("there is no list of fields", field="fields", mend=mend)
        definitions = []
        for row in rows:
            definition, errors = people.definition_from_json(row)
            if definition is None:
                raise Refused(errors)
            definitions.append(definition)
        store = await recorded.store_of(request, gateway)
        await store.define_fields(principal_of(request), definitions)
        return await fields()
