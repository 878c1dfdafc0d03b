"""The sales organisation: 40 reps under managers and regional directors, joining, moving and leaving."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.random import Generator

from demo.hazards import SKILL_CLASSES
from demo.names import person
from demo.seasons import Calendar
from learning.records import ReportingLine, User

REPS = 40
TEAMS = (("수도권", 3), ("영남", 2), ("APAC", 2))  # region and its managers
LEAVERS, JOINERS, MOVERS = 6, 9, 7
NEVER = 10**6  # a week that does not come


@dataclass(frozen=True, slots=True)
class Organisation:
    """People and, by rep, what the simulation needs. Weeks count from the calendar's first."""

    users: tuple[User, ...]
    lines: tuple[ReportingLine, ...]
    rep_ids: tuple[str, ...]
    skill: np.ndarray  # (REPS,): lasting effect on the health of deals they open
    skill_class: np.ndarray  # (REPS,): index into SKILL_CLASSES
    joined: np.ndarray  # (REPS,): week
    left: np.ndarray  # (REPS,): week, NEVER while here
    capacity: np.ndarray  # (REPS,): share of new deals
    english: np.ndarray  # (REPS,): writes notes in English
    heir: np.ndarray  # (REPS,): who takes over when they leave


def build_organisation(calendar: Calendar, rng: Generator, words: Random) -> Organisation:
    """Reps, managers and directors with their reporting lines."""
    leaders, managers, lines = _leaders(calendar, words)
    rep_ids = tuple(f"U-{100 + rep}" for rep in range(REPS))
    team = np.sort(np.arange(REPS) % len(managers))
    skill = np.clip(rng.normal(0, 1, REPS), -2, 2)
    skill_class = np.digitize(skill + rng.normal(0, 0.4, REPS), [-0.4, 0.6])
    order = rng.permutation(REPS)
    joined, left = np.zeros(REPS, int), np.full(REPS, NEVER)
    joined[order[:JOINERS]] = np.sort(rng.integers(6, calendar.weeks - 20, JOINERS))
    leavers = order[JOINERS : JOINERS + LEAVERS]
    left[leavers] = np.sort(rng.integers(40, calendar.weeks - 3, LEAVERS))
    english = np.array([managers[t][1] == "APAC" for t in team]) & (rng.random(REPS) < 0.85)
    users = [
        User(
            rep_ids[rep],
            person(bool(english[rep]), words),
            f"rep{rep}@example.com",
            "Account Executive",
            left[rep] == NEVER,
        )
        for rep in range(REPS)
    ]
    for rep in range(REPS):
        lines.append(ReportingLine(rep_ids[rep], managers[team[rep]][0], "", calendar.monday(joined[rep])))
    lines += _moves(calendar, rng, managers, team, rep_ids, joined, order[JOINERS + LEAVERS :])
    return Organisation(
        users=(*leaders, *users), lines=tuple(sorted(lines, key=lambda line: (line.valid_from, line.user_id))),
        rep_ids=rep_ids, skill=0.3 * skill, skill_class=np.clip(skill_class, 0, len(SKILL_CLASSES) - 1), joined=joined,
        left=left, capacity=rng.uniform(0.6, 1.4, REPS), english=english, heir=_heirs(team, joined, left),
    )  # fmt: skip


def _leaders(calendar: Calendar, words: Random) -> tuple[list[User], list[tuple[str, str]], list[ReportingLine]]:
    """Directors and managers, the managers as (id, region), and their lines."""
    users: list[User] = []
    managers: list[tuple[str, str]] = []
    lines: list[ReportingLine] = []
    for number, (region, count) in enumerate(TEAMS):
        foreign = region == "APAC"
        director = f"U-{10 + number}"
        users.append(User(director, person(foreign, words), f"director{number}@example.com", "Regional Director"))
        lines.append(ReportingLine(director, "", region, calendar.first))
        for _ in range(count):
            manager = f"U-{20 + len(managers)}"
            users.append(User(manager, person(foreign, words), f"manager{len(managers)}@example.com", "Sales Manager"))
            lines.append(ReportingLine(manager, director, "", calendar.first))
            managers.append((manager, region))
    # A reorganisation: half-way one manager's team goes to another region with its manager.
    lines.append(ReportingLine(managers[2][0], "U-11", "", calendar.monday(calendar.weeks // 2)))
    return users, managers, lines


def _moves(
    calendar: Calendar, rng: Generator, managers: list[tuple[str, str]], team: np.ndarray, rep_ids: tuple[str, ...],
    joined: np.ndarray, candidates: np.ndarray,
) -> list[ReportingLine]:  # fmt: skip
    """Reps who change manager."""
    moves = []
    for rep in candidates[:MOVERS]:
        target = int((team[rep] + rng.integers(1, len(managers))) % len(managers))
        week = int(rng.integers(joined[rep] + 10, calendar.weeks - 4))
        moves.append(ReportingLine(rep_ids[rep], managers[target][0], "", calendar.monday(week)))
        team[rep] = target
    return moves


def _heirs(team: np.ndarray, joined: np.ndarray, left: np.ndarray) -> np.ndarray:
    """For each rep a colleague who stays, of the same team where there is one."""
    stays = np.flatnonzero((left == NEVER) & (joined == 0))
    heirs = np.empty(team.size, int)
    for rep in range(team.size):
        others = stays[stays != rep]
        same = others[team[others] == team[rep]]
        pool = same if same.size else others
        heirs[rep] = pool[rep % pool.size]
    return heirs
