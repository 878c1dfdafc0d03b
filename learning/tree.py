"""The reporting tree: company → regions → managers → owners, as the reporting lines stand on a day.

Every node has exactly one parent, whatever the lines are, so that totals of a level add up to those above. Two rules
see to it: a region stands above all its people, so whoever leads people of several regions and has none is no manager
node (they sell, if they do, right under the company); and lines that close a circle are cut at one place for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from learning.records import Node, ReportingLine, User

COMPANY = Node("company", "company", "Company")


def lines_on(lines: Iterable[ReportingLine], day: date) -> dict[str, ReportingLine]:
    """Each user's line on a day: the one with the latest start not after it (of equal starts the later given).

    Before a user's first line that one counts: nothing says that they stood elsewhere. Whoever has the least id in a
    circle of lines reports to the company.
    """
    standing: dict[str, ReportingLine] = {}
    first: dict[str, ReportingLine] = {}
    for line in lines:
        found = standing if line.valid_from <= day else first
        known = found.get(line.user_id)
        later = known is None or line.valid_from >= known.valid_from
        if later if found is standing else known is None or line.valid_from <= known.valid_from:
            found[line.user_id] = line
    standing = first | standing
    for user_id in _least_of_circles(standing):
        standing[user_id] = replace(standing[user_id], manager_id="")
    return standing


def _least_of_circles(standing: Mapping[str, ReportingLine]) -> list[str]:
    found, done = [], set[str]()
    for start in standing:
        chain: dict[str, int] = {}
        one = start
        while one in standing and one not in done and one not in chain:
            chain[one] = len(chain)
            one = standing[one].manager_id
        if one in chain:
            found.append(min(list(chain)[chain[one] :]))
        done.update(chain)
    return found


def managers_above(user_id: str, standing: Mapping[str, ReportingLine]) -> list[str]:
    """The managers of a user, nearest first, given everybody's line (see `lines_on`)."""
    chain: list[str] = []
    line = standing.get(user_id)
    while line is not None and line.manager_id:
        chain.append(line.manager_id)
        line = standing.get(line.manager_id)
    return chain


@dataclass(frozen=True, slots=True)
class _Lines:
    """Everybody's line, who has reports, and of which regions the topmost people below each one are."""

    standing: Mapping[str, ReportingLine]
    leaders: frozenset[str]
    below: Mapping[str, frozenset[str]]  # of those who have no region, themselves or above them

    @classmethod
    def of(cls, standing: Mapping[str, ReportingLine]) -> _Lines:
        leaders = frozenset(line.manager_id for line in standing.values() if line.manager_id)
        below: dict[str, frozenset[str]] = {}
        for user_id, line in standing.items():
            above = managers_above(user_id, standing) if line.region else []
            if any(one in standing and standing[one].region for one in above):
                continue
            for one in above:
                below[one] = below.get(one, frozenset()) | {line.region}
        return cls(standing, leaders, below)

    def region(self, user_id: str) -> str:
        """The user's own, else the one of all below who have one; empty where there is none or more than one."""
        line = self.standing.get(user_id)
        if line is not None and line.region:
            return line.region
        below = self.below.get(user_id, frozenset())
        return next(iter(below)) if len(below) == 1 else ""

    def path(self, user_id: str, users: Mapping[str, User]) -> tuple[Node, ...]:
        chain = [*reversed(managers_above(user_id, self.standing)), user_id]
        managers = [one for one in chain if one in self.leaders and len(self.below.get(one, ())) < 2]
        region = next((name for one in chain if (name := self.region(one))), "")
        path = [COMPANY]
        if region:
            path.append(Node(f"region:{region}", "region", region, path[-1].id))
        for one in managers:
            path.append(Node(f"manager:{one}", "manager", _name(one, users), path[-1].id))
        path.append(Node(f"owner:{user_id}", "owner", _name(user_id, users), path[-1].id))
        return tuple(path)


def _name(user_id: str, users: Mapping[str, User]) -> str:
    user = users.get(user_id)
    return user.name if user else user_id


def unplaced(owner_id: str) -> tuple[Node, ...]:
    """The path of an owner nobody knows, or of nobody ('') where a deal has no owner: right under the company."""
    return (COMPANY, Node(f"owner:{owner_id}", "owner", owner_id, COMPANY.id))


def path_of(user_id: str, users: Mapping[str, User], standing: Mapping[str, ReportingLine]) -> tuple[Node, ...]:
    """The nodes from the company down to `owner:<user_id>`, given everybody's line (see `lines_on`).

    The region is that of the topmost person on the way who has one, the owner included; without any it is left out.
    Managers above that person are of the same region too where there is no other below them; else they are left out,
    for all their people alike. A user who has reports also is a manager node above the own owner node.
    """
    return _Lines.of(standing).path(user_id, users)


def owner_paths(users: Iterable[User], lines: Iterable[ReportingLine], day: date) -> dict[str, tuple[Node, ...]]:
    """Every user's path on a day, by user id."""
    by_id = {user.id: user for user in users}
    standing = _Lines.of(lines_on(lines, day))
    return {user_id: standing.path(user_id, by_id) for user_id in by_id}


def owner_path(owner_id: str, users: Iterable[User], lines: Iterable[ReportingLine], day: date) -> tuple[Node, ...]:
    """One owner's path on a day; an owner nobody knows stands right under the company. For many: `owner_paths`."""
    return path_of(owner_id, {user.id: user for user in users}, lines_on(lines, day))
