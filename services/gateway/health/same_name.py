"""Which of many company names are probably one: the same but for spelling, script, order of words or one slip."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.gateway.health.hangul import is_syllable, spelled
from services.gateway.health.names import CompanyName, vocabulary
from services.gateway.health.neighbours import neighbours

SPELLING, ORDER, SCRIPT, SLIP = 0.98, 0.9, 0.75, 0.8  # how sure it is, by what differs
SHORTEST = 7  # letters of a name in which one may be a slip
MOST_ALIKE = 20  # names of the same words; more is a phrase that many use
MOST_SOUNDING = 3  # names of one sound; of more nobody knows which two are one


@dataclass(frozen=True, slots=True)
class Alike:
    """Two names by their places, the lower first; how sure it is that they are one, and what differs."""

    first: int
    second: int
    score: float
    why: str  # spelling, order, script or slip


def alike_names(names: Sequence[CompanyName]) -> list[Alike]:
    """Pairs of names that are probably one. Of many with the same key each is paired with the first."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.key:
            places[name.key].append(place)
    found = [Alike(same[0], other, SPELLING, "spelling") for same in places.values() for other in same[1:]]
    firsts = [same[0] for same in places.values()]
    shown = {place: names[place] for place in firsts}
    pairs: dict[tuple[int, int], Alike] = {}
    for one in (*_joined(shown), *_ordered(shown), *_sounding(shown), *_slipped(firsts, names)):
        pairs.setdefault((one.first, one.second), one)
    return found + list(pairs.values())


def _joined(names: Mapping[int, CompanyName]) -> Iterator[Alike]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, name in names.items():
        groups[name.joined].append(place)
    return _each(groups.values(), SPELLING, "spelling")


def _ordered(names: Mapping[int, CompanyName]) -> Iterator[Alike]:
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, name in names.items():
        if len(name.words) > 1 and "of" not in name.words:
            groups[tuple(sorted(name.words))].append(place)
    return _each(groups.values(), ORDER, "order")


def _sounding(names: Mapping[int, CompanyName]) -> Iterator[Alike]:
    """Names in Hangul and names in Latin letters that sound alike."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, name in names.items():
        if name.sound:
            groups[name.sound].append(place)
    for places in groups.values():
        if len(places) > MOST_SOUNDING:
            continue
        for first in places:
            for second in places:
                if first < second and names[first].hangul != names[second].hangul:
                    yield Alike(first, second, SCRIPT, "script")


def _each(groups: Iterable[list[int]], score: float, why: str) -> Iterator[Alike]:
    for places in groups:
        if 1 < len(places) <= MOST_ALIKE:
            yield from (Alike(places[0], other, score, why) for other in places[1:])


def _slipped(firsts: Sequence[int], names: Sequence[CompanyName]) -> Iterator[Alike]:
    """Names that differ in one letter, unless both ways to write that part of it are words of other names too."""
    texts = [spelled(names[place].joined) for place in firsts]
    seen = Counter(part for place in firsts for part in set(_parts(names[place])))
    for one, other in neighbours(texts):
        if abs(len(texts[one]) - len(texts[other])) > 1 or min(len(texts[one]), len(texts[other])) < SHORTEST:
            continue
        if not one_slip(texts[one], texts[other]):
            continue
        first, second = sorted((firsts[one], firsts[other]))
        if _is_slip(names[first], names[second], seen):
            yield Alike(first, second, SLIP, "slip")


def one_slip(one: str, other: str) -> bool:
    """Whether a letter more, less, another, or two swapped, makes one text of the other."""
    if one == other:
        return False
    start, most = 0, min(len(one), len(other))
    while start < most and one[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == other[-1 - end]:
        end += 1
    mine, yours = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(mine), len(yours)) <= 1 or (len(mine) == 2 and mine == yours[::-1])


def _is_slip(one: CompanyName, other: CompanyName, seen: Mapping[str, int]) -> bool:
    """Numbers are never slips; nor is what both names share with others: 대성 and 대상, Security and Securities."""
    mine, yours = _differing(one.joined, other.joined), _differing(other.joined, one.joined)
    if any(letter.isdigit() for letter in mine[1] + yours[1]) or _counts_up(one.joined, other.joined):
        return False
    known = vocabulary()["company"]
    common = [
        any(seen[part] > 1 or part in known["english"] for part in _around(name, span[0]))
        for name, span in ((one, mine), (other, yours))
    ]
    return not all(common)


def _counts_up(one: str, other: str) -> bool:
    """Whether what differs is the end of a roman number or a single letter that names a site."""
    short, long = sorted((one, other), key=len)
    if len(short) != len(long):
        return long.startswith(short) and long[-1] in "ivx"
    return one[:-1] == other[:-1] and one[-1].isascii()


def _differing(one: str, other: str) -> tuple[int, str]:
    """Where `one` differs from `other` first, and in what."""
    start, most = 0, min(len(one), len(other))
    while start < most and one[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return start, one[start : len(one) - end]


def _parts(name: CompanyName) -> Iterator[str]:
    """What a name shares with others: words in Latin letters, two syllables in a row of Hangul."""
    for word in name.words:
        for start in range(len(word) - 1):
            if is_syllable(word[start]) and is_syllable(word[start + 1]):
                yield word[start : start + 2]
        if not any(map(is_syllable, word)):
            yield word


def _around(name: CompanyName, place: int) -> Iterator[str]:
    """The parts of a name that its letter at a place of the key stands in."""
    start = 0
    for word in name.words:
        inside = place - start
        if 0 <= inside < len(word) or (inside == len(word) and start + inside == len(name.joined)):
            if not any(map(is_syllable, word)):
                yield word
            for begin in (inside - 1, inside):
                pair = word[max(begin, 0) : begin + 2]
                if len(pair) == 2 and all(map(is_syllable, pair)):
                    yield pair
        start += len(word)
