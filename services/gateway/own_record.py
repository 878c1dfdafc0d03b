"""How a person's own numbers came out: for that person, and for those above them in the reporting line.

What people said of a period while it ran is everybody's who sees the node; once the period is over, and what came
stands beside it, it judges a person. What AI said is nobody's, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from learning.records import Node, ReportingLine
from learning.tree import lines_on, managers_above
from services.gateway.calls import MEMBERS
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.rollup import COMPANY, OWNER
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

WHY = "how people's own numbers came out is for them and those above them"
COMMIT = "commit"
PEOPLES = frozenset({"adjusted", "submitted", COMMIT})  # of the sources of a number
LEAST_PEOPLE = 3  # whose commits together are no one's: RevOps holds them against AI, of the company as a whole
_MANAGER = "manager:"


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """Whose numbers somebody may see beside what came, by today's reporting line. `user`: who they are of the CRM's
    users; none of them: ''."""

    everything: bool = False
    user: str = ""
    all_seen: bool = False
    lines: Mapping[str, ReportingLine] = field(default_factory=dict)
    tree: Sequence[Node] = ()

    def shown(self, node: str) -> frozenset[str]:
        """The sources of a node's number that are shown, of those that are people's."""
        if self.everything or self._own(node):
            return PEOPLES
        many = node == COMPANY and self.all_seen and sum(one.id.startswith(OWNER) for one in self.tree) >= LEAST_PEOPLE
        return frozenset({COMMIT}) if many else frozenset()

    def _own(self, node: str) -> bool:
        if not self.user:
            return False
        for level in (OWNER, _MANAGER):
            if node.startswith(level):
                return self._answers(node.removeprefix(level))
        if not self.all_seen:  # totals of what is above are not theirs to see, and the tree is cut to them
            return False
        apart = node == COMPANY or all(one.id != node for one in self.tree)  # of the whole, or of another tree
        if apart and self._heads():
            return True
        below = self._owners(node)
        return bool(below) and all(map(self._answers, below))

    def _answers(self, of: str) -> bool:
        """Whether they are this user, or above them."""
        return self.user == of or self.user in managers_above(of, self.lines)

    def _heads(self) -> bool:
        """Nobody is above them, and somebody is below."""
        leads = any(line.manager_id == self.user for line in self.lines.values())
        return leads and not managers_above(self.user, self.lines)

    def _owners(self, node: str) -> list[str]:
        parents = {one.id: one.parent for one in self.tree}
        found = []
        for one in parents:
            place: str = one
            while place and place != node:
                place = parents.get(place, "")
            if place and one.startswith(OWNER):
                found.append(one.removeprefix(OWNER))
        return found


def record_key(principal: Principal) -> tuple[object, ...]:
    """Who sees the same."""
    return "own record", principal == LOCAL, principal.scope, principal.user_id


async def own_record(store: Store, workspace: Workspace, principal: Principal) -> OwnRecord:
    """What the principal may see; without sign-in all of it."""
    if principal == LOCAL:
        return OwnRecord(everything=True)
    day = workspace.business_day
    lines = lines_on(await store.list_lines(principal), day)
    all_seen = principal.scope is Scope.ALL
    tree = await store.tree(principal, day) if all_seen else ()  # what is above others is not theirs to see
    return OwnRecord(user=principal.user_id, all_seen=all_seen, lines=lines, tree=tree)


def without_people(totals: Mapping[str, Any], record: OwnRecord) -> dict[str, Any]:
    """Totals of a period that is over, without what people said of nodes that are others'; and why, where it is so."""
    rows, withheld = [], False
    for row in totals["nodes"]:
        if row["booked"] is not None and record.shown(row["node"]) != PEOPLES:
            row, withheld = row | dict.fromkeys(MEMBERS), True
        rows.append(row)
    return {**totals, "nodes": rows, "people_withheld": WHY if withheld else None}


def without_commits(model: Mapping[str, Any], record: OwnRecord) -> dict[str, Any]:
    """A service's models, without what people had committed in backtests, beside what came, of others' nodes."""
    return {**model, "versions": [_without_commits(one, record) for one in model["versions"]]}


def _without_commits(version: Mapping[str, Any], record: OwnRecord) -> Mapping[str, Any]:
    evaluation = version.get("evaluation") or {}
    backtest = evaluation.get("backtest") or {}
    path = backtest.get("path") or {}
    columns = list(path.get("columns", ()))
    if COMMIT not in columns:
        return version
    place, node = columns.index(COMMIT), columns.index("node")
    told = {one: COMMIT in record.shown(one) for one in {row[node] for row in path["rows"]}}
    rows = [row if told[row[node]] else [*row[:place], None, *row[place + 1 :]] for row in path["rows"]]
    return {**version, "evaluation": {**evaluation, "backtest": {**backtest, "path": {**path, "rows": rows}}}}


def hidden_of(names: Iterable[str], shown: frozenset[str]) -> frozenset[str]:
    """Which of the names that a record keeps are not told beside what came."""
    return frozenset(names) & {*MEMBERS, COMMIT} - shown if shown != PEOPLES else frozenset()
