"""What a score is the chance of: of an opportunity to be won, of a lead to convert, within a horizon or at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from learning.columns import Floats
from learning.records import DealKind, Outcome
from learning.snapshots import Snapshot

Ints = NDArray[np.int64]


def answers(taken: Sequence[Snapshot], as_of: date, horizon_days: int | None) -> tuple[Ints, Floats]:
    """By snapshot, the day on which the answer came (proleptic ordinal; 0 where it has not), and 1 where it is yes.

    A lead's answer is yes where it converts (or is won) up to `horizon_days` after the snapshot's day, and no from the
    day it is lost, else from the horizon's last day on. One whose horizon is not over and that has not ended is not
    known yet, like an open opportunity; `learning.censoring` weighs the others for it.
    """
    pairs = [_answer(one, as_of, horizon_days) for one in taken]
    days = np.array([day.toordinal() if day else 0 for day, _ in pairs], dtype=np.int64)
    return days, np.array([float(yes) for _, yes in pairs])


def _answer(one: Snapshot, as_of: date, horizon_days: int | None) -> tuple[date | None, bool]:
    came = one.closed_day if one.label is not None else None
    if one.kind is DealKind.LEAD and horizon_days is not None:
        last = one.day + timedelta(days=horizon_days)
        if came is None or came > last:
            return (last, False) if last <= as_of else (None, False)
    return came, came is not None and one.label is Outcome.WON


def weights(taken: Sequence[Snapshot]) -> Floats:
    """What each snapshot counts: those of a kind alike, adding up to the number of its records.

    Nothing of a record's end may decide it. A weight of 1 / the record's snapshots makes what ends soon count for more,
    and so look likelier than it is.
    """
    kinds = np.array([one.kind for one in taken])
    found = np.ones(len(taken))
    for kind in set(kinds.tolist()):
        rows = np.flatnonzero(kinds == kind)
        found[rows] = len({taken[row].deal_id for row in rows.tolist()}) / len(rows)
    return found
