"""Everything that data health finds in a history folder, with the verdict and what helps most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.gateway.health import accounts, deals
from services.gateway.health.checks import checked
from services.gateway.health.findings import FINDINGS, Finding
from services.gateway.health.mends import mends
from services.gateway.health.records import Records, load
from services.gateway.health.verdict import verdict

MOST_NAMED = 50  # sources and owners of a finding
Progress = Callable[[str, float], None]
Decided = Mapping[str, Iterable[Sequence[str]]]  # pairs that are not the same, by kind of record


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and the summary as JSON."""

    findings: tuple[Finding, ...]
    summary: Mapping[str, Any]


def silent(_stage: str, _share: float) -> None:
    """Tell nobody."""


def examine(folder: Path, ignored: Decided, progress: Progress = silent) -> Report:
    """Look at all records of a history folder. `ignored`: pairs of ids that somebody said are not the same."""
    progress("read", 0.0)
    records = load(folder)
    progress("duplicates", 0.2)
    found = duplicates(records, ignored, progress)
    progress("checks", 0.8)
    found += checked(records)
    progress("verdict", 0.95)
    judged = verdict(records, found)
    summary = {
        "as_of": records.manifest.as_of.isoformat(), "business_day": records.day.isoformat(),
        "currency": records.manifest.currency,
        "records": {"deals": len(records.deals), "accounts": len(records.accounts), "contacts": len(records.contacts)},
        "findings": {name: _counts([one for one in found if one.finding == name]) for name in FINDINGS},
        "verdict": judged, "mends": mends(records, found, [one["code"] for one in judged["reasons"]]),
    }  # fmt: skip
    return Report(tuple(found), summary)


def duplicates(records: Records, ignored: Decided, progress: Progress = silent) -> list[Finding]:
    """Accounts, contacts and deals that stand twice."""
    found = same_accounts(records, ignored)
    head = one_of(found)
    progress("duplicates", 0.5)
    found += accounts.duplicate_contacts(records, head, among(ignored, "contacts"))
    progress("duplicates", 0.65)
    found += deals.duplicate_deals(records, head, among(ignored, "deals"))
    return sorted(found, key=lambda one: (one.finding, -one.score, -one.amount, one.id, one.other))


def same_accounts(records: Records, ignored: Decided) -> list[Finding]:
    """Accounts that stand twice."""
    return accounts.duplicate_accounts(records, among(ignored, "accounts"))


def among(decided: Decided, of: str) -> Callable[[str, str], bool]:
    """Whether somebody said of two records, the lower id first, that they are not the same."""
    pairs = {(min(one, other), max(one, other)) for one, other in decided.get(of, ())}
    return lambda one, other: (one, other) in pairs


def one_of(found: Sequence[Finding]) -> Callable[[str], str]:
    """The account that stands for all that are probably the same."""
    heads: dict[str, str] = {}

    def head(one: str) -> str:
        while one in heads:
            one = heads[one]
        return one

    for each in found:
        kept, gone = head(each.other), head(each.id)
        if kept != gone:
            heads[gone] = kept
    return head


def _counts(found: Sequence[Finding]) -> dict[str, Any]:
    """How many, how many open deals, what they are worth, and whose and from where they are."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        sums["sources"][one.source] += 1
        sums["owners"][one.owner] += 1
    return {
        "count": len(found), "open": sum(one.open for one in found), "amount": sum(one.amount for one in found),
        **{name: dict(sums[name].most_common(MOST_NAMED)) for name in ("sources", "owners")},
    }  # fmt: skip
