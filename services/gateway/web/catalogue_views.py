"""What the page of the action catalogue shows of each action, and what a form of it says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kit.errors import DealcastError, InvalidInput
from services.gateway.web.member_names import Called
from services.gateway.web.refusals import Refusal, refusal
from services.gateway.web.words import Words

Json = Mapping[str, Any]
TEXT, LONG, CODE, NUMBER, LIST, FLAG = "text", "long", "code", "number", "list", "flag"
FIELDS: Mapping[str, str] = {  # in the order of the form
    "en": TEXT, "ko": TEXT, "cost": NUMBER, "minutes": NUMBER, "channels": LIST, "roles": LIST,
    "eligibility": CODE, "applicability": CODE, "suitability": CODE, "message_en": LONG, "message_ko": LONG,
    "benefit": NUMBER, "odds": NUMBER, "odds_sd": NUMBER, "amount_uplift": NUMBER, "because": LIST,
    "activities": LIST, "words": LIST, "offers": TEXT, "promotional": FLAG, "tidy_up": FLAG,
}  # fmt: skip
MONEY = ("cost", "benefit")  # in the catalogue's own currency
MORE_FROM = "benefit"  # fields from here on are folded away
CONDITIONS = ("eligibility", "applicability", "suitability")
ALWAYS = "true"
DIGITS = 12  # of a number's text


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a form, with what is wrong with what was typed."""

    key: str
    kind: str
    value: str
    error: Refusal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action: its words, what it takes, how often its people may be contacted, when it may come up."""

    name: str
    title: str
    other: str  # in the other language
    off: bool
    takes: str
    limits: tuple[str, ...]  # by channel
    conditions: tuple[tuple[str, str], ...]
    fields: tuple[FieldView, ...]
    more: tuple[FieldView, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into an action's form, and what of it was refused, by field."""

    action: str = ""
    values: Json = field(default_factory=dict)
    errors: Mapping[str, Refusal] = field(default_factory=dict)


def parsed(text: str) -> dict[str, Any]:
    """The catalogue as a document. Raises InvalidInput."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"the catalogue is no TOML: {error}", field="text", mend="Correct that line") from None


def titles_of(text: str, language: str) -> dict[str, str]:
    """What a catalogue's actions are called, by name."""
    return {str(one["name"]): str(one.get(language) or one["name"]) for one in parsed(text).get("actions", ())}


def action_views(document: Json, typed: Typed, company: str, words: Words) -> list[ActionView]:
    """Every action, in the catalogue's order; `company` is the company's currency."""
    return [_action(one, document, typed, company, words) for one in document.get("actions", ())]


def _action(action: Json, document: Json, typed: Typed, company: str, words: Words) -> ActionView:
    name, currency = str(action["name"]), str(document.get("currency", "USD"))
    mine = typed.action == name
    shown = [
        FieldView(key, kind, str(typed.values.get(key, "")) if mine else shown_value(action.get(key), kind),
                  typed.errors.get(key) if mine else None, currency if key in MONEY else "")
        for key, kind in FIELDS.items()
    ]  # fmt: skip
    split = list(FIELDS).index(MORE_FROM)
    languages = ("ko", "en") if words.language == "ko" else ("en", "ko")
    title, other = (str(action.get(one, "")) for one in languages)
    cost = _cost(str(action.get("cost", 0)), currency, company, document, words)
    return ActionView(
        name, title, other, bool(action.get("off")),
        words("catalogue.takes", cost=cost, minutes=words.number(action.get("minutes", 0))),
        tuple(_limits(each, document, words) for each in action.get("channels", ())),
        tuple((words.name("catalogue", key), _condition(action.get(key, ALWAYS), words)) for key in CONDITIONS),
        tuple(shown[:split]), tuple(shown[split:]), mine,
    )  # fmt: skip


def _cost(value: str, currency: str, company: str, document: Json, words: Words) -> str:
    """What it costs, in the company's currency where the catalogue's rates name both, beside it as it is written."""
    written, rates = words.money({"currency": currency, "value": value}), {"USD": 1.0, **document.get("rates", {})}
    if currency == company or not {currency, company} <= rates.keys():
        return written
    there = words.money({"currency": company, "value": f"{float(value) * rates[company] / rates[currency]:.2f}"})
    return words("catalogue.about", cost=there, written=written)


def _condition(text: Any, words: Words) -> str:
    """A condition as it is written; one that always holds in words."""
    return words("catalogue.always") if str(text).strip() == ALWAYS else str(text).strip()


def _limits(channel: str, document: Json, words: Words) -> str:
    """How often people may be contacted on a channel."""
    found = document.get("channels", {}).get(channel, {})
    told = [
        words(f"catalogue.{key}", count=found[key], days=found.get("quiet_days", 0))
        for key in ("per_7_days", "per_30_days", "unanswered") if key in found
    ]  # fmt: skip
    if found.get("consent"):
        told.append(words("catalogue.consent"))
    if hours := found.get("hours"):
        told.append(words("catalogue.hours", start=hours[0], end=hours[1]))
    return f"{words.name('activity', channel)}: {', '.join(told) or words('catalogue.no_limits')}"


def shown_value(value: Any, kind: str) -> str:
    """A value of the catalogue as a form shows it; what is not set is empty."""
    if value is None:
        return ""
    if kind == LIST:
        return ", ".join(map(str, value))
    if kind == FLAG:
        return "yes" if value else ""
    return str(value).strip() if kind == CODE else str(value)


def changed_values(action: Json, form: Mapping[str, str], language: str) -> tuple[dict[str, Any], dict[str, Refusal]]:
    """What a form says otherwise than the action: values by key, None for what is left empty; and what is no value."""
    values: dict[str, Any] = {}
    errors: dict[str, Refusal] = {}
    for key, kind in FIELDS.items():
        text = form.get(key, "").replace("\r\n", "\n").strip()
        if text == shown_value(action.get(key), kind).strip():
            continue
        try:
            values[key] = _value(text, kind, key)
        except InvalidInput as error:
            errors[key] = refusal(error, language)
    return values, errors


def _value(text: str, kind: str, key: str) -> Any:
    if not text:
        return None
    if kind == LIST:
        return [part for one in text.replace("\n", ",").split(",") if (part := one.strip())]
    if kind == FLAG:
        return True
    if kind != NUMBER:
        return text
    try:
        number = float(text) if len(text) <= DIGITS else float("nan")
    except ValueError:
        number = float("nan")
    if number != number or abs(number) == float("inf"):
        raise InvalidInput("Input should be a valid number", field=key, value=text[:20], mend="Write it such as 12.5")
    return int(number) if number == int(number) and "." not in text else number


def field_of(error: DealcastError, action: str) -> str:
    """The form's field that an error of the whole catalogue is about; empty where it is about none."""
    key = error.field.removeprefix(f"actions.{action}.").partition("[")[0].partition(".")[0]
    return key if key in FIELDS and error.field.startswith(f"actions.{action}.") else ""


@dataclass(frozen=True, slots=True)
class EditionView:
    """An edition: when, by whom, why, and what it changed; `other` where its text is not the one that serves."""

    generation: int
    when: str
    who: str
    note: str
    changed: str
    serves: bool
    other: bool


def edition_views(
    entries: Sequence[Json], texts: Mapping[int, str], serving: int, called: Called, words: Words
) -> list[EditionView]:
    """Newest first, the file that all began with last; beside each, which actions are others than before it."""
    found = []
    for place, entry in enumerate(entries):
        number, who = int(entry["generation"]), str(entry.get("who", ""))
        before = texts.get(int(entries[place + 1]["generation"]) if place + 1 < len(entries) else 0)
        told = words.time(entry["time"]), called(who), str(entry["note"])
        changed = _changed(texts.get(number), before, words)
        other = texts.get(number) not in (None, texts.get(serving))
        found.append(EditionView(number, *told, changed, number == serving, other))
    if entries and 0 in texts:
        found.append(
            EditionView(0, "–", "", words("catalogue.first"), "", serves=False, other=texts[0] != texts.get(serving))
        )
    return found


def _changed(after: str | None, before: str | None, words: Words) -> str:
    if after is None or before is None:
        return ""
    new, old = parsed(after), parsed(before)
    now, then = ({str(one.get("name")): one for one in each.get("actions", ())} for each in (new, old))
    names = [name for name in [*now, *(one for one in then if one not in now)] if now.get(name) != then.get(name)]
    others = {key for key in {*new, *old} - {"actions"} if new.get(key) != old.get(key)}
    told = [*names, *(f"[{key}]" for key in sorted(others))]
    return ", ".join(told) or words("catalogue.words_alone" if after != before else "catalogue.policies")
