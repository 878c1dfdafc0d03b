"""Two versions of lead scoring side by side: figures on the same records, calibration and lift. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.gateway.web.compare_parts import (
    NOTHING,
    REJECTED,
    SAME,
    SIDES,
    Cell,
    Curve,
    Json,
    Plot,
    Scale,
    Section,
    Side,
    difference,
    figure,
    heads,
    lacking,
    number,
    served_test,
    steps,
)
from services.gateway.web.words import Words

CHAMPION, CHALLENGER = "champion", "challenger"
JUDGED = ("log_loss", "ece", "auc")
FIGURES = (*JUDGED, "lift")
LOWER = frozenset({"log_loss", "ece"})
ENDS = ("low90", "high90", "low95", "high95")
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)  # of the best records, that the table tells the lift of
EVEN = ((0.0, 0.0), (1.0, 1.0))


def sections(sides: Sequence[Side], words: Words) -> Iterator[Section]:
    """Every part of both reports."""
    yield from _paired(sides, words)
    yield _calibration(sides, words)
    yield _lift(sides, words)
    yield _own(sides, words)


def _paired(sides: Sequence[Side], words: Words) -> Iterator[Section]:
    """What the later one's training found when it held it to the other, kind by kind; else that it did not."""
    one, other = sides
    for later, earlier in ((other, one), (one, other)):
        found = later.evaluation.get("champion") or {}
        if found.get("version") != earlier.version:
            continue
        kinds: list[Json] = [found, *found.get("others", ())]
        for place, each in enumerate(kinds):
            name = words.name("kind", str(each.get("kind") or "")) if len(kinds) > 1 else ""
            title = words("compare.same_of", kind=name) if name else words("compare.same")
            yield _compared(f"{SAME}-{place}", title, each, sides, words, back=later is one)
        return
    yield Section(SAME, words("compare.same"), (words("compare.never"),))


def _compared(key: str, title: str, found: Json, sides: Sequence[Side], words: Words, *, back: bool) -> Section:
    if "difference" not in found:
        why = words.name("compare", f"why_{found.get('why', '')}")
        return Section(key, title, (words("compare.not_same", why=why),))
    told = [words("compare.same_records", records=words.number(found["records"]),
                  first=words.day(found["closed"][0]), last=words.day(found["closed"][-1]))]  # fmt: skip
    trained = sides[0 if back else 1].version
    if found.get("basis") == "unseen":
        told.append(words("compare.unseen", version=trained))
    elif found.get("basis") == "brought_in":
        told.append(words("compare.brought_in", version=trained, trained=sides[1 if back else 0].version))
    elif found.get("seen"):
        told.append(words("compare.seen", version=sides[1 if back else 0].version, share=words.percent(found["seen"])))
    if found.get("pipelines_left_out"):
        told.append(words("compare.pipelines"))
    by = (CHALLENGER, CHAMPION) if back else (CHAMPION, CHALLENGER)
    rows = []
    for name in JUDGED:
        apart = _turned(found["difference"][name]) if back else found["difference"][name]
        cells = [figure(found["models"].get(each, {}).get(name), words) for each in by]
        rows.append((words(f"models.{name}"), (*cells, difference(apart, name in LOWER, words))))
    told.append(words("compare.apart", one=sides[0].version, other=sides[1].version))
    return Section(key, title, tuple(told), heads(sides, words, words("compare.difference")), tuple(rows))


def _turned(apart: Json) -> dict[str, Any]:
    """The difference the other way round."""
    ends = dict(zip(ENDS, ("high90", "low90", "high95", "low95"), strict=True))
    names = {"value": "value", **ends}
    return {name: None if (value := apart.get(of)) is None else -value for name, of in names.items()}


def _own(sides: Sequence[Side], words: Words) -> Section:
    """Each on the records of its own test, beside the plain rate on them."""
    tests = [side.evaluation.get("test") or {} for side in sides]
    told = [] if not any(tests) else [words("compare.own_told")]
    plain = [side.version for side in sides if REJECTED in (_card(side).get("models") or {})]
    told += [words("compare.rate_told", versions=", ".join(plain))] if plain else []
    rows = [(words(f"models.{name}"), tuple(_beside(side, name, words) for side in sides)) for name in FIGURES]
    if any(tests):
        rows.append((words("compare.tested"), tuple(_tested(one, words) for one in tests)))
    rows = [row for row in rows if set(row[1]) != {NOTHING}]
    return Section("own", words("compare.own"), (*told, *lacking(sides, tests, words)), heads(sides, words),
                   tuple(rows))  # fmt: skip


def _beside(side: Side, name: str, words: Words) -> Cell:
    cell = figure(served_test(side.evaluation).get(name), words)
    rate = (side.evaluation.get("baseline") or {}).get(name)
    if cell is NOTHING or rate is None:
        return cell
    plain = words("models.beside_rate", value=number(rate))
    return Cell(cell.text, " · ".join(text for text in (cell.small, plain) if text))


def _tested(test: Json, words: Words) -> Cell:
    if not test.get("records"):
        return NOTHING
    window = test.get("window") or ()
    span = words("forecast.span", low=words.day(window[0]), high=words.day(window[-1])) if window else ""
    return Cell(words.number(test["records"]), span)


def _calibration(sides: Sequence[Side], words: Words) -> Section:
    curves = [_card(side).get("calibration") or () for side in sides]
    scale = Scale((0.0, 1.0), (0.0, 1.0))
    ticks = [each / 5 for each in range(6)]
    drawn = []
    for side, name, curve in zip(sides, SIDES, curves, strict=True):
        dots = [
            scale.dot(one["mean"], one["rate"], (one["rate_low"], one["rate_high"]),
                      f"{side.name(words)}: {_point(one, words)}") for one in curve
        ]  # fmt: skip
        drawn.append(Curve(name, tuple(dots), scale.line([(one["mean"], one["rate"]) for one in curve])))
    plot = Plot(
        words("models.calibration"), words("models.calibration_told"),
        tuple((scale.at(each, 0)[0], words.percent(each)) for each in ticks),
        tuple((scale.at(0, each)[1], words.percent(each)) for each in ticks), tuple(drawn), scale.line(EVEN),
    )  # fmt: skip
    rows = [
        (words("compare.bin", number=place + 1), tuple(_bin(curve, place, words) for curve in curves))
        for place in range(max(map(len, curves)))
    ]
    on = _on(sides, words)
    told = (on, words("compare.groups_told")) if on and rows else ()
    told = (*told, *lacking(sides, curves, words))
    return Section("calibration", words("models.calibration"), told, heads(sides, words), tuple(rows),
                   plot if rows else None)  # fmt: skip


def _on(sides: Sequence[Side], words: Words) -> str:
    """Which records a picture is of; empty where no report says."""
    counts = [(side.version, (side.evaluation.get("test") or {}).get("records")) for side in sides]
    known = [words("compare.on_of", version=version, count=words.number(count)) for version, count in counts if count]
    return words("compare.on", tests=", ".join(known)) if known else ""


def _point(one: Json, words: Words) -> str:
    return words("models.point", said=words.percent(one["mean"]), rate=words.percent(one["rate"]),
                 count=words.number(one["records"]))  # fmt: skip


def _bin(curve: Sequence[Json], place: int, words: Words) -> Cell:
    if place >= len(curve):
        return NOTHING
    one = curve[place]
    span = words("forecast.span", low=words.percent(one["rate_low"]), high=words.percent(one["rate_high"]))
    text = words("compare.said_came", said=words.percent(one["mean"]), rate=words.percent(one["rate"]))
    return Cell(text, words("compare.range_of", span=span, count=words.number(one["records"])))


def _lift(sides: Sequence[Side], words: Words) -> Section:
    curves = [_card(side).get("gain") or () for side in sides]
    most = max((one["won_high"] / one["share"] for curve in curves for one in curve), default=1.0)
    marks = steps(most)
    scale = Scale((0.0, 1.0), (0.0, marks[-1]))
    drawn = []
    for side, name, curve in zip(sides, SIDES, curves, strict=True):
        ends = [(one["share"], one["won_high"] / one["share"]) for one in curve]
        ends += [(one["share"], one["won_low"] / one["share"]) for one in reversed(curve)]
        dots = [
            scale.dot(one["share"], one["lift"], (one["lift"], one["lift"]), f"{side.name(words)}: {_best(one, words)}")
            for one in curve if _told(one)
        ]  # fmt: skip
        drawn.append(Curve(name, tuple(dots), scale.line([(one["share"], one["lift"]) for one in curve]),
                           scale.line(ends)))  # fmt: skip
    plot = Plot(
        words("compare.lift"), words("compare.lift_told"),
        tuple((scale.at(each / 5, 0)[0], words.percent(each / 5)) for each in range(6)),
        tuple((scale.at(0, each)[1], f"{each:g}×") for each in marks), tuple(drawn),
        scale.line([(0.0, 1.0), (1.0, 1.0)]),
    )  # fmt: skip
    by_share = [{round(one["share"], 2): one for one in curve} for curve in curves]
    rows = [
        (words("compare.best", share=words.percent(share)), tuple(_gain(one.get(share), words) for one in by_share))
        for share in SHARES if any(share in one for one in by_share)
    ]  # fmt: skip
    told = (*((on,) if rows and (on := _on(sides, words)) else ()), *lacking(sides, curves, words))
    return Section("lift", words("compare.lift"), told, heads(sides, words), tuple(rows),
                   plot if rows else None)  # fmt: skip


def _told(one: Json) -> bool:
    return round(one["share"], 2) in SHARES


def _best(one: Json, words: Words) -> str:
    share, won = words.percent(one["share"]), words.percent(one["won"])
    return words("compare.best_won", share=share, won=won, lift=f"{one['lift']:.2f}")


def _gain(one: Json | None, words: Words) -> Cell:
    if one is None:
        return NOTHING
    low, high = (f"{one[name] / one['share']:.2f}" for name in ("won_low", "won_high"))
    return Cell(f"{one['lift']:.2f}×", words("compare.lift_of", span=words("forecast.span", low=low, high=high),
                                             won=words.percent(one["won"])))  # fmt: skip


def _card(side: Side) -> Mapping[str, Any]:
    found: Mapping[str, Any] = side.evaluation.get("card") or {}
    return found
