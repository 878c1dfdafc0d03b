"""What those below a node of the forecast call submitted, beside what is expected of them alone; and which of them say
nothing of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = Mapping[str, Any]
ECHOED = ("booked", "mean", "p10", "p90", "open_pipeline", "quota", "submitted", "adjustment")


@dataclass(frozen=True, slots=True)
class BelowSaid:
    """What is submitted below a node by how many, for how many of its owners with business, and what is expected of
    those: None where it is not told."""

    amount: Decimal
    expected: Decimal | None
    count: int
    owners: int
    of: int


def below_said(rows: Sequence[Json], node: str) -> BelowSaid | None:
    """What those below a node submitted; None where nobody did. What is submitted for one of them counts instead of
    what was below it, and is held against what is expected of those alone."""
    parents = {row["node"]: row["parent"] for row in rows}
    counted: dict[str, Json] = {}
    of = owners = 0
    for row in rows:  # parents before children
        above = list(_above(row["node"], parents))
        if node not in above:
            continue
        over = above[: above.index(node)]
        if row["submitted"] is not None and not counted.keys() & set(over):
            counted[row["node"]] = row
        if row["level"] == "owner" and any(Decimal(row[name] or 0) for name in ("booked", "mean", "quota")):
            of += 1
            owners += bool(counted.keys() & {row["node"], *over})
    if not counted:
        return None
    means = [None if row["mean"] is None else Decimal(row["mean"]) for row in counted.values()]
    known = [mean for mean in means if mean is not None]
    amount = sum((Decimal(row["submitted"]) for row in counted.values()), Decimal(0))
    expected = sum(known, Decimal(0)) if len(known) == len(means) else None
    return BelowSaid(amount, expected, len(counted), owners, of)


def _above(node: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """The nodes above one, nearest first."""
    while above := parents.get(node):
        yield above
        node = above


def without_echoes(rows: Sequence[Json], top: str) -> list[Json]:
    """Without regions and teams below the top that are all of what stands above them, and say the same: those below
    them stand there instead."""
    by_id, children = {row["node"]: row for row in rows}, Counter(row["parent"] for row in rows)
    inside, instead, found = {top}, dict[str, str | None](), list[Json]()
    for row in rows:  # parents before children
        node, above = row["node"], row["parent"]
        if above in inside:
            inside.add(node)
            group = row["level"] in ("region", "manager") and children[node]
            if group and children[above] == 1 and _same(row, by_id[above]):
                instead[node] = instead.get(above, above)
                continue
        found.append({**row, "parent": instead[above]} if above in instead else row)
    return found


def _same(row: Json, above: Json) -> bool:
    return row["booked"] is not None and all(row.get(name) == above.get(name) for name in ECHOED)
