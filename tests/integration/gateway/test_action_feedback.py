"""Answers to suggestions: over REST and gRPC, on the record and in the inbox, on the stream, undone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.events.v1 import events_pb2
from dealcast.gateway.v1 import gateway_pb2, gateway_pb2_grpc
from kit.server import GrpcServer
from services.gateway.grpc_api import SERVICE
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

ADDRESS = "/v1/actions/feedback"


@pytest.fixture
async def answered(gateway: RunningGateway, nats: NATS) -> AsyncIterator[RunningGateway]:
    """A deal with one suggestion, `a1` to call."""
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    async with Player(nats):
        await gateway.http.put("/v1/deals/d1", json={"stage": "A"})
        await until(lambda: suggested(gateway))
        yield gateway


async def part(gateway: RunningGateway) -> dict[str, Any]:
    return dict((await gateway.http.get("/v1/deals/d1")).json()["next_actions"] or {"actions": [], "feedback": []})


async def suggested(gateway: RunningGateway) -> list[str]:
    return [each["action"] for each in (await part(gateway))["actions"]]


async def give(gateway: RunningGateway, verb: str, status: int = 200, **more: Any) -> dict[str, Any]:
    given = {"deal_id": "d1", "action": "call", "suggestion_id": "a1", "verb": verb, **more}
    answer = await gateway.http.post(ADDRESS, json=given)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_accepting_shows_and_dismissing_hides_until_undone(answered: RunningGateway, nats: NATS) -> None:
    accepted = await give(answered, "accept", id="one")
    assert await give(answered, "accept", id="one") == accepted
    assert (await part(answered))["actions"][0]["accepted"]
    await give(answered, "dismiss", 409, id="one", reason="other")
    dismissed = await give(answered, "dismiss", reason="bad_timing")
    assert await give(answered, "dismiss", reason="bad_timing") == dismissed  # without an id too
    await give(answered, "dismiss", 409, id=dismissed["id"], reason="other")
    assert await suggested(answered) == []
    assert (await answered.http.get("/v1/actions")).json()["actions"] == []
    assert [(one["verb"], one["reason"]) for one in (await part(answered))["feedback"]] == [("dismiss", "bad_timing")]
    undo = await give(answered, "undo")
    assert undo["undoes"] == dismissed["id"]
    assert await give(answered, "undo", undoes=dismissed["id"]) == undo
    assert await suggested(answered) == ["call"]
    assert (await part(answered))["actions"][0]["accepted"]

    async def published() -> list[events_pb2.ActionFeedback]:
        info = await nats.jetstream().stream_info("FEEDBACK")
        if info.state.messages < 3:
            return []
        got = [await nats.jetstream().get_msg("FEEDBACK", seq) for seq in range(1, 4)]
        return [events_pb2.ActionFeedback.FromString(each.data or b"") for each in got]

    sent = await until(published)
    assert [one.id for one in sent] == ["one", dismissed["id"], undo["id"]]
    assert (sent[1].shown.propensity, sent[1].shown.place) == (0.7, 1)


async def test_done_records_the_contact_once_and_undo_takes_it_back(answered: RunningGateway) -> None:
    async def log() -> list[tuple[str, str]]:
        rows = (await answered.http.get("/v1/deals/d1/activities")).json()["activities"]
        return [(one["type"], one["direction"]) for one in rows]

    done = await give(answered, "done", id="two", time="2017-09-29T10:00:00Z")
    assert await give(answered, "done", id="two", time="2017-09-29T10:00:00Z") == done
    assert await log() == [("call", "outbound")]
    assert await suggested(answered) == []
    await give(answered, "undo")
    assert await log() == [("note", "internal")]
    elsewhere = await answered.http.post(ADDRESS, json={"deal_id": "d1", "action": "visit", "verb": "done"})
    assert elsewhere.json()["channel"] == "visit"
    assert ("visit", "outbound") in await log()


async def test_snoozed_actions_come_back_on_their_day(answered: RunningGateway) -> None:
    await give(answered, "snooze", until="2017-10-03")
    assert await suggested(answered) == []
    await answered.http.put("/v1/workspace/clock", json={"today": "2017-10-03"})
    assert await until(lambda: suggested(answered)) == ["call"]
    assert not (await part(answered))["actions"][0]["accepted"]


async def test_a_wrong_answer_is_refused_by_name(answered: RunningGateway) -> None:
    for more, field in (
        ({"verb": "like"}, "verb"),
        ({"verb": "dismiss"}, "reason"),
        ({"verb": "snooze"}, "until"),
        ({"verb": "snooze", "until": "2017-09-30"}, "until"),
        ({"verb": "done", "channel": "fax"}, "channel"),
        ({"verb": "done", "time": "yesterday"}, "time"),
        ({"verb": "accept", "action": "", "suggestion_id": ""}, "action"),
        ({"verb": "accept", "deal_id": ""}, "deal_id"),
        ({"verb": "accept", "colour": "red"}, "colour"),
    ):
        answer = await answered.http.post(
            ADDRESS, json={"deal_id": "d1", "action": "call", "suggestion_id": "a1"} | more
        )
        assert answer.status_code in (400, 422), (more, answer.text)
        assert answer.json()["field"] == field, more
        assert answer.json()["mend"], more


async def test_what_is_not_there_cannot_be_answered(answered: RunningGateway) -> None:
    assert (
        await answered.http.post(ADDRESS, json={"deal_id": "none", "action": "call", "verb": "accept"})
    ).status_code == 404
    await give(answered, "undo", 404)


async def test_the_same_over_grpc(answered: RunningGateway) -> None:
    assert answered.parts.grpc is not None
    server = GrpcServer("127.0.0.1:0", answered.parts.grpc, [SERVICE])
    await server.start()
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = gateway_pb2_grpc.GatewayServiceStub(channel)
        given = events_pb2.ActionFeedback(
            id="g1", deal_id="d1", suggestion_id="a1", action="call", verb=events_pb2.FEEDBACK_VERB_SNOOZE,
            until_date="2017-10-09",
        )  # fmt: skip
        request = gateway_pb2.GiveActionFeedbackRequest(feedback=given)
        kept = (await stub.GiveActionFeedback(request)).feedback
        assert (await stub.GiveActionFeedback(request)).feedback == kept
        assert (kept.channel, kept.until_date, kept.shown.propensity) == ("call", "2017-10-09", 0.7)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GiveActionFeedback(gateway_pb2.GiveActionFeedbackRequest())
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await suggested(answered) == []
    await server.stop(0)
