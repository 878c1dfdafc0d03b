"""Members, deal teams and what was done, in the words of the page about users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.gateway.access.members import AccessEvent, Caller, Role, Standing
from services.gateway.access.personas import is_persona
from services.gateway.store.shapes import DealTeam
from services.gateway.web.member_names import People, Person, called_by
from services.gateway.web.words import Words


@dataclass(frozen=True, slots=True)
class Row:
    """A member as the page shows it."""

    id: str
    login: str
    name: str
    role: str
    role_name: str
    user_id: str
    user_name: str
    active: bool
    person: bool  # and no program
    oneself: bool
    linked: bool
    ways: Sequence[str]
    signed_in: str
    tokens: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Team:
    """A deal's team: users by id."""

    deal_id: str
    name: str
    owner: str
    users: Sequence[tuple[str, Person]]


@dataclass(frozen=True, slots=True)
class Done:
    """An entry of the log."""

    time: str
    act: str
    whom: str
    by: str
    detail: str


def rows(found: Iterable[Standing], people: People, caller: Caller | None, words: Words, wanted: str) -> list[Row]:
    """Members that have the wanted text in them; people of the sample company are nobody."""
    made = [_row(one, people, caller, words) for one in found if not is_persona(one.member)]
    text = wanted.strip().casefold()
    return [one for one in made if not text or text in f"{one.login}\n{one.name}\n{one.user_name}".casefold()]


def _row(one: Standing, people: People, caller: Caller | None, words: Words) -> Row:
    member = one.member
    held = {"password": member.password, "company": one.linked, "token": one.tokens}
    ways = [words(f"users.by_{name}") for name, there in held.items() if there]
    own = caller.member if caller else None
    return Row(
        member.id, member.login, member.name, member.role.value, words.name("member_role", member.role),
        member.user_id, named(people, member.user_id), member.active, member.role is not Role.SERVICE,
        own is not None and own.id == member.id, one.linked is not None, ways,
        words.time(one.signed_in), one.tokens, one.sessions,
    )  # fmt: skip


def teams(found: Iterable[DealTeam], people: People) -> list[Team]:
    """With the names of people."""
    return [
        Team(one.deal_id, one.name or one.deal_id, named(people, one.owner_id),
             [(user, _person(people, user)) for user in one.users])
        for one in found
    ]  # fmt: skip


def named(people: People, user_id: str) -> str:
    """A user's name with title and team, or the id where there is none."""
    return str(_person(people, user_id))


def _person(people: People, user_id: str) -> Person:
    user = people.get(user_id)
    return user if user and user.name else Person(user_id)


def log(events: Iterable[AccessEvent], found: Iterable[Standing], words: Words) -> list[Done]:
    """What was done, with whom it was done to and who did it."""
    called = called_by([one.member for one in found], words)
    return [
        Done(words.time(one.time), words.name("access_act", one.act), called(one.member_id),
             called(one.by) if one.by and one.by != one.member_id else "", _detail(one, words))
        for one in events
    ]  # fmt: skip


def _detail(event: AccessEvent, words: Words) -> str:
    told = []
    for name, value in event.detail.items():
        if name == "role":
            told.append(words.name("member_role", str(value)))
        elif name == "active" and value is False:
            told.append(words("users.off"))
        elif name == "way":
            told.append(words.name("way", str(value)))
        elif name in ("reason", "detail", "deal", "route") and value:
            told.append(str(value))
    return " · ".join(told)
