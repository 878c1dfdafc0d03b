"""Whom a newcomer may look around as."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.money import Money
from learning.records import Quota, ReportingLine, User
from services.gateway.access.members import Role
from services.gateway.access.personas import personas
from services.gateway.domain import LOCAL
from tests.e2e.web.site import deal, fill, serving


@pytest.mark.asyncio
async def test_a_team_is_chosen_whose_chance_to_make_its_quota_can_be_told(tmp_path: Path) -> None:
    """A quota of a part of the owners tells of no chance: a smaller team with all of its quotas shows more."""
    async with serving(tmp_path) as (gateway, _):
        await fill(gateway)  # m1 leads two, of whom one has a quota
        assert {one.role: one.user_id for one in await personas(gateway)}[Role.MANAGER] == "m1"
        people = [User("m2", "최혜진"), User("u3", "박하은")]
        await gateway.store.save_users(LOCAL, people, [ReportingLine("m2", "", "영남"), ReportingLine("u3", "m2")])
        await gateway.apply_deals(LOCAL, [deal("X-1", "One", "u3", 1_000_000)])
        await gateway.store.save_quotas(LOCAL, [Quota("u3", "2026-Q4", Money("KRW", 5_000_000))])
        found = await personas(gateway)
        assert [(one.role, one.name, one.user_id) for one in found] == [
            (Role.MANAGER, "최혜진", "m2"), (Role.REP, "박하은", "u3"), (Role.REVOPS, "RevOps", ""),
        ]  # fmt: skip
