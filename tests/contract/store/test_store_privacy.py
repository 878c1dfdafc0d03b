"""People found in every column, erased from all of them, restricted, and not taken back, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Table, create_engine, insert

from kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from learning.records import Activity, Contact, ContactRole, Outcome
from services.gateway.domain import LOCAL, InsightKind, Principal, Scope, WriteStatus
from services.gateway.privacy.person import ERASED, USER, Person
from services.gateway.privacy.records import Access
from services.gateway.store import Store
from services.gateway.store import tables as t
from services.gateway.store.database import read_url
from services.gateway.store.personal_places import counted, hits, places, texts
from services.gateway.store.personal_tables import KNOWN, known
from tests.contract.store.conftest import HONG, deal, history

MAIL = Person("nobody-0001", email="hong.gildong@acme.example")


def planted_row(table: Table, planted: Column[Any], text: str, number: int) -> dict[str, Any]:
    """A row with harmless values, and the text in one column."""
    row: dict[str, Any] = {}
    for column in table.columns:
        kind = column.type.python_type
        row[column.name] = {str: f"x{number}", int: number, bool: False, float: 0.5}[kind]
    return row | {planted.name: text}


def test_every_column_of_words_is_searched(store_url: str) -> None:
    """A marker planted in each column of each table is seen by the finder, each in its place."""
    wanted: dict[str, int] = {}
    engine = create_engine(read_url(store_url))
    with engine.begin() as connection:
        for table in places():
            for number, column in enumerate(texts(table)):
                wide = getattr(column.type, "length", None) is None
                text = f'{{"a": ["Call {MAIL.email}"]}}' if wide else MAIL.email
                connection.execute(insert(table).values(planted_row(table, column, text, number)))
                other = column.name == "name" and known(table).named
                place = table.name if known(table).whole else f"{table.name}.{column.name}"
                if not other:  # a name is shared by many
                    wanted[place] = wanted.get(place, 0) + 1
        found = counted([hit for table in places() for hit in hits(connection, MAIL, table)])
        connection.rollback()
    engine.dispose()
    assert found == wanted
    assert len(wanted) > 80


def raw_bytes(folder: Path) -> bytes:
    """All there is on the disk."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_somebody_is_found_by_name_mail_phone_and_id(store: Store, hong: Person) -> None:
    names = ("홍길동", "홍 길 동", "홍\u3000길동")
    for text in (*names, "HONG.gildong@acme.example", "+82 10-1234-5678", "1234 5678", HONG.id):
        assert await store.people(LOCAL, text) == [hong], text
    assert await store.people(LOCAL, "nobody") == []
    await store.save_contacts(LOCAL, [Contact("wide", "Ｐａｒｋ　Ａｎｎａ"), Contact("apart", "선 우\u3000진")])
    for text, wanted in (("park anna", "wide"), ("ｐａｒｋ", "wide"), ("선우진", "apart"), ("선 우진", "apart")):
        assert [one.id for one in await store.people(LOCAL, text)] == [wanted], text
    assert [one.kind for one in await store.people(LOCAL, "cat")] == [USER]
    with pytest.raises(Forbidden):
        await store.people(Principal("ann", Scope.OWN, "ann"), "홍길동")
    with pytest.raises(NotFound):
        await store.person(LOCAL, "contact", "nobody")


async def test_everything_that_holds_somebody_is_told(store: Store, hong: Person) -> None:
    found = {one.place: one.records for one in await store.find_person(LOCAL, hong)}
    assert found.keys() >= {
        "contacts", "deal_contacts", "changes.value", "activities.text", "activities.contact_id", "insights.body",
        "import_before", "requests", "personal_access.record",
    }  # fmt: skip
    assert set(found["activities.text"]) == {"d1", "d2"}
    rows = await store.rows_about(LOCAL, hong, 50)
    assert {name for name, _ in rows} >= {"contacts", "activities", "changes"}


async def test_after_an_erasure_nobody_finds_them(store: Store, hong: Person, store_url: str, tmp_path: Path) -> None:
    before = {one: (await deal(store, one)).revision for one in ("d1", "d2")}
    assert await store.erase_rows(LOCAL, hong) > 8
    assert await store.find_person(LOCAL, hong) == []
    one = await deal(store, "d1")
    assert [role.contact_id for role in one.contacts] == ["kim"]
    assert {name: (await deal(store, name)).revision - old for name, old in before.items()} == {"d1": 1, "d2": 1}
    lists = [value for value, _ in await history(store, "d1", "contacts")]
    assert [[role.contact_id for role in roles] for roles in lists] == [[ERASED, "kim"], ["kim"]]
    assert [value for value, _ in await history(store, "d2", "name")] == [f"Pump for {ERASED}님", "Pump"]
    texts_now = {one.id: one.text for name in ("d1", "d2") for one in await store.get_activities(LOCAL, name, "", 10)}
    assert texts_now == {
        "a1": ERASED, "a2": f"전화: {ERASED} 부장 ({ERASED}), {ERASED}", "a3": "홍길순 will pay; call 010-1234-9999"
    }  # fmt: skip
    record = await store.get_record(LOCAL, "d1")
    shown = record.insights[InsightKind.NEXT_ACTIONS].body["actions"]
    assert [each["contact_id"] for each in shown] == ["kim"]
    assert {row.deal_id for row in await store.take_outbox(100)} >= {"d1", "d2"}
    await store.compact()
    await store.close()
    if store_url.startswith("sqlite"):
        raw = raw_bytes(tmp_path)
        for word in (HONG.id, "hong.gildong", "010-1234-5678", "길동", "구매팀장", "about to leave"):
            assert word.encode() not in raw, word
        assert "홍길순".encode() in raw


async def test_an_erased_person_is_not_taken_back(store: Store, hong: Person, put: Callable[..., Any]) -> None:
    await store.suppress(LOCAL, hong, "e1")
    await store.erase_rows(LOCAL, hong)
    again = [
        HONG, Contact("new-id", "G. Hong", email="Hong.Gildong@acme.example"),
        Contact("n2", "", phone="+82-10-1234-5678"), Contact("n3", "홍길동", "acme"),
        Contact("n4", "홍길동", "bolt"), Contact("kim", "Kim Lee", "acme"),
    ]  # fmt: skip
    results = await store.save_contacts(LOCAL, again)
    assert [one.status is WriteStatus.REJECTED for one in results] == [True] * 4 + [False] * 2
    assert "erased" in results[0].errors[0].message
    assert HONG.email not in str(results)
    when = datetime(2017, 9, 1, tzinfo=UTC)
    revision = (await deal(store, "d1")).revision
    call = Activity("a1", "d1", "call", "outbound", when, HONG.id, "ann", "She is about to leave")
    result = await put("d1", contacts=(ContactRole(HONG.id, "decides"), ContactRole("kim")), activities=(call,))
    assert (result.status, result.errors) == (WriteStatus.UNCHANGED, ())
    assert (await deal(store, "d1")).revision == revision
    text = "홍길동님 hong.gildong@acme.example 010 1234 5678, 김철수"
    note = Activity("a9", "d2", "note", "internal", when, "", "cat", text)
    await store.save_activities(LOCAL, [note])
    assert (await store.get_activities(LOCAL, "d2", "", 1))[0].text == f"{ERASED}님 {ERASED} {ERASED}, 김철수"
    assert await store.find_person(LOCAL, hong) == []
    assert await store.readmit(LOCAL, "e1") > 3
    assert (await store.save_contacts(LOCAL, [HONG]))[0].status is WriteStatus.CREATED


async def test_a_user_stays_as_a_name_that_is_erased(store: Store, put: Callable[..., Any]) -> None:
    from learning.records import User

    await store.save_users(LOCAL, [User("ann", "Ann Sales-Person", "ann@us.example")])
    await put("d1", owner_id="ann", name="Deal of Ann Sales-Person")
    ann = await store.person(LOCAL, USER, "ann")
    await store.erase_rows(LOCAL, ann)
    assert await store.find_person(LOCAL, ann) == []
    assert {one.id: one.name for one in await store.list_users(LOCAL)}["ann"] == ERASED
    assert (await deal(store, "d1")).name == f"Deal of {ERASED}"
    assert (await deal(store, "d1")).owner_id == "ann"


async def test_restrictions_raise_the_revision_of_open_deals(store: Store, hong: Person) -> None:
    before = (await deal(store, "d1")).revision
    await store.restrict(LOCAL, "contact", hong.id, "asked for it")
    assert await store.restricted() == {hong.id}
    assert [one.reason for one in await store.restrictions(LOCAL)] == ["asked for it"]
    record = await store.get_record(LOCAL, "d1")
    assert record.history.deal.revision == before + 1
    assert [each["contact_id"] for each in record.insights[InsightKind.NEXT_ACTIONS].body["actions"]] == ["kim"]
    again = await store.restrict(LOCAL, "contact", hong.id, "")
    assert (again.reason, again.time) == ("asked for it", (await store.restrictions(LOCAL))[0].time)
    with pytest.raises(Conflict, match="restricted already, since"):
        await store.restrict(LOCAL, "contact", hong.id, "another")
    assert [one.reason for one in await store.restrictions(LOCAL)] == ["asked for it"]
    await store.lift_restriction(LOCAL, "contact", hong.id)
    assert (await store.restricted(), (await deal(store, "d1")).revision) == (frozenset(), before + 2)
    with pytest.raises(NotFound):
        await store.lift_restriction(LOCAL, "contact", hong.id)
    with pytest.raises(NotFound):
        await store.restrict(LOCAL, "contact", "nobody", "")


async def test_marks_and_reads_are_kept(store: Store, put: Callable[..., Any]) -> None:
    await put("d1", fields={"birthday": "1970-01-01"})
    await store.set_personal_fields(LOCAL, [("deal", "birthday")])
    assert list(await store.personal_fields()) == [("deal", "birthday")]
    with pytest.raises(InvalidInput):
        await store.set_personal_fields(LOCAL, [("deal", "unheard of")])
    await store.add_access([Access("ann", "GET /v1/contacts", "contact"), Access("ann", "r", "contact", "kim")])
    assert [one.record for one in await store.list_access(LOCAL)] == ["kim", ""]
    assert [one.record for one in await store.list_access(LOCAL, record="kim")] == ["kim"]
    with pytest.raises(Forbidden):
        await store.list_access(Principal("ann", Scope.SUBTREE, "ann"))


def test_every_table_is_known_by_name() -> None:
    """A new table is searched, and somebody has said which of its rows are a person's."""
    assert {table.name for table in t.metadata.sorted_tables} - {table.name for table in places()} <= {"erasures"}
    assert {table.name for table in t.metadata.sorted_tables} - KNOWN.keys() == set()
    for name, holds in KNOWN.items():
        table = t.metadata.tables.get(name)
        columns = [*holds.left, *holds.unique, *(holds.kind and [holds.kind]), *sum(holds.of.values(), ())]
        assert table is None or not set(columns) - set(table.c.keys()), name


async def test_what_is_over_its_time_goes(store: Store, hong: Person, put: Callable[..., Any]) -> None:
    before = datetime(2017, 9, 2, tzinfo=UTC)
    revision = (await deal(store, "d2")).revision
    assert await store.drop_old("notes", before, 2) == 2
    assert await store.drop_old("notes", before, 2) == 1
    assert await store.drop_old("notes", before, 2) == 0
    assert {one.text for one in await store.get_activities(LOCAL, "d2", "", 10)} == {""}
    assert (await deal(store, "d2")).revision > revision
    assert await store.drop_old("activities", before, 500) == 3
    assert (await store.get_record(LOCAL, "d2")).history.activity_count == 0
    assert await store.drop_old("closed_contacts", before, 500) == 0  # the deal is open
    closed = await put("d1", outcome=Outcome.LOST, closed_date=date(2017, 9, 30), name="Deal of 홍길동")
    assert closed.errors == ()
    assert await store.drop_old("closed_contacts", datetime(2017, 9, 30, tzinfo=UTC), 500) == 0
    assert await store.drop_old("closed_contacts", datetime(2017, 10, 1, tzinfo=UTC), 500) == 2
    assert [one.id for one in await store.list_contacts(LOCAL, "", "", 10)] == ["lee"]
    assert ((await deal(store, "d1")).contacts, (await deal(store, "d1")).name) == ((), f"Deal of {ERASED}")
    later = datetime.now(UTC) + timedelta(days=1)
    assert [await store.drop_old(kind, later, 500) for kind in ("idempotency", "access_log", "decisions")] == [1, 1, 0]
    assert await store.forget_imports_but(["imp-1"]) == 0
    assert await store.forget_imports_but([]) > 0
