"""Which deals' outcomes a model has learned, kept beside it as short digests of their ids.

The day that its data end does not tell: deals that were brought in later may have ended long before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from learning.columns import Texts
from learning.folds import Mask
from services.lead_scoring.dataset import Dataset

FILE = "learned.txt"
OWNER = "owner_id"
MOST_OWNERS = 20
SIZE = 6  # bytes of a digest: of 100,000 deals two are alike once in 50,000 trainings


def digests(deal_ids: Iterable[str]) -> list[str]:
    """One for each id."""
    return [blake2b(one.encode(), digest_size=SIZE).hexdigest() for one in deal_ids]


def keep(data: Dataset, folder: Path) -> None:
    """Write those of the deals that some outcome is known of."""
    known = np.unique(data.record[data.labelled]).tolist()
    lines = sorted(digests(data.deal_ids[record] for record in known))
    (folder / FILE).write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")


def kept(folder: Path) -> frozenset[str] | None:
    """What `keep` wrote; None of a model that was trained before this was kept."""
    try:
        return frozenset((folder / FILE).read_text(encoding="utf-8").split())
    except (OSError, ValueError):
        return None


def learned_rows(data: Dataset, learned: frozenset[str]) -> Mask:
    """The rows of deals among those."""
    found = np.fromiter((one in learned for one in digests(data.deal_ids)), np.bool_, len(data.deal_ids))
    return found[data.record]


def unlearned(data: Dataset, learned: frozenset[str] | None, late: Mask) -> Mask:
    """Rows whose outcome is known, but not to the model. late: those whose answer came after its data end."""
    if learned is None:
        return late
    return data.labelled & (late | ~learned_rows(data, learned))


def knew(data: Dataset, unseen: Mask, late: Mask, evaluation: Mapping[str, Any] | None) -> dict[str, Any]:
    """How many of the records with an outcome the model has learned (`learned` of `outcomes`), and the `owners` none of
    whose records it has.

    evaluation: of a model that did not keep which they are, so that how many they were is all that is known.
    """
    every, old = data.labelled, data.labelled & ~unseen
    learned = _records(data, old)
    if evaluation is not None:
        learned = min(learned, _counted(data, evaluation, learned))
    found: dict[str, Any] = {"outcomes": _records(data, every), "learned": learned}
    column = data.whole([OWNER]).columns.get(OWNER)
    if isinstance(column, Texts) and evaluation is None:
        new = set(column.codes[every].tolist()) - set(column.codes[every & ~late & ~unseen].tolist())
        names = [column.dictionary[code] for code in sorted(new) if 0 <= code < len(column.dictionary)]
        counts = {name: _records(data, every & (column.codes == list(column.dictionary).index(name))) for name in names}
        most = sorted((name for name in names if name), key=lambda name: (-counts[name], name))[:MOST_OWNERS]
        found |= {"owners": {name: counts[name] for name in most}} if most else {}
    return found


def _counted(data: Dataset, evaluation: Mapping[str, Any], otherwise: int) -> int:
    """How many outcomes it had of the kind that the rows are of."""
    codes = set() if data.kinds is None else set(data.kinds.codes.tolist())
    if data.kinds is not None and len(codes) == 1:
        kind = data.kinds.dictionary[codes.pop()]
        for one in evaluation.get("kinds") or ():
            if one.get("kind") == kind and "outcomes" in one:
                return int(one["outcomes"])
    return int(evaluation.get("outcomes") or otherwise)


def _records(data: Dataset, rows: Mask) -> int:
    return len(np.unique(data.record[rows]))
