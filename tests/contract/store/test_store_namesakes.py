"""Who of several is meant: people of one name, records of one person, what several share, accounts to sign in by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from learning.records import Activity, Contact, User
from services.gateway.access.members import AccessEvent, Act, Member, Role, Session, Token
from services.gateway.domain import LOCAL, WriteStatus
from services.gateway.privacy.person import ERASED, USER, Person
from services.gateway.privacy.records import Access
from services.gateway.store import Store
from tests.contract.store.conftest import HONG, deal


async def test_others_of_the_same_name_stay(store: Store, hong: Person) -> None:
    await store.save_contacts(LOCAL, [Contact("other-hong", "홍 길동", "bolt", email="other@bolt.example")])
    shared = await store.person(LOCAL, "contact", hong.id)
    assert (hong.names_in_doubt, shared.names_in_doubt, shared.unsearched) == ([], ["홍길동"], [])
    await store.erase_rows(LOCAL, shared)
    left = {one.id: one for one in await store.list_contacts(LOCAL, "", "", 10)}
    assert left["other-hong"].name == "홍 길동"
    assert hong.id not in left
    note = next(one for one in await store.get_activities(LOCAL, "d2", "", 10) if one.id == "a2")
    assert note.text == f"전화: 홍 길동 부장 ({ERASED}), {ERASED}"


async def test_what_names_several_people_is_in_doubt_until_somebody_decides(store: Store, hong: Person) -> None:
    """Rows with the name that are nobody's by id are told; those that are theirs lose it, the others keep it."""
    await store.save_contacts(LOCAL, [Contact("other-hong", "홍 길동", "bolt", email="other@bolt.example")])
    when = datetime(2017, 9, 2, tzinfo=UTC)
    await store.save_activities(LOCAL, [
        Activity("b1", "d2", "note", "internal", when, "", "cat", "홍길동 이사와 통화"),
        Activity("b2", "d1", "call", "outbound", when, "other-hong", "ann", "홍길동 본인 확인"),
    ])  # fmt: skip
    person = await store.person(LOCAL, "contact", hong.id)
    await store.erase_rows(LOCAL, person)
    found = {one.ref.rpartition("/")[2]: one for one in await store.doubts(LOCAL, person)}
    assert found.keys() >= {"contact:other-hong", "b1", "a2"}
    assert "b2" not in found, "it is the other's by id"
    assert (found["b1"].place, found["b1"].record, found["b1"].text) == ("activities.text", "d2", "홍길동 이사와 통화")
    assert await store.erase_rows(LOCAL, person.by_name, only=[found["b1"].ref]) == 1
    texts_now = {one.id: one.text for name in ("d1", "d2") for one in await store.get_activities(LOCAL, name, "", 10)}
    assert texts_now["b1"] == f"{ERASED} 이사와 통화"
    assert texts_now["a2"].startswith("전화: 홍 길동 부장")
    assert (texts_now["b2"], texts_now["a1"]) == ("홍길동 본인 확인", ERASED)
    assert await store.borne(LOCAL, person, ["홍길동", "홍길순"]) == ["홍길동"]
    one_record = replace(person, aliases=("contact:other-hong",))
    assert await store.borne(LOCAL, one_record, ["홍길동"]) == []


async def test_a_text_that_was_settled_as_theirs_comes_in_again_without_them(
    store: Store, hong: Person, put: Callable[..., Any]
) -> None:
    """A note and a field, in the same words alone and on the same deal alone, until they are readmitted."""
    await store.save_contacts(LOCAL, [Contact("other-hong", "홍 길동", "bolt", email="other@bolt.example")])
    when = datetime(2017, 9, 2, tzinfo=UTC)
    note = Activity("b1", "d2", "note", "internal", when, "", "cat", "홍 길동 이사, 그리고 홍길동님과 통화")
    elsewhere = replace(note, id="b2", deal_id="d1")
    await put("d1", fields={"memo": "홍길동", "size": "L"})
    await store.save_activities(LOCAL, [note, elsewhere])
    person = await store.person(LOCAL, "contact", hong.id)
    await store.suppress(LOCAL, person, "e1")
    await store.erase_rows(LOCAL, person)
    found = await store.doubts(LOCAL, person)
    theirs = [one.ref for one in found if one.ref.endswith("/b1") or one.ref.startswith(("deals:d1", "changes:d1"))]
    await store.suppress_texts(LOCAL, person.by_name, theirs, "e1")
    assert await store.erase_rows(LOCAL, person.by_name, only=theirs) >= 3
    revision = (await deal(store, "d1")).revision
    again = [note, elsewhere, replace(note, id="b3", text="홍길동 이사,  그리고 홍 길 동님과 통화"),
             replace(note, id="b4", text="홍길동 이사 통화")]  # fmt: skip
    results = await store.save_activities(LOCAL, again)
    assert [one.status for one in results][:2] == [WriteStatus.UNCHANGED] * 2
    assert (await put("d1", fields={"memo": "홍길동"})).status is WriteStatus.UNCHANGED
    assert (await put("d2", fields={"memo": "홍길동"})).status is WriteStatus.CHANGED
    one = await deal(store, "d1")
    assert (one.revision, dict(one.fields)) == (revision, {"memo": ERASED, "size": "L"})
    texts_now = {one.id: one.text for name in ("d1", "d2") for one in await store.get_activities(LOCAL, name, "", 20)}
    assert {name: texts_now[name] for name in ("b1", "b2", "b3", "b4")} == {
        "b1": f"{ERASED} 이사, 그리고 {ERASED}님과 통화", "b2": note.text,
        "b3": f"{ERASED} 이사,  그리고 {ERASED}님과 통화", "b4": "홍길동 이사 통화",
    }  # fmt: skip
    await store.readmit(LOCAL, "e1")
    await store.save_activities(LOCAL, [note])
    assert note.text in {one.text for one in await store.get_activities(LOCAL, "d2", "", 20)}


async def test_a_record_whose_id_holds_the_name_is_never_in_doubt(store: Store) -> None:
    """Neither the person's own nor the other's, nor the log of who looked at either."""
    own, other = Contact("한빛 홍길동", "홍길동", "acme"), Contact("누리 홍길동", "홍길동", "bolt")
    await store.save_contacts(LOCAL, [own, other])
    await store.add_access([Access("cat", "GET /v1/contacts", "contact", one.id) for one in (own, other)])
    person = await store.person(LOCAL, "contact", own.id)
    places = {one.place for one in await store.find_person(LOCAL, person)}
    assert places >= {"contacts", "personal_access.record"}
    assert [one.ref for one in await store.doubts(LOCAL, person)] == [f"contact:{other.id}"]


async def test_what_was_merged_into_somebody_is_theirs(store: Store, hong: Person) -> None:
    await store.save_contacts(LOCAL, [Contact("old-hong", "홍길동", "acme", email=HONG.email)])
    await store.merge_records(LOCAL, "contacts", hong.id, "old-hong")
    assert [one.id for one in await store.merged_into(LOCAL, hong)] == ["old-hong"]


async def test_a_user_goes_with_the_account_they_sign_in_by(store: Store) -> None:
    """No session, link or token is left, the log keeps that something was done, and other members stay."""
    await store.save_users(LOCAL, [User("ann", "Ann Sales-Person", "ann@us.example")])
    now = datetime.now(UTC)
    for name, user in (("m1", "ann"), ("m2", "ben")):
        await store.save_member(Member(name, f"{user}@us.example", f"{user} Somebody", Role.REP, user, "hash"))
        await store.add_session(Session(f"s-{name}", name, now, now, now + timedelta(days=1), "Firefox"))
        await store.add_link(f"l-{name}", name, now + timedelta(days=1))
        await store.add_token(Token(f"t-{name}", f"digest-{name}", name, "laptop", frozenset(), now))
        await store.add_access_event(AccessEvent(Act.SIGNED_IN, name, name, "192.0.2.7", {"login": user}, now))
    ann = await store.person(LOCAL, USER, "ann")
    places_before = {one.place for one in await store.find_person(LOCAL, ann)}
    assert places_before >= {"members.login", "sessions", "sign_in_links", "api_tokens", "access_events.address"}
    await store.erase_rows(LOCAL, ann)
    assert await store.find_person(LOCAL, ann) == []
    first, second = sorted(await store.list_members(), key=lambda one: one.id)
    assert (first.login, first.name, first.password, first.active) == ("erased-m1", ERASED, "", False)
    assert (second.login, second.active) == ("ben@us.example", True)
    assert [len(await store.list_sessions(one)) for one in ("m1", "m2")] == [0, 1]
    assert [len(await store.list_tokens(one)) for one in ("m1", "m2")] == [0, 1]
    events = {one.member_id: (one.address, dict(one.detail)) for one in await store.list_access_events()}
    assert events == {"m1": ("", {}), "m2": ("192.0.2.7", {"login": "ben"})}


async def test_a_switchboard_and_a_shared_mailbox_stay_with_the_others(store: Store) -> None:
    one = Contact("contact-a", "독고라라", "acme", "", "info@shared.example", "02-555-1234")
    phone = Contact("contact-b", "남궁민수", "acme", "", "own@shared.example", "(02) 555 1234")
    mail = Contact("contact-c", "선우진", "acme", "", "info@shared.example", "")
    await store.save_contacts(LOCAL, [one, phone, mail])
    person = await store.person(LOCAL, "contact", one.id)
    assert set(person.common) == {"email", "phone"}
    assert {one.email, one.phone} <= set(person.unsearched)
    await store.suppress(LOCAL, person, "e9")
    await store.erase_rows(LOCAL, person)
    left = {contact.id: contact for contact in await store.list_contacts(LOCAL, "", "", 10)}
    assert one.id not in left
    assert (left[phone.id], left[mail.id]) == (phone, mail)
    [taken] = await store.save_contacts(LOCAL, [Contact("contact-d", "황보영", "acme", phone="02-555-1234")])
    assert taken.status is WriteStatus.CREATED
