"""An import into a running gateway, over its REST interface."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import orjson

from kit.errors import (
    Conflict,
    DealcastError,
    Forbidden,
    Internal,
    InvalidInput,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from kit.money import Money
from learning.records import FieldDefinition, ReportingLine, User
from services.gateway import json_people as people
from services.gateway.domain import WriteResult, WriteStatus
from services.gateway.imports.sinks import PAGE, Around
from services.gateway.json_records import deal_to_json, result_from_json

TIMEOUT = httpx.Timeout(120.0, connect=5.0)
_ERRORS: Mapping[int, type[DealcastError]] = {
    400: InvalidInput, 401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict, 412: Conflict,
    413: TooLarge, 422: InvalidInput, 503: Unavailable,
}  # fmt: skip
_PRINT: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "users": people.user_to_json,
    "accounts": people.account_to_json,
    "products": people.product_to_json,
    "contacts": people.contact_to_json,
    "quotas": people.quota_to_json,
    "deals": deal_to_json,
}


class Client:
    """Calls a gateway; what it refuses, or that it does not answer, becomes a DealcastError."""

    def __init__(
        self, url: str, transport: httpx.AsyncBaseTransport | None = None, token: str = "", host: str = ""
    ) -> None:
        """`host` is the name to ask for where the gateway does not answer for that of its address."""
        if not url.startswith(("http://", "https://")):
            raise InvalidInput("this is no address", field="--url", value=url, mend="write http://127.0.0.1:8080")
        self.url = url.rstrip("/")
        secure = url.startswith("https://")  # else nothing is verified, and no authority's certificate need be read
        transport = transport or httpx.AsyncHTTPTransport(retries=3, verify=secure)
        headers = bearer(token) | ({"Host": host} if host else {})
        self._client = httpx.AsyncClient(
            base_url=self.url, timeout=TIMEOUT, transport=transport, trust_env=False, headers=headers
        )

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request. Raises the DealcastError that the gateway's problem details tell."""
        try:
            response = await self._client.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            mend = "start it with dealcast up, or check the address"
            message = f"the gateway does not answer ({type(error).__name__})"
            raise Unavailable(message, field="url", value=self.url, mend=mend) from None
        if response.is_error:
            raise problem(response)
        return response

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def bearer(token: str) -> dict[str, str]:
    """The header that an API token is sent by; none without one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def problem(response: httpx.Response) -> DealcastError:
    """The error that an answer tells."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    detail = str(body.get("detail") or f"the gateway answered {response.status_code}")
    kind = _ERRORS.get(response.status_code, Internal)
    texts = {key: str(body.get(key) or "") for key in ("field", "value", "mend")}
    return kind(detail, **texts)


def of_line(result: WriteResult, place: int, line: ReportingLine, before: ReportingLine | None) -> WriteResult:
    """What a user's result says of one of their lines, which stood as `before`."""
    prefix = f"lines[{place}]."
    errors = [
        replace(error, field=error.field.removeprefix(prefix))
        for error in result.errors
        if error.field.startswith(prefix) or not error.field.startswith("lines[")
    ]
    if result.status is WriteStatus.REJECTED and errors:
        return replace(result, errors=tuple(errors))
    if before is None:
        return WriteResult(result.id, WriteStatus.CREATED)
    return WriteResult(result.id, WriteStatus.UNCHANGED if before == line else WriteStatus.CHANGED)


class HttpSink:
    """Sends an import to a gateway."""

    def __init__(
        self, url: str, transport: httpx.AsyncBaseTransport | None = None, token: str = "", host: str = "", by: str = ""
    ) -> None:
        """`by`: on whose behalf this machine's own program imports."""
        self._client = Client(url, transport, token, host)
        self._by = by
        self._import = ""
        self._undoable = True
        self._end: dict[str, Any] = {}

    @property
    def import_id(self) -> str:
        """By which the import can be undone; "" before it has begun, or where it has ended and changed nothing."""
        return self._import if self._undoable else ""

    @property
    def _belongs(self) -> dict[str, str]:
        return {"import": self._import} if self._import else {}

    async def begin(self, name: str, as_of: date | None, currency: str) -> None:
        self._end = {"currency": currency} | ({"as_of": as_of.isoformat()} if as_of else {})
        named = {"by": self._by} if self._by else {}
        response = await self._client.call("POST", "/v1/imports", json={"source": name} | named | self._end)
        self._import = str(response.json()["id"])

    async def fields(self) -> list[FieldDefinition]:
        rows = (await self._client.call("GET", "/v1/fields")).json()["fields"]
        return [found for found, _ in map(people.definition_from_json, rows) if found is not None]

    async def define(self, definitions: Sequence[FieldDefinition]) -> None:
        rows = [people.definition_to_json(each) for each in definitions]
        await self._client.call("PUT", "/v1/fields", json={"fields": rows}, params=self._belongs)

    async def prices(self) -> Mapping[str, Money]:
        rows = (await self._client.call("GET", "/v1/products")).json()["products"]
        found = [product for product, _ in map(people.product_from_json, rows) if product is not None]
        return {product.id: product.price for product in found if product.price is not None}

    async def business_day(self) -> date:
        return date.fromisoformat((await self._client.call("GET", "/v1/workspace")).json()["clock"]["business_day"])

    async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
        if batch == "lines":
            return await self._save_lines(records)
        return await self._post(batch, [_PRINT[batch](record) for record in records])

    async def _save_lines(self, lines: Sequence[ReportingLine]) -> list[WriteResult]:
        """Lines travel with their users."""
        rows = (await self._client.call("GET", "/v1/users")).json()["users"]
        known = [user for user, _ in map(people.user_from_json, rows) if user is not None]
        users = {user.id: user for user, _ in known}
        before = {(line.user_id, line.valid_from): line for _, lines_of in known for line in lines_of}
        own: dict[str, list[ReportingLine]] = {}
        for line in lines:
            own.setdefault(line.user_id, []).append(line)
        mine = [people.user_to_json(users.get(user, User(user, user)), tuple(each)) for user, each in own.items()]
        results = dict(zip(own, await self._post("users", mine), strict=True))
        return [
            of_line(
                results[line.user_id], own[line.user_id].index(line), line, before.get((line.user_id, line.valid_from))
            )
            for line in lines
        ]

    async def _post(self, batch: str, rows: Sequence[Mapping[str, Any]]) -> list[WriteResult]:
        content = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        options: dict[str, Any] = {"content": content, "headers": {"Content-Type": "application/x-ndjson"}}
        response = await self._client.call("POST", f"/v1/{batch}:batch", params=self._belongs, **options)
        results = [result_from_json(json.loads(line)) for line in response.text.splitlines() if line.strip()]
        if len(results) != len(rows):
            message = f"the gateway answered {len(results)} of {len(rows)} lines"
            raise Unavailable(
                message, field="url", value=self._client.url, mend="import again: it changes nothing twice"
            )
        return results

    async def around(self) -> Around:
        users = [(row["id"], row["name"]) for row in (await self._client.call("GET", "/v1/users")).json()["users"]]
        accounts = [(row["id"], row["name"]) for row in await self._all("accounts")]
        return users, accounts, [row["id"] for row in await self._all("contacts")]

    async def _all(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._client.call("GET", f"/v1/{kind}", params={"limit": PAGE, "cursor": cursor})
            rows += page.json()[kind]
            cursor = page.json()["next_cursor"]
            if not cursor:
                return rows

    async def recall(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = (await self._client.call("GET", "/v1/weekly-files")).json()["memory"]
        return found

    async def remember(self, document: Mapping[str, Any]) -> None:
        await self._client.call("PUT", "/v1/weekly-files", json={"memory": document}, params=self._belongs)

    async def finish(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        body = self._end | {"counts": counts}
        ended = (await self._client.call("POST", f"/v1/imports/{self._import}:finish", json=body)).json()
        self._undoable = ended["detail"].get("undoable", True)

    async def fail(self, error: str) -> None:
        if self._import:
            await self._client.call("POST", f"/v1/imports/{self._import}:finish", json={"error": error[:500]})

    async def close(self) -> None:
        await self._client.close()


class CheckingSink:
    """Takes what a gateway knows into account and sends it nothing: for dry runs over HTTP."""

    blind = True  # cannot tell new from changed
    import_id = ""  # nothing is to be undone

    def __init__(self, inner: HttpSink) -> None:
        self._inner = inner

    async def begin(self, name: str, as_of: date | None, currency: str) -> None:
        """Nothing begins."""

    async def fields(self) -> list[FieldDefinition]:
        return await self._inner.fields()

    async def define(self, definitions: Sequence[FieldDefinition]) -> None:
        """Nothing is declared."""

    async def prices(self) -> Mapping[str, Money]:
        return await self._inner.prices()

    async def business_day(self) -> date:
        return await self._inner.business_day()

    async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
        return [WriteResult(str(getattr(record, "id", "")), WriteStatus.UNCHANGED) for record in records]

    async def around(self) -> Around:
        return await self._inner.around()

    async def recall(self) -> Mapping[str, Any] | None:
        return await self._inner.recall()

    async def remember(self, document: Mapping[str, Any]) -> None:
        """Nothing is kept."""

    async def finish(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Nothing ends."""

    async def fail(self, error: str) -> None:
        """Nothing was begun."""

    async def close(self) -> None:
        await self._inner.close()
