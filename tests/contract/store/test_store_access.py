"""Members with what they come in with, attempts to, the log, and deal teams, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from learning.records import ReportingLine
from services.gateway.access.members import (
    IDLE,
    AccessEvent,
    Act,
    EventQuery,
    Flow,
    Member,
    Role,
    Session,
    Standing,
    Token,
    TokenScope,
)
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.store import Store
from services.gateway.store.interface import EventsAfter, Query
from services.gateway.store.shapes import DealTeam
from tests.live_events import events_after

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = Member("m1", "ann@example.com", "앤", Role.REP, "ann", "hash", created=NOW)
OWN, EAST = Principal("m1", Scope.OWN, "ann"), Principal("m2", Scope.SUBTREE, "east")
CAT, BEN = Principal("m3", Scope.OWN, "cat"), Principal("m4", Scope.OWN, "ben")


async def test_members_are_found_by_what_they_come_in_with(empty: Store) -> None:
    await empty.save_member(ANN)
    await empty.save_member(replace(ANN, active=False, role=Role.VIEWER))
    await empty.save_member(ANN)
    with pytest.raises(Conflict):
        await empty.save_member(replace(ANN, id="m2"))
    await empty.save_password("m1", "other")
    ann = replace(ANN, password="other")
    assert await empty.list_members() == [ann]
    assert await empty.read_member("m1") == await empty.member_by_login("ann@example.com") == ann
    assert await empty.read_member("m2") is None
    session = Session("s1", "m1", NOW, NOW, NOW + HOUR, "a browser")
    token = Token("t1", "digest", "m1", "sync", frozenset({TokenScope.READ, TokenScope.TRAIN}), NOW, NOW + HOUR)
    await empty.add_session(session)
    await empty.add_token(token)
    await empty.touch_session("s1", NOW + HOUR / 2)
    await empty.touch_token("t1", NOW + HOUR / 2)
    assert await empty.members_of_sessions(["s1", "s2"]) == {"s1": (replace(session, used=NOW + HOUR / 2), ann)}
    assert await empty.member_of_token("digest") == (replace(token, used=NOW + HOUR / 2), ann)
    assert not await empty.members_of_sessions(["t1"])
    assert await empty.member_of_token("t1") is None


async def test_sessions_tokens_and_links_end(empty: Store) -> None:
    for name in ("s1", "s2", "s3"):
        await empty.add_session(Session(name, "m1", NOW, NOW, NOW + HOUR))
        await empty.add_token(Token(name, name, "m1", "", frozenset(), NOW, NOW + HOUR if name == "s1" else None))
    assert await empty.end_sessions("m2", "s1") == await empty.end_token("m2", "s1") == 0
    assert await empty.end_sessions("m1", "s1") == 1
    assert await empty.end_sessions("m1", keep="s2") == 1
    assert [one.id for one in await empty.list_sessions("m1")] == ["s2"]
    await empty.add_link("a", "m1", NOW + HOUR)
    await empty.add_link("b", "m1", NOW + HOUR)
    assert [await empty.link_member(one, NOW) for one in ("a", "b")] == ["", "m1"]
    assert await empty.take_link("b", NOW + HOUR) == ""
    await empty.add_link("c", "m1", NOW + HOUR)
    assert [await empty.take_link("c", NOW) for _ in range(2)] == ["m1", ""]
    await empty.forget_over(NOW + HOUR)
    assert await empty.list_sessions("m1") == []
    assert {one.id for one in await empty.list_tokens("m1")} == {"s2", "s3"}
    assert await empty.end_token("m1") == 2


async def test_attempts_are_earned_and_saved_up(empty: Store) -> None:
    name, address = {"name": (timedelta(seconds=30), 3)}, {"address": (timedelta(seconds=5), 4)}
    both = name | address
    assert [await empty.attempt(both, NOW) for _ in range(4)] == [0, 0, 0, 30]
    assert await empty.attempt(address, NOW) == 0  # what was refused took nothing of the other
    assert await empty.attempt(address, NOW) == 5
    assert await empty.attempt(name, NOW + timedelta(seconds=30)) == 0
    assert await empty.attempt(name, NOW + timedelta(seconds=40)) == 20
    await empty.forget_attempts("name")
    assert [await empty.attempt(name, NOW) for _ in range(3)] == [0, 0, 0]
    await empty.forget_over(NOW + HOUR)
    assert [await empty.attempt(name, NOW + HOUR) for _ in range(4)] == [0, 0, 0, 30]


async def test_a_flow_is_taken_once_and_ends(empty: Store) -> None:
    flow = Flow("f1", "nonce", "verifier", "/deals?q=한", NOW + HOUR)
    await empty.add_flow(flow)
    assert [await empty.take_flow("f1", NOW) for _ in range(2)] == [flow, None]
    await empty.add_flow(flow)
    assert await empty.take_flow("f1", NOW + HOUR) is None
    await empty.add_flow(flow)
    await empty.forget_over(NOW + HOUR)
    assert await empty.take_flow("f1", NOW) is None


async def test_a_company_account_is_of_one_member_and_a_member_has_one(empty: Store) -> None:
    for number in (1, 2):
        await empty.save_member(replace(ANN, id=f"m{number}", login=f"m{number}@example.com"))
    await empty.link_account("subject", "m1", NOW)
    found = await empty.member_of_account("subject")
    assert found is not None
    assert found.id == "m1"
    for subject, member in (("subject", "m2"), ("other", "m1")):
        with pytest.raises(Conflict):
            await empty.link_account(subject, member, NOW)
    assert [await empty.unlink_account("m1") for _ in range(2)] == [1, 0]
    assert await empty.member_of_account("subject") is None
    await empty.link_account("subject", "m2", NOW)


async def test_standings_tell_how_members_came_and_what_counts_now(empty: Store) -> None:
    ben = replace(ANN, id="m2", login="ben@example.com")
    for member in (ben, ANN):
        await empty.save_member(member)
    for way in ("password", "company account"):
        await empty.note_sign_in("m1", NOW, way)
    await empty.link_account("subject", "m1", NOW - HOUR)
    for name, used, ends in (("on", NOW, NOW + HOUR), ("over", NOW, NOW), ("idle", NOW - IDLE, NOW + HOUR)):
        await empty.add_session(Session(name, "m1", NOW - IDLE, used, ends))
    for name, until in (("forever", None), ("long", NOW + HOUR), ("gone", NOW)):
        await empty.add_token(Token(name, name, "m1", "", frozenset(), NOW, until))
    first = Standing(ANN, NOW, "company account", NOW - HOUR, tokens=2, sessions=1)
    assert await empty.list_standings(NOW) == [first, Standing(ben)]


async def test_the_log_comes_newest_first_in_pages(empty: Store) -> None:
    for number, (act, member) in enumerate([(Act.SIGNED_IN, "m1"), (Act.REFUSED, "m2"), (Act.LINK_MADE, "m1")]):
        await empty.add_access_event(AccessEvent(act, member, "m2", "::1", {"number": number}, NOW))
    found = await empty.list_access_events()
    assert [one.detail["number"] for one in found] == [2, 1, 0]
    assert found[0] == AccessEvent(Act.LINK_MADE, "m1", "m2", "::1", {"number": 2}, NOW, found[0].id)
    assert [one.act for one in await empty.list_access_events(EventQuery("m1"))] == [Act.LINK_MADE, Act.SIGNED_IN]
    assert len(await empty.list_access_events(EventQuery("m2", before=found[0].id), limit=1)) == 1


async def test_the_log_is_read_by_what_was_done_on_what(empty: Store) -> None:
    done = [(Act.SIGNED_IN, "m1", "member", "m1"), (Act.QUOTA_SET, "", "node", "owner:ann"),
            (Act.QUOTA_SET, "", "node", "company"), (Act.ASK_MADE, "", "ask", "1")]  # fmt: skip
    await empty.add_access_events([])
    await empty.add_access_events([
        AccessEvent(act, member, "m2", "", {"after": "2"}, NOW, kind=kind, record=record)
        for act, member, kind, record in done
    ])  # fmt: skip

    async def of(**asked: Any) -> list[str]:
        return [one.record for one in await empty.list_access_events(EventQuery(**asked))]

    assert await of() == ["1", "company", "owner:ann", "m1"]
    assert await of(changes=True) == ["1", "company", "owner:ann"]  # who signed in is for administrators
    assert await of(act="QUOTA_SET") == await of(kind="node") == ["company", "owner:ann"]
    assert await of(kind="node", record="owner:ann", member_id="m2") == ["owner:ann"]
    assert await of(member_id="m1") == ["m1"]
    newest = (await empty.list_access_events())[0]
    assert len(await of(before=newest.id)) == 3
    later = NOW + timedelta(days=1)
    assert [await empty.drop_old("audit_log", day, 3) for day in (NOW, later, later, later)] == [0, 3, 1, 0]


async def test_what_is_done_to_models_stands_in_the_log_too(empty: Store) -> None:
    for act in (ModelAct.PROMOTED, ModelAct.REFUSED, ModelAct.ROLLED_BACK):  # what is kept waiting changes nothing
        await empty.add_model_audit(AuditEntry(act, "m2", "a reason", "forecast", "2", "1", time=NOW))
    found = await empty.list_access_events()
    assert [(one.act, one.by, one.kind, one.record, dict(one.detail)) for one in found] == [
        (act, "m2", "model", "forecast", {"before": "1", "after": "2"})
        for act in (Act.MODEL_ROLLED_BACK, Act.MODEL_PROMOTED)
    ]


async def test_a_team_sees_a_deal_and_nobody_else_does(store: Store, put: Callable[..., Any]) -> None:
    for owner in ("ann", "ben"):
        await put(f"of-{owner}", owner_id=owner, account_id="acme" if owner == "ben" else "")
    for principal in (CAT, OWN, BEN):
        before = await store.sight(principal)
        await store.set_deal_team(LOCAL, "of-ben", ["cat"] if principal is CAT else [])
        assert (await store.sight(principal) != before) == (principal is CAT)
    await store.set_deal_team(EAST, "of-ben", ["cat", "ann"])
    assert await store.deal_team(BEN, "of-ben") == ["ann", "cat"]
    for principal in (CAT, OWN, EAST):
        assert (await store.get_record(principal, "of-ben")).history.deal.id == "of-ben"
        assert "of-ben" in {
            one.history.deal.id for one in (await store.list_records(principal, Query(), "", 9)).records
        }
        assert "of-ben" in {one.deal_id for one in await events_after(store, principal, 0, 100)}
        assert "acme" in {one.id for one in await store.list_accounts(principal, "", 9)}
        assert "of-ben" in await store.seen_among(principal, ["of-ben", "none"])
        assert await store.list_deal_teams(principal, "", 9) == [DealTeam("of-ben", "", "ben", ("ann", "cat"))]
    assert await store.list_deal_teams(LOCAL, "of-ben", 9) == []
    assert await store.list_deal_teams(Principal("m9", Scope.OWN, "nobody"), "", 9) == []
    with pytest.raises(Forbidden):
        await store.set_deal_team(CAT, "of-ben", [])
    with pytest.raises(NotFound):
        await store.set_deal_team(CAT, "of-ann", [])
    with pytest.raises(NotFound):
        await store.deal_team(LOCAL, "none")
    with pytest.raises(InvalidInput):
        await store.set_deal_team(LOCAL, "of-ben", ["nobody"])
    await store.set_deal_team(BEN, "of-ben", [])
    assert await store.seen_among(CAT, ["of-ann", "of-ben"]) == frozenset()
    with pytest.raises(NotFound):
        await store.get_record(CAT, "of-ben")


async def test_sight_tells_of_every_change_of_what_is_seen(store: Store) -> None:
    assert await store.sight(LOCAL) == ""
    first = await store.sight(EAST)
    assert await store.sight(EAST) == first != await store.sight(OWN)
    await store.save_users(LOCAL, [], [ReportingLine("ben", "west")])
    assert await store.sight(EAST) != first
    await store.save_users(LOCAL, [], [ReportingLine("ben", "east")])
    assert await store.sight(EAST) == first


async def test_readers_of_events_are_each_shown_their_own_by_one_reading(store: Store, put: Callable[..., Any]) -> None:
    began = await store.last_event_id()
    for owner in ("ann", "ben", "cat"):
        await put(f"of-{owner}", owner_id=owner)
    await store.set_deal_team(LOCAL, "of-cat", ["ben"])
    await store.add_event("import", "", {})
    newest = await store.last_event_id()
    readers = [EventsAfter(one, began) for one in (LOCAL, OWN, BEN, EAST)] + [EventsAfter(OWN, newest)]
    pages = await store.events_after(readers, 100)
    shown = [{event.deal_id for event in pages[one].events} for one in readers]
    mine = {"of-ann", ""}
    assert shown == [
        {"of-ann", "of-ben", "of-cat", ""},
        mine,
        {"of-ben", "of-cat", ""},
        {*mine, "of-ben", "of-cat"},
        set(),
    ]
    assert {(pages[one].after, pages[one].full) for one in readers} == {(newest, False)}
    first = EventsAfter(Principal("nobody", Scope.OWN, "nobody"), began)
    page = (await store.events_after([first], 2))[first]
    assert (page.events, page.after > began, page.full) == ([], True, True), "what others see is passed over"
    sights = await store.sights([LOCAL, OWN, EAST])
    assert sights == {one: await store.sight(one) for one in (LOCAL, OWN, EAST)}
