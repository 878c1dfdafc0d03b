"""What the page of data and models shows of versions and the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learning.minimums import MIN_OUTCOMES
from services.gateway.promotion_told import told as decision_told
from services.gateway.web.compare_parts import Dot, served_test
from services.gateway.web.member_names import Called
from services.gateway.web.words import Words

Json = Mapping[str, Any]
MOST_VERSIONS = 6
LEVELS = ("company", "region", "manager", "owner")
OTHERS = ("stage_weighted", "last_period_again", "pace")
POLICY = "policy "  # begins what the audit log calls a policy that serves
PRIOR = "prior"  # of a version that learned nothing
RATE = "base_rate"  # of one that learned that nothing predicts
MOST_OWNERS = 5  # whose deals what serves did not have
NOBODY: Mapping[str, object] = {}
FROM_LOG = "log"  # of an action whose effect was learned
DIGITS = 3


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure of a version with its interval, and what it stands beside."""

    name: str
    value: str
    interval: str
    beside: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version; `serves` marks the one that answers now."""

    version: str
    made: str
    learned: str
    decision: str
    waits: bool
    why: str  # it waits, in few words
    serves: bool
    figures: tuple[FigureView, ...]
    points: tuple[Dot, ...]  # of the calibration picture, in percent of it
    leaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service's models, newest first."""

    service: str
    name: str
    told: str
    versions: tuple[VersionView, ...]
    older: int
    can_go_back: bool


def service_view(
    about: Json, titles: Mapping[str, str], words: Words, ended: int = 0, people: Mapping[str, object] = NOBODY
) -> ServiceView:
    """Of services.gateway.model_versions.ModelVersions.about; `titles` of actions by name, `people` by id.

    ended: how many deals have, of a model that is to say how many of them it did not learn from.
    """
    serving, versions = about["serving"], about["versions"]
    promotions = about["promotions"]
    told = words("models.nothing_serves")
    if serving["generation"]:
        since = next((one["time"] for one in promotions if one["version"] == serving["version"]), "")
        told = words("models.serves", version=serving["version"], time=words.time(since))
        used: Json = next((one["evaluation"] for one in versions if one["version"] == serving["version"]), {})
        missed = _missed(about, ended, people, words)
        told = " ".join(part for part in (told, _predicts_nothing(used, words), missed) if part)
    return ServiceView(
        about["service"], words(f"models.{about['service']}"), told,
        tuple(_version(one, serving, titles, words) for one in versions[:MOST_VERSIONS]),
        max(0, len(versions) - MOST_VERSIONS), len(promotions) > 1,
    )  # fmt: skip


def _missed(about: Json, ended: int, people: Mapping[str, object], words: Words) -> str:
    """How many of the ended deals what serves did not learn from, and whose: by the newest training that held a version
    to it, else by how many there are now."""
    serving = about["serving"]["version"]
    for row in about["versions"]:
        found = row["evaluation"].get("champion") or {}
        if found.get("version") != serving:
            continue
        kinds = [one["knew"] for one in (found, *found.get("others", ())) if one.get("knew")]
        of, learned = (sum(one[name] for one in kinds) for name in ("outcomes", "learned"))
        owners = {name: count for one in kinds for name, count in (one.get("owners") or {}).items()}
        if of <= learned:
            break
        told = words("models.missed", count=words.number(of - learned), of=words.number(of), version=row["version"])
        most = sorted(owners, key=lambda name: (-owners[name], name))[:MOST_OWNERS]
        names = ", ".join(str(people.get(name) or name) for name in most) + (", …" if len(owners) > len(most) else "")
        return f"{told} {words('models.missed_owners', names=names)}" if most else told
    used: Json = next((row for row in about["versions"] if row["version"] == serving), {})
    known = (used.get("trained") or {}).get("outcomes")
    if known is None or ended <= known:
        return ""
    return words("models.missed_since", count=words.number(ended - known), of=words.number(ended))


def _predicts_nothing(evaluation: Json, words: Words) -> str:
    """That every open deal shows the company's rate; of several kinds of deal, which do."""
    kinds = evaluation.get("kinds") or ()
    plain = [words.name("kind", one["kind"]) for one in kinds if one.get("model") == RATE]
    if plain and len(plain) < len(kinds):
        return words("models.predicts_nothing_of", kinds=", ".join(plain)) + " " + words("models.rate_told")
    told = plain or evaluation.get("model") == RATE
    return words("models.predicts_nothing") + " " + words("models.rate_told") if told else ""


def _version(row: Json, serving: Json, titles: Mapping[str, str], words: Words) -> VersionView:
    evaluation, decision, gone = row["evaluation"], row.get("decision"), _gone(row, words)
    serves = bool(serving["generation"]) and row["version"] == serving["version"]
    card, waits = evaluation.get("card") or {}, decision is not None and not decision["promote"] and not gone
    return VersionView(
        version=row["version"], made=words.time(row["created_time"]), learned=_learned(evaluation, words),
        decision=gone or (_verdict(decision, words) if decision else ""),
        waits=waits, why=words.name("verdict", decision["code"]) if decision and waits else "", serves=serves,
        figures=tuple(_figures(evaluation, titles, words)), points=_points(card.get("calibration", ()), words),
        leaks=tuple(_leak(one) for one in evaluation.get("dropped", ())),
    )  # fmt: skip


def _gone(row: Json, words: Words) -> str:
    """That a version held a person who was erased; empty for others."""
    held = "removed" if row.get("removed") else "leaving" if row.get("erased") else ""
    return words(f"verdict.{held}") if held else ""


def _verdict(decision: Json, words: Words) -> str:
    """The rule's words; in another language what they come to, and by how much."""
    if words.language == "en":
        return str(decision["text"])
    told = words.name("verdict", decision["code"])
    figures = decision.get("figures") or {}
    kinds = figures.get("kinds") or {"": figures}
    for kind, one in kinds.items():
        if apart := one.get("difference"):
            values = {name: f"{apart[name]['value']:+.3f}" for name in ("log_loss", "ece")}
            named = f"{words.name('kind', kind)}: " if len(kinds) > 1 else ""
            told += f" · {named}{words('verdict.differs', **values)}"
    return told


def _leak(one: Any) -> str:
    return str(one.get("column", one)) if isinstance(one, Mapping) else str(one)


def _learned(evaluation: Json, words: Words) -> str:
    """What has ended, of opportunities too: those that are open teach no outcome; of actions, what was done."""
    closed = evaluation.get("outcomes") or evaluation.get("opportunities", 0) - evaluation.get("open", 0)
    count = closed or evaluation.get("deals")
    if evaluation.get("model") == PRIOR:
        return words("models.learned_prior", count=words.number(count or 0), least=MIN_OUTCOMES)
    if not count:
        return ""
    kinds = [one for one in evaluation.get("kinds") or () if one.get("outcomes")]
    never = evaluation.get("never_open") or 0
    more = " " + words("models.never_open", count=words.number(never)) if never else ""
    if actions := evaluation.get("actions"):
        return _acted(count, [one for one in actions.values() if isinstance(one, Mapping)], words)
    if len(kinds) > 1:
        told = ", ".join(f"{words.name('kind', one['kind'])} {words.number(one['outcomes'])}" for one in kinds)
        return words("models.learned_of", count=words.number(count), kinds=told) + more
    if "opportunities" in evaluation:
        return words("models.learned_all", count=words.number(count))
    return words("models.learned_closed" if closed else "models.learned_deals", count=words.number(count)) + more


def _acted(count: int, actions: Sequence[Json], words: Words) -> str:
    """What a model of actions learned from: nothing, where nothing that was done is on record, or too little."""
    name = "learned_deals" if any(one.get("used") == FROM_LOG for one in actions) else "learned_no_effect"
    if not any(one.get("deals") for one in actions):
        name = "learned_no_activity"
    return words(f"models.{name}", count=words.number(count))


def _figures(evaluation: Json, titles: Mapping[str, str], words: Words) -> Iterator[FigureView]:
    """The figures of whichever kind of model it is."""
    test = served_test(evaluation)
    if test:
        beside = evaluation.get("baseline") or {}
        for name in ("log_loss", "auc", "ece", "lift"):
            figure = test.get(name)
            if figure and figure.get("value") is not None:
                other, told = beside.get(name), _share if name == "ece" else _number
                text = words("models.beside_rate", value=told(other)) if other else ""
                span = _interval(figure, words, told)
                yield FigureView(words(f"models.{name}"), told(figure["value"]), span, text)
    for level in LEVELS:
        found = (evaluation.get("backtest") or {}).get(level)
        if found and (found.get("dealcast") or {}).get("wape") is not None:
            yield _backtest(level, found, words)
    for action, found in (evaluation.get("actions") or {}).items():
        if found.get("used") == FROM_LOG:
            span = words("forecast.span", low=_number(found["low"]), high=_number(found["high"]))
            name = words("models.effect", action=titles.get(action) or words.name("activity", action))
            yield FigureView(name, _number(found["effect"]), span, words("models.by_deals", count=found["deals"]))


def _backtest(level: str, found: Json, words: Words) -> FigureView:
    others = [
        words("models.beside", name=words(f"models.{name}"), value=words.percent(found[name]["wape"]))
        for name in OTHERS
        if (found.get(name) or {}).get("wape") is not None
    ]
    held = (found.get("coverage") or {}).get("p10_p90")
    text = words("models.covered", share=words.percent(held)) if held is not None else ""
    own = words.percent(found["dealcast"]["wape"])
    return FigureView(words("models.off", level=words(f"models.level_{level}")), own, text, "; ".join(others))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.{DIGITS}f}"


def _share(value: float | None) -> str:
    """How far probabilities are off, in percent as they are."""
    return "–" if value is None else f"{100 * value:.1f}%"


def _interval(figure: Json, words: Words, told: Callable[[float | None], str] = _number) -> str:
    low, high = figure.get("low90"), figure.get("high90")
    return "" if low is None or high is None else words("forecast.span", low=told(low), high=told(high))


def _points(curve: Sequence[Json], words: Words) -> tuple[Dot, ...]:
    return tuple(
        Dot(
            round(100 * one["mean"], 1), round(100 - 100 * one["rate"], 1), round(100 - 100 * one["rate_low"], 1),
            round(100 - 100 * one["rate_high"], 1),
            words("models.point", said=words.percent(one["mean"]), rate=words.percent(one["rate"]),
                  count=words.number(one["records"])),
        )
        for one in curve
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who did what, and why."""

    when: str
    who: str
    act: str
    what: str
    reason: str


def audit_view(entry: Json, called: Called, words: Words) -> AuditView:
    """An entry of the audit log as programs see it."""
    service, version = words(f"models.{entry['service']}") if entry["service"] else "", str(entry["version"])
    if version.startswith(POLICY):
        service, version = "", words("policies.one", name=version.removeprefix(POLICY))
    what = " ".join(part for part in (service, version) if part)
    return AuditView(words.time(entry["time"]), called(entry["who"]), words.name("audit", entry["act"]), what,
                     decision_told(entry["reason"], words.language))  # fmt: skip
