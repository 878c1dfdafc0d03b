"""For how much a deal is won, given that it is: the booked amount as a lognormal around the asked one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision

from services.forecast.features import Asked

PRIOR_RATIO = (0.0, 0.2)  # booked as asked, ± 20 %
PRIOR_RATIO_COUNT = 20.0
PRIOR_MISSING = (9.0, 1.2)  # e^9: some 8,000 major units
SMALLEST_SD = 0.02
NOTHING = -50.0  # the logarithm that stands for an amount of 0
MANY_WINS = 40  # of which not one has an amount: then no money is on record at all
_CLIP = 3.0

Lognormal = tuple[float, float]  # mean and sd of the logarithm


@dataclass(frozen=True, slots=True)
class AmountModel:
    """ratios: of booked to asked, by pipeline, "" in general. missing: amounts where none is asked, in major units,
    by "<currency>|product|<id>", "<currency>|pipeline|<name>" and "<currency>"."""

    currency: str = "USD"
    ratios: Mapping[str, Lognormal] = field(default_factory=lambda: {"": PRIOR_RATIO})
    missing: Mapping[str, Lognormal] = field(default_factory=dict)

    def lognormal(self, asked: Asked) -> Lognormal:
        """Mean and sd of the logarithm of the booked amount in minor units."""
        to_minor = _log_minor(asked.currency)
        if asked.amount is None:
            mean, sd = self._where_missing(asked)
            return mean + to_minor, sd
        if asked.amount <= 0:
            return NOTHING, 0.0
        mean, sd = self.ratios.get(asked.pipeline, self.ratios[""])
        return log(asked.amount) + mean + to_minor, sd

    def _where_missing(self, asked: Asked) -> Lognormal:
        for name in _missing_keys(asked):
            if name in self.missing:
                return self.missing[name]
        return PRIOR_MISSING

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        return {"currency": self.currency, "ratios": dict(self.ratios), "missing": dict(self.missing)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AmountModel:
        """The inverse of to_json."""
        return cls(
            str(data["currency"]),
            {name: (float(mean), float(sd)) for name, (mean, sd) in data["ratios"].items()},
            {name: (float(mean), float(sd)) for name, (mean, sd) in data["missing"].items()},
        )


@lru_cache(maxsize=256)
def _log_minor(currency: str) -> float:
    """The logarithm of how many minor units a major one has."""
    return log(10.0) * get_currency_precision(currency)


def _missing_keys(asked: Asked) -> tuple[str, ...]:
    """From the narrowest to the widest."""
    currency = asked.currency
    return f"{currency}|product|{asked.product}", f"{currency}|pipeline|{asked.pipeline}", currency


def unknown_amount(booked: Sequence[float | None], usual: Lognormal = PRIOR_MISSING) -> Lognormal:
    """What a deal without an amount brings where nothing tells: the usual, or nothing where all of many wins say so."""
    return (NOTHING, 0.0) if len(booked) >= MANY_WINS and not any(booked) else usual


def usual_of(asked: Iterable[float]) -> Lognormal:
    """The prior of what deals bring, by what they ask: a currency's units tell nothing of how much is usual in it."""
    logs = [log(each) for each in asked if each > 0]
    return (round(float(np.median(logs)), 6), PRIOR_MISSING[1]) if logs else PRIOR_MISSING


def fit_amounts(
    won: Iterable[tuple[Asked, float]], currency: str, booked: Sequence[float | None] = (),
    usual: Mapping[str, Lognormal] | None = None,
) -> AmountModel:  # fmt: skip
    """Fit from won deals: what was asked (as of a day while open) and what was booked, in major units. booked: by all
    deals that were won; usual: by currency.

    Each pipeline is shrunk towards all, each product towards its pipeline's fallback, all towards a prior.
    """
    ratios: dict[str, list[float]] = defaultdict(list)
    booked_logs: dict[str, list[float]] = defaultdict(list)
    for asked, brought in won:
        if brought <= 0:
            continue
        for name in _missing_keys(asked):
            booked_logs[name].append(float(np.log(brought)))
        if asked.amount is not None and asked.amount > 0:
            ratio = float(np.clip(np.log(brought / asked.amount), -_CLIP, _CLIP))
            for name in {"", asked.pipeline}:
                ratios[name].append(ratio)
    overall = shrunk(ratios[""], PRIOR_RATIO, PRIOR_RATIO_COUNT)
    by_pipeline = {name: shrunk(values, overall, PRIOR_RATIO_COUNT) for name, values in ratios.items() if name}
    missing = dict(usual or {})
    if (unknown := unknown_amount(booked)) != PRIOR_MISSING:
        missing[currency] = unknown
    for name in sorted(booked_logs, key=lambda each: (each.count("|"), each)):
        parent = missing.get(name.split("|", 1)[0], PRIOR_MISSING)  # for a currency itself the usual
        missing[name] = shrunk(booked_logs[name], parent, 5.0)
    return AmountModel(currency, by_pipeline | {"": overall}, missing)


def shrunk(values: Sequence[float], prior: Lognormal, count: float) -> Lognormal:
    """Mean and sd with a prior worth `count` observations (normal-inverse-gamma posterior means)."""
    size = len(values)
    if not size:
        return prior
    data = np.asarray(values, dtype=np.float64)
    mean = (count * prior[0] + float(data.sum())) / (count + size)
    spread = count * (prior[1] ** 2 + (prior[0] - mean) ** 2) + float(((data - mean) ** 2).sum())
    return mean, max(float(np.sqrt(spread / (count + size))), SMALLEST_SD)
