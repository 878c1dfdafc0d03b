"""Numbers that look random and are hashes: any process makes the same ones in any order.

Words of 64 bits are mixed as by SplitMix64 (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.forecast.domain import SCENARIOS, Floats

Words: TypeAlias = NDArray[np.uint64]
Ranked: TypeAlias = NDArray[np.uint32]

SCENARIO_BITS = 11
TWO_32 = float(1 << 32)
_NORMAL = NormalDist()
_MASK = np.uint32((1 << SCENARIO_BITS) - 1)
_COUNTERS = np.arange(1, SCENARIOS + 1, dtype=np.uint32) * np.uint32(0x9E3779B9)
_SCENARIO = np.arange(SCENARIOS, dtype=np.uint32)


def key(seed: int, *parts: str) -> int:
    """A 64-bit key for a named stream of draws."""
    hashed = hashlib.blake2b(seed.to_bytes(8, "little"), digest_size=8)
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        hashed.update(len(text).to_bytes(4, "little") + text)
    return int.from_bytes(hashed.digest(), "little")


def mix(words: Words) -> Words:
    """SplitMix64's finaliser, in place."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


def permutations(keys: Words) -> Ranked:
    """For each key a permutation of the scenarios; shape (keys, SCENARIOS): entry r is the scenario of rank r.

    Sorts 21 hashed bits above each scenario's number; 32-bit words are mixed and sorted twice as fast as longer ones.
    The mixer is Wellons's lowbias32, which takes in the key's upper half between its rounds.
    """
    words: Ranked = keys.astype(np.uint32)[:, None] + _COUNTERS
    words ^= words >> np.uint32(16)
    words *= np.uint32(0x7FEB352D)
    words ^= (keys >> np.uint64(32)).astype(np.uint32)[:, None]
    words ^= words >> np.uint32(15)
    words *= np.uint32(0x846CA68B)
    words ^= words >> np.uint32(16)
    words &= ~_MASK
    words |= _SCENARIO
    words.sort(axis=1)
    words &= _MASK
    return words


def van_der_corput(base: int) -> NDArray[np.uint32]:
    """The radical inverse of 0 … SCENARIOS - 1 in 32-bit fixed point."""
    values = []
    for number in range(SCENARIOS):
        inverse, scale, rest = 0.0, 1.0, number
        while rest:
            scale /= base
            rest, digit = divmod(rest, base)
            inverse += digit * scale
        values.append(int(inverse * TWO_32) & 0xFFFFFFFF)
    return np.array(values, dtype=np.uint32)


def threshold(probability: float) -> float:
    """Φ⁻¹ on a grid of 2⁻³⁰, so that the last bits of a library's logarithm do not matter."""
    if probability <= 0.0:
        return -np.inf
    return np.inf if probability >= 1.0 else round(_NORMAL.inv_cdf(probability) * 2**30) / 2**30


_MIDDLE = np.array([threshold((rank + 0.5) / SCENARIOS) for rank in range(SCENARIOS)])


def own_shock(name: int) -> Floats:
    """A standard normal shock per scenario under a key, exactly stratified; shape (SCENARIOS,)."""
    drawn = np.empty(SCENARIOS)
    drawn[permutations(np.array([name], dtype=np.uint64))[0]] = _MIDDLE
    return drawn


@lru_cache(maxsize=512)
def shock(seed: int, name: str) -> Floats:
    """A shock that many share, by its name. Not to be written to."""
    return own_shock(key(seed, "shock", name))
