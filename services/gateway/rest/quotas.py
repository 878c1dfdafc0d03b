"""/v1/quotas: what owners, and nodes above them, are to win."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import NotFound
from services.gateway import noted_writes
from services.gateway.amount_types import AMOUNT
from services.gateway.domain import FieldError, Principal, WriteStatus
from services.gateway.quota_rows import LAYOUT, quota_json, quota_rows
from services.gateway.rest import base
from services.gateway.rest import schemas_records as shapes
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text
from services.gateway.rest.forecast import named_period
from services.gateway.rest.http import answer, body_of, json_of
from services.gateway.rest.problems import Refused
from services.gateway.rest.related import Kind, kinds, save_one, save_rows
from services.gateway.rest.schemas import Result
from services.gateway.rest.schemas_rates import RowImport
from services.gateway.service import Gateway

CHUNK_ROWS = 1_000
MOST_REFUSED = 100  # told one by one


def csv_body(text: str) -> dict[str, Any]:
    """A CSV file as the request body."""
    content = {"text/csv": {"schema": base.TEXT}}
    return {"requestBody": {"required": True, "description": f"CSV in UTF-8: {text}", "content": content}}


def router(gateway: Gateway) -> APIRouter:
    """The routes but for the batch, which is like any other."""
    routes = base.routes("records", strict=True)
    kind = kinds(gateway, gateway.store)["quotas"]

    @routes.put("/quotas", responses=base.gives(Result, 200, 201), openapi_extra=base.takes(kind.schema))
    async def put_quota(request: Request) -> Response:
        """Set the quota of an owner (owner_id) or of a node above (node) for a period."""
        status, line = await save_one(gateway, kind, principal_of(request), await json_of(request))
        return answer(line, status)

    csv = csv_body(f"{LAYOUT}; `owner` may stand for `node`, and `type` may be there too")

    @routes.post("/quotas:import", responses=base.gives(RowImport), openapi_extra=csv)
    async def import_quotas(request: Request) -> Response:
        """Set many quotas from a CSV file; a bad row harms no other."""
        rows = list(quota_rows(await body_of(request)))
        return answer(await import_rows(gateway, kind, principal_of(request), rows))

    _read_and_drop(routes, gateway)
    return routes


def _read_and_drop(routes: APIRouter, gateway: Gateway) -> None:
    period = base.query("period", text="such as 2017-Q4; all without")

    @routes.get("/quotas", responses=base.gives(shapes.Quotas), openapi_extra=base.parameters(period))
    async def quotas(request: Request) -> Response:
        """Quotas of a period: those of owners, then those set on nodes above and those of other types than amounts."""
        chosen, principal = named_period(gateway, request), principal_of(request)
        owners = await gateway.store.list_quotas(principal, chosen)
        nodes = await gateway.store.list_node_quotas(principal, chosen)
        return answer({"quotas": [*map(quota_json, owners), *map(quota_json, nodes)]})

    needed = {"required": True}
    asked = (base.query("node", text="owner:…, manager:…, region:… or company") | needed, base.query("period") | needed)
    currency = base.query("currency", text="only the one in this currency")
    kind = base.query("type", text="a type of /v1/forecast/types; amounts without")

    @routes.delete("/quotas", status_code=204, openapi_extra=base.parameters(*asked, currency, kind))
    async def drop_quotas(request: Request) -> Response:
        """Take a node's quota of a period away: it is the sum of those below again."""
        given = {name: _text(request, name) for name in ("node", "period", "currency", "type")}
        for name in ("node", "period"):
            if not given[name]:
                raise Refused([FieldError(name, "", f"{name} is missing", "Name the node and the period")])
        given["period"] = named_period(gateway, request)
        dropped = await noted_writes.drop_quotas(
            gateway, principal_of(request), given["node"], given["period"], given["currency"].upper(),
            given["type"] or AMOUNT,
        )  # fmt: skip
        if not dropped:
            raise NotFound("there is no such quota", field="node", value=given["node"], mend="GET /v1/quotas")
        gateway.news.wake()
        return Response(None, 204)


def _text(request: Request, name: str) -> str:
    return checked_text(name, request.query_params.get(name, ""))


async def import_rows(
    gateway: Gateway, kind: Kind, principal: Principal, rows: Sequence[tuple[int, object]]
) -> dict[str, object]:
    """Save the rows of a file, each with its line; what became of them, and the first that were refused."""
    counts = dict.fromkeys((str(status) for status in WriteStatus), 0)
    refused: list[dict[str, object]] = []
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk = rows[start : start + CHUNK_ROWS]
        lines = await save_rows(gateway, kind, principal, [raw for _, raw in chunk])
        for (number, _), line in zip(chunk, lines, strict=True):
            counts[line["status"]] += 1
            if line["status"] == WriteStatus.REJECTED and len(refused) < MOST_REFUSED:
                refused.append({"line": number, "errors": line["errors"]})
    return {**counts, "errors": refused}
