"""What is known of the open deals below a node beside their sum: how many of them stand there more than once, and by
which model and as of which day they are forecast, for a total is as old as the oldest of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from learning.placements import REPORTING
from services.forecast.draws import Draw
from services.forecast.leaves import LeafKey, NodeKey, Part, Path, Stand, Update
from services.forecast.spans import Span

Age: TypeAlias = tuple[int, date]  # the model's generation, the business day


class Below:
    """Kept deal by deal, as the totals are."""

    def __init__(self) -> None:
        self._repeated: Counter[NodeKey] = Counter()
        self._ages: defaultdict[tuple[str, str], dict[Age, int]] = defaultdict(dict)  # deals, by node and currency

    def add(
        self, update: Update, by_tree: Mapping[str, Sequence[Stand]], leaves: Collection[LeafKey], draw: Draw, sign: int
    ) -> None:  # fmt: skip
        """Add (1) or subtract (-1) an open deal. leaves: of its owners, one for each part of it."""
        age = update.generation, update.business_day
        for names, _ in leaves:
            for name in names:
                self._count(name, draw.currency, age, sign)
        for tree, stands in by_tree.items():
            paths = [path for path, _, _ in stands]
            for path in paths if tree != REPORTING else ():
                for node in path:
                    self._count(node.id, draw.currency, age, sign)
            paths *= 1 if tree == REPORTING else len(leaves)
            if len(paths) > 1:
                self._note_repeated(paths, draw, sign)

    def _count(self, node: str, currency: str, age: Age, sign: int) -> None:
        counts = self._ages[node, currency]
        counts[age] = counts.get(age, 0) + sign
        if not counts[age]:
            del counts[age]

    def _note_repeated(self, paths: Sequence[Path], draw: Draw, sign: int) -> None:
        for node_id, count in Counter(node.id for path in paths for node in path).items():
            for period in draw.periods if count > 1 else ():
                self._repeated[node_id, period, draw.currency] += sign * (count - 1)

    def oldest(self, node: str, currency: str) -> Age | None:
        """The least generation and the first day that a node's deals are of; None where it has none."""
        counts = self._ages.get((node, currency))
        if not counts:
            return None
        return min([generation for generation, _ in counts]), min([day for _, day in counts])

    def counted_once(self, node: str, currency: str, parts: Mapping[Span, Part]) -> dict[Span, Part]:
        """A node's parts: a deal is one deal to it, however many of its parts stand below."""
        found = dict(parts)
        for span, part in parts.items() if self._repeated else ():
            if repeated := self._repeated.get((node, span, currency)):
                found[span] = replace(part, open_deals=part.open_deals - repeated)
        return found
