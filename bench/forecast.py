"""`python -m bench.forecast`: scenarios and totals of many open deals, one changed deal's, and how both grow."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

import numpy as np

from bench.plot import Panel, draw
from bench.report import ROOT, Figure
from learning.placements import WHOLE, Tree, path_of
from learning.records import Node, Placement
from services.forecast.domain import HORIZON_WEEKS, SCENARIOS, Loadings, Parameters
from services.forecast.draws import Drawer
from services.forecast.grid import Quarters
from services.forecast.leaves import Update
from services.forecast.rollup import Rollup

DAY = date(2017, 9, 30)
NODES = 500
SIZES = (1_000, 10_000, 50_000, 200_000)
AIM_DEALS, AIM_SECONDS, AIM_GIGABYTES, AIM_CHANGE_MS = 10_000, 2.0, 1.5, 10.0
CHANGES = 50
TREES = (Tree("territory", ("account.fields.country", "account.fields.city")), Tree("product", ("series", "product")))
IMAGE = ROOT / "docs" / "images" / "forecast-growth.svg"
HOW = (
    "Deals of a made-up company, from their parameters to every node's quantiles, in a process of its own each; then "
    "one deal changed until its nodes' totals are known again. Two threads draw.\n\n"
    "![Time and memory by open deals](images/forecast-growth.svg)"
)


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


def placed(deals: Sequence[Update]) -> list[Update]:
    """Each owner's in three of 60 cities, and of all 12 products."""
    found = []
    for number, deal in enumerate(deals):
        owner = int(deal.path[-1].name)
        city, product = (owner * 3 + number // NODES % 3) % 60, number * 7 % 12
        values = (((str(city % 12),) * 2, (str(city),) * 2), ((str(product % 4),) * 2, (str(product),) * 2))
        stands = [Placement(tree.name, path_of(tree, own), WHOLE) for tree, own in zip(TREES, values, strict=True)]
        found.append(replace(deal, placements=tuple(stands)))
    return found


@dataclass(frozen=True, slots=True)
class Measured:
    """seconds on the clock and cpu for all totals, cpu for one changed deal, peak memory."""

    deals: int
    seconds: float
    cpu: float
    change: float
    gigabytes: float


def measure(count: int, *, trees: bool = False) -> Measured:
    """All totals of so many deals, then changed deals one by one until their totals are rows again."""
    deals = placed(updates(count)) if trees else updates(count)
    rollup = Rollup(Drawer(grid=Quarters()))
    began, clock = time.process_time(), time.perf_counter()
    rollup.apply(deals)
    rollup.take_dirty()
    cpu, seconds = time.process_time() - began, time.perf_counter() - clock
    began = time.process_time()
    for number in range(CHANGES):
        old = deals[number]
        assert old.parameters is not None
        fresh = replace(old.parameters, win_probability=0.5)
        rollup.apply([replace(old, key=(2,), parameters=fresh)])
        rollup.freeze_dirty()
    change = (time.process_time() - began) / CHANGES
    return Measured(count, seconds, cpu, change, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def alone(count: int, *, trees: bool = False) -> Measured:
    """`measure` in a process of its own, so that its peak of memory is its own too."""
    command = [sys.executable, "-m", "bench.forecast", str(count), *(["trees"] if trees else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout))


def figures() -> list[Figure]:
    """What was found beside the aims; draws the growth."""
    measured = [alone(count) for count in SIZES]
    at_aim = next(each for each in measured if each.deals == AIM_DEALS)
    plot(measured)
    in_trees = 1e3 * alone(AIM_DEALS, trees=True).change
    found = [
        Figure(f"{each.deals:,} open deals × {SCENARIOS:,} scenarios × {NODES} nodes, CPU", each.cpu, "s")
        for each in measured
    ]
    return [
        *found,
        Figure(f"{AIM_DEALS:,} open deals, on the clock", at_aim.seconds, "s", aim=f"≤ {AIM_SECONDS:g} s",
               met=at_aim.seconds <= AIM_SECONDS),
        Figure(f"{AIM_DEALS:,} open deals, peak memory", at_aim.gigabytes, "GB", aim=f"≤ {AIM_GIGABYTES:g} GB",
               met=at_aim.gigabytes <= AIM_GIGABYTES),
        Figure(f"{AIM_DEALS:,} open deals, one changed", 1e3 * at_aim.change, "ms", aim=f"≤ {AIM_CHANGE_MS:g} ms",
               met=1e3 * at_aim.change <= AIM_CHANGE_MS),
        Figure(f"{AIM_DEALS:,} open deals in two more trees of 88 nodes, one changed", in_trees, "ms",
               aim=f"≤ {AIM_CHANGE_MS:g} ms", met=in_trees <= AIM_CHANGE_MS),
        Figure(f"{SIZES[-1]:,} open deals, one changed", 1e3 * measured[-1].change, "ms"),
    ]  # fmt: skip


def plot(measured: Sequence[Measured]) -> None:
    """Write the growth of time and memory to docs/images."""
    across = "open deals"
    panels = [
        Panel("All totals, seconds of CPU", across, [(each.deals, each.cpu) for each in measured],
              (AIM_DEALS, AIM_SECONDS * 2)),
        Panel("Peak memory, GB", across, [(each.deals, each.gigabytes) for each in measured],
              (AIM_DEALS, AIM_GIGABYTES)),
    ]  # fmt: skip
    IMAGE.write_text(draw(panels), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asdict(measure(int(sys.argv[1]), trees="trees" in sys.argv))))
    else:
        for figure in figures():
            print(f"{figure.name}: {figure.value:.3f} {figure.unit} {figure.aim}")
