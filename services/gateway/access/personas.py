"""People of the sample company that a newcomer may look around as: one click, no password, on this machine only."""

from __future__ import annotations

from services.gateway.access.desk import AccessDesk, Client
from services.gateway.access.members import Member, Role
from services.gateway.domain import LOCAL
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

PREFIX = "persona-"
NAMELESS = "RevOps"  # nobody of the company's users: called the same in every language
ROLES = (Role.MANAGER, Role.REP, Role.REVOPS)


def is_persona(member: Member) -> bool:
    """Whether it is nobody real."""
    return member.id.startswith(PREFIX)


async def personas(gateway: Gateway) -> list[Member]:
    """A manager of several owners, one of them who has open deals, and RevOps; those that the company has."""
    names = {user.id: user.name for user in await gateway.store.list_users(LOCAL)}
    team = await _team(gateway)
    found = {Role.REVOPS: ""} | (dict(zip((Role.MANAGER, Role.REP), team, strict=True)) if team else {})
    return [
        Member(f"{PREFIX}{role}", f"{PREFIX}{role}", names.get(found[role]) or NAMELESS, role, found[role])
        for role in ROLES
        if role in found
    ]


async def sign_in_as(gateway: Gateway, desk: AccessDesk, role: str, client: Client) -> str | None:
    """The cookie of a session as that persona; None where there is none of that role."""
    member = next((each for each in await personas(gateway) if each.role == role), None)
    if member is None:
        return None
    await desk.store.save_member(member)
    return await desk.open_session(member, client, "persona")


async def _team(gateway: Gateway) -> tuple[str, str] | None:
    """A manager right above several owners, who all have quotas if there is such a team, so that its chance is told;
    and the first of those with an open deal."""
    workspace, below = gateway.workspace, dict[str, list[str]]()
    for node in await gateway.store.tree(LOCAL, workspace.business_day):
        if node.id.startswith("owner:") and node.parent.startswith("manager:"):
            below.setdefault(node.parent.partition(":")[2], []).append(node.id.partition(":")[2])
    quarter = str(workspace.calendar.current(workspace.business_day))
    held = {quota.owner_id for quota in await gateway.store.list_quotas(LOCAL, quarter)}
    for manager, owners in sorted(below.items(), key=lambda one: (bool({*one[1]} - held), -len(one[1]), one[0])):
        for owner in owners:
            page = await gateway.store.list_records(LOCAL, Query(owner_id=owner, outcome="OPEN"), "", 1)
            if owner != manager and page.records:
                return manager, owner
    return None
