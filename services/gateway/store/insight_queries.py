"""Queries over insights that are made once: who is behind, and a deal's newest and oldest scores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from services.gateway.domain import InsightKind
from services.gateway.store import tables as t
from services.gateway.store.database import Database

MOST_SCORES = 200  # kept of a deal; a trend looks at far fewer
STANDINGS = [f"{kind.value}_{part}" for kind in InsightKind for part in ("revision", "generation", "day")]


def behind() -> CompoundSelect[Any]:
    """deal_id and part of open deals above `after`: 0 behind in the revision, 1 in the model or the `day`."""
    s, most = t.standings.c, bindparam("most", type_=BigInteger)
    # As the index says it: by "live = 1" SQLite would not find it.
    live: ColumnElement[bool] = literal_column("standings.live")
    late_model = or_(
        *[s[name] < bindparam(name) for name in STANDINGS if name.endswith("_generation")],
        *[s[name] < bindparam("day") for name in STANDINGS if name.endswith("_day")],
    )
    parts = [
        select(s.deal_id, literal(number).label("part"))
        .where(s.deal_id > bindparam("after"), *where)
        .order_by(s.deal_id)
        for number, where in enumerate(((t.LATE,), (live, late_model)))
    ]
    return union_all(*[select(part.limit(most).subquery()) for part in parts])


def newest_scores(database: Database) -> Select[Any]:
    """deal_id, id, key and sort of the `most` newest scores of each deal, newest first."""
    h = t.score_history.c
    place = func.row_number().over(partition_by=h.deal_id, order_by=h.id.desc()).label("place")
    numbered = select(h.deal_id, h.id, h.key, h.sort, place).where(database.among(h.deal_id)).subquery()
    n = numbered.c
    newest = select(n.deal_id, n.id, n.key, n.sort).where(n.place <= bindparam("most"))
    return newest.order_by(n.deal_id, n.id.desc())


def too_old(database: Database) -> Select[Any]:
    """Of each deal with more scores than are kept, the newest to drop: a short walk down one index."""
    h = t.score_history.c
    newest = select(h.id).where(h.deal_id == t.deals.c.id).order_by(h.id.desc())
    last = newest.limit(1).offset(MOST_SCORES).scalar_subquery().label("last")
    found = select(t.deals.c.id, last).where(database.among(t.deals.c.id)).subquery()
    return select(found.c.id, found.c.last).where(found.c.last.is_not(None))
