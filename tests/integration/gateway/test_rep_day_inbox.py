"""GET /v1/actions?owner=: the owner's day beside the inbox, with what waits for the week's end."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import insights_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from services.gateway.rest.schemas_views import Inbox
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import answer, publish_answer

HOURS = insights_pb2.ContactHours(time_zone="Asia/Seoul", weekdays=[1, 2, 3, 4, 5], from_minute=540, until_minute=1080)


def ranked(deal_id: str, gain: int, look_again: str = "") -> events_pb2.DealEvent:
    """A call and a date to revise, as the services would say; nothing where there is a day to look again."""
    event = events_pb2.DealEvent(deal=records_pb2.Deal(id=deal_id, revision=1), business_day="2017-09-29")
    answer(event, gain=f"{gain}.00", contact="c1")
    if look_again:
        del event.next_actions.actions[:]
        event.next_actions.look_again_date = look_again
        return event
    call = event.next_actions.actions[0]
    call.hours.CopyFrom(HOURS)
    call.minutes, call.id = 90, f"{deal_id}-call"
    call.message_ko = "안녕하세요, {contact}. {sender}입니다."
    tidy = event.next_actions.actions.add(
        id=f"{deal_id}-date", action="revise_close_date", tidy_up=True, minutes=3, hours=HOURS
    )
    tidy.gain.CopyFrom(records_pb2.Money(currency="USD", value="1.00"))
    return event


async def day(gateway: RunningGateway, **query: str) -> dict[str, Any]:
    found = await gateway.http.get("/v1/actions", params={"owner": "u1", "lang": "ko", **query})
    assert found.status_code == 200, found.text
    Inbox.model_validate(found.json())
    return dict(found.json()["day"])


async def test_the_day_has_one_suggestion_a_deal_and_the_week_its_tidying(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-29"})  # a Friday
    await gateway.http.put("/v1/users/u1", json={"name": "이서연"})
    await gateway.http.put("/v1/contacts/c1", json={"name": "김민수", "title": "부장"})
    contacts = [{"contact_id": "c1", "role": "decides"}]
    for number in range(7):
        await gateway.http.put(f"/v1/deals/d{number}", json={"stage": "A", "owner_id": "u1", "contacts": contacts})
        await publish_answer(nats, ranked(f"d{number}", number + 1))

    async def all_there() -> bool:
        found = (await gateway.http.get("/v1/actions?owner=u1")).json()
        return len(found["actions"]) == 14

    await until(all_there)
    full = await day(gateway)
    assert full["day"] == "2017-10-02"
    assert [item["deal"]["id"] for item in full["actions"]] == ["d6", "d5", "d4", "d3", "d2"]
    first = full["actions"][0]
    assert first["time"] == {"start": "2017-10-02T00:00:00Z", "end": "2017-10-02T01:30:00Z"}
    assert first["message"] == "안녕하세요, 김민수 부장님. 이서연입니다."
    assert (first["contact"]["title"], first["gain"]["value"], first["propensity"]) == ("부장", "7.00", 0.7)
    assert full["tidy_up"]["day"] == "2017-10-06"
    assert {item["action"] for item in full["tidy_up"]["actions"]} == {"revise_close_date"}
    short = await day(gateway, free="10:00-12:00,17:00-19:00")
    assert [item["deal"]["id"] for item in short["actions"]] == ["d6"]
    assert (await gateway.http.get("/v1/actions?owner=u1&free=noon")).json()["field"] == "free"


async def test_nothing_now_tells_when_to_look_again(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-29"})
    await gateway.http.put("/v1/users/u1", json={"name": "Lee"})
    for number, again in enumerate(("2017-10-09", "2017-10-05")):
        await gateway.http.put(f"/v1/deals/d{number}", json={"stage": "A", "owner_id": "u1"})
        await publish_answer(nats, ranked(f"d{number}", 1, again))
    await until(lambda: _told(gateway))
    assert (await day(gateway))["actions"] == []


async def _told(gateway: RunningGateway) -> bool:
    return bool((await day(gateway))["look_again_date"] == "2017-10-05")


async def test_a_deal_put_off_until_a_day_stays_away_whole(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-29"})
    await gateway.http.put("/v1/users/u1", json={"name": "Lee"})
    await gateway.http.put("/v1/contacts/c1", json={"name": "김민수"})
    contacts = [{"contact_id": "c1", "role": "decides"}]
    await gateway.http.put("/v1/deals/d1", json={"stage": "A", "owner_id": "u1", "contacts": contacts})
    event = ranked("d1", 5)
    second = event.next_actions.actions.add()
    second.CopyFrom(event.next_actions.actions[0])
    second.id, second.action = "d1-mail", "mail"
    del event.next_actions.actions[1]  # what is to be tidied up asks for another day
    await publish_answer(nats, event)

    async def there() -> list[str]:
        return [one["id"] for one in (await day(gateway))["actions"]]

    async def shown() -> bool:
        return await there() == ["d1-call"]

    await until(shown)
    snoozed = {"deal_id": "d1", "suggestion_id": "d1-call", "verb": "snooze", "until": "2017-10-09"}
    given = await gateway.http.post("/v1/actions/feedback", json=snoozed)
    assert given.status_code < 300, given.text
    found = await day(gateway)
    assert (found["actions"], found["look_again_date"]) == ([], "2017-10-09")
    offered = (await gateway.http.get("/v1/actions?owner=u1")).json()["actions"]
    assert "d1-mail" in [one["id"] for one in offered], "what could be done is still told"
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-09"})
    assert await there() == ["d1-call"]
    back = await gateway.http.post(
        "/v1/actions/feedback", json={name: snoozed[name] for name in ("deal_id", "suggestion_id")} | {"verb": "undo"}
    )
    assert back.status_code < 300, back.text
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-29"})
    assert await there() == ["d1-call"]
