"""Real exports imported by the README's own commands, and what must hold after any of them."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.system.harness import System

MONEY_COLUMNS = ("booked", "deals", "not_yet_created", "correction", "mean")


def import_preset(system: System, folder: Path, preset: str) -> str:
    """Run `dealcast import` and return what it printed."""
    done = system.command("import", "--mapping", preset, str(folder), "--data-dir", str(system.folder), timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def assert_unchanged(printed: str, deals: str) -> None:
    """What a second import of the same files prints."""
    assert re.search(rf"\n  deals: {deals} read, 0 created, 0 changed, {deals} unchanged, 0 rejected\n", printed), (
        printed
    )
    assert re.search(r"\nin all: 0 created, 0 changed, [\d,]+ unchanged, 0 rejected\n", printed), printed


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
