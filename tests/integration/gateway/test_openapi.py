"""/openapi.json tells the truth: requests made up from it are answered as it says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from nats.aio.client import Client as NATS  # noqa: N814
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.gateway.rest.schemas import Deal
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = 2  # an operation and mode: valid and invalid requests
NDJSON = "application/x-ndjson"
LEFT_OUT = {
    ("GET", "/v1/events"): "never ends; its own tests read it",
    ("POST", "/v1/training-jobs"): "starts processes; its own tests do",
    ("GET", "/v1/deals/{deal_id}/similar"): "asks the next best action service; its own test does",
    ("POST", "/v1/deals/{deal_id}/what-if"): "asks the lead scoring service; its own tests have one",
    ("GET", "/v1/forecast/close-gap"): "asks the forecast service; its own tests have one",
    ("POST", "/v1/forecast:simulate"): "asks the forecast service; its own tests have one",
    ("GET", "/v1/actions/catalogue"): "asks the next best action service; its own tests have one",
    ("PUT", "/v1/actions/catalogue"): "asks the next best action service; its own tests have one",
}
KNOWN = {
    "deal_id": "d1", "record_id": "u1", "service": "forecast", "import_id": "none", "job_id": "none", "seq": "1",
    "call_id": "1", "alert_id": "1", "currency": "EUR", "table": "deals", "member_id": "none", "session_id": "none",
    "token_id": "none",
}  # fmt: skip


@schemathesis.serializer(NDJSON)
def as_lines(_: Any, value: Any) -> bytes:
    return json.dumps(value, default=str).encode("utf-8", "replace") + b"\n"


@schemathesis.deserializer(NDJSON)
def first_line(_: Any, response: Any) -> Any:
    return orjson.loads(response.content.splitlines()[0]) if response.content else {}


async def filled(gateway: RunningGateway, nats: NATS) -> None:
    """A little of everything, so that requests find something."""
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim", "lines": [{"region": "East"}]}])
    await gateway.lines("/v1/accounts:batch", [{"id": "u1", "name": "Samsung", "fields": {"sector": "chips"}}])
    consents = [{"channel": "mail", "granted": True, "source": "web", "day": None}]
    await gateway.lines("/v1/contacts:batch", [{"id": "u1", "name": "Lee", "account_id": "u1", "consents": consents}])
    usd = {"currency": "USD", "value": "550.00"}
    await gateway.lines("/v1/products:batch", [{"id": "u1", "name": "GTX", "price": usd}])
    await gateway.lines("/v1/quotas:batch", [{"owner_id": "u1", "period": "2017-Q4", "amount": usd}])
    row = {
        "id": "d1", "stage": "A", "owner_id": "u1", "account_id": "u1", "amount": usd, "close_date": "2017-11-01",
        "fields": {"due": {"date": "2017-10-01"}, "hot": True, "size": 3},
        "activities": [{"id": "a1", "type": "call", "direction": "outbound", "time": "2017-01-01T00:00:00Z"}],
        "contacts": [{"contact_id": "u1", "role": ""}], "products": [{"product_id": "u1", "quantity": 2}],
    }  # fmt: skip
    [line] = await gateway.lines("/v1/deals:batch", [row])
    assert line["status"] == "created", line
    await gateway.http.post("/v1/imports", json={"source": "test"})
    await nats.jetstream().publish("INSIGHTS.forecast.d2", b"\xff\xff")


@pytest.mark.timeout(120)
async def test_requests_made_up_from_the_description_are_answered_as_it_says(
    gateway: RunningGateway, nats: NATS
) -> None:
    async with Player(nats):
        await filled(gateway, nats)
        await until(lambda: answered(gateway))
        described = (await gateway.http.get("/openapi.json")).json()
        tried, problems = await asyncio.to_thread(try_all, str(gateway.http.base_url), described)
    assert not problems, "\n\n".join(problems)
    assert tried >= 200


async def answered(gateway: RunningGateway) -> bool:
    deal = Deal.model_validate((await gateway.http.get("/v1/deals/d1")).json())
    letters = (await gateway.http.get("/v1/dead-letters")).json()["dead_letters"]
    return deal.lead_score is not None and deal.next_actions is not None and bool(letters)


def try_all(url: str, described: dict[str, Any]) -> tuple[int, list[str]]:
    """Make requests up for every operation; how many, and what was wrong."""
    schema = schemathesis.openapi.from_dict(described)
    session = requests.Session()
    session.trust_env = False
    tried, problems = 0, []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        wrong = [GenerationMode.NEGATIVE] if operation.body or operation.query else []  # else nothing can be wrong
        for mode in (GenerationMode.POSITIVE, *wrong):

            @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
            @settings(
                max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            def request(case: Any, known: bool) -> None:
                nonlocal tried
                tried += 1
                for name in case.path_parameters if known else ():
                    case.path_parameters[name] = KNOWN.get(name, "none")
                response = case.call(base_url=url, session=session, timeout=30)
                case.validate_response(response, checks=CHECKS)

            try:
                request()
            except Unsatisfiable:
                continue  # any text is a right one here
            except BaseExceptionGroup as error:
                problems += [f"{operation.method} {operation.path} ({mode}): {each}" for each in error.exceptions]
    return tried, problems
