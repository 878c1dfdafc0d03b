"""Whether totals are as uncertain as they say: the engine with true parameters on simulated companies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, sqrt

import numpy as np
from scipy.stats import chisquare, norm, poisson

from learning.records import Node
from services.forecast.blend import Correction
from services.forecast.domain import HORIZON_WEEKS, Floats, Loadings, Parameters, period_masses, periods_from
from services.forecast.draws import Drawer
from services.forecast.leaves import Update
from services.forecast.newbusiness import NewWins, OwnerRate, draw_owner
from services.forecast.rollup import Rollup

COMPANIES = 300
REGIONS, TEAMS, OWNERS, DEALS = 2, 2, 3, 20  # teams a region, owners a team, open deals an owner
WEEKS = 18  # from today on in which deals close
NEW = 2.0  # wins that each owner will create and win in the period, on average
AMOUNT_SD = 0.5
DAY = date(2017, 9, 30)
PERIOD = periods_from(DAY + timedelta(days=1))[0]
BINS = 10
LEAST_P = 0.01  # of a flat histogram
LEVELS = ("company", "manager", "owner")
ALONE = Loadings(0.0, 0.0, 0.0)

_INTRODUCTION = """## Forecast: calibration

{companies} simulated companies ({owners} owners in {teams} teams, {deals} open deals and business not yet created),
whose true parameters the engine is given; what comes is drawn by another generator, with the shared shocks. Where what
came stands among the 2,000 scenarios (PIT) should be even over ten bins; of each company one team and one owner are
taken. The same without shared shocks shows what they are for.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A company whose parameters are known."""

    updates: list[Update]
    owners: list[OwnerRate]


def section() -> str:
    """The section of docs/accuracy.md."""
    owners = REGIONS * TEAMS * OWNERS
    lines = [
        _INTRODUCTION.format(companies=COMPANIES, owners=owners, teams=REGIONS * TEAMS, deals=owners * DEALS),
        "| scenarios | level | share in each tenth | p of evenness | p10–p90 |\n" + "|---" * 5 + "|",
    ]
    for name, loadings in (("with shared shocks", Loadings()), ("without", ALONE)):
        for level, pits in simulate(loadings).items():
            counts = np.histogram(pits, BINS, (0, 1))[0]
            shares = " ".join(f"{count / len(pits):.2f}" for count in counts)
            p = float(chisquare(counts).pvalue)
            covered = float(((pits >= 0.1) & (pits <= 0.9)).mean())
            even = "even" if p >= LEAST_P else "**not even**"
            lines.append(f"| {name} | {level} | {shares} | {p:.2g}: {even} | {covered:.2f} |")
    return "\n".join(lines) + "\n"


def simulate(loadings: Loadings, companies: int = COMPANIES) -> dict[str, Floats]:
    """By level where what came stands among scenarios drawn with some loadings; the truth has the default ones."""
    found: dict[str, list[float]] = {level: [] for level in LEVELS}
    for seed in range(companies):
        generator = np.random.default_rng(seed)
        made = _company(seed, generator)
        came = _outcome(made, generator)
        rollup = _rolled_up(made, loadings)
        chosen = {"company": "company", "manager": f"manager:{generator.integers(REGIONS * TEAMS)}",
                  "owner": f"owner:{generator.integers(REGIONS * TEAMS * OWNERS)}"}  # fmt: skip
        totals = {node.id: vector for node, span, _, vector in rollup.vectors() if span == PERIOD}
        for level, node in chosen.items():
            vector, actual = totals[node], came.get(node, 0)
            less, equal = int((vector < actual).sum()), int((vector == actual).sum())
            found[level].append((less + generator.random() * (equal + 1)) / (len(vector) + 1))
    return {level: np.array(pits) for level, pits in found.items()}


def _paths() -> Iterator[tuple[Node, ...]]:
    company = Node("company", "company", "Company")
    for owner in range(REGIONS * TEAMS * OWNERS):
        team = owner // OWNERS
        region = Node(f"region:{team // TEAMS}", "region", str(team // TEAMS), company.id)
        manager = Node(f"manager:{team}", "manager", str(team), region.id)
        yield company, region, manager, Node(f"owner:{owner}", "owner", str(owner), manager.id)


def _company(seed: int, generator: np.random.Generator) -> Simulated:
    updates, owners = [], []
    for path in _paths():
        owner, region = path[-1].name, path[1].id
        owners.append(OwnerRate(owner, "USD", path, 1.0, 11.0, AMOUNT_SD))
        for number in range(DEALS):
            weeks = np.pad(generator.dirichlet(np.full(WEEKS, 0.5)), (0, HORIZON_WEEKS - WEEKS))
            given = Parameters(
                f"{seed}-{owner}-{number}", seed, DAY + timedelta(days=1), "USD", float(generator.beta(2, 3)),
                weeks, float(generator.normal(11, 0.7)), AMOUNT_SD,
                Loadings(), region,
            )  # fmt: skip
            updates.append(Update(given.deal_id, (1,), DAY, path, given))
    return Simulated(updates, owners)


def _rolled_up(made: Simulated, loadings: Loadings) -> Rollup:
    rollup = Rollup(Drawer())
    known = [(update, update.parameters) for update in made.updates if update.parameters]
    rollup.apply([replace(update, parameters=replace(given, loadings=loadings)) for update, given in known])
    new: dict[tuple[str, str], tuple[OwnerRate, NewWins]] = {
        (owner.owner_id, "USD"): (
            owner, draw_owner(owner, {PERIOD: NEW}, seed=known[0][1].seed, loadings=loadings)
        )
        for owner in made.owners
    }  # fmt: skip
    rollup.set_extras(new, Correction())
    return rollup


def _outcome(made: Simulated, generator: np.random.Generator) -> dict[str, int]:
    """What comes in the period, by node: the model's own law, drawn by other numbers."""
    loadings = Loadings()
    shared = loadings.company * generator.normal() + loadings.quarter * generator.normal()
    regions = {f"region:{region}": loadings.region * generator.normal() for region in range(REGIONS)}
    own = sqrt(1 - loadings.company**2 - loadings.region**2 - loadings.quarter**2)
    came: dict[str, int] = {}

    def add(path: tuple[Node, ...], log_mean: float) -> None:
        amount = round(exp(generator.normal(log_mean, AMOUNT_SD)))
        for node in path:
            came[node.id] = came.get(node.id, 0) + amount

    for update in made.updates:
        given = update.parameters
        assert given is not None
        mass = float(period_masses(given.week_weights, given.start, (PERIOD,))[0])
        luck = shared + regions[given.region] + own * generator.normal()
        # Deals that close later have another quarter's shock, which nobody looks at here.
        if generator.random() < mass and luck < norm.ppf(given.win_probability):
            add(update.path, given.log_amount_mean)
    for owner in made.owners:
        luck = shared + regions[owner.path[1].id] + own * generator.normal()
        for _ in range(int(poisson.ppf(norm.cdf(-luck), NEW))):
            add(owner.path, owner.log_amount_mean)
    return came
