"""Whom the names in a pasted table of quotas mean: people, teams, regions and the company."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from learning.records import Node, User
from services.gateway.imports.weekly.meanings import person, plain_letters
from services.gateway.quota_rows import OWNER
from services.gateway.rollup import COMPANY

MANAGER, REGION = "manager:", "region:"
WHOLE = frozenset({"company", "회사", "전사", "전체"})
TEAM = re.compile(r"(?:team\s+(?:of\s+)?|)(.+?)(?:'s team|\s*팀|)", re.IGNORECASE)
AREA = re.compile(r"(.+?)\s*(?:지역|권역|region)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Places:
    """The nodes that a name may mean."""

    by_name: Mapping[str, frozenset[str]]
    names: Mapping[str, str]
    people: Mapping[str, frozenset[str]]  # by letters alone, however names are spaced
    titles: Mapping[str, str]  # of people, by node
    covered: frozenset[str]  # regions that are no nodes, as somebody above their people is of another one

    @classmethod
    def of(cls, tree: Sequence[Node], users: Sequence[User], regions: Iterable[str] = ()) -> Places:
        """Users by name, with and without title, by mail address and id; teams, regions and the company by theirs.
        `regions`: all that are given to people."""
        found: dict[str, set[str]] = {}
        people: dict[str, set[str]] = {}
        titles: dict[str, str] = {}
        names = {node.id: node.name for node in tree}
        for user in users:
            node = next((one for one in (OWNER + user.id, MANAGER + user.id) if one in names), "")
            if node:  # who has no deals of their own stands for the team
                for said in (user.name, f"{user.name} {user.title}", user.email, user.id, node):
                    found.setdefault(_plain(said), set()).add(node)
                    people.setdefault(plain_letters(said), set()).add(node)
                titles[node] = user.title
        for each in tree:
            if each.level in ("region", "company"):
                found.setdefault(_plain(each.name), set()).add(each.id)
            found.setdefault(_plain(each.id), set()).add(each.id)
        for word in WHOLE:
            found.setdefault(word, set()).add(COMPANY)
        found.pop("", None)
        people.pop("", None)
        by_name, by_letters = ({said: frozenset(nodes) for said, nodes in one.items()} for one in (found, people))
        covered = frozenset(_plain(one) for one in regions if REGION + one not in names)
        return cls(by_name, names, by_letters, titles, covered)

    def meant(self, said: str) -> frozenset[str]:
        """All that a name may mean; of `Kim's team` and `김민수 팀` the manager of that name."""
        known = self.by_name.get(_plain(said), frozenset()) or self._person(said)
        if known:
            return known
        region = AREA.fullmatch(said.strip())
        if region and (known := self._region(region[1])):
            return known
        team = TEAM.fullmatch(said.strip())
        heads = (self.by_name.get(_plain(team[1])) or self._person(team[1])) if team else frozenset[str]()
        managers = {MANAGER + one.removeprefix(OWNER).removeprefix(MANAGER) for one in heads}
        return frozenset(managers & self.names.keys())

    def _region(self, said: str) -> frozenset[str]:
        return frozenset(one for one in self.by_name.get(_plain(said), ()) if one.startswith(REGION))

    def _person(self, said: str) -> frozenset[str]:
        """People as /reporting knows them: whatever the spaces, with a title or without."""
        if whole := self.people.get(plain_letters(said)):
            return whole
        name, title = person(said)
        bare = self.people.get(plain_letters(name), frozenset())
        return frozenset(one for one in bare if title and self.titles.get(one) == title) or bare

    def why_unknown(self, said: str) -> str:
        """What is wrong with a name that means nothing, in words.toml's quotas."""
        region = AREA.fullmatch(said.strip())
        names = {_plain(said), _plain(region[1]) if region else ""}
        return "covered" if names & self.covered else "unknown"


def _plain(said: str) -> str:
    return " ".join(said.split()).casefold()
