"""Two versions of a model side by side: which two, what they learned from, what the rule said of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learning.fiscal import FiscalCalendar
from learning.titles import title
from services.gateway.promotion_told import told as decision_told
from services.gateway.web import compare_actions, compare_forecasts, compare_scores
from services.gateway.web.compare_parts import NOTHING, Cell, Json, Section, Side, heads
from services.gateway.web.words import Words

LEAD_SCORING, FORECAST = "lead_scoring", "forecast"
MOST_COLUMNS = 8  # named that only one version read
MODELS = ("blend", "logistic", "prior", "base_rate", "fitted", "mostly prior")


@dataclass(frozen=True, slots=True)
class SideView:
    """A version as the page tells it. act: how it comes to serve from here, promote or rollback; empty where not."""

    version: str
    name: str
    made: str
    serves: bool
    waits: bool
    gone: str
    decision: str
    charged: str
    act: str


@dataclass(frozen=True, slots=True)
class CompareView:
    """The comparison. choices: every version, newest first, with what tells it apart; neither: what no report holds."""

    service: str
    name: str
    sides: tuple[SideView, ...]
    choices: tuple[tuple[str, str], ...]
    told: tuple[str, ...]
    sections: tuple[Section, ...]
    neither: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What a comparison is told in: quarters, currency, titles of actions by name."""

    calendar: FiscalCalendar
    currency: str
    titles: Mapping[str, str]


def chosen(about: Json, one: str, other: str) -> tuple[Json, ...]:
    """The versions asked for; where none is named, what serves, and the newest that does not.

    Where the newest serves, the one that served before it stands beside. `one` and `other` are known, or empty.
    """
    rows: dict[str, Json] = {row["version"]: row for row in about["versions"]}
    serving = about["serving"]["version"] if about["serving"]["generation"] else ""
    before = [each["version"] for each in about["promotions"] if each["version"] != serving]
    newest = [name for name in rows if name != serving]
    if serving in rows and next(iter(rows)) == serving:
        newest = [*(name for name in before if name in rows), *newest]
    order = [serving, *newest] if serving in rows else newest
    first = one or next((name for name in order if name != other), "")
    second = other if other != first else ""
    second = second or next((name for name in order if name != first), "")
    return tuple(rows[name] for name in (first, second) if name)


def compare_view(about: Json, rows: Sequence[Json], frame: Frame, words: Words) -> CompareView:
    """Of services.gateway.model_versions.ModelVersions.about, and the rows chosen of it."""
    service, sides = about["service"], [Side(row["version"], row["evaluation"], row) for row in rows]
    views = tuple(_side(row, about, words) for row in rows)
    sections: tuple[Section, ...] = ()
    told: list[str] = []
    missing: list[str] = []
    if len(sides) == 2:
        if rows[0]["digest"] == rows[1]["digest"]:
            told.append(words("compare.identical"))
        sections = (*_sections(service, sides, frame, words), learned(service, sides, words))
        missing = [one.title for one in sections if one.empty]
        sections = tuple(one for one in sections if not one.empty)
    else:
        told.append(words("compare.alone" if sides else "models.untrained"))
    choices = tuple((row["version"], _choice(row, about, words)) for row in about["versions"])
    neither = words("compare.neither", parts=", ".join(missing)) if missing else ""
    return CompareView(service, words(f"models.{service}"), views, choices, tuple(told), sections, neither)


def _sections(service: str, sides: Sequence[Side], frame: Frame, words: Words) -> Iterator[Section]:
    if service == LEAD_SCORING:
        return compare_scores.sections(sides, words)
    if service == FORECAST:
        return compare_forecasts.sections(sides, frame.calendar, frame.currency, words)
    return compare_actions.sections(sides, frame.titles, words)


def _serves(row: Json, about: Json) -> bool:
    return bool(about["serving"]["generation"]) and row["version"] == about["serving"]["version"]


def _gone(row: Json) -> str:
    return "removed" if row.get("removed") else "leaving" if row.get("erased") else ""


def _choice(row: Json, about: Json, words: Words) -> str:
    state = words("models.now") if _serves(row, about) else ""
    parts = (words("models.version", version=row["version"]), words.time(row["created_time"]), state)
    return " · ".join(part for part in parts if part)


def _side(row: Json, about: Json, words: Words) -> SideView:
    serves, gone, decision = _serves(row, about), _gone(row), row.get("decision")
    charges = [one for one in about["promotions"] if one["version"] == row["version"]]
    charged = ""
    if charges:
        why = decision_told(charges[0]["reason"], words.language)
        charged = words("compare.charged", time=words.time(charges[0]["time"]), reason=why)
    return SideView(
        row["version"], words("models.version", version=row["version"]), words.time(row["created_time"]), serves,
        decision is not None and not decision["promote"] and not gone and not serves and not charges,
        words(f"verdict.{gone}") if gone else "", _ruled(decision, words), charged,
        "" if serves or gone else "rollback" if charges else "promote",
    )  # fmt: skip


def _ruled(decision: Json | None, words: Words) -> str:
    """What the rule of promotion said when it was trained, and why."""
    if decision is None:
        return words("compare.unruled")
    key = "compare.rule_serves" if decision["promote"] else "compare.rule_waits"
    return words(key, why=decision_told(decision["text"], words.language))


def learned(service: str, sides: Sequence[Side], words: Words) -> Section:
    """What each was trained on, as far as its report says."""
    of = {LEAD_SCORING: _score_facts, FORECAST: _forecast_facts}.get(service, _action_facts)
    facts = [_common(side, words) | of(side, words) for side in sides]
    if service == LEAD_SCORING:
        facts[0] |= _only(sides[0], sides[1], words)
        facts[1] |= _only(sides[1], sides[0], words)
    names = list(dict.fromkeys(name for one in facts for name in one))
    rows = tuple((words(f"compare.{name}"), tuple(one.get(name, NOTHING) for one in facts)) for name in names)
    return Section("learned", words("compare.learned"), (), heads(sides, words), rows)


def _common(side: Side, words: Words) -> dict[str, Cell]:
    trained, model = side.row.get("trained") or {}, str(side.evaluation.get("model") or "")
    found = {"made": Cell(words.time(side.row["created_time"]))}
    if trained.get("business_day"):
        found["as_of"] = Cell(words.day(trained["business_day"]))
    if model:
        found["model"] = Cell(words(f"compare.model_{model.replace(' ', '_')}") if model in MODELS else model)
    if trained.get("counted_once"):
        found["once"] = Cell(words.number(trained["counted_once"]))
    return found


def _counted(facts: Json, names: Sequence[str], words: Words) -> dict[str, Cell]:
    return {name: Cell(words.number(facts[name])) for name in names if facts.get(name) is not None}


def _score_facts(side: Side, words: Words) -> dict[str, Cell]:
    facts = side.evaluation
    found = _counted(facts, ("rows", "records", "outcomes", "won", "never_open"), words)
    if window := facts.get("window"):
        found["window"] = Cell(words("forecast.span", low=words.day(window[0]), high=words.day(window[-1])))
    if facts.get("base_rate") is not None:
        found["base_rate"] = Cell(words.percent(facts["base_rate"]))
    if facts.get("columns") is not None:
        found["columns"] = Cell(words.number(len(facts["columns"])))
    if facts.get("dropped"):
        found["dropped"] = Cell(_named([str(one["column"] if isinstance(one, Mapping) else one)
                                        for one in facts["dropped"]], words))  # fmt: skip
    return found


def _only(side: Side, other: Side, words: Words) -> dict[str, Cell]:
    """The columns that only this one was given."""
    mine, theirs = side.evaluation.get("columns"), other.evaluation.get("columns")
    if mine is None or theirs is None or not (extra := sorted(set(mine) - set(theirs))):
        return {}
    return {"only": Cell(_named(extra, words))}


def _named(columns: Sequence[str], words: Words) -> str:
    shown = [title(one)[words.language == "ko"] for one in columns[:MOST_COLUMNS]]
    more = words("import.and_more", count=len(columns) - len(shown)) if len(columns) > len(shown) else ""
    return ", ".join(shown) + more


def _forecast_facts(side: Side, words: Words) -> dict[str, Cell]:
    facts = side.evaluation
    found: dict[str, Cell] = {}
    if facts.get("opportunities") is not None:
        found["ended"] = Cell(words.number(facts["opportunities"] - facts.get("open", 0)))
    found |= _counted(facts, ("won", "open", "scored"), words)
    if facts.get("replays") is not None:
        found["replays"] = Cell(words.number(len(facts["replays"])))
    if quarters := (facts.get("backtest") or {}).get("quarters"):
        found["tried"] = Cell(", ".join(quarters))
    factor: Any = (facts.get("correction") or {}).get("factor")
    if factor is not None:
        found["correction"] = Cell(f"× {factor:.3f}")
    return found


def _action_facts(side: Side, words: Words) -> dict[str, Cell]:
    facts = side.evaluation
    found = {name: cell for name, cell in zip(("days", "deals"), _counted_rows(facts, words), strict=True) if cell}
    if facts.get("won_share") is not None:
        found["won_share"] = Cell(words.percent(facts["won_share"]))
    if facts.get("covariates") is not None:
        found["columns"] = Cell(words.number(len(facts["covariates"])))
    return found


def _counted_rows(facts: Json, words: Words) -> list[Cell | None]:
    return [None if facts.get(name) is None else Cell(words.number(facts[name])) for name in ("rows", "deals")]
