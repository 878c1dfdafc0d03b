"""Time-forward lead scores in a file: lead scoring's training writes them, the other models' trainings read them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kit.errors import InvalidInput, NotFound

SCORES = pa.schema([("deal_id", pa.string()), ("day", pa.date32()), ("probability", pa.float64())])
CLOSEST = 1e-4  # to 0 and 1: a score says no more than that


def read_scores(path: Path) -> Mapping[str, Mapping[date, float]]:
    """Probability by deal and day, within [1e-4, 1 − 1e-4]. Raises NotFound, or InvalidInput naming the column."""
    if not path.is_file():
        raise NotFound("there are no lead scores", field="--scores", value=str(path),
                       mend="Train lead scoring first; it writes scores.parquet beside its model")  # fmt: skip
    try:
        table = pq.read_table(path, columns=SCORES.names).select(SCORES.names).cast(SCORES)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise InvalidInput(
            f"the lead scores cannot be read: {str(error)[:200]}", field="--scores", value=path.name,
            mend="They need the columns deal_id (text), day (date) and probability (number)",
        ) from None  # fmt: skip
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for deal_id, day, probability in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if deal_id is not None and day is not None and probability is not None and math.isfinite(probability):
            found[deal_id][day] = min(max(probability, CLOSEST), 1 - CLOSEST)
    return found
