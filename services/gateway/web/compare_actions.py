"""Two versions of next best action side by side: effects of actions, and what the log of suggestions tells. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from services.gateway.web.compare_parts import NOTHING, Cell, Json, Section, Side, heads, lacking, number
from services.gateway.web.policies_views import because, points_of, share_of
from services.gateway.web.words import Words

LEARNED = "log"  # where an effect was learned, and not only believed


def sections(sides: Sequence[Side], titles: Mapping[str, str], words: Words) -> Iterator[Section]:
    """Every part of both reports; `titles` of actions by name."""
    yield _effects(sides, titles, words)
    yield from _off_policy(sides, titles, words)
    yield _forward(sides, words)


def _effects(sides: Sequence[Side], titles: Mapping[str, str], words: Words) -> Section:
    every = [side.evaluation.get("actions") or {} for side in sides]
    names = list(dict.fromkeys(name for one in every for name in one))
    rows = []
    for name in names:
        cells = tuple(_effect(one.get(name), words) for one in every)
        called = titles.get(name) or words.name("activity", name)
        rows.append((called, (*cells, _apart([one.get(name) for one in every], words))))
    told = [words("compare.effects_told")] if rows else []
    head = heads(sides, words, words("compare.difference"))
    return Section("effects", words("compare.effects"), (*told, *lacking(sides, every, words)), head, tuple(rows))


def _effect(found: Json | None, words: Words) -> Cell:
    if not found:
        return NOTHING
    span = words("forecast.span", low=number(found["low"], sign=True), high=number(found["high"], sign=True))
    source = words("models.by_deals", count=words.number(found["deals"]))
    if found.get("used") != LEARNED:
        source = words("compare.believed")
    return Cell(number(found["effect"], sign=True), f"{span} · {source}")


def _apart(both: Sequence[Json | None], words: Words) -> Cell:
    """The difference; both learned from much the same deals, so that no interval of it can be told from theirs."""
    one, other = both
    if not one or not other:
        return NOTHING
    overlap = one["low"] <= other["high"] and other["low"] <= one["high"]
    said = words("compare.overlap" if overlap else "compare.no_overlap")
    return Cell(number(other["effect"] - one["effect"], sign=True), said)


def _off_policy(sides: Sequence[Side], titles: Mapping[str, str], words: Words) -> Iterator[Section]:
    """What each knew of the policies that choose suggestions, and of showing actions."""
    logs = [side.evaluation.get("showing") or {} for side in sides]
    rows: list[tuple[str, tuple[Cell, ...]]] = []
    if any(logs):
        rows.append((words("compare.decisions"), tuple(_decisions(one, words) for one in logs)))
    policies = [one.get("policies") or {} for one in logs]
    for name in dict.fromkeys(name for one in policies for name in one):
        cells = tuple(Cell(share_of(one[name], words)) if name in one else NOTHING for one in policies)
        rows.append((words("compare.won_by", policy=words.name("policy", name)), cells))
    apart = [_differences(one) for one in logs]
    for one, other in dict.fromkeys(pair for each in apart for pair in each):
        names = {"one": words.name("policy", one), "other": words.name("policy", other)}
        cells = tuple(Cell(points_of(each[one, other], words)) if (one, other) in each else NOTHING for each in apart)
        rows.append((words("compare.over", **names), cells))
    shown = [one.get("actions") or {} for one in logs]
    for name in dict.fromkeys(name for one in shown for name in one):
        cells = tuple(Cell(points_of(one[name], words)) if name in one else NOTHING for one in shown)
        rows.append((words("compare.shown", action=titles.get(name, name)), cells))
    told = [words("compare.log_told")] if any(logs) else []
    yield Section("log", words("compare.log"), (*told, *lacking(sides, logs, words)), heads(sides, words), tuple(rows))


def _differences(log: Json) -> dict[tuple[str, str], Json]:
    """What each policy brings over each before it, pair by pair on the same rows."""
    found = log.get("differences") or {}
    return {(one, other): found[one][other] for other, one in combinations(found, 2) if other in found[one]}


def _decisions(log: Json, words: Words) -> Cell:
    if not log:
        return NOTHING
    waiting = words("compare.younger", count=words.number(log.get("waiting", 0)))
    why = because(log["why"], words) if log.get("why") else ""
    return Cell(words.number(log.get("rows", 0)), " · ".join(text for text in (waiting, why) if text))


def _forward(sides: Sequence[Side], words: Words) -> Section:
    """Whether knowing the actions tells later outcomes better."""
    tests = [side.evaluation.get("forward_test") or {} for side in sides]
    rows = [
        (words(f"compare.{name}"), tuple(Cell(number(one[name])) if one else NOTHING for one in tests))
        for name in ("log_loss_without_actions", "log_loss_with") if any(tests)
    ]  # fmt: skip
    if any(tests):
        counts = tuple(Cell(words.number(one["rows"])) if one else NOTHING for one in tests)
        rows.append((words("compare.forward_rows"), counts))
    told = (words("compare.forward_told"),) if any(tests) else ()
    return Section("forward", words("compare.forward"), (*told, *lacking(sides, tests, words)), heads(sides, words),
                   tuple(rows))  # fmt: skip
