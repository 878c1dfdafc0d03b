"""Duplicates: how many of the pairs proposed are one company, and how many of those there are proposed, on names that
were labelled before the comparison was written."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from accuracy.shares import wilson
from demo.generate import generate
from services.gateway.health.deals import STRONG
from services.gateway.health.names import company_name
from services.gateway.health.report import examine
from services.gateway.health.same_name import Alike, alike_names

NAMES = Path(__file__).resolve().parent.parent / "tests" / "data" / "companies" / "companies.csv"
FROZEN = "f2192befa2faee7bec98c9ffa4483955f5db762b2b82389c83e584339527f891"
LEAST_PRECISION, LEAST_RECALL = 0.95, 0.85
SAMPLE_DEALS, SAMPLE_SEED, SAMPLE_DAY = 3_000, 11, date(2026, 11, 21)
Pairs = set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Half:
    """The names of one half and which company each is."""

    names: tuple[str, ...]
    companies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Of a half: pairs proposed, those of them that are one company, and all that are."""

    proposed: int
    right: int
    there: int
    whys: Mapping[str, int]

    @property
    def precision(self) -> float:
        """Of the pairs proposed, those that are one company."""
        return self.right / self.proposed

    @property
    def recall(self) -> float:
        """Of the pairs that are one company, those proposed."""
        return self.right / self.there


def half_of(which: str) -> Half:
    """The open or the held half. ValueError where the file is not the frozen one."""
    data = NAMES.read_bytes()
    if hashlib.sha256(data).hexdigest() != FROZEN:
        raise ValueError("the labelled names are not those that were frozen")
    rows = [row for row in csv.DictReader(data.decode("utf-8").splitlines()) if row["half"] == which]
    return Half(tuple(row["name"] for row in rows), tuple(row["company"] for row in rows))


def found_in(half: Half) -> Found:
    """What the comparison proposes. All names that hang together count as proposed with each other."""
    pairs = alike_names([company_name(name) for name in half.names])
    proposed = set(_all_pairs(_together(len(half.names), pairs)))
    there = set(_all_pairs(_by_company(half.companies)))
    whys = {why: sum(pair.why == why for pair in pairs) for why in ("spelling", "order", "slip", "script")}
    return Found(len(proposed), len(proposed & there), len(there), whys)


def _together(count: int, pairs: Iterable[Alike]) -> Iterable[Sequence[int]]:
    heads = list(range(count))

    def head(place: int) -> int:
        while heads[place] != place:
            place = heads[place]
        return place

    for pair in pairs:
        heads[head(pair.second)] = head(pair.first)
    return _by_company([str(head(place)) for place in range(count)])


def _by_company(companies: Sequence[str]) -> Iterable[Sequence[int]]:
    groups: dict[str, list[int]] = {}
    for place, company in enumerate(companies):
        groups.setdefault(company, []).append(place)
    return groups.values()


def _all_pairs(groups: Iterable[Sequence[int]]) -> Iterator[tuple[int, int]]:
    return ((one, other) for group in groups for at, one in enumerate(group) for other in group[at + 1 :])


def section() -> str:
    """The held half beside the open one."""
    halves = {"held": found_in(half_of("held")), "open": found_in(half_of("open"))}
    held = halves["held"]
    met = "met" if held.precision >= LEAST_PRECISION and held.recall >= LEAST_RECALL else "not met"
    lines = [
        "## Duplicates of accounts",
        "",
        (
            "2,000 companies under 3,176 names in Korean and English (`tests/data/companies/`), labelled and frozen "
            "before the comparison was written; it was worked on with the open half alone. A pair counts as proposed "
            "where two names hang together, also over a third. Business numbers are not used. Intervals are Wilson's, "
            "of 95 %."
        ),
        "",
        "| half | pairs proposed | pairs there | precision | recall |",
        "|---|---|---|---|---|",
    ]
    for name, one in halves.items():
        low, high = wilson(one.right, one.proposed)
        least, most = wilson(one.right, one.there)
        lines.append(
            f"| {name} | {one.proposed} | {one.there} | {one.precision:.3f} ({low:.3f} to {high:.3f}) "
            f"| {one.recall:.3f} ({least:.3f} to {most:.3f}) |"
        )
    whys = ", ".join(f"{why} {count}" for why, count in held.whys.items())
    lines += ["", f"Held half: precision ≥ .95 at recall ≥ .85: {met}. By what differs: {whys}.", "", *_sample()]
    return "\n".join(lines)


def _sample() -> list[str]:
    """Duplicates and junk that the sample company plants, against what is found; pairs count by either of their deals,
    as which one is the copy is a matter of taste."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, SAMPLE_DEALS, SAMPLE_SEED, SAMPLE_DAY)
        truth = pq.read_table(folder / "truth" / "deals.parquet").to_pydict()
        deals = pq.read_table(folder / "deals.parquet", columns=["id", "deleted"]).to_pydict()
        found = examine(folder, {}).findings
    there = {deal for deal, gone in zip(deals["id"], deals["deleted"], strict=True) if not gone}
    flaws = {deal: flaw for deal, flaw in zip(truth["deal_id"], truth["flaw"], strict=True) if deal in there}
    pairs = [(one.score, {one.id, one.other}) for one in found if one.finding == "duplicate_deals"]
    junk = [(1.0, {one.id}) for one in found if one.finding == "junk_deals"]
    sure = [one for one in pairs if one[0] >= STRONG]
    asked = (("deals entered twice, all that are asked about", "duplicate", pairs),
             ("deals entered twice, sure enough to teach once", "duplicate", sure),
             ("deals that are none", "junk", junk))  # fmt: skip
    lines = [
        f"The sample company ({SAMPLE_DEALS:,} deals), whose flaws are known, of a seed that was not looked at before:",
        "",
        "| flaw | planted | found | precision | recall |",
        "|---|---|---|---|---|",
    ]
    for title, flaw, told in asked:
        planted = {deal for deal, each in flaws.items() if each == flaw}
        right = sum(bool(ids & planted) for _, ids in told)
        reached = len(planted & set[str]().union(*(ids for _, ids in told)))
        lines.append(
            f"| {title} | {len(planted)} | {len(told)} | {right / len(told):.3f} | {reached / len(planted):.3f} |"
        )
    return lines
