"""The reporting tree: company → regions → managers → owners, as the reporting lines stand on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from learning.records import Node, ReportingLine, User

COMPANY = Node("company", "company", "Company")


def lines_on(lines: Iterable[ReportingLine], day: date) -> dict[str, ReportingLine]:
    """Each user's line on a day: the one with the latest start not after it (of equal starts the later given)."""
    standing: dict[str, ReportingLine] = {}
    for line in lines:
        known = standing.get(line.user_id)
        if line.valid_from <= day and (known is None or line.valid_from >= known.valid_from):
            standing[line.user_id] = line
    return standing


def managers_above(user_id: str, standing: Mapping[str, ReportingLine]) -> list[str]:
    """The managers of a user, nearest first; a cycle ends the chain."""
    chain: list[str] = []
    seen = {user_id}
    line = standing.get(user_id)
    while line is not None and line.manager_id and line.manager_id not in seen:
        chain.append(line.manager_id)
        seen.add(line.manager_id)
        line = standing.get(line.manager_id)
    return chain


def path_of(user_id: str, users: Mapping[str, User], standing: Mapping[str, ReportingLine]) -> tuple[Node, ...]:
    """The nodes from the company down to `owner:<user_id>`, given everybody's line (see `lines_on`).

    The region is that of the topmost manager who has one, else of a lower one, else the owner's own; without any
    the region is left out. A user who has reports also is a manager node above the own owner node.
    """
    leaders = {line.manager_id for line in standing.values() if line.manager_id}
    return _path(user_id, users, standing, leaders)


def _path(
    user_id: str, users: Mapping[str, User], standing: Mapping[str, ReportingLine], leaders: set[str]
) -> tuple[Node, ...]:
    chain = [*reversed(managers_above(user_id, standing)), user_id]
    regions = (standing[one].region for one in chain if one in standing)
    region = next((name for name in regions if name), "")
    path = [COMPANY]
    if region:
        path.append(Node(f"region:{region}", "region", region, path[-1].id))
    for one in chain[:-1] if user_id not in leaders else chain:
        path.append(Node(f"manager:{one}", "manager", _name(one, users), path[-1].id))
    path.append(Node(f"owner:{user_id}", "owner", _name(user_id, users), path[-1].id))
    return tuple(path)


def _name(user_id: str, users: Mapping[str, User]) -> str:
    user = users.get(user_id)
    return user.name if user else user_id


def owner_paths(users: Iterable[User], lines: Iterable[ReportingLine], day: date) -> dict[str, tuple[Node, ...]]:
    """Every user's path on a day, by user id."""
    by_id = {user.id: user for user in users}
    standing = lines_on(lines, day)
    leaders = {line.manager_id for line in standing.values() if line.manager_id}
    return {user_id: _path(user_id, by_id, standing, leaders) for user_id in by_id}


def owner_path(owner_id: str, users: Iterable[User], lines: Iterable[ReportingLine], day: date) -> tuple[Node, ...]:
    """One owner's path on a day; an owner nobody knows stands right under the company. For many: `owner_paths`."""
    return path_of(owner_id, {user.id: user for user in users}, lines_on(lines, day))
