"""What people are called on pages: users of the CRM with title and team; members, also those that are gone, and
programs that are none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from learning.records import ReportingLine, User
from learning.tree import lines_on
from services.gateway.access.members import LOCAL_CALLER, MACHINE, Member
from services.gateway.access.personas import PREFIX
from services.gateway.domain import Principal
from services.gateway.imports.weekly.meanings import person as person_said
from services.gateway.service import Gateway
from services.gateway.web.words import Words

Called = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company. team: whose they are in, else the region they stand in; as a text all of it."""

    name: str
    title: str = ""
    team: str = ""

    @property
    def called(self) -> str:
        """As colleagues say it."""
        return f"{self.name} {self.title}".strip()

    @property
    def place(self) -> str:
        """Title and team, for beside the name."""
        return " · ".join(part for part in (self.title, self.team) if part)

    def __str__(self) -> str:
        return " · ".join(part for part in (self.called, self.team) if part)


People = Mapping[str, Person]
NOBODY: People = MappingProxyType({})


async def people_of(gateway: Gateway, principal: Principal, words: Words) -> dict[str, Person]:
    """Everybody whom the principal may know, by id, as they stand today: for a page, in one go."""
    users, lines = await gateway.store.list_users(principal), await gateway.store.list_lines(principal)
    return placed_people(users, lines, gateway.workspace.business_day, words)


def placed_people(
    users: Iterable[User], lines: Iterable[ReportingLine], day: date, words: Words
) -> dict[str, Person]:  # fmt: skip
    """Users by id, with the team they are in on a day."""
    found = {user.id: Person(user.name, user.title) for user in users}
    standing = lines_on(lines, day)
    teams = {one: team_name(found[one].name, words)
             for one in {line.manager_id for line in standing.values()} if one in found}  # fmt: skip
    for user_id, line in standing.items():
        team = teams.get(line.manager_id) or line.region
        if team and (person := found.get(user_id)) is not None:
            found[user_id] = Person(person.name, person.title, team)
    return found


def team_name(name: str, words: Words) -> str:
    """Somebody's team; a title that stands in the name is left out: 김민수 팀, not 김민수 팀장 팀."""
    bare, title = person_said(name)
    return words("filter.team", name=bare if title else name)


def place_name(node: str, name: str, words: Words) -> str:
    """What a node is called where it stands beside others: a manager's is a team."""
    return team_name(name, words) if node.startswith("manager:") else name


def person(people: People, user_id: str, name: str, words: Words) -> Person:
    """Who somebody is, else by the name that is known; nobody where there is neither."""
    return people.get(user_id) or Person(name or user_id or words("list.nobody"))


def full_names(people: People) -> dict[str, str]:
    """Names with titles and teams, by id."""
    return {user_id: str(one) for user_id, one in people.items()}


def user_name(user: User) -> str:
    """As colleagues say it."""
    return f"{user.name} {user.title}".strip()


def user_names(users: Iterable[User]) -> dict[str, str]:
    """What users are called, by id."""
    return {user.id: user_name(user) for user in users}


def author_names(users: Iterable[User], members: Iterable[Member], words: Words) -> dict[str, str]:
    """What whoever may have said something is called, by id: users of the CRM, members, the person at this machine."""
    members = list(members)
    called = called_by(members, words)
    known = (LOCAL_CALLER.principal.id, *(member.id for member in members))
    return {who: called(who) for who in known} | user_names(users)


def called_by(members: Collection[Member], words: Words) -> Called:
    """What the member with an id is called: by name, else by what it signs in with; people of the sample company, who
    go with it, by their role."""
    unnamed = {one.id for one in members if one.id == MACHINE or one.id.startswith(PREFIX)}  # called what they are
    names = {one.id: one.name or ("" if one.id in unnamed else one.login) for one in members}

    def called(who: str) -> str:
        role = who.removeprefix(PREFIX)
        return names.get(who) or (words.name("who", who) if role == who else words.name("member_role", role))

    return called
