"""The sample company as it is written: the format, what refers to what, and the flaws of real data."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from demo.generate import generate
from demo.seasons import quarter
from kit.errors import InvalidInput
from learning.history import SCHEMAS, read_history
from learning.records import ACTIVITY_TYPES, BUYING_ROLES, DealHistory, DealKind, FieldType, Outcome
from learning.tree import owner_paths

TODAY = date(2026, 11, 21)


@cache
def histories(folder: Path) -> list[DealHistory]:
    return list(read_history(folder).deals())


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_arguments_write_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    generate(tmp_path / "a", 100, 3, TODAY)
    command = [sys.executable, "-m", "demo", "--out", str(tmp_path / "b"), "--deals", "100", "--seed", "3"]
    subprocess.run([*command, "--today", TODAY.isoformat()], check=True, capture_output=True)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    generate(tmp_path / "c", 100, 4, TODAY)
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_every_file_has_the_schema_of_the_format(company_folder: Path) -> None:
    for table, schema in SCHEMAS.items():
        assert pq.read_schema(company_folder / f"{table}.parquet").equals(schema), table
    manifest = read_history(company_folder).manifest
    assert (manifest.business_day, manifest.currency) == (TODAY - timedelta(days=1), "KRW")


def test_counts(company_folder: Path) -> None:
    folder = read_history(company_folder)
    deals = histories(company_folder)
    assert len(deals) == 2000
    assert len({history.deal.id for history in deals}) == 2000
    for name in ("products", "contacts"):
        assert sum(sum(c.field == name for c in history.changes) > 1 for history in deals) > 200, name
    employees = [[c.value for c in one.changes if c.field == "fields.Employees"] for one in folder.accounts]
    assert 0.2 < sum(len(set(values)) > 1 for values in employees) / len(employees) < 0.4
    assert 8 < sum(history.activity_count for history in deals) / len(deals) < 14
    assert sum(user.title == "Account Executive" for user in folder.users) == 40
    assert {field.type for field in folder.field_definitions} == set(FieldType)


def test_the_open_pipeline_is_of_sensible_size(company_folder: Path) -> None:
    outcomes = Counter(history.deal.outcome for history in histories(company_folder))
    assert 0.05 < outcomes[Outcome.OPEN] / 2000 < 0.2
    assert 0.25 < outcomes[Outcome.WON] / (outcomes[Outcome.WON] + outcomes[Outcome.LOST]) < 0.45
    kinds = Counter(history.deal.kind for history in histories(company_folder))
    assert min(kinds[DealKind.LEAD], kinds[DealKind.OPPORTUNITY]) > 500


def test_everything_referred_to_is_there(company_folder: Path) -> None:
    folder = read_history(company_folder)
    users, accounts = {user.id for user in folder.users}, {account.id for account in folder.accounts}
    contacts = {contact.id: contact.account_id for contact in folder.contacts}
    products = {product.id for product in folder.products}
    seen: set[str] = set()
    for history in histories(company_folder):
        deal = history.deal
        assert deal.owner_id in users
        assert deal.account_id in accounts
        assert all(line.product_id in products for line in deal.products)
        assert all(contacts[role.contact_id] == deal.account_id for role in deal.contacts)
        assert all(role.role in BUYING_ROLES for role in deal.contacts)
        for activity in history.activities:
            assert activity.id not in seen
            seen.add(activity.id)
            assert activity.owner_id in users
            assert activity.type in ACTIVITY_TYPES
            assert activity.contact_id in contacts if activity.contact_id else activity.direction == "internal"
    assert {line.user_id for line in folder.lines} | {line.manager_id for line in folder.lines} <= users | {""}
    assert {quota.owner_id for quota in folder.quotas} <= users


def test_the_changes_make_the_record(company_folder: Path) -> None:
    for history in histories(company_folder):
        deal, state = history.deal, {change.field: change.value for change in history.changes}
        assert history.changes[0].effective_time == deal.created_time
        assert (state["stage"], state["outcome"], state["owner_id"]) == (deal.stage, deal.outcome, deal.owner_id)
        assert state.get("amount") == deal.amount
        assert (state.get("close_date"), state.get("closed_date")) == (deal.close_date, deal.closed_date)
        custom = {name.removeprefix("fields."): v for name, v in state.items() if name.startswith("fields.")}
        assert custom == deal.fields
        assert (state.get("products", ()), state.get("contacts", ())) == (deal.products, deal.contacts)
        assert deal.revision == max(change.revision for change in history.changes)
        assert (deal.closed_date is None) == (deal.outcome is Outcome.OPEN)


def test_nothing_happens_out_of_time(company_folder: Path) -> None:
    end = datetime.combine(TODAY, datetime.min.time(), UTC)
    for history in histories(company_folder):
        created = history.deal.created_time
        assert created is not None
        closing = [c.effective_time for c in history.changes if c.field == "outcome" and c.value != "OPEN"]
        for change in history.changes:
            assert created <= change.effective_time <= change.recorded_time < end
        for activity in history.activities:
            assert created < activity.time < (closing[0] if closing else end)


def test_the_reporting_line_changes_and_always_leads_to_the_company(company_folder: Path) -> None:
    folder = read_history(company_folder)
    first, last = TODAY - timedelta(days=300), TODAY
    before = owner_paths(folder.users, folder.lines, first)
    after = owner_paths(folder.users, folder.lines, last)
    owners = [user.id for user in folder.users if user.title == "Account Executive"]
    assert sum(before[owner] != after[owner] for owner in owners) >= 2
    for owner in owners:
        assert [node.level for node in after[owner]] == ["company", "region", "manager", "manager", "owner"]
    assert sum(not user.active for user in folder.users) == 6


def test_everybody_in_the_reporting_line_has_a_quota_that_asks_for_more_than_was_booked(company_folder: Path) -> None:
    """Without the quotas of who left, a manager is told of no chance to make the team's; too low a one is no news."""
    folder = read_history(company_folder)
    booked = Counter[str]()
    for history in histories(company_folder):
        deal = history.deal
        if deal.outcome is Outcome.WON and deal.amount and deal.closed_date and not deal.deleted:
            booked[quarter(deal.closed_date)] += deal.amount.minor
    owners = {user.id for user in folder.users if user.title == "Account Executive"}
    for period in ("2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"):
        assert {quota.owner_id for quota in folder.quotas if quota.period == period} == owners
    asked = Counter[str]()
    for quota in folder.quotas:
        asked[quota.period] += quota.amount.minor
    before = sum(booked[period] for period in ("2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")) / 4
    assert 1.05 < asked["2026-Q4"] / before < 1.25
    assert asked["2026-Q4"] < asked["2027-Q1"] < asked["2027-Q2"] < asked["2027-Q3"]
    made = [booked[period] / asked[period] for period in ("2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")]
    assert 0.75 < sum(made) / len(made) < 1.1


def test_the_flaws_of_real_data_are_there(company_folder: Path) -> None:
    deals = histories(company_folder)
    truth = pl.read_parquet(company_folder / "truth" / "deals.parquet")
    flaws = Counter(truth["flaw"].to_list())
    assert (flaws["duplicate"], flaws["junk"]) == (30, 20)
    assert flaws["forgotten"] > 10
    gone = {user.id for user in read_history(company_folder).users if not user.active}
    still_open = [h.deal for h in deals if h.deal.outcome is Outcome.OPEN and not h.deal.deleted]
    assert any(deal.owner_id in gone for deal in still_open)
    assert any(deal.close_date and deal.close_date < TODAY - timedelta(days=60) for deal in still_open)
    assert any(deal.amount is None for deal in still_open if deal.kind is DealKind.OPPORTUNITY)
    assert any(history.deal.deleted for history in deals)
    assert any(c.recorded_time > c.effective_time for h in deals for c in h.changes)
    backward = ("Solution", "Discovery"), ("Proposal", "Solution"), ("Negotiation", "Proposal")
    stages = [[c.value for c in h.changes if c.field == "stage"] for h in deals]
    assert any(pair in backward for path in stages for pair in pairwise(path))
    leaky = {"Loss reason", "Contract number"}
    assert all(h.deal.outcome is not Outcome.OPEN for h in deals if leaky & h.deal.fields.keys())


def test_notes_vary_and_stand_in_both_languages(company_folder: Path) -> None:
    texts = [activity.text for h in histories(company_folder) for activity in h.activities if activity.text]
    korean = [any("가" <= letter <= "힣" for letter in text) for text in texts]
    assert 0.5 < sum(korean) / len(texts) < 0.95
    assert len(set(texts)) / len(texts) > 0.6
    assert not any("{" in text for text in texts)


@pytest.mark.parametrize(("deals", "today"), [(5, TODAY), (10**7, TODAY), (200, date(9999, 1, 1))])
def test_what_is_out_of_bounds_is_refused(tmp_path: Path, deals: int, today: date) -> None:
    with pytest.raises(InvalidInput):
        generate(tmp_path / "x", deals, 1, today)


def test_truth_says_what_it_was_run_with(company_folder: Path) -> None:
    parameters = json.loads((company_folder / "truth" / "parameters.json").read_text())
    assert parameters["today"] == TODAY.isoformat()
    assert parameters["shock"]["from"] < parameters["shock"]["until"] < parameters["today"]
