"""What totals hold beside deals: business that owners will yet create, where it stands, and corrections."""

from __future__ import annotations

from collections.abc import Mapping

from services.forecast.blend import Correction, Pasts
from services.forecast.leaves import LeafKey
from services.forecast.months import Allotments, Beside
from services.forecast.newbusiness import NewWins, OwnerRate

Owner = tuple[str, str]  # an owner's id, and a currency


class Extras:
    """By owner as trained, and by the leaf that each was put at."""

    def __init__(self) -> None:
        self.correction = Correction()
        self._owners: dict[Owner, tuple[OwnerRate, NewWins]] = {}
        self._allotted: Mapping[Owner, Allotments] = {}
        self._placed: dict[Owner, LeafKey] = {}
        self._at: dict[LeafKey, Beside] = {}

    def replace(
        self,
        new: Mapping[Owner, tuple[OwnerRate, NewWins]],
        correction: Correction,
        allotted: Mapping[Owner, Allotments],
    ) -> set[Owner]:
        """Take others; those to be put anew, among them those that have nothing any more."""
        self._owners, self.correction, self._allotted = dict(new), correction, allotted
        return {*self._placed, *self._owners}

    def of_nodes(self, nodes: set[str]) -> list[Owner]:
        """The owners whose nodes these are."""
        return [owner for owner in self._owners if f"owner:{owner[0]}" in nodes]

    def rate(self, owner: Owner) -> OwnerRate | None:
        """What was learned of an owner's new business."""
        found = self._owners.get(owner)
        return found[0] if found else None

    def lift(self, owner: Owner) -> LeafKey | None:
        """Take an owner's away from where it stands; the leaf that it leaves, None where it stood nowhere."""
        before = self._placed.pop(owner, None)
        if before is not None:
            self._at.pop(before, None)
        return before

    def put(self, owner: Owner, place: LeafKey) -> None:
        """Let an owner's stand at a leaf."""
        pasts: Pasts = self.correction.pasts.get(owner, {})
        self._placed[owner] = place
        self._at[place] = Beside(self._owners[owner][1], pasts, self._allotted.get(owner, {}))

    def at(self, place: LeafKey) -> Beside:
        """What stands at a leaf."""
        return self._at.get(place) or Beside({}, {}, {})
