"""A new model beside the one that serves, kind by kind: leads and opportunities have targets of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from learning.records import DealKind
from services.lead_scoring.champion import NONE, UNSEEN, Champion, beside, has_leads
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.model import ANY
from services.lead_scoring.parts import Learned, Study, Team, taken
from services.lead_scoring.pooled import Pooled

FALLS = "falls_to_prior"
MOST_COLUMNS = 20


def beside_kinds(
    data: Dataset, parts: Sequence[Learned], champion: Champion, study: Study, team: Team
) -> dict[str, Any]:
    """The comparison of the kind with most outcomes among those that are predicted, and those of the other kinds as
    `others`; see `champion.beside`.

    A kind that the champion predicts and the new model does not has basis none, `why` falls_to_prior and how many
    outcomes are known. champion_prior: whether the champion did not predict this kind. pipelines_left_out: whether
    either has parts of pipelines' own, which were not compared. left_out_now: columns that the champion reads and the
    new model leaves out. lead_horizon_days: both horizons, where they differ.
    """
    with threadpool_limits(1):
        found = [_compared(one, champion, study, team) for one in parts if one.forward is not None]
    found += [_falls(kind, outcomes) for kind, outcomes in _unpredicted(parts) if _predicted(champion, kind)]
    if not found:
        found = [{"version": champion.version, "basis": NONE, "why": "few_outcomes"}]
    first, *rest = found
    common = {"version": champion.version} | horizons(data, champion)
    others = [{name: value for name, value in one.items() if name != "version"} for one in rest]
    return first | common | ({"others": others} if others else {})


def horizons(data: Dataset, champion: Champion) -> dict[str, Any]:
    """Both horizons of leads, where they differ: what the score is the chance of has been set anew."""
    old = champion.model.horizon_days if champion.model else data.horizon_days
    if not has_leads(data) or old == data.horizon_days:
        return {}
    return {"lead_horizon_days": {"champion": old, "challenger": data.horizon_days}}


def _compared(one: Learned, champion: Champion, study: Study, team: Team) -> dict[str, Any]:
    assert one.forward is not None
    folds = None if study.folds is None else taken(study.folds, one.rows)
    with team(one.data) as run:
        found = {"kind": one.kind, **beside(one.data, one.forward, champion, replace(study, folds=folds), run)}
    theirs = _part(champion, one.kind)
    if theirs is None:
        return found
    if found["basis"] == UNSEEN and (one.model.own or theirs.own):
        found["pipelines_left_out"] = True
    if theirs.prior:
        found["champion_prior"] = True
    if gone := sorted({column.name for column in theirs.encoded} & set(one.data.guard.absent)):
        found["left_out_now"] = gone[:MOST_COLUMNS]
    return found


def _falls(kind: str, outcomes: int) -> dict[str, Any]:
    return {"kind": kind, "basis": NONE, "why": FALLS, "outcomes": outcomes}


def _unpredicted(parts: Sequence[Learned]) -> list[tuple[str, int]]:
    """The kinds that the new model gives a prior, with how many outcomes are known of each."""
    found = [(one.kind, sum(one.data.outcomes)) for one in parts if one.forward is None]
    there = {one.kind for one in parts}
    return found if ANY in there else [*found, *((kind, 0) for kind in DealKind if kind not in there)]


def _predicted(champion: Champion, kind: str) -> bool:
    """Whether the champion's part for a kind was trained."""
    part = _part(champion, kind)
    return part is not None and not part.prior


def _part(champion: Champion, kind: str) -> Pooled | None:
    parts = champion.model.parts if champion.model else {}
    return parts.get(kind) or parts.get(ANY)
