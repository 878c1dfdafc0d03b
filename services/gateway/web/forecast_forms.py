"""What people do on the forecast call: submit, adjust, take back, and suppose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import Request

from kit.errors import InvalidInput
from kit.money import Money, decimals
from learning.records import Outcome
from services.gateway.calls import CallKind
from services.gateway.domain import Principal
from services.gateway.forecast_calls import Said, say, undo
from services.gateway.forecast_client import Simulator
from services.gateway.imports.units import read_units
from services.gateway.imports.values import parse_number, too_large
from services.gateway.json_checks import is_rounded
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import currency_of, past_day_of, period_of, text_of
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.simulation import Supposed, simulate
from services.gateway.web.call_views import money
from services.gateway.web.doubt_views import what_if_view
from services.gateway.web.forms import form_of
from services.gateway.web.held import BEGINS, Asked
from services.gateway.web.refusals import said as told
from services.gateway.web.rendering import render
from services.gateway.web.words import Words

PATH = "/forecast"
MOST_SUPPOSED = 20
LONGEST_NOTE = 2_000
FAR = 3  # times above or below the likely range, a number is confirmed before it is taken
LEAST_WITHOUT_UNIT = 10_000  # of a currency without decimals: 3.2 is said in hundreds of millions
SAYING = {CallKind.SUBMISSION: f"{PATH}/submit", CallKind.ADJUSTMENT: f"{PATH}/adjust"}  # not for the same roles


def asked_of(gateway: Gateway, request: Request) -> Asked:
    """What the address asks for. Raises InvalidInput."""
    node = text_of(request, "node") or COMPANY
    begin = text_of(request, "since")
    begin = begin if begin in BEGINS else ""
    since = None if begin else past_day_of(gateway, request, "since")
    return Asked(period_of(gateway, request), node, currency_of(request), since, begin)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and is not saved, and why; `confirm`: it is once it is sent again."""

    kind: CallKind
    amount: str
    note: str
    why: str
    confirm: bool = False


async def say_number(gateway: Gateway, request: Request, kind: CallKind, words: Words) -> int | Typed:
    """Submit, adjust or take back: the id of what was said; or what is wrong with what was typed."""
    form, principal = await form_of(request), principal_of(request)
    taken = (form.get("undo") or [""])[0]
    if taken:
        if not taken.isdecimal() or len(taken) > 18:
            raise InvalidInput("this is no id of one", field="undo", value=taken[:40], mend="Send it from the page")
        return int((await undo(gateway, principal, kind, int(taken)))["id"])
    asked = asked_of(gateway, request)
    text, currency, note, confirmed = ((form.get(name) or [""])[0] for name in ("amount", "currency", "note", "sure"))
    try:
        amount = amount_of(text, currency, words)
        _check(kind, amount, note.strip(), words)
    except InvalidInput as error:
        why = f"{told(error.message, words.language)}. {told(error.mend, words.language)}."
        return Typed(kind, text, note, why)
    if confirmed != text and (why := await _far(gateway, principal, asked, kind, amount, words)):
        return Typed(kind, text, note, why, confirm=True)
    return int((await say(gateway, principal, kind, Said(amount, note.strip(), asked.node, asked.period)))["id"])


def _check(kind: CallKind, amount: Money, note: str, words: Words) -> None:
    if len(note) > LONGEST_NOTE:
        mend = words("call.note_mend", most=words.number(LONGEST_NOTE))
        raise InvalidInput(words("call.long_note"), field="note", value=note[:40], mend=mend)
    if amount.minor < 0 and kind is CallKind.SUBMISSION:
        raise InvalidInput(words("call.negative"), field="amount", value=amount.value, mend=words("call.negative_mend"))


async def _far(
    gateway: Gateway, principal: Principal, asked: Asked, kind: CallKind, amount: Money, words: Words
) -> str:  # fmt: skip
    """What is to be confirmed: a number far from the likely range is often a slip of the pen. Empty where it is near,
    or no range is told."""
    found = await gateway.forecast(principal, str(asked.period), asked.node, amount.currency)
    row: dict[str, Any] = found["nodes"][0] if found["nodes"] else {}
    if found["currency"] != amount.currency or row.get("p10") is None or Decimal(row["p90"]) <= 0:
        return ""
    number = Decimal(amount.value) + (Decimal(row["mean"]) if kind is CallKind.ADJUSTMENT else 0)
    low, high = Decimal(row["p10"]), Decimal(row["p90"])
    if low / FAR <= number <= high * FAR:
        return ""
    texts = {name: money(each, amount.currency, words) for name, each in
             (("amount", number), ("low", low), ("high", high))}  # fmt: skip
    return words(f"call.far_{kind}", **texts)


def amount_of(text: str, currency: str, words: Words) -> Money:
    """An amount as people write it, such as 5,000,000, 5.2m or 3.2억. Raises InvalidInput."""
    try:
        number = read_units(text)
        number = parse_number(text, thousands=",", typed=True) if number is None else number
        money = Money.parse(currency, number)
    except (ArithmeticError, ValueError):
        if too_large(text):
            said, mend = words("call.large_amount"), words("call.large_mend")
            raise InvalidInput(said, field="amount", value=text[:40], mend=mend) from None
        mend = words("call.amount_mend")
        raise InvalidInput(words("call.no_amount"), field="amount", value=text[:40], mend=mend) from None
    if is_rounded(money, number):
        places, _ = decimals(money.currency)
        unit = not places and abs(number) < LEAST_WITHOUT_UNIT
        mend = words("call.unit_mend", text=text.strip()) if unit else words("call.round_mend", amount=money.value)
        said = words("call.decimals", currency=money.currency, places=places)
        raise InvalidInput(said, field="amount", value=text[:40], mend=mend)
    return money


async def what_if(gateway: Gateway, simulator: Simulator, request: Request, words: Words) -> str:
    """The number as it would be with the ticked deals won in the period, or slipped out of it."""
    form, principal, asked = await form_of(request), principal_of(request), asked_of(gateway, request)
    won, slipped = form.get("won", []), form.get("slipped", [])
    later: date = asked.period.next().end
    supposed = [Supposed(one, Outcome.WON) for one in dict.fromkeys(won)]
    supposed += [Supposed(one, None, later) for one in dict.fromkeys(slipped) if one not in won]
    if len(supposed) > MOST_SUPPOSED:
        raise InvalidInput(words("call.many"), field="deals", value=str(len(supposed)), mend=str(MOST_SUPPOSED))
    if not supposed:
        return render("_what_if.html", request, words, what_if=None)
    found = await simulate(gateway, simulator, principal, asked.period, supposed)
    currency = asked.currency or (form.get("currency") or [""])[0]
    return render("_what_if.html", request, words, what_if=what_if_view(found, asked.node, currency, words))
