"""A sixteenth of a real log of loan applications in, stages and approvals as they followed each other out."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.system.harness import System, incomplete, wait_for
from tests.e2e.system.real_exports import assert_unchanged, check_rollup, import_preset, trained

ENDS = {
    "A_APPROVED": "WON", "A_REGISTERED": "WON", "A_ACTIVATED": "WON", "A_DECLINED": "LOST", "A_CANCELLED": "LOST",
}  # fmt: skip


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


def every_sixteenth(source: Path, folder: Path) -> Path:
    """A sixteenth of the cases over the whole time, with their events."""
    folder.mkdir()
    header, *cases = (source / "cases.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = cases[::16]
    (folder / "cases.csv").write_text("".join([header, *kept]), encoding="utf-8")
    known = {case.partition(",")[0] for case in kept}
    with gzip.open(source / "events.csv.gz", "rt", encoding="utf-8") as file:
        header, *events = file.readlines()
    kept = [event for event in events if event.partition(",")[0] in known]
    (folder / "events.csv").write_text("".join([header, *kept]), encoding="utf-8")
    return folder


def day_of(at: str) -> str:
    """The bank's day of a moment."""
    return datetime.fromisoformat(at).astimezone(ZoneInfo("Europe/Amsterdam")).date().isoformat()


def approved_in_file(folder: Path, start: str, end: str) -> Decimal:
    """Amounts of the cases whose first ending, approved before declined or cancelled, lies in the span."""
    ends: dict[str, tuple[str, str]] = {}
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        for event in csv.DictReader(file):
            if event["activity"] in ENDS:
                found = (event["at"], ENDS[event["activity"]])
                ends[event["case_id"]] = min(found, ends.get(event["case_id"], found))
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        amounts = {case["case_id"]: Decimal(case["amount_requested"]) for case in csv.DictReader(file)}
    return sum(
        (amounts[case] for case, (at, ending) in ends.items() if ending == "WON" and start <= day_of(at) <= end),
        Decimal(0),
    )


@pytest.mark.datasets
@pytest.mark.timeout(600)
def test_loan_offers(start_system: Callable[..., System], datasets: Path, tmp_path: Path) -> None:
    source = every_sixteenth(datasets / "loan_offers", tmp_path / "loan_offers")
    system = start_system()
    import_preset(system, source, "loan_offers")
    workspace = system.http.get("/v1/workspace").json()
    assert workspace["counts"]["deals"] == 548
    assert workspace["clock"]["business_day"] == "2012-01-14"
    wait_for(lambda: trained(system), 300, "models train by themselves")
    wait_for(lambda: not incomplete(system.all_deals("&outcome=OPEN")), 60, "three insights on every open deal")
    booked = Decimal(check_rollup(system, "2011-Q4")["company"]["booked"])
    assert booked == approved_in_file(source, "2011-10-01", "2011-12-31")
    check_rollup(system, "2012-Q1")
    check_loan_history(system)
    assert_unchanged(import_preset(system, source, "loan_offers"), "548")
    assert max(deal["revision"] for deal in system.all_deals()) == 1
