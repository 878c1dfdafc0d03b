"""How something stood before and after, in words: amounts, days, people and settings by what they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from babel.dates import get_month_names

from services.gateway.access.members import AccessEvent, Act
from services.gateway.change_log import CATALOGUE, SETTING, USER
from services.gateway.renewals.planning import DAYS
from services.gateway.web.member_names import NOBODY, Called, People, team_name
from services.gateway.web.words import Words
from services.gateway.workspace import UNTRAINED

NODES = ("owner", "manager")


@dataclass(frozen=True, slots=True)
class Names:
    """What people are called: users of the CRM by id, and members by their own."""

    called: Called
    people: People = field(default_factory=lambda: NOBODY)

    def user(self, user_id: str) -> str:
        """A user with title and team, else the id."""
        found = self.people.get(user_id)
        return str(found) if found and found.name else user_id


def node_called(node: str, names: Names, words: Words) -> str:
    """The company, a region, somebody's team, or somebody."""
    level, _, of = node.partition(":")
    if level in NODES:
        found = names.people.get(of)
        if level != "owner":
            return team_name(found.name if found and found.name else of, words)
        return found.called if found and found.name else of
    return of if level == "region" and of else words("call.whole")


def value_told(event: AccessEvent, name: str, names: Names, words: Words) -> str:
    """`before` or `after` of an entry; empty where it says nothing of it."""
    moved = event.kind == USER and not event.detail.keys().isdisjoint(("before", "after"))  # to or from nobody
    if name not in event.detail and event.kind != SETTING and not moved:
        return ""
    value = event.detail.get(name)
    if event.kind == SETTING:
        return _setting(event.record, value, words)
    if event.kind == USER:
        return names.user(str(value)) if value else words("reporting.nobody")
    if event.kind == CATALOGUE:
        return words("audit_log.edition", number=value)
    if event.act is Act.MODEL_RULES_CHANGED and isinstance(value, Mapping):
        return ", ".join(f"{_rule(key, words)}: {_of_rule(key, one, words)}" for key, one in value.items())
    if isinstance(value, Mapping) and "currency" in value:
        return words.money(value)
    if value == UNTRAINED:
        return words("part.model_prior")
    return "" if value is None else str(value)


def _rule(key: str, words: Words) -> str:
    kind, _, name = key.partition(".")
    return words.name("settings", f"of_{kind}_{name}")


def _of_rule(key: str, value: Any, words: Words) -> str:
    if value is None or value is False:
        return words("settings.none")
    if value is True:
        return words("audit_log.yes")
    if isinstance(value, float):
        return f"{100 * value:g} %"
    return words.name("settings", str(value))


def _setting(key: str, value: Any, words: Words) -> str:
    """How a setting stands, as the page of settings says it."""
    if (told := _TOLD.get(key)) is not None:
        return told(value, words)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or words("settings.none")
    return str(value or words("settings.none"))


def _clock(value: Any, words: Words) -> str:
    return words("settings.clock_pinned", day=words.day(value)) if value else words("audit_log.clock_runs")


def _fiscal(value: Any, words: Words) -> str:
    month = str(get_month_names(locale=words.language)[int(value["start_month"])])
    return words("settings.fiscal_now", month=month, named=words(f"settings.named_{value['named_by']}"))


def _grades(value: Any, words: Words) -> str:
    return ", ".join(
        words("settings.grade_from", grade=grade, share=f"{100 * one:g}")
        for grade, one in zip("ABC", value, strict=False)
    )


def _horizon(value: Any, words: Words) -> str:
    return words("settings.days", count=value) if value is not None else words("settings.at_all")


def _columns(value: Any, words: Words) -> str:
    told = words("settings.columns", **value["counts"])
    named = ", ".join((*value["keep"], *value["drop"]))
    return f"{told} ({named})" if named else told


def _renewals(value: Any, words: Words) -> str:
    days = value["days"] if isinstance(value, Mapping) else DAYS
    return words("settings.days_before", count=days) if days is not None else words("settings.never")


def _retention(value: Any, words: Words) -> str:
    kept = [f"{words.name('settings', f'of_retention_{kind}')}: {days}" for kind, days in (value or {}).items()]
    return ", ".join(kept) or words("settings.retention_none")


_TOLD: Mapping[str, Callable[[Any, Words], str]] = {
    "clock": _clock, "fiscal_year": _fiscal, "grades": _grades, "lead_horizon": _horizon, "training_columns": _columns,
    "renewals": _renewals, "retention": _retention, "time_zone": lambda value, _: str(value or "UTC"),
}  # fmt: skip
