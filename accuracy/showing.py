"""The effect of showing in worlds whose truth is known: coverage of its intervals, and how often it claims too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from learning.action_policies import ActionPolicies, ActionPolicy
from learning.decisions import NOTHING, Decided
from learning.off_policy.intervals import Floats
from services.next_best_action import showing
from services.next_best_action.model import sigmoid
from services.next_best_action.policy import draw, propensities, uniform, week_of

START = date(2026, 1, 5)
CALL, MAIL = "call", "mail"
RUNS = 60
TRUTH_DEALS = 40_000


@dataclass(frozen=True)
class World:
    """Deals that are won by chance, moved by what is shown first. Effects are in log-odds."""

    deals: int = 4_000
    effects: Mapping[str, float] = field(default_factory=lambda: {CALL: 0.5, MAIL: 0.1})
    control: float = 0.1
    challenger: float = 0.3
    seed: int = 0

    @property
    def policies(self) -> ActionPolicies:
        """The champion ranks by its gains, the challenger thinks more of mails."""
        both = (ActionPolicy("default"), ActionPolicy("mails", self.challenger))
        return ActionPolicies("default", both, self.control)


@dataclass(frozen=True)
class Deal:
    """One deal before anything is shown."""

    name: str
    odds: float
    chances: Mapping[str, Mapping[str, float]]  # by policy

    def wins(self, action: str, effects: Mapping[str, float]) -> float:
        """P(won) when this is shown first."""
        return sigmoid(self.odds + effects.get(action, 0.0))


def simulate(world: World) -> tuple[list[Decided], dict[str, date]]:
    """The log, and which deals were won when: drawn by the service's own policy code."""
    generator, policies = np.random.default_rng([7, world.seed]), world.policies
    shares = policies.shares()
    decided: list[Decided] = []
    won: dict[str, date] = {}
    for number, deal in enumerate(_deals(world)):
        day = START + timedelta(days=number % 60)
        turn = policies.policy(world.seed, deal.name)
        names, chances = list(deal.chances[turn.id]), list(deal.chances[turn.id].values())
        place = draw(chances, uniform(world.seed, deal.name, week_of(day), turn.id, names))
        one = Decided(deal.name, week_of(day), day, turn.id, policies.control(world.seed, deal.name), names[place],
                      chances[place], deal.chances, shares)  # fmt: skip
        decided.append(one)
        if generator.random() < deal.wins(one.shown, world.effects):
            won[deal.name] = day + timedelta(days=int(generator.integers(1, 80)))
    return decided, won


def truth(world: World) -> dict[str, float]:
    """The value of each policy, and under `action:` each action's effect against nothing on deals it is shown on."""
    deals = _deals(replace(world, deals=TRUTH_DEALS, seed=10_000))
    found = {
        name: float(np.mean([sum(chance * deal.wins(action, world.effects)
                                 for action, chance in deal.chances[name].items()) for deal in deals]))
        for name in ("default", "mails")
    }  # fmt: skip
    shares = world.policies.shares()
    for action in (CALL, MAIL):
        likely = [sum(shares[name] * deal.chances[name].get(action, 0.0) for name in deal.chances) for deal in deals]
        gains = [deal.wins(action, world.effects) - deal.wins(NOTHING, world.effects) for deal in deals]
        found[f"action:{action}"] = float(np.average(gains, weights=likely))
    return found


def section() -> str:
    """The section of docs/accuracy.md."""
    worlds = {"effects differ": World(deals=2_000, effects={CALL: 0.6, MAIL: 0.1}),
              "no effects": World(deals=2_000, effects={CALL: 0.0, MAIL: 0.0})}  # fmt: skip
    rows = [row for name, world in worlds.items() for row in _rows(name, world)]
    return "\n\n".join([
        "## Effect of showing, where the truth is known",
        (f"{RUNS} logs of 2,000 first decisions each, drawn by the service's own policies (champion, a challenger on "
        "30 % of the deals, 10 % control group, at most 30 % exploring); reward: won. In points of winning."),
        "| world | what | truth | mean estimate | 95 % intervals that cover | below zero | above zero |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows),
        "Made with known truth, so it shows that the method is sound, not how large effects are.",
    ])  # fmt: skip


def _rows(name: str, world: World) -> list[tuple[str, ...]]:
    true = truth(world)
    wanted = {"default − mails": true["default"] - true["mails"], "default": true["default"],
              "call − nothing": true["action:call"], "mail − nothing": true["action:mail"]}  # fmt: skip
    found: dict[str, list[tuple[float, float, float]]] = {what: [] for what in wanted}
    for seed in range(RUNS):
        for what, one in estimates(replace(world, seed=seed)).items():
            found[what].append(one)
    return [_row(name, what, value, np.array(found[what])) for what, value in wanted.items()]


def estimates(world: World) -> dict[str, tuple[float, float, float]]:
    """(value, low, high) of what a log tells."""
    gathered = showing.gather(*simulate(world), {})
    values, differences = showing.policies(gathered)
    residuals = showing.residuals_of(gathered)
    found = {"default − mails": differences["default"]["mails"], "default": values["default"]}
    told = {what: (one["value"], one["low"], one["high"]) for what, one in found.items()}
    for action in (CALL, MAIL):
        effect, _ = showing.against_nothing(gathered, residuals, gathered.names.index(action))
        told[f"{action} − nothing"] = (effect.value, effect.low, effect.high)
    return told


def _row(name: str, what: str, value: float, found: Floats) -> tuple[str, ...]:
    covered = (found[:, 1] <= value) & (value <= found[:, 2])
    below, above = (found[:, 2] < 0).mean(), (found[:, 1] > 0).mean()
    return (name, what, f"{100 * value:+.1f}", f"{100 * found[:, 0].mean():+.1f}", f"{covered.mean():.0%}",
            f"{below:.0%}", f"{above:.0%}")  # fmt: skip


def _deals(world: World) -> list[Deal]:
    generator = np.random.default_rng([3, world.seed])
    found = []
    for number in range(world.deals):
        odds = float(generator.normal(-0.8, 1.0))
        gains = {CALL: float(generator.normal(100, 25)), MAIL: float(generator.normal(95, 25))}
        chances = {"default": _chances(gains), "mails": _chances({**gains, MAIL: gains[MAIL] + 30})}
        found.append(Deal(f"{world.seed}-{number}", odds, chances))
    return found


def _chances(gains: Mapping[str, float]) -> dict[str, float]:
    found = propensities(list(gains.values()), [30.0] * len(gains), near=0.5, most_exploring=0.3, explore=True)
    return {name: chance for name, chance in zip((*gains, NOTHING), found, strict=True) if chance > 0}
