"""The history format, written and read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput, NotFound
from kit.money import Money
from learning import history_rows
from learning.history import SCHEMAS, HistoryWriter, Manifest, decode_value, encode_value, read_history
from learning.records import (
    Account,
    Change,
    Consent,
    Contact,
    ContactRole,
    DealHistory,
    FieldDefinition,
    FieldType,
    Outcome,
    Product,
    ProductLine,
    Quota,
    ReportingLine,
    User,
    Value,
)
from learning.testing import company, last_day, opened, write
from learning.tree import unplaced

MANIFEST = Manifest(datetime(2017, 9, 30, 23, 59, 59, tzinfo=UTC), date(2017, 9, 30), "USD")
WHEN = datetime(2017, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
values = st.one_of(
    st.none(), st.text(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.dates(),
    st.builds(Money, st.sampled_from(["USD", "KRW", "KWD"]), st.integers(-(10**12), 10**12)),
    st.just((ProductLine("p", 2.5, Money("KRW", 5)), ProductLine("q"))), st.just((ContactRole("c", "uses"),)),
)  # fmt: skip


@given(values)
def test_values_survive_as_json(value: Value | None) -> None:
    assert decode_value(encode_value(value)) == value


@pytest.mark.parametrize("text", ["{", "[1]", '{"date": "x"}', '{"currency": "USD", "value": "a"}', '{"a": 1}'])
def test_other_json_is_no_value(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_value(text)


def test_everything_written_is_read_again(tmp_path: Path) -> None:
    contact = Contact(
        "c1", "김 하나", "a1", "CEO", "x@example.com", "1",
        (Consent("mail", granted=True, source="form", day=date(2017, 1, 1)), Consent("call", granted=False)),
    )  # fmt: skip
    account = Account("a1", "Acme", {"sector": "retail", "size": 12.0, "public": True})
    history = opened(
        "d1", WHEN, name="첫 거래", owner_id="u1", account_id="a1", amount=Money("KRW", 5000),
        fields={"source": "web", "since": date(2016, 5, 1)}, close_date=date(2017, 3, 1),
        products=(ProductLine("p1", 2.0, Money("USD", 100)),), contacts=(ContactRole("c1", "decides"),),
    )  # fmt: skip
    rows = history_rows
    with HistoryWriter(tmp_path, MANIFEST) as writer:
        writer.append("deals", [rows.deal_row(history.deal)])
        writer.append("changes", [rows.change_row("d1", one) for one in history.changes])
        writer.append("users", [rows.user_row(User("u1", "Ann"))])
        writer.append("reporting_lines", [rows.line_row(ReportingLine("u1", "", "East", date(2016, 1, 1)))])
        writer.append("accounts", [rows.account_row(account)])
        writer.append("contacts", [rows.contact_row(contact)])
        writer.append("deal_contacts", [rows.deal_contact_row("d1", one) for one in history.deal.contacts])
        writer.append("deal_products", [rows.deal_product_row("d1", one) for one in history.deal.products])
        writer.append("products", [rows.product_row(Product("p1", "Desk", "S", Money("USD", 100)))])
        writer.append("quotas", [rows.quota_row(Quota("u1", "2017-Q1", Money("USD", 5)))])
        writer.append("field_definitions", [rows.field_row(FieldDefinition("deal", "source", FieldType.CHOICE))])
    folder = read_history(tmp_path)
    assert folder.manifest == MANIFEST
    (read,) = folder.deals()
    assert read.deal == history.deal
    assert read.changes == history.changes
    assert read.account == account
    assert read.contacts == ((contact, "decides"),)
    assert [node.id for node in read.owner_path] == ["company", "region:East", "owner:u1"]
    assert folder.products == [Product("p1", "Desk", "S", Money("USD", 100))]
    assert folder.quotas == [Quota("u1", "2017-Q1", Money("USD", 5))]
    assert folder.field_definitions == [FieldDefinition("deal", "source", FieldType.CHOICE)]


def test_made_up_histories_survive(tmp_path: Path) -> None:
    histories = company(40)
    read = list(read_history(write(tmp_path, histories, last_day())).deals())
    assert [(one.deal, one.changes, one.activities, one.activity_count) for one in read] == [
        (one.deal, one.changes, one.activities, one.activity_count) for one in histories
    ]
    assert {one.deal.outcome for one in read} == set(Outcome)


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    write(tmp_path, company(250), last_day())
    told: list[float] = []
    assert len(list(read_history(tmp_path).deals(told.append))) == 250
    assert told == [0.0, 0.4, 0.8]


def test_changes_and_activities_are_put_in_order(tmp_path: Path) -> None:
    history = max(company(10), key=lambda one: len(one.activities))
    turned = DealHistory(history.deal, history.changes[::-1], history.activities[::-1])
    (read,) = read_history(write(tmp_path, [turned], last_day())).deals()
    assert [one.time for one in read.activities] == [one.time for one in history.activities]
    times = [one.effective_time for one in read.changes]
    assert times == sorted(times)


def test_an_empty_folder_has_every_file(tmp_path: Path) -> None:
    with HistoryWriter(tmp_path, MANIFEST):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.parquet" for name in SCHEMAS} | {"manifest.json"}
    folder = read_history(tmp_path)
    assert list(folder.deals()) == []
    assert folder.users == []


def test_a_column_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such column"), HistoryWriter(tmp_path, MANIFEST) as writer:
        writer.append("users", [{"id": "u", "salary": 1}])
    assert not (tmp_path / "manifest.json").exists()


def test_a_broken_folder_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_history(tmp_path)
    write(tmp_path, company(2), last_day())
    (tmp_path / "users.parquet").write_bytes(b"no parquet")
    with pytest.raises(InvalidInput, match=r"users\.parquet"):
        list(read_history(tmp_path).deals())
    (tmp_path / "users.parquet").unlink()
    with pytest.raises(NotFound):
        list(read_history(tmp_path).deals())
    (tmp_path / "manifest.json").write_text('{"format": 2}')
    with pytest.raises(InvalidInput, match="manifest"):
        read_history(tmp_path)


def test_a_deal_of_nobody_stands_right_under_the_company(tmp_path: Path) -> None:
    folder = write(tmp_path, [opened("d1", WHEN, stage="A"), opened("d2", WHEN, owner_id="kim")], WHEN.date())
    paths = {one.deal.id: one.owner_path for one in read_history(folder).deals()}
    assert paths["d1"] == unplaced("")
    assert [node.id for node in paths["d1"]] == ["company", "owner:"]
    assert [node.id for node in paths["d2"]] == ["company", "owner:kim"]


def test_account_fields_keep_their_history(tmp_path: Path) -> None:
    changes = (Change("fields.size", 1.0, WHEN, WHEN), Change("fields.size", 2.0, WHEN + timedelta(days=9), WHEN))
    account = Account("a", "Acme", {"size": 2.0}, changes=changes)
    write(tmp_path, [opened("d1", WHEN, account_id="a")], WHEN.date(), [account])
    assert read_history(tmp_path).accounts == [account]
    (tmp_path / "account_changes.parquet").unlink()  # as exports were before accounts had a history
    assert read_history(tmp_path).accounts == [Account("a", "Acme", {"size": 2.0})]


@pytest.mark.parametrize("days", [30, None])
def test_the_manifest_says_within_how_many_days_leads_are_to_convert(days: int | None) -> None:
    told = replace(MANIFEST, lead_horizon_days=days)
    assert Manifest.from_json(told.to_json()) == told


def test_a_manifest_from_before_the_horizon_means_90_days_and_a_wrong_one_is_refused() -> None:
    stated = json.loads(MANIFEST.to_json())
    old = {name: value for name, value in stated.items() if name != "lead_horizon_days"}
    assert Manifest.from_json(json.dumps(old)).lead_horizon_days == 90
    with pytest.raises(InvalidInput, match="horizon"):
        Manifest.from_json(json.dumps(stated | {"lead_horizon_days": 0}))
