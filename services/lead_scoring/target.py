"""What a score is the chance of: of an opportunity to be won, of a lead to convert, within a horizon or at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from learning.columns import Floats
from learning.records import DealKind, Outcome
from learning.snapshots import STEP, Snapshot

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
    """What each snapshot counts, records adding up to their number.

    An opportunity's snapshots weigh 1 together, so that long ones do not dominate. A lead that converts soon has few
    snapshots, so that would make soon converting look likelier than it is: whatever decides the weight must be known
    on the day. A lead's snapshot counts for itself and the weeks that were left out beside it, less with its age; all
    of them as if each lead weighed 1.
    """
    found = np.array([one.weight for one in taken])
    leads = np.flatnonzero([one.kind is DealKind.LEAD for one in taken])
    if not len(leads):
        return found
    own: list[float] = []
    for _, members in groupby(leads.tolist(), key=lambda row: taken[row].deal_id):
        days = [taken[row].day for row in members]
        weeks = [(one - days[0]).days / STEP.days for one in days]
        own += [1.0, *((weeks[-1] / (len(weeks) - 1)) / (1.0 + age) for age in weeks[1:])]
    count = len({taken[row].deal_id for row in leads.tolist()})
    found[leads] = np.array(own) * (count / sum(own))
    return found
