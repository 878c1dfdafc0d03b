"""Reads the catalogue: actions, channels, calendar, phrases and policy as TOML, refused as a whole when anything is
wrong, with the line."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.errors import InvalidInput
from kit.toml_lines import line_numbers, line_of
from learning.contact_hours import ContactHours
from learning.records import ACTIVITY_TYPES, BUYING_ROLES, CHANNELS
from services.next_best_action.catalogue_checks import (
    build,
    currency,
    members,
    named,
    number,
    refuse_unknown,
    typed,
    within,
)
from services.next_best_action.catalogue_hours import Hours, all_hours, check_length
from services.next_best_action.domain import PLACEHOLDERS, Action, Calendar, Channel, Policy
from services.next_best_action.expressions import Condition, Together
from services.next_best_action.features import VARIABLES, Signals
from services.next_best_action.products import LARGER, NEW

DEFAULT_FILE = Path(__file__).with_name("catalogue.toml")
MOST_ACTIONS = 100
LARGEST_FILE = 500_000
LONGEST_WORD = 100
LONGEST_MESSAGE = 500
QUIET = ("08:00", "21:00")  # of promotional texts and chats, where the catalogue does not say


@dataclass(frozen=True, slots=True)
class Phrase:
    """Evidence in words, shown when its condition holds."""

    variable: str
    when: str
    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue that was read and checked. Amounts are in `currency`."""

    currency: str
    typical_amount: float
    win_rate: float
    look_again_days: int
    policy: Policy
    rates: Mapping[str, float]
    channels: Mapping[str, Channel]
    phrases: Mapping[str, tuple[Phrase, Condition]]
    said: Together  # the phrases' conditions, in their order
    actions: tuple[Action, ...]
    gates: Together  # eligible, applicable and suitable: one an action
    signals: Signals
    hours: Hours
    text: str = ""  # what it was read from

    def hours_of(self, action: Action, channel: str) -> ContactHours:
        """When the action may be done on the channel; empty: without one."""
        return self.hours[channel, action.promotional]

    def in_currency(self, amount: float, currency: str) -> float:
        """A cost of this catalogue roughly in another currency; one the rates do not name counts as the catalogue's."""
        return amount * self.rates.get(currency, 1.0) / self.rates.get(self.currency, 1.0)


def load(path: Path = DEFAULT_FILE) -> Catalogue:
    """Read and check a catalogue. Raises InvalidInput naming the action, the expression or key, and the mend."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InvalidInput(
                "the catalogue is too large", field=str(path), mend=f"Keep it below {LARGEST_FILE} bytes"
            )
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"the catalogue cannot be read: {error.strerror}", field="DEALCAST_ACTION_CATALOGUE", value=str(path),
            mend="Name a readable TOML file, or leave it unset for the built-in catalogue",
        ) from None  # fmt: skip
    except UnicodeDecodeError:
        raise InvalidInput("the catalogue is not UTF-8", field=str(path), mend="Save it as UTF-8") from None


def parse(text: str) -> Catalogue:
    """As `load`, from the text itself."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
        raise InvalidInput("the catalogue is too large", field="catalogue", mend=f"Keep it below {LARGEST_FILE} bytes")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"the catalogue is no TOML: {error}", field="catalogue", mend="Correct that line") from None
    except RecursionError:
        raise InvalidInput("the catalogue is nested too deep", field="catalogue", mend="See README.md") from None
    try:
        return _assemble(table, text)
    except InvalidInput as error:
        line = line_of(_path(error.field, table), line_numbers(text))
        raise InvalidInput(
            f"line {line}: {error.message}", field=error.field, value=error.value, mend=error.mend
        ) from None


def _path(field: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Where in the TOML text a field is that an error names; actions are named there and numbered here."""
    parts = field.removeprefix("catalogue.").split(".")
    if parts[0] == "actions" and len(parts) > 1:
        listed = table.get("actions", [])
        names = [str(each.get("name", "")) if isinstance(each, dict) else "" for each in listed]
        if parts[1] in names:
            parts[1] = str(len(names) - 1 - names[::-1].index(parts[1]))
    return tuple(parts)


def _assemble(table: dict[str, Any], text: str) -> Catalogue:
    known = {"currency", "typical_amount", "win_rate", "look_again_days"} | _TABLES
    refuse_unknown(table, known, "catalogue")
    channels = {name: _channel(name, each) for name, each in named(table, "channels")}
    members(tuple(channels), CHANNELS, "channels", "Consents know these channels")
    phrases = {name: _phrase(name, each) for name, each in named(table, "phrases")}
    listed = typed(list[dict[str, Any]], table.get("actions", []), "actions")
    if not 0 < len(listed) <= MOST_ACTIONS:
        raise InvalidInput(f"a catalogue has 1 to {MOST_ACTIONS} actions", field="actions", value=str(len(listed)),
                           mend="Add or remove [[actions]]")  # fmt: skip
    actions = tuple(_action(each, position, channels, phrases) for position, each in enumerate(listed))
    _check_names(actions)
    hours = all_hours(
        build(Calendar, typed(dict[str, Any], table.get("calendar", {}), "calendar"), "calendar"), channels
    )
    _check_lengths(actions, hours)
    return Catalogue(
        currency=currency(table.get("currency", "USD")),
        typical_amount=number(table, "typical_amount", 5_000.0, 0.0, 1e12),
        win_rate=number(table, "win_rate", 0.3, 0.0, 1.0),
        look_again_days=int(number(table, "look_again_days", 7, 1, 365)),
        policy=_policy(table.get("policy", {})),
        rates=_rates(table.get("rates", {})),
        channels=channels,
        phrases=phrases,
        said=Together([condition for _, condition in phrases.values()]),
        actions=actions,
        gates=Together([_gate(action) for action in actions]),
        signals=_signals(table.get("signals", {})),
        hours=hours,
        text=text,
    )


FORMER = "temperature"  # of draws in catalogues written before they were by Thompson sampling
_TABLES = {"calendar", "policy", "rates", "channels", "signals", "phrases", "actions"}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "cost": (0, 1e9), "minutes": (0, 1e5), "benefit": (0, 1e9), "odds": (-20, 20), "odds_sd": (1e-6, 5),
    "amount_uplift": (-1, 10),
}  # fmt: skip


def _action(
    entry: dict[str, Any], position: int, channels: Mapping[str, Channel], phrases: Mapping[str, Any]
) -> Action:
    where = f"actions.{entry.get('name', position)}"
    action = build(Action, entry, where)
    if not action.name.isidentifier() or len(action.name) > 64:
        raise InvalidInput("an action's name is one word of letters, digits and _", field=f"{where}.name",
                           value=action.name, mend="Rename it, such as send_quote")  # fmt: skip
    for key, (low, high) in _BOUNDS.items():
        within(getattr(action, key), low, high, f"{where}.{key}")
    members(action.channels, channels, f"{where}.channels", "Add [channels.…] for it, or use one of")
    members(action.roles, BUYING_ROLES, f"{where}.roles", "Use some of")
    members(action.activities, ACTIVITY_TYPES, f"{where}.activities", "Use some of")
    for place, word in enumerate(action.words):
        within(len(word.strip()), 1, LONGEST_WORD, f"{where}.words[{place}]")
    members(action.because, phrases, f"{where}.because", "Add [phrases.…] for it, or use one of")
    if action.offers:
        members((action.offers,), (NEW, LARGER), f"{where}.offers", "Use one of")
    for key in ("message_en", "message_ko"):
        message = getattr(action, key)
        if len(message) > LONGEST_MESSAGE:
            raise InvalidInput("the message is too long", field=f"{where}.{key}", value=message,
                               mend=f"Keep it within {LONGEST_MESSAGE} characters")  # fmt: skip
        _placeholders(message, PLACEHOLDERS, f"{where}.{key}")
    return action


def _channel(name: str, entry: dict[str, Any]) -> Channel:
    quiet = {"promotional_hours": QUIET} if name in ("text", "chat") else {}
    channel = build(Channel, {**quiet, "name": name, **entry}, f"channels.{name}")
    for key in ("per_7_days", "per_30_days", "unanswered", "quiet_days"):
        within(getattr(channel, key), 0, 1e6, f"channels.{name}.{key}")
    return channel


def _check_lengths(actions: tuple[Action, ...], hours: Hours) -> None:
    for action in actions:
        for channel in action.channels or ("",):
            check_length(action, hours[channel, action.promotional], channel)


def _gate(action: Action) -> Condition:
    keys = ("eligibility", "applicability", "suitability")
    texts = {f"actions.{action.name}.{key}": getattr(action, key) for key in keys}
    return Condition.all_of(texts | ({f"actions.{action.name}.off": "false"} if action.off else {}))


def _phrase(name: str, entry: dict[str, Any]) -> tuple[Phrase, Condition]:
    where = f"phrases.{name}"
    phrase = build(Phrase, entry, where)
    members((phrase.variable,), VARIABLES, f"{where}.variable", "Use one of")
    for key in ("en", "ko"):
        _placeholders(getattr(phrase, key), VARIABLES, f"{where}.{key}")
    return phrase, Condition(phrase.when, where=f"{where}.when")


def _placeholders(text: str, allowed: Any, where: str) -> None:
    try:
        parts = [part for part in string.Formatter().parse(text) if part[1] is not None]
    except ValueError:
        raise InvalidInput("the braces do not match", field=where, value=text,
                           mend="Write {variable}, and {{ }} for braces") from None  # fmt: skip
    members(tuple(sorted({str(part[1]) for part in parts})), allowed, where, "Between braces use one of")
    if any(part[2] or part[3] for part in parts):
        raise InvalidInput("between braces stands more than a name", field=where, value=text,
                           mend="Write {variable} without : and !")  # fmt: skip


def _signals(table: Any) -> Signals:
    words = typed(dict[str, list[str]], table, "signals")
    for name in words:
        if not name.isidentifier():
            raise InvalidInput("a signal's name is one word", field="signals", value=name, mend="Rename it")
    return Signals(words)


def _policy(table: Any) -> Policy:
    given = {key: value for key, value in typed(dict[str, Any], table, "policy").items() if key != FORMER}
    policy = build(Policy, given, "policy")
    within(policy.shown, 1, 10, "policy.shown")
    within(policy.near, 0, 1, "policy.near")
    within(policy.most_exploring, 0, 1, "policy.most_exploring")
    within(policy.explore_from, 0, 1e12, "policy.explore_from")
    return policy


def _rates(table: Any) -> Mapping[str, float]:
    rates = {currency(code): rate for code, rate in typed(dict[str, float], table, "rates").items()}
    for code, rate in rates.items():
        within(rate, 1e-9, 1e9, f"rates.{code}")
    return {"USD": 1.0, **rates}


def _check_names(actions: tuple[Action, ...]) -> None:
    seen: set[str] = set()
    for action in actions:
        if action.name in seen:
            raise InvalidInput("two actions have this name", field=f"actions.{action.name}.name",
                               value=action.name, mend="Rename one")  # fmt: skip
        seen.add(action.name)
