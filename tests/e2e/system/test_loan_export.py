"""A real log of loan applications in, stages and approvals as they followed each other out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.system.harness import System, incomplete, wait_for
from tests.e2e.system.real_exports import assert_unchanged, check_rollup, import_preset, trained


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
