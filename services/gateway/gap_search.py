"""The search for the fewest deals that close a gap: won on the forecast service's own scenarios, one after another.

Each deal is tried alone, then all together, which tells what can be reached at all. The best is kept and the others are
tried again beside it, until what all of them reach is as good as reached. Where no single one moves P(quota met) by
more than so many scenarios can tell, the one that brings most beyond what is expected of it comes first: several
together may reach what none does alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kit.money import Money
from learning.placements import Tree, cut_at, holders
from learning.records import Placement
from services.gateway.amount_types import AmountType
from services.gateway.domain import Record
from services.gateway.forecast_client import Simulator
from services.gateway.quarter_totals import View
from services.gateway.rollup import COMPANY, chance

TRIED_AGAIN = 8  # beside those that are chosen already
LEAST_GAIN = 0.005
TELLING = 2.0  # standard errors: what a chance moves by less, so many scenarios do not tell from chance
ENOUGH = 0.995


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be reached, in minor units without what is booked."""

    node: str
    view: View
    currency: str
    needed: int
    day: date
    below: frozenset[str]  # the owners at or below the node
    kind: AmountType | None  # None: of amounts
    tree: Tree | None  # of the node; None: the reporting line

    def held(self, shared: Iterable[tuple[str, int]]) -> list[tuple[bool, int]]:
        """Of a deal's parts by owner, whether each counts at the node, and its share. At the company also those of
        owners who stand nowhere, or of nobody."""
        return [(self.node == COMPANY or owner in self.below, share) for owner, share in shared]

    def placed(self, placements: Iterable[Placement]) -> list[tuple[bool, int]]:
        """The same of a deal's parts by place in the node's tree."""
        mine = [each for each in placements if self.tree and each.tree == self.tree.name]
        return [(self.node in {node.id for node in each.path}, each.share) for each in mine]

    @property
    def field(self) -> str:
        """The custom field whose numbers count, empty for amounts."""
        return self.kind.field if self.kind else ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open deal with what its winning would bring; `amount` as it counts."""

    record: Record
    amount: Money
    probability: float  # of being won in the period
    won: Record  # the deal as it would be, won

    def brings(self, aim: Aim) -> int:
        """What of its amount is booked at the node."""
        history = self.record.history
        parts = aim.placed(history.placements) if aim.tree else aim.held(holders(history.deal))
        minors = cut_at(self.amount.minor, [share for _, share in parts])
        return sum(minor for (inside, _), minor in zip(parts, minors, strict=True) if inside)

    def lifts(self, aim: Aim) -> float:
        """What it brings beyond what is expected of it."""
        return self.brings(aim) * (1 - self.probability)


@dataclass(frozen=True, slots=True)
class Step:
    """A deal of those found, with P(quota met) if it alone were won, and with all up to it."""

    deal: Candidate
    alone: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Found:
    """P(quota met) as things stand, the steps from there, and what all that were tried reach together. Without any
    probability the forecast service knows nothing of the node."""

    base: float | None
    steps: Sequence[Step] = ()
    together: float | None = None
    least: float = LEAST_GAIN  # what a chance must move by at least to say so

    @property
    def reached(self) -> float:
        """P(quota met) with all steps."""
        return self.steps[-1].after if self.steps else self.base or 0.0


class Search:
    """Over some deals of a node; `most` are to be named at most."""

    def __init__(self, simulator: Simulator, aim: Aim, most: int) -> None:
        self._simulator = simulator
        self._aim = aim
        self._most = most
        self._scenarios = 1
        self._least = LEAST_GAIN

    async def run(self, candidates: Sequence[Candidate]) -> Found:
        """Raises Unavailable and what the forecast service raises."""
        base: float | None = None
        tried: list[tuple[float, Candidate]] = []
        for one in candidates:
            now, after = await self._chances([one])
            if now is not None and after is not None:
                base = now
                tried.append((after, one))
        if base is None:
            return Found(None)
        self._least = told_apart(base, self._scenarios)
        _, together = await self._chances([one for _, one in tried])
        goal = min(ENOUGH, (together or 0.0) - LEAST_GAIN)
        steps: Sequence[Step] = await self._steps(base, tried, goal)
        if len(steps) > 2 and steps[-1].after >= goal:
            steps = await self._fewer(base, steps, goal)
        return Found(base, _worth_it(steps), together, self._least)

    async def _steps(self, base: float, tried: Sequence[tuple[float, Candidate]], goal: float) -> list[Step]:
        alone = {id(one): after for after, one in tried}
        steps: list[Step] = []
        reached, left = base, self._ranked(tried, base)
        while left and len(steps) < self._most and reached < goal:
            after, best = max(left[0][0], reached), left[0][1]  # what is won lowers no chance
            steps.append(Step(best, alone[id(best)], reached, after))
            reached = after
            if len(steps) < self._most and reached < goal:
                chosen = [step.deal for step in steps]
                again = [one for _, one in left[1 : 1 + TRIED_AGAIN]]
                rest = left[1 + TRIED_AGAIN :]
                found = [((await self._chances([*chosen, one]))[1], one) for one in again]
                left = self._ranked([(value, one) for value, one in found if value is not None], reached) + rest
        return steps

    async def _fewer(self, base: float, steps: Sequence[Step], goal: float) -> Sequence[Step]:
        """Without deals that the others reach the goal without: what looked best alone may not be needed at last."""
        kept = list(steps)
        for step in sorted(steps, key=lambda one: one.deal.lifts(self._aim)):
            rest = [one for one in kept if one is not step]
            without = (await self._chances([one.deal for one in rest]))[1] if rest else None
            if without is not None and without >= goal:
                kept = rest
        if len(kept) == len(steps):
            return steps
        found: list[Step] = []
        before = base
        for place, step in enumerate(kept):
            after = (await self._chances([one.deal for one in kept[: place + 1]]))[1] or 0.0
            after = max(after, before)
            found.append(replace(step, before=before, after=after))
            before = after
        return found

    def _ranked(self, some: Sequence[tuple[float, Candidate]], reached: float) -> list[tuple[float, Candidate]]:
        """Best first: by the chance, and of equal ones what is likelier won; where a chance hardly moves by what the
        deal brings."""

        def rank(one: tuple[float, Candidate]) -> tuple[bool, float, float]:
            value, deal = one
            moves = value - reached >= self._least
            return moves, value if moves else deal.lifts(self._aim), deal.probability

        return sorted(some, key=rank, reverse=True)

    async def _chances(self, won: Sequence[Candidate]) -> tuple[float | None, float | None]:
        """P(quota met) as it is, and with these deals won; None where the node knows nothing of them."""
        aim, records = self._aim, [one.won for one in won]
        current, simulated = await self._simulator.simulate(aim.view.asked, aim.day, records, field=aim.field)
        needed = (aim.needed, aim.needed - sum(one.brings(aim) for one in won))
        found = []
        for totals, rest in zip((current, simulated), needed, strict=True):
            mine = [one for one in totals if (one.node, one.currency) == (aim.node, aim.currency)]
            found.append(chance(mine[0].body["quantiles"], rest) if mine else None)
            self._scenarios = mine[0].body["scenarios"] if mine else self._scenarios
        return found[0], found[1]


def told_apart(base: float, scenarios: int) -> float:
    """What a chance must move by at least for so many scenarios to tell it."""
    return max(LEAST_GAIN, TELLING * math.sqrt(base * (1 - base) / scenarios))


def _worth_it(steps: Sequence[Step]) -> Sequence[Step]:
    """Without the last ones that add nothing to what is reached before; all of them where none adds anything yet."""
    gains = [place for place, step in enumerate(steps) if step.after - step.before >= LEAST_GAIN]
    return steps[: gains[-1] + 1] if gains else steps
