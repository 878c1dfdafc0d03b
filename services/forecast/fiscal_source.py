"""Where quarters begin while the service runs: what the gateway points at in NATS, beside the models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from kit.errors import Poisoned
from kit.models import Follower, ModelShelf, Pointer
from services.forecast.grid import Quarters

KEY = "fiscal_year"  # of the pointer, beside those of the models
FILE = "fiscal_year.json"  # in the artifact

Adopt = Callable[[Quarters, int], None]


def fiscal_follower(shelf: ModelShelf, adopt: Adopt) -> Follower[Quarters]:
    """Follows the month that quarters begin with; one that cannot be read is refused and logged."""

    def load(folder: Path, _: Pointer) -> Quarters:
        try:
            month = json.loads((folder / FILE).read_text("utf-8"))["start_month"]
            return Quarters(range(1, 13)[int(month) - 1])
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise Poisoned(f"this is no fiscal year: {error}", field="fiscal_year", mend="Set it again") from error

    def taken(found: Quarters, pointer: Pointer) -> None:
        adopt(found, pointer.generation)

    return Follower(shelf, KEY, load, prior=Quarters(), on_swap=taken)
