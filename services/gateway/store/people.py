"""The reporting lines in memory: who is below whom on a day, paths, and whether a new line closes a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from learning.records import Node, ReportingLine, User
from learning.tree import lines_on, managers_above, owner_paths, unplaced
from services.gateway.domain import Principal, Scope

END_OF_TIME = date.max
REGION = "region:"  # before its name: a region's node
T = TypeVar("T")


class People:
    """Users with their reporting lines; what it answers for a day is worked out once."""

    def __init__(self, users: Iterable[User], lines: Iterable[ReportingLine]) -> None:
        self.users: dict[str, User] = {user.id: user for user in users}
        self.lines: tuple[ReportingLine, ...] = tuple(lines)
        self._paths: dict[date, dict[str, tuple[Node, ...]]] = {}
        self._standing: dict[date, dict[str, ReportingLine]] = {}
        self._reports: dict[date, dict[str, list[str]]] = {}

    def paths(self, day: date) -> Mapping[str, tuple[Node, ...]]:
        """Every user's nodes from the company down, on a day."""
        found = self._paths.get(day)
        if found is None:
            _bound(self._paths)
            found = self._paths[day] = owner_paths(self.users.values(), self.lines, day)
        return found

    def path(self, owner_id: str, day: date) -> tuple[Node, ...]:
        """One owner's path; nobody's deals stand right under the company."""
        return self.paths(day).get(owner_id) or unplaced(owner_id)

    def subtree(self, user_id: str, day: date) -> set[str]:
        """The user and everyone below on that day; empty for nobody."""
        if not user_id:
            return set()
        below = self._reports_on(day)
        found, todo = {user_id}, [user_id]
        while todo:
            for report in below.get(todo.pop(), ()):
                if report not in found:
                    found.add(report)
                    todo.append(report)
        return found

    def of_region(self, region: str, day: date) -> set[str]:
        """The owners who stand in a region on that day."""
        node = REGION + region
        return {user for user, path in self.paths(day).items() if any(one.id == node for one in path)}

    def leads(self, user_id: str, day: date) -> bool:
        """Whether anyone reports to the user on that day."""
        return bool(self._reports_on(day).get(user_id))

    def visible(self, principal: Principal, day: date) -> set[str] | None:
        """Owners whose deals the principal may see; None for all, deals without owner included."""
        if principal.scope is Scope.ALL:
            return None
        if principal.scope is Scope.OWN:
            return {principal.user_id} if principal.user_id else set()
        return self.subtree(principal.user_id, day)

    def nodes_within(self, seen: set[str] | None, day: date) -> frozenset[str] | None:
        """Nodes of a day all of whose owners are among those seen; None for all nodes. Regions and the company are
        beyond."""
        if seen is None:
            return None
        heads = {f"manager:{one}" for one in seen if self.subtree(one, day) <= seen}
        return frozenset(heads | {f"owner:{one}" for one in seen})

    def known_to(self, principal: Principal, day: date) -> set[str] | None:
        """Users whose names the principal may see: those it sees deals of, and the managers above; None for all."""
        seen = self.visible(principal, day)
        if seen is None:
            return None
        return seen | set(managers_above(principal.user_id, self._standing_on(day)))

    def _standing_on(self, day: date) -> dict[str, ReportingLine]:
        found = self._standing.get(day)
        if found is None:
            _bound(self._standing)
            found = self._standing[day] = lines_on(self.lines, day)
        return found

    def _reports_on(self, day: date) -> dict[str, list[str]]:
        below = self._reports.get(day)
        if below is None:
            _bound(self._reports)
            below = {}
            for line in self._standing_on(day).values():
                below.setdefault(line.manager_id, []).append(line.user_id)
            self._reports[day] = below
        return below


def _bound(cache: dict[date, T]) -> None:
    if len(cache) > 16:
        cache.clear()


class LineBook:
    """Reporting lines by user and start, to which lines are added one by one."""

    def __init__(self, lines: Iterable[ReportingLine]) -> None:
        self._lines: dict[str, dict[date, ReportingLine]] = {}
        for line in lines:
            self.add(line)

    def add(self, line: ReportingLine) -> None:
        """Put a line in; it replaces the user's line of the same day."""
        self._lines.setdefault(line.user_id, {})[line.valid_from] = line

    def get(self, user_id: str, valid_from: date) -> ReportingLine | None:
        """The user's line that starts on that day."""
        return self._lines.get(user_id, {}).get(valid_from)

    def closes_a_circle(self, line: ReportingLine) -> bool:
        """Whether the user would, on some day of the line, stand above themselves."""
        later = [start for start in self._lines.get(line.user_id, {}) if start > line.valid_from]
        todo = [(line.manager_id, line.valid_from, min(later, default=END_OF_TIME))]
        seen: set[tuple[str, date, date]] = set()
        while todo:
            manager, start, end = todo.pop()
            if manager == line.user_id:
                return True
            if (manager, start, end) in seen:
                continue
            seen.add((manager, start, end))
            todo.extend(self._managers(manager, start, end))
        return False

    def _managers(self, user_id: str, start: date, end: date) -> list[tuple[str, date, date]]:
        """The user's managers with the part of [start, end) each stands for."""
        mine: Sequence[tuple[date, ReportingLine]] = sorted(self._lines.get(user_id, {}).items())
        spans = []
        for position, (begins, line) in enumerate(mine):
            ends = mine[position + 1][0] if position + 1 < len(mine) else END_OF_TIME
            first, last = max(start, begins), min(end, ends)
            if first < last and line.manager_id:
                spans.append((line.manager_id, first, last))
        return spans
