"""Rows are shown to a principal; what the system does for itself is known by name."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from services.gateway.store.interface import SYSTEM_CALLS, Store

GATEWAY = Path(__file__).resolve().parents[3] / "services" / "gateway"
# Who may ask for everything by itself: the edges that say who asks, and the system's own work.
BY_ITSELF = {
    "access/calls.py", "access/gate.py", "access/members.py", "access/personas.py", "access/roll.py", "dead_letters.py",
    "domain.py", "forecast_days.py", "forecast_totals.py", "forecast_trees.py", "health/desk.py", "imports/sinks.py",
    "model_versions.py", "monitoring/monitor.py", "own_record.py", "publisher.py", "renewals/keeper.py",
    "renewals/stages.py", "rest/base.py", "stage_order.py", "training.py", "training_run.py", "workspace.py",
}  # fmt: skip


def test_every_call_takes_the_principal_first_but_for_the_systems_own() -> None:
    calls = {name: each for name, each in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    asking = {"principal", "principals", "readers"}  # one, or several at once
    without = {name for name, call in calls.items() if not asking & {*[*inspect.signature(call).parameters][1:2]}}
    assert without == SYSTEM_CALLS


def test_only_edges_and_the_systems_own_work_ask_as_the_local_person() -> None:
    users = {
        str(file.relative_to(GATEWAY))
        for file in GATEWAY.rglob("*.py")
        if any(
            isinstance(node, ast.Name) and node.id == "LOCAL" for node in ast.walk(ast.parse(file.read_text("utf-8")))
        )
    }
    assert users == BY_ITSELF
