"""How long it takes to find the duplicates among many accounts."""

from __future__ import annotations

import time
import tomllib
from random import Random

from bench.report import Figure
from services.gateway.health.names import company_name
from services.gateway.health.same_name import alike_names
from tests.data.companies import make

ACCOUNTS, AGAIN, SEED = 100_000, 0.2, 3
HOW = (
    "100,000 accounts under made-up names in Korean and English, a fifth of them written a second time by other habits "
    "or with a slip: reading the names, and finding the pairs that are probably one. Processor time of one thread."
)
_LEADS, _VOWELS, _TAILS = range(19), (0, 1, 4, 5, 8, 13, 20), (0, 4, 8, 16, 21)


def names(count: int = ACCOUNTS) -> list[str]:
    """So many names, of own words so that companies differ as they do in a large country."""
    rng, found = Random(SEED), list[str]()
    words = tomllib.loads((make.HERE / "words.toml").read_text("utf-8"))
    syllables = [
        chr(0xAC00 + 588 * lead + 28 * vowel + tail) for lead in _LEADS for vowel in _VOWELS for tail in _TAILS
    ]
    words["proper_ko"] = " ".join(rng.choice(syllables) + rng.choice(syllables) for _ in range(count // 10))
    words["proper_en"] = " ".join(_english(rng) for _ in range(count // 10))
    for family in make.made(words, rng):
        for company in family:
            found.append(company[0])
            if rng.random() < AGAIN:
                found.append(next(make.variants(company[0], rng)))
        if len(found) >= count:
            return found[:count]
    return found


def _english(rng: Random) -> str:
    ends = ("ford", "ton", "field", "wood", "brook", "ley", "son", "stead", "")
    middle = rng.choice("bcdlmnrst") + rng.choice(("a", "e", "i", "o", "er", "on", "ian"))
    return rng.choice("BCDFGHKLMNPRSTVW") + rng.choice("aeiou") + middle + rng.choice(ends)


def figures() -> list[Figure]:
    """The time, beside the aim."""
    told = names()
    start = time.process_time()
    pairs = alike_names([company_name(name) for name in told])
    took = time.process_time() - start
    assert len(pairs) > 0.1 * len(told)
    return [Figure(f"duplicates among {len(told):,} accounts", took, "s", aim="≤ 60 s", met=took <= 60)]
