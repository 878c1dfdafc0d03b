"""What people are called on pages: users of the CRM with their titles; members, also those that are gone, and programs
that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from learning.records import User
from services.gateway.access.members import LOCAL_CALLER, Member
from services.gateway.access.personas import PREFIX
from services.gateway.web.words import Words

Called = Callable[[str], str]


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


def called_by(members: Iterable[Member], words: Words) -> Called:
    """What the member with an id is called: by name, else by what it signs in with; people of the sample company, who
    go with it, by their role."""
    names = {one.id: one.name or ("" if one.id.startswith(PREFIX) else one.login) for one in members}

    def called(who: str) -> str:
        role = who.removeprefix(PREFIX)
        return names.get(who) or (words.name("who", who) if role == who else words.name("member_role", role))

    return called
