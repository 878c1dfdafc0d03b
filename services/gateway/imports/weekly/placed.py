"""A row of a weekly file with whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.imports.weekly.doubts import Doubt
from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.imports.weekly.remains import SEPARATOR
from services.gateway.imports.weekly.rows import WeekRow


@dataclass(slots=True)
class Placed:
    """A row with whose it is: ids of deal, account and owner; or the doubt that holds it back, or that it says again
    what another row of its file says."""

    row: WeekRow
    account: str = ""
    owner: str = ""
    deal: str = ""
    doubt: Doubt | None = None
    repeated: bool = False
    new: bool = False
    moved: str = ""  # the owner the deal had before

    @property
    def key(self) -> str:
        """Account, deal and owner, to compare."""
        return SEPARATOR.join((self.account, plain_letters(self.row.name), self.owner))

    @property
    def pair(self) -> str:
        """Account and deal, to compare."""
        return self.key.rpartition(SEPARATOR)[0]

    @property
    def about(self) -> str:
        """The row in words."""
        return " / ".join(filter(None, (self.row.account, self.row.name, self.row.owner)))


def left(rows: Sequence[Placed]) -> list[Placed]:
    """Those whose deal is not known yet."""
    return [one for one in rows if not one.deal and one.doubt is None and not one.repeated]


def named(rows: Sequence[Placed]) -> Counter[str]:
    """How many there are of each name."""
    return Counter(plain_letters(one.row.name) for one in rows)
