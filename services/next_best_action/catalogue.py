"""Reads the catalogue: actions, channels, phrases and policy as TOML, refused as a whole when anything is wrong."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from kit.errors import InvalidInput
from kit.money import Money
from learning.records import ACTIVITY_TYPES, BUYING_ROLES, CHANNELS
from services.next_best_action.domain import Action, Channel, Policy
from services.next_best_action.expressions import Condition, Together
from services.next_best_action.features import VARIABLES, Signals

DEFAULT_FILE = Path(__file__).with_name("catalogue.toml")
MOST_ACTIONS = 100
LARGEST_FILE = 500_000
T = TypeVar("T")


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
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"the catalogue is no TOML: {error}", field="catalogue", mend="Correct that line") from None
    return _assemble(table)


def _assemble(table: dict[str, Any]) -> Catalogue:
    known = {"currency", "typical_amount", "win_rate", "look_again_days"} | _TABLES
    _refuse_unknown(table, known, "catalogue")
    channels = {
        name: _build(Channel, {"name": name, **each}, f"channels.{name}") for name, each in _named(table, "channels")
    }
    _members(tuple(channels), CHANNELS, "channels", "Consents know these channels")
    phrases = {name: _phrase(name, each) for name, each in _named(table, "phrases")}
    listed = _typed(list[dict[str, Any]], table.get("actions", []), "actions")
    if not 0 < len(listed) <= MOST_ACTIONS:
        raise InvalidInput(f"a catalogue has 1 to {MOST_ACTIONS} actions", field="actions", value=str(len(listed)),
                           mend="Add or remove [[actions]]")  # fmt: skip
    actions = tuple(_action(each, position, channels, phrases) for position, each in enumerate(listed))
    _check_names(actions)
    return Catalogue(
        currency=_currency(table.get("currency", "USD")),
        typical_amount=_number(table, "typical_amount", 5_000.0, 0.0, 1e12),
        win_rate=_number(table, "win_rate", 0.3, 0.0, 1.0),
        look_again_days=int(_number(table, "look_again_days", 7, 1, 365)),
        policy=_policy(table.get("policy", {})),
        rates=_rates(table.get("rates", {})),
        channels=channels,
        phrases=phrases,
        said=Together([condition for _, condition in phrases.values()]),
        actions=actions,
        gates=Together([_gate(action) for action in actions]),
        signals=_signals(table.get("signals", {})),
    )


_TABLES = {"policy", "rates", "channels", "signals", "phrases", "actions"}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "cost": (0, 1e9), "minutes": (0, 1e5), "benefit": (0, 1e9), "odds": (-20, 20), "odds_sd": (1e-6, 5),
    "amount_uplift": (-1, 10),
}  # fmt: skip


def _action(
    entry: dict[str, Any], position: int, channels: Mapping[str, Channel], phrases: Mapping[str, Any]
) -> Action:
    where = f"actions.{entry.get('name', position)}"
    action = _build(Action, entry, where)
    if not action.name.isidentifier() or len(action.name) > 64:
        raise InvalidInput("an action's name is one word of letters, digits and _", field=f"{where}.name",
                           value=action.name, mend="Rename it, such as send_quote")  # fmt: skip
    for key, (low, high) in _BOUNDS.items():
        _within(getattr(action, key), low, high, f"{where}.{key}")
    _members(action.channels, channels, f"{where}.channels", "Add [channels.…] for it, or use one of")
    _members(action.roles, BUYING_ROLES, f"{where}.roles", "Use some of")
    _members(action.activities, ACTIVITY_TYPES, f"{where}.activities", "Use some of")
    _members(action.because, phrases, f"{where}.because", "Add [phrases.…] for it, or use one of")
    return action


def _gate(action: Action) -> Condition:
    keys = ("eligibility", "applicability", "suitability")
    return Condition.all_of({f"actions.{action.name}.{key}": getattr(action, key) for key in keys})


def _phrase(name: str, entry: dict[str, Any]) -> tuple[Phrase, Condition]:
    where = f"phrases.{name}"
    phrase = _build(Phrase, entry, where)
    _members((phrase.variable,), VARIABLES, f"{where}.variable", "Use one of")
    for key in ("en", "ko"):
        text = getattr(phrase, key)
        try:
            named = {part[1] for part in string.Formatter().parse(text) if part[1] is not None}
        except ValueError:
            raise InvalidInput("the braces do not match", field=f"{where}.{key}", value=text,
                               mend="Write {variable}, and {{ }} for braces") from None  # fmt: skip
        _members(tuple(sorted(named)), VARIABLES, f"{where}.{key}", "Between braces use one of")
    return phrase, Condition(phrase.when, where=f"{where}.when")


def _signals(table: Any) -> Signals:
    words = _typed(dict[str, list[str]], table, "signals")
    for name in words:
        if not name.isidentifier():
            raise InvalidInput("a signal's name is one word", field="signals", value=name, mend="Rename it")
    return Signals(words)


def _policy(table: Any) -> Policy:
    policy = _build(Policy, _typed(dict[str, Any], table, "policy"), "policy")
    _within(policy.shown, 1, 10, "policy.shown")
    _within(policy.near, 0, 1, "policy.near")
    _within(policy.temperature, 1e-3, 10, "policy.temperature")
    _within(policy.explore_from, 0, 1e12, "policy.explore_from")
    return policy


def _rates(table: Any) -> Mapping[str, float]:
    rates = {_currency(code): rate for code, rate in _typed(dict[str, float], table, "rates").items()}
    for code, rate in rates.items():
        _within(rate, 1e-9, 1e9, f"rates.{code}")
    return {"USD": 1.0, **rates}


def _currency(code: Any) -> str:
    try:
        return Money.parse(str(code), 0).currency
    except ValueError as error:
        raise InvalidInput(str(error), field="currency", value=str(code), mend="Write it such as USD or KRW") from None


def _number(table: Mapping[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = _typed(float, table.get(key, default), key)
    _within(value, low, high, key)
    return value


def _named(table: Mapping[str, Any], key: str) -> Iterable[tuple[str, dict[str, Any]]]:
    return _typed(dict[str, dict[str, Any]], table.get(key, {}), key).items()


def _build(cls: type[T], entry: dict[str, Any], where: str) -> T:
    _refuse_unknown(entry, {each.name for each in fields(cls)}, where)  # type: ignore[arg-type]
    return _typed(cls, entry, where)


def _typed(kind: type[T], value: Any, where: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise InvalidInput(
            first["msg"], field=place, value=str(first.get("input", "")), mend="See README.md for the keys and types"
        ) from None


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise InvalidInput("unknown key", field=f"{where}.{unknown[0]}", mend="Use one of: " + ", ".join(sorted(known)))


def _members(values: tuple[str, ...], allowed: Any, where: str, mend: str) -> None:
    for value in values:
        if value not in allowed:
            raise InvalidInput(
                "it is not known", field=where, value=value, mend=f"{mend}: {', '.join(sorted(allowed))}"
            )


def _within(value: float, low: float, high: float, where: str) -> None:
    if not low <= value <= high:
        raise InvalidInput(f"it is not between {low:g} and {high:g}", field=where, value=f"{value:g}",
                           mend="Choose a value in that range")  # fmt: skip


def _check_names(actions: tuple[Action, ...]) -> None:
    seen: set[str] = set()
    for action in actions:
        if action.name in seen:
            raise InvalidInput("two actions have this name", field="actions.name", value=action.name, mend="Rename one")
        seen.add(action.name)
