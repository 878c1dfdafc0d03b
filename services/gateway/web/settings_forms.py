"""What the forms of the settings page set: the same use cases as /v1 calls, with numbers as people type them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kit.clock import parse_day
from kit.errors import InvalidInput
from services.gateway.domain import Principal
from services.gateway.fiscal_change import change_fiscal_year
from services.gateway.privacy.retention import KINDS, checked_periods
from services.gateway.renewals.keeper import set_renewal_days
from services.gateway.rest.models import reason_in
from services.gateway.rest.operations import Desks
from services.gateway.service import Gateway
from services.gateway.web.settings_views import YES, Form

Setter = Callable[[Gateway, Desks, Principal, Form], Awaitable[None]]
LONGEST_NUMBER = 12


def _whole(form: Form, key: str) -> Any:
    """A whole number, None for nothing; another text as it is, which whoever takes it refuses."""
    text = form.get(key, "").strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER else text[:60]


def _share(form: Form, key: str) -> float:
    """Percent as a share. Raises InvalidInput."""
    text = form.get(key, "").strip()
    try:
        number = float(text) if len(text) < LONGEST_NUMBER else float("nan")
    except ValueError:
        number = float("nan")
    if number != number or abs(number) == float("inf"):
        raise InvalidInput("this is no number", field=key, value=text[:20])
    return round(number / 100, 9)


async def _clock(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    text = form.get("today", "").strip()
    await gateway.workspace.pin(parse_day(text, "today") if text else None)


async def _currency(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_currency(form.get("currency", ""))


async def _fiscal_year(gateway: Gateway, _: Desks, principal: Principal, form: Form) -> None:
    await change_fiscal_year(gateway, principal, fiscal_given(form) | {"confirm": form.get("confirm") == YES})


def fiscal_given(form: Form) -> dict[str, Any]:
    """The fiscal year of a form, as REST takes it."""
    return {"start_month": _whole(form, "start_month"), "named_by": form.get("named_by", "")}


async def _holidays(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_holiday_country(form.get("holiday_country", ""))


async def _time_zone(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_time_zone(form.get("time_zone", ""))


async def _crm(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_crm_link(form.get("crm_link", ""))


async def _grades(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_grade_bounds({name: _share(form, name) for name in "ABC"})


async def _lead_horizon(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_lead_horizon(_whole(form, "lead_horizon_days"))


async def _training_columns(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await gateway.workspace.set_training_columns({name: _lines(form, name) for name in ("keep", "drop")})


def _lines(form: Form, key: str) -> list[str]:
    return [text for line in form.get(key, "").splitlines() if (text := line.strip())]


async def _renewals(gateway: Gateway, _: Desks, __: Principal, form: Form) -> None:
    await set_renewal_days(gateway.store, _whole(form, "days"))


async def _retention(_: Gateway, desks: Desks, __: Principal, form: Form) -> None:
    given = {kind: _whole(form, kind) for kind in KINDS}
    for kind, days in given.items():
        try:
            checked_periods({kind: days})
        except InvalidInput as error:
            raise InvalidInput(error.message, field=kind, value=error.value, mend=error.mend) from None
    await desks.privacy.retention.set(given)


async def _promotion(_: Gateway, desks: Desks, principal: Principal, form: Form) -> None:
    given = {
        "confidence": 100 * _share(form, "confidence"), "log_loss_margin": _share(form, "log_loss_margin"),
        "ece_margin": _share(form, "ece_margin"), "max_age_days": _whole(form, "max_age_days"),
    }  # fmt: skip
    await desks.trainer.rules.change({"promotion": given}, principal.id, reason_in(dict(form)))


async def _retraining(_: Gateway, desks: Desks, principal: Principal, form: Form) -> None:
    given = {
        "new_outcomes": _whole(form, "new_outcomes"), "max_age_days": _whole(form, "max_age_days"),
        "schedule": form.get("schedule") or None, "drift": form.get("drift") == YES,
        "input_drift": form.get("input_drift") == YES,
    }  # fmt: skip
    await desks.trainer.rules.change({"retraining": given}, principal.id, reason_in(dict(form)))


SETTERS: Mapping[str, Setter] = {
    "clock": _clock, "currency": _currency, "fiscal_year": _fiscal_year, "holidays": _holidays,
    "time_zone": _time_zone, "crm": _crm,
    "grades": _grades, "lead_horizon": _lead_horizon, "training_columns": _training_columns, "renewals": _renewals,
    "retention": _retention, "promotion": _promotion, "retraining": _retraining,
}  # fmt: skip
