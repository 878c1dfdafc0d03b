"""What the settings page shows: each setting with what it means, its value, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel.dates import get_month_names

from services.gateway.fiscal_change import SHOWN, Moved
from services.gateway.privacy.retention import KINDS
from services.gateway.promotion_rule import LEVELS, PromotionRule
from services.gateway.retraining import WEEKDAYS, RetrainingRule
from services.gateway.web.member_names import Called
from services.gateway.web.refusals import Refusal
from services.gateway.web.words import Words
from services.gateway.workspace import Workspace

TEXT, NUMBER, DAY, CHOICE, AREA, FLAG = "text", "number", "day", "choice", "area", "flag"
MONTHS = range(1, 13)
YES = "yes"
Choices = tuple[tuple[str, str], ...]
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed for a setting and refused: by which input, and what a change would move."""

    key: str = ""
    form: Form = field(default_factory=dict)
    error: Refusal | None = None
    at: str = ""  # the input that the error is about
    asks: tuple[str, ...] = ()  # what is to be confirmed


@dataclass(frozen=True, slots=True)
class InputView:
    """An input of a setting's form."""

    key: str
    kind: str
    value: str
    choices: Choices = ()
    error: Refusal | None = None


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting; its words stand under its key."""

    key: str
    current: str
    inputs: tuple[InputView, ...]
    asks: tuple[str, ...] = ()
    saved: bool = False


@dataclass(frozen=True, slots=True)
class Values:
    """What is set now, beside the workspace."""

    renewal_days: int | None
    periods: Mapping[str, int | None]
    promotion: PromotionRule
    retraining: RetrainingRule


def setting_views(workspace: Workspace, values: Values, typed: Typed, saved: str, words: Words) -> list[SettingView]:
    """All of them, in the page's order."""
    shown = [
        *_company(workspace, words), *_scoring(workspace, words), _renewals(values.renewal_days, words),
        _retention(values.periods, words), _promotion(values.promotion, words), _retraining(values.retraining, words),
    ]  # fmt: skip
    return [_with_typed(one, typed, saved) for one in shown]


def _with_typed(view: SettingView, typed: Typed, saved: str) -> SettingView:
    if view.key != typed.key:
        return SettingView(view.key, view.current, view.inputs, (), saved == view.key)
    at = typed.at if typed.at in {one.key for one in view.inputs} else view.inputs[0].key
    inputs = tuple(
        InputView(one.key, one.kind, typed.form.get(one.key, ""), one.choices, typed.error if one.key == at else None)
        for one in view.inputs
    )
    return SettingView(view.key, view.current, inputs, typed.asks)


def _company(workspace: Workspace, words: Words) -> Iterable[SettingView]:
    day = words.day(workspace.business_day)
    told = words("settings.clock_pinned" if workspace.pinned else "settings.clock_runs", day=day)
    pinned = workspace.pinned.isoformat() if workspace.pinned else ""
    yield SettingView("clock", told, (InputView("today", DAY, pinned),))
    yield SettingView("currency", workspace.currency, (InputView("currency", TEXT, workspace.currency),))
    year = workspace.fiscal_year
    months = tuple((str(one), str(get_month_names(locale=words.language)[one])) for one in MONTHS)
    named = tuple((one, words.name("settings", f"named_{one}")) for one in ("end", "start"))
    now = dict(months)[str(year["start_month"])]
    yield SettingView(
        "fiscal_year", words("settings.fiscal_now", month=now, named=dict(named)[str(year["named_by"])]),
        (InputView("start_month", CHOICE, str(year["start_month"]), months),
         InputView("named_by", CHOICE, str(year["named_by"]), named)),
    )  # fmt: skip
    country = workspace.holiday_country
    yield SettingView("holidays", country or words("settings.none"), (InputView("holiday_country", TEXT, country),))
    zone = workspace.time_zone
    yield SettingView("time_zone", zone or "UTC", (InputView("time_zone", TEXT, zone),))
    link = workspace.crm_link
    yield SettingView("crm", link or words("settings.none"), (InputView("crm_link", TEXT, link),))


def _scoring(workspace: Workspace, words: Words) -> Iterable[SettingView]:
    bounds = [f"{100 * one:g}" for one in workspace.grade_bounds]
    told = ", ".join(
        words("settings.grade_from", grade=name, share=one) for name, one in zip("ABC", bounds, strict=True)
    )
    inputs = tuple(InputView(name, NUMBER, one) for name, one in zip("ABC", bounds, strict=True))
    yield SettingView("grades", told, inputs)
    days = workspace.lead_horizon_days
    now = words("settings.days", count=days) if days is not None else words("settings.at_all")
    yield SettingView("lead_horizon", now, (InputView("lead_horizon_days", NUMBER, _number(days)),))
    columns = workspace.training_columns.to_json()
    counts = words("settings.columns", keep=len(columns["keep"]), drop=len(columns["drop"]))
    lists = tuple(InputView(name, AREA, "\n".join(columns[name])) for name in ("keep", "drop"))
    yield SettingView("training_columns", counts, lists)


def _renewals(days: int | None, words: Words) -> SettingView:
    now = words("settings.days_before", count=days) if days is not None else words("settings.never")
    return SettingView("renewals", now, (InputView("days", NUMBER, _number(days)),))


def _retention(periods: Mapping[str, int | None], words: Words) -> SettingView:
    limited = sum(one is not None for one in periods.values())
    now = words("settings.retention_now", count=limited) if limited else words("settings.retention_none")
    return SettingView("retention", now, tuple(InputView(kind, NUMBER, _number(periods[kind])) for kind in KINDS))


def _promotion(rule: PromotionRule, words: Words) -> SettingView:
    levels = tuple((f"{one:g}", words.number(100 * one) + " %") for one in LEVELS)
    inputs = (
        InputView("confidence", CHOICE, f"{rule.confidence:g}", levels),
        InputView("log_loss_margin", NUMBER, f"{100 * rule.log_loss_margin:g}"),
        InputView("ece_margin", NUMBER, f"{100 * rule.ece_margin:g}"),
        InputView("max_age_days", NUMBER, str(rule.max_age_days)), InputView("reason", TEXT, ""),
    )  # fmt: skip
    now = words("settings.promotion_now", margin=inputs[1].value, ece=inputs[2].value, days=rule.max_age_days)
    return SettingView("promotion", now, inputs)


def _retraining(rule: RetrainingRule, words: Words) -> SettingView:
    days = [("", words("settings.schedule_none")), *((one, words.name("settings", one)) for one in WEEKDAYS)]
    days += [(str(one), words("settings.schedule_day", day=one)) for one in range(1, 29)]
    inputs = (
        InputView("new_outcomes", NUMBER, _number(rule.new_outcomes)),
        InputView("max_age_days", NUMBER, _number(rule.max_age_days)),
        InputView("schedule", CHOICE, rule.schedule or "", tuple(days)),
        InputView("drift", FLAG, YES if rule.drift else ""),
        InputView("input_drift", FLAG, YES if rule.input_drift else ""), InputView("reason", TEXT, ""),
    )  # fmt: skip
    told = [
        words("settings.after_outcomes", count=rule.new_outcomes) if rule.new_outcomes is not None else "",
        words("settings.after_days", count=rule.max_age_days) if rule.max_age_days is not None else "",
        dict(days)[rule.schedule] if rule.schedule else "",
        words("settings.on_drift") if rule.drift or rule.input_drift else "",
    ]
    return SettingView("retraining", ", ".join(filter(None, told)) or words("settings.never"), inputs)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def moved_view(found: Moved, words: Words) -> tuple[str, ...]:
    """What another fiscal year would move, a line each."""
    lines = [words(f"settings.moved_{kind}", count=count) for kind, count in found.counts.items()]
    for one in found.periods[:SHOWN]:
        days = [words.day(day) for day in (*one.now, *one.then)]
        lines.append(words("settings.moved_period", name=one.name, count=one.count, start=days[0], end=days[1],
                           new_start=days[2], new_end=days[3]))  # fmt: skip
    if (more := len(found.periods) - SHOWN) > 0:
        lines.append(words("call.more", count=more))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class RateView:
    """An exchange rate that holds."""

    currency: str
    rate: str
    since: str
    day: str


def rate_views(holding: Sequence[Mapping[str, str]], words: Words) -> list[RateView]:
    """Of services.gateway.exchange_rows.holding_json."""
    return [RateView(one["currency"], one["rate"], words.day(one["date"]), one["date"]) for one in holding]


@dataclass(frozen=True, slots=True)
class SampleView:
    """What would go with the sample company, or when it went."""

    here: bool
    goes: tuple[tuple[str, str], ...]
    removed: str
    who: str
    clearing: bool


def sample_view(about: Mapping[str, Any], called: Called, words: Words) -> SampleView:
    """Of services.gateway.sample.removal.SampleRemoval.about."""
    goes = tuple((words.name("entity", kind), words.number(count)) for kind, count in about["goes"].items() if count)
    removed = about["removed"] or {"time": "", "who": ""}
    when = words.time(removed["time"]) if removed["time"] else ""
    return SampleView(bool(about["sample"]), goes, when, called(str(removed["who"])), bool(about["clearing"]))
