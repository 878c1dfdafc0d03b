"""A real CRM export in, merged deal records and a rollup that adds up out: the README's own commands."""

from __future__ import annotations

import csv
import re
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.system.harness import System, incomplete, wait_for

MONEY_COLUMNS = ("booked", "deals", "not_yet_created", "correction", "mean")


def import_preset(system: System, datasets: Path, preset: str) -> str:
    """Run `dealcast import` and return what it printed."""
    done = system.command(
        "import", "--mapping", preset, str(datasets / preset), "--data-dir", str(system.folder), timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def assert_unchanged(printed: str, deals: str) -> None:
    """What a second import of the same files prints."""
    assert re.search(rf"\n  deals: {deals} read, 0 created, 0 changed, {deals} unchanged, 0 rejected\n", printed), (
        printed
    )
    assert re.search(r"\nin all: 0 created, 0 changed, [\d,]+ unchanged, 0 rejected\n", printed), printed


def check_loan_history(system: System) -> None:
    """The first case of the log: its stages as they followed each other, and when it was approved."""
    changes = system.http.get("/v1/deals/173688/history").json()["changes"]
    stages = [(one["value"], one["effective_time"][:10]) for one in changes if one["field"] == "stage"]
    assert [stage for stage, _ in stages] == [
        "Submitted", "Partly submitted", "Pre-accepted", "Accepted", "Offer selected", "Finalized", "Offer created",
        "Offer sent", "Offer returned", "Approved",
    ]  # fmt: skip
    assert (stages[0][1], stages[-1][1]) == ("2011-09-30", "2011-10-13")
    assert [one["value"] for one in changes if one["field"] == "outcome"] == ["OPEN", "WON"]


def trained(system: System) -> bool:
    """Whether every model service has a champion."""
    jobs = system.http.get("/v1/training-jobs").json()["jobs"]
    assert not any(job["state"] == "FAILED" for job in jobs), jobs
    return any(job["state"] == "SUCCEEDED" for job in jobs)


def check_rollup(system: System, period: str) -> dict[str, dict[str, Any]]:
    """Every parent is the exact sum of its children and every node of its parts; returns the nodes by id."""
    answer = system.http.get(f"/v1/forecast?period={period}")
    assert answer.status_code == 200, answer.text
    nodes = {node["node"]: node for node in answer.json()["nodes"]}
    children: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes.values():
        parts = [Decimal(node[name]) for name in ("booked", "deals", "not_yet_created", "correction")]
        assert Decimal(node["mean"]) == sum(parts), node
        assert Decimal(node["p10"]) <= Decimal(node["p50"]) <= Decimal(node["p90"])
        if node["parent"]:
            children[node["parent"]].append(node)
    for parent, below in children.items():
        for column in MONEY_COLUMNS:
            assert Decimal(nodes[parent][column]) == sum(Decimal(node[column]) for node in below), (parent, column)
    assert {node["level"] for node in nodes.values()} >= {"company", "owner"}
    return nodes


def booked_in_file(datasets: Path, start: str, end: str) -> dict[str, Decimal]:
    """Won value by sales agent straight from the file."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    with (datasets / "crm_sales_opportunities" / "sales_pipeline.csv").open() as lines:
        for row in csv.DictReader(lines):
            if row["deal_stage"] == "Won" and start <= row["close_date"] <= end:
                totals[row["sales_agent"]] += Decimal(row["close_value"])
    return totals


@pytest.mark.datasets
@pytest.mark.timeout(420)
def test_crm_sales_opportunities(start_system: Callable[..., System], datasets: Path) -> None:
    system = start_system()
    printed = import_preset(system, datasets, "crm_sales_opportunities")
    assert re.search(r"7,?135", printed), printed
    workspace = system.http.get("/v1/workspace").json()
    assert workspace["counts"]["deals"] == 7_135
    assert workspace["clock"]["business_day"] == "2017-09-30"
    wait_for(lambda: trained(system), 180, "models train by themselves")
    began = time.monotonic()
    wait_for(lambda: not incomplete(system.all_deals("&outcome=OPEN")), 60, "three insights on every open deal")
    assert time.monotonic() - began < 60

    third = wait_for(lambda: check_rollup(system, "2017-Q3"), 30, "the third quarter")
    expected = booked_in_file(datasets, "2017-07-01", "2017-09-30")
    assert Decimal(third["company"]["booked"]) == sum(expected.values())
    owners = {node["name"]: Decimal(node["booked"]) for node in third.values() if node["level"] == "owner"}
    assert {name: value for name, value in owners.items() if value} == {k: v for k, v in expected.items() if v}
    assert {node["level"] for node in third.values()} == {"company", "region", "manager", "owner"}
    fourth = check_rollup(system, "2017-Q4")
    assert Decimal(fourth["company"]["booked"]) == 0
    assert Decimal(fourth["company"]["deals"]) > 0
    check_records_sum(system, fourth["company"])

    assert_unchanged(import_preset(system, datasets, "crm_sales_opportunities"), "7,135")
    revisions = [deal["revision"] for deal in system.all_deals()]
    assert max(revisions) == 1, "the same import again changes nothing"


def check_records_sum(system: System, company: dict[str, Any]) -> None:
    """The company's deals are the exact sum of what its records expect."""
    total = sum(
        Decimal(period["expected"]["value"])
        for deal in system.all_deals("&outcome=OPEN")
        for period in deal["forecast"]["periods"]
        if period["period"] == "2017-Q4"
    )
    assert total == Decimal(company["deals"])


@pytest.mark.datasets
@pytest.mark.timeout(600)
def test_loan_offers(start_system: Callable[..., System], datasets: Path) -> None:
    system = start_system()
    import_preset(system, datasets, "loan_offers")
    workspace = system.http.get("/v1/workspace").json()
    assert workspace["counts"]["deals"] == 8_766
    assert workspace["clock"]["business_day"] == "2012-01-14"
    wait_for(lambda: trained(system), 240, "models train by themselves")
    wait_for(lambda: not incomplete(system.all_deals("&outcome=OPEN")), 60, "three insights on every open deal")
    check_rollup(system, "2012-Q1")
    check_loan_history(system)
    assert_unchanged(import_preset(system, datasets, "loan_offers"), "8,766")
    assert max(deal["revision"] for deal in system.all_deals()) == 1
