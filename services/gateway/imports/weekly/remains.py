"""Which known deals a row may be about where its account is blank or its name was rewritten: by what remains of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.imports.weekly.memory import Memory, Seen

LIKE = 0.75  # names as much alike may be one that was rewritten
WITHIN = 0.9  # how alike a name is to one that holds it whole
SHORTEST = 3  # letters that a name must have to be looked for in another
MOST_ALIKE = 500  # compared with a row
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Known:
    """A deal as it is known: by a key that a row had, or as the last file that showed it did (then `seen`)."""

    deal: str
    account: str
    name: str  # letters alone
    owner: str
    seen: Seen | None = None

    @property
    def ended(self) -> bool:
        """Whether it had ended, or was in no file for so long that it must have."""
        return self.seen is None or not self.seen.open


@dataclass(slots=True)
class KnownDeals:
    """All deals that rows were about, to look them up by name and account."""

    of_name: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    of_account: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, memory: Memory, present: Mapping[str, Seen]) -> KnownDeals:
        """Those of earlier rows, as `present`, else the list of the gone, shows them."""
        found, seen = cls(), memory.gone | dict(present)
        for key, deal in memory.keys.items():
            account, name, owner = key.split(SEPARATOR)
            found._add(Known(deal, account, name, owner, seen.get(deal)))
        for deal, one in seen.items():  # also deals that are known by their id alone
            found._add(Known(deal, one.account, plain_letters(one.name), one.owner, one))
        return found

    def _add(self, one: Known) -> None:
        for index, key in ((self.of_name, one.name), (self.of_account, one.account)):
            if key:
                index[key].append(one)

    def has_others(self, one: Known) -> bool:
        """Whether the deal's account has others too."""
        return any(other.deal != one.deal for other in self.of_account.get(one.account, ()))

    def without_account(
        self, account: str, name: str, owner: str, taken: Collection[str], *, ended: bool
    ) -> list[Known]:
        """Deals of a name that a row or they themselves name no account for, of these the owner's, where any is; for a
        row without account else those of a name like it. An open row is about none that had ended."""

        def free(deals: Iterable[Known]) -> list[Known]:
            return [one for one in deals if one.deal not in taken and (ended or not one.ended)]

        found = [one for one in free(self.of_name.get(name, ())) if not (one.account and account)]
        found = [one for one in found if one.owner == owner and owner] or found
        if not found and not account:
            near = _newest_first(free(one for deals in self.of_name.values() for one in deals))
            found = [one for one in near[:MOST_ALIKE] if names_alike(name, one.name) >= LIKE]
        return list({one.deal: one for one in found}.values())

    def rewritten(
        self, row: Known, taken: Collection[str], accounts_alike: Callable[[str, str], float]
    ) -> Known | None:
        """The deal that the row is most like, if it is like one: by its name at the account, by its amount there, or
        by its account's name. `row.seen` is what the row itself shows. An open row is about none that had ended."""
        best, found = 0.0, None
        near = [
            *self.of_account.get(row.account, ()),
            *(o for o in self.of_name.get(row.name, ()) if o.owner == row.owner),
        ]
        fit = [one for one in near if one.deal not in taken and (row.ended or not one.ended)]
        for one in _newest_first(fit)[:MOST_ALIKE]:
            alike = _alike(row, one, accounts_alike)
            if alike > best:
                best, found = alike, one
        return found if best >= LIKE else None


def _newest_first(deals: Iterable[Known]) -> list[Known]:
    return sorted(deals, key=lambda one: one.seen.day if one.seen else "", reverse=True)


def _alike(row: Known, one: Known, accounts_alike: Callable[[str, str], float]) -> float:
    if row.account != one.account:
        same = row.name == one.name and row.account and one.account
        return accounts_alike(row.account, one.account) if same else 0.0
    amounts = (row.seen.amount if row.seen else 0, one.seen.amount if one.seen else 0)
    if row.owner == one.owner and amounts[0] == amounts[1] > 0:
        return max(LIKE, names_alike(row.name, one.name))
    return names_alike(row.name, one.name)


def names_alike(one: str, other: str) -> float:
    """How much two names are alike, 0 to 1."""
    short, long = sorted((one, other), key=len)
    if len(short) >= SHORTEST and short in long:
        return WITHIN if len(short) < len(long) else 1.0
    alike = SequenceMatcher(None, one, other)
    return alike.ratio() if alike.real_quick_ratio() >= LIKE and alike.quick_ratio() >= LIKE else 0.0
