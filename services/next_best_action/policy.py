"""Which action is shown first: the best, or now and then one that is about as good, with a probability we know.

A softmax over the actions whose gain is within `near` of the best, at a temperature that is a share of the best gain;
all others, and nothing, have probability 0 (nothing has 1 where no gain is positive). So a draw costs at most `near` of
the best gain in expectation, and each suggestion's propensity can be logged for off-policy evaluation.

The draw is counter-based: a function of seed, deal, revision and business day, so any replica repeats it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import date

from services.next_best_action.domain import Policy


def propensities(gains: Sequence[float], policy: Policy, *, explore: bool) -> list[float]:
    """P(shown first) for each action, and last for nothing; they sum to one. Gains are in one currency."""
    best = max(gains, default=0.0)
    if best <= 0:
        return [0.0] * len(gains) + [1.0]
    if not explore:
        first = gains.index(best)
        return [float(index == first) for index in range(len(gains))] + [0.0]
    floor = best * (1 - policy.near)
    # Ratios to the best keep the exponent within [-near / temperature, 0] for amounts of any size.
    weights = [math.exp((gain / best - 1) / policy.temperature) if gain >= floor else 0.0 for gain in gains]
    total = math.fsum(weights)
    return [weight / total for weight in weights] + [0.0]


def uniform(seed: int, deal_id: str, revision: int, day: date) -> float:
    """A number in [0, 1) that depends on the arguments alone."""
    counter = f"{seed}\x1f{deal_id}\x1f{revision}\x1f{day.isoformat()}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(hashlib.blake2b(counter, digest_size=8).digest(), "big") >> 11) / (1 << 53)


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
