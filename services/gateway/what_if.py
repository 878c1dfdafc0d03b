"""What a deal's score would be with other values: asked of the lead scoring service, which alone has the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import grpc

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from dealcast.lead_scoring.v1 import lead_scoring_pb2_grpc
from kit.errors import InvalidInput, Unavailable
from kit.server import error_of
from learning.records import Value
from learning.wire_event import deal_event
from learning.wire_values import value_to_pb
from services.gateway.domain import UNSET, DealWrite, Principal, Record
from services.gateway.merged import grade
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

FIELDS = ("kind", "motion", "pipeline", "stage", "category", "owner_id", "amount", "close_date")
MOST_CHANGES = 50
SECONDS = 5.0
MAX_MESSAGE = 64 * 1024 * 1024
RUN_FILE = "lead_scoring.json"


class Scoring(Protocol):
    """Answers what-if; raises Unavailable while nobody does."""

    async def what_if(self, request: pb.WhatIfRequest) -> pb.WhatIfResponse: ...


class ScoringService:
    """The lead scoring service over gRPC: at a fixed address, or where its run file says it listens."""

    def __init__(self, address: str, run_dir: Path | None) -> None:
        self._fixed = address
        self._run_dir = run_dir
        self._address = ""
        self._channel: grpc.aio.Channel | None = None

    async def what_if(self, request: pb.WhatIfRequest) -> pb.WhatIfResponse:
        """One call. Raises what the service raised, and Unavailable where it does not answer in time."""
        stub = lead_scoring_pb2_grpc.LeadScoringServiceStub(await self._connected())
        try:
            answer: pb.WhatIfResponse = await stub.WhatIf(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            error = error_of(failure)
            if isinstance(error, Unavailable):
                raise _away() from None
            raise error from None
        return answer

    async def close(self) -> None:
        """Let the connection go."""
        if self._channel is not None:
            await self._channel.close(None)

    async def _connected(self) -> grpc.aio.Channel:
        """A channel to where the service listens now: started anew, it may listen elsewhere."""
        address = self._fixed or self._listening()
        if self._channel is None or address != self._address:
            await self.close()
            options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.enable_http_proxy", 0)]
            self._channel, self._address = grpc.aio.insecure_channel(address, options), address
        return self._channel

    def _listening(self) -> str:
        if self._run_dir is None:
            raise _away()
        try:
            return str(json.loads((self._run_dir / RUN_FILE).read_text("utf-8"))["grpc"])
        except (OSError, ValueError, KeyError, TypeError):
            raise _away() from None


def _away() -> Unavailable:
    mend = "Try again when it runs; DEALCAST_LEAD_SCORING_ADDRESS says where it listens"
    return Unavailable("the lead scoring service does not answer", field="lead_scoring", mend=mend)


async def suppose(
    store: Store, workspace: Workspace, scoring: Scoring, principal: Principal, write: DealWrite, language: str
) -> dict[str, Any]:
    """The deal's score as it is and as it would be, and what makes the difference; nothing is written.

    `write` holds the values that would be other. Raises NotFound, InvalidInput, Conflict for a closed deal, and
    Unavailable.
    """
    values = values_of(write)
    if not 1 <= len(values) <= MOST_CHANGES:
        mend = f"Send 1 to {MOST_CHANGES} of {', '.join(FIELDS)} and fields"
        raise InvalidInput("this is no number of changes", field="body", value=str(len(values)), mend=mend)
    record = await store.get_record(principal, write.id)
    owner = await _owner_name(store, principal, values)
    types = {each.name: each.type for each in await store.list_fields() if each.entity == "deal"}
    event = deal_event(
        record.history, business_day=workspace.business_day, owner_name=record.owner_name, field_types=types
    )
    answer = await scoring.what_if(request_of(event, values, owner))
    return answer_json(record, answer, workspace.grade_bounds, language)


def values_of(write: DealWrite) -> dict[str, Value | None]:
    """The write's values by field, custom ones as `fields.<name>`."""
    given = {name: getattr(write, name) for name in FIELDS}
    values = {name: value for name, value in given.items() if value is not UNSET}
    return values | {f"fields.{name}": value for name, value in write.fields.items()}


async def _owner_name(store: Store, principal: Principal, values: Mapping[str, Value | None]) -> str:
    owner = values.get("owner_id")
    if not owner:
        return ""
    name = next((user.name for user in await store.list_users(principal) if user.id == owner), None)
    if name is None:
        raise InvalidInput("there is no such user", field="owner_id", value=str(owner), mend="GET /v1/users")
    return name


def request_of(
    event: events_pb2.DealEvent, values: Mapping[str, Value | None], owner_name: str = ""
) -> pb.WhatIfRequest:
    """The question as the service takes it."""
    changes = [pb.HypotheticalChange(field=name, value=value_to_pb(value)) for name, value in values.items()]
    return pb.WhatIfRequest(deal=event, changes=changes, owner_name=owner_name)


def answer_json(
    record: Record, answer: pb.WhatIfResponse, bounds: tuple[float, float, float], language: str
) -> dict[str, Any]:
    """The answer as programs see it."""
    header = answer.before.header
    return {
        "id": record.history.deal.id,
        "deal_revision": header.key.deal_revision,
        "model_version": header.model_version,
        "model_generation": header.key.model_generation,
        "business_day": header.key.business_day,
        "before": _score(answer.before, bounds),
        "after": _score(answer.after, bounds),
        "differences": [
            {
                "field": one.field,
                "value_before": one.value_before,
                "value_after": one.value_after,
                "effect_before": one.effect_before,
                "effect_after": one.effect_after,
                "effect": one.effect,
                "text": one.text_ko if language == "ko" else one.text_en,
            }
            for one in answer.differences
        ],
    }


def _score(score: insights_pb2.LeadScore, bounds: tuple[float, float, float]) -> dict[str, Any]:
    return {
        "probability": score.probability,
        "low": score.low,
        "high": score.high,
        "grade": grade(score.probability, bounds),
        "prior": score.prior,
    }
