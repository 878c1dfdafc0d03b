"""Exchange rates while the service runs: what the gateway points at in NATS, beside the models."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import InvalidOperation
from pathlib import Path

from kit.errors import DealcastError, Poisoned
from kit.models import Follower, ModelShelf, Pointer
from services.forecast.exchange import Exchange

KEY = "exchange_rates"  # of the pointer, beside those of the models
FILE = "exchange_rates.json"  # in the artifact

Adopt = Callable[[Exchange, int], None]


def exchange_follower(shelf: ModelShelf, adopt: Adopt) -> Follower[Exchange]:
    """Follows the rates that hold today; ones that cannot be read are refused and logged."""

    def taken(found: Exchange, pointer: Pointer) -> None:
        adopt(found, pointer.generation)

    return Follower(shelf, KEY, read_exchange, prior=Exchange(), on_swap=taken)


def read_exchange(folder: Path, _: Pointer) -> Exchange:
    """The rates in an artifact. Raises Poisoned where there are none."""
    try:
        data = json.loads((folder / FILE).read_text("utf-8"))
        return Exchange.of(str(data["currency"]), {str(code): str(rate) for code, rate in data["rates"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOperation, DealcastError) as error:
        raise Poisoned(f"these are no exchange rates: {error}", field=KEY, mend="Set them again") from error
