"""`python -m bench.forecast`: scenarios and totals of many open deals, by CPU time, and one changed deal's."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from datetime import date

import numpy as np

from bench.report import Figure
from learning.records import Node
from services.forecast.domain import HORIZON_WEEKS, SCENARIOS, Loadings, Parameters
from services.forecast.draws import Drawer
from services.forecast.leaves import Update
from services.forecast.rollup import Rollup

DAY = date(2017, 9, 30)
NODES = 500
SIZES = (1_000, 10_000)
AIM_DEALS, AIM_SECONDS, AIM_GIGABYTES, AIM_CHANGE_MS = 10_000, 2.0, 1.5, 10.0
CHANGES = 50


def updates(count: int) -> list[Update]:
    """Open deals of a made-up company whose tree has some NODES nodes."""
    generator = np.random.default_rng(0)
    owners, managers, regions = NODES - 61, 50, 10
    company = Node("company", "company", "Company")
    found = []
    for number in range(count):
        owner = number % owners
        region = Node(f"region:{owner % regions}", "region", str(owner % regions), company.id)
        manager = Node(f"manager:{owner % managers}", "manager", str(owner % managers), region.id)
        leaf = Node(f"owner:{owner}", "owner", str(owner), manager.id)
        weights = generator.dirichlet(np.ones(HORIZON_WEEKS)) * 0.9
        given = Parameters(
            f"d{number}", 7, date(2017, 10, 1), "USD", float(generator.beta(2, 2)), weights,
            float(generator.normal(11, 1)), 0.3, Loadings(), region.id,
        )  # fmt: skip
        found.append(Update(given.deal_id, (1,), DAY, (company, region, manager, leaf), given))
    return found


def measure(count: int) -> tuple[float, float]:
    """Seconds of CPU for all totals of so many deals, and for one changed deal until its totals are rows again."""
    deals = updates(count)
    rollup = Rollup(Drawer())
    began = time.process_time()
    rollup.apply(deals)
    rollup.take_dirty()
    whole = time.process_time() - began
    began = time.process_time()
    for number in range(CHANGES):
        old = deals[number]
        assert old.parameters is not None
        fresh = replace(old.parameters, win_probability=0.5)
        rollup.apply([replace(old, key=(2,), parameters=fresh)])
        rollup.freeze_dirty()
    return whole, (time.process_time() - began) / CHANGES


def figures() -> list[Figure]:
    """What was found beside the aims."""
    found = []
    for count in SIZES:
        whole, change = measure(count)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        name = f"{count:,} open deals × {SCENARIOS:,} scenarios × {NODES} nodes"
        aimed = count == AIM_DEALS
        met = whole <= AIM_SECONDS if aimed else None
        found += [
            Figure(name, whole, "s", aim=f"≤ {AIM_SECONDS:g} s" if aimed else "", met=met),
            Figure(f"{count:,}: one changed deal", 1e3 * change, "ms", aim=f"≤ {AIM_CHANGE_MS:g} ms",
                   met=1e3 * change <= AIM_CHANGE_MS),
            Figure(f"{count:,}: peak memory", memory, "GB", aim=f"≤ {AIM_GIGABYTES:g} GB", met=memory <= AIM_GIGABYTES),
        ]  # fmt: skip
    return found


if __name__ == "__main__":
    for figure in figures():
        print(f"{figure.name}: {figure.value:.3f} {figure.unit} {figure.aim}")
