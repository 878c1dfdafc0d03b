"""What the gateway tells every replica through NATS: where quarters begin, and the exchange rates that hold."""

from __future__ import annotations

from typing import Any

from services.forecast.exchange import Exchange
from services.forecast.grid import Quarters

FISCAL_YEAR, EXCHANGE_RATES = "fiscal_year", "exchange_rates"  # the documents' keys


def read_quarters(document: Any) -> Quarters:
    """The month that quarters begin with. Raises ValueError and others where there is none."""
    return Quarters(range(1, 13)[int(document["start_month"]) - 1])


def read_exchange(document: Any) -> Exchange:
    """The rates that hold. Raises ValueError and others where there are none."""
    rates = {str(code): str(rate) for code, rate in document["rates"].items()}
    return Exchange.of(str(document["currency"]), rates)
