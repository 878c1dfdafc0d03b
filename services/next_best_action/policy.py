"""Which action is shown first: the best, or now and then one that is about as good, with a probability we know.

Thompson sampling (Thompson 1933) among the actions whose gain is within `near` of the best: each is shown as often as
it would be the best if effects were drawn from what is known of them. The probability is computed, and the draw is
made from it, so that each propensity is exact. What is not the best is shown at most `most_exploring` of the time: a
draw costs at most `near` × `most_exploring` of the best gain in expectation. All others, and nothing, have probability
0 (nothing has 1 where no gain is positive).

The draw is counter-based: a function of seed, deal, week, policy and the actions that may come up. Any replica and any
replay of the log repeats it, a rep sees one suggestion for a week, and when an action drops out the next draw owes
nothing to the one before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from statistics import NormalDist

from learning.action_policies import fraction

MOST_NEAR = 6  # actions that may come up
NODES = tuple(NormalDist().inv_cdf((place + 0.5) / 16) for place in range(16))
_ROOT = 1 / math.sqrt(2)


def propensities(
    gains: Sequence[float], sds: Sequence[float], *, near: float, most_exploring: float, explore: bool
) -> list[float]:
    """P(shown first) for each action, and last for nothing; they sum to one.

    `gains` and the standard deviations of what is known of them are in one currency.
    """
    best = max(gains, default=0.0)
    chances = [0.0] * len(gains) + [float(best <= 0)]
    if best <= 0:
        return chances
    first = gains.index(best)
    if not explore or most_exploring <= 0:
        chances[first] = 1.0
        return chances
    floor = best * (1 - near)
    close = [index for index, gain in enumerate(gains) if gain >= floor]
    if len(close) > MOST_NEAR:
        close = sorted(close, key=lambda index: -gains[index])[:MOST_NEAR]
    shares = best_of([gains[index] for index in close], [sds[index] for index in close])
    place = close.index(first)
    others = math.fsum(shares) - shares[place]
    scale = min(1.0, most_exploring / others) if others > 0 else 0.0
    for index, share in zip(close, shares, strict=True):
        chances[index] = share * scale
    chances[first] = 0.0
    chances[first] = 1 - math.fsum(chances)
    return chances


def best_of(means: Sequence[float], sds: Sequence[float]) -> list[float]:
    """P(largest) of independent normal values, summing to one, by quadrature at the quantiles of each."""
    if len(means) == 1:
        return [1.0]
    least = 1e-9 * max(max(map(abs, means)), 1e-9)
    scales = [max(sd, least) for sd in sds]
    found = []
    for one, (mean, scale) in enumerate(zip(means, scales, strict=True)):
        rivals = [(other, _ROOT / wide) for place, (other, wide) in enumerate(zip(means, scales, strict=True))
                  if place != one]  # fmt: skip
        total = 0.0
        for node in NODES:
            at, chance = mean + scale * node, 1.0
            for other, root in rivals:
                chance *= 0.5 * math.erfc((other - at) * root)
            total += chance
        found.append(total)
    whole = math.fsum(found)
    return [each / whole for each in found] if whole > 0 else [float(mean == max(means)) for mean in means]


def week_of(day: date) -> date:
    """The Monday of its week: a draw holds for a week."""
    return day - timedelta(days=day.weekday())


def uniform(seed: int, deal_id: str, since: date, policy: str, names: Iterable[str]) -> float:
    """A number in [0, 1) that depends on the arguments alone; `names` are the actions that may come up."""
    return fraction(seed, deal_id, since.isoformat(), policy, *sorted(names))


def draw(probabilities: Sequence[float], at: float) -> int:
    """The index whose slice of [0, 1) holds `at`; never one of probability 0."""
    reached = 0.0
    last = 0
    for index, probability in enumerate(probabilities):
        if probability <= 0:
            continue
        reached, last = reached + probability, index
        if at < reached:
            return index
    return last
