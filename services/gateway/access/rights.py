"""What a role and a token's scopes allow, by the table of rights.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kit.errors import Forbidden
from services.gateway.access.members import Caller, Role, TokenScope

SOURCE = Path(__file__).with_name("rights.toml")
OPEN, SESSION = "open", "session"
FOR_ROLES = "this is for the roles "  # begins a refusal; names of roles follow, with commas between


@dataclass(frozen=True, slots=True)
class Right:
    """Who may ask a route. `scope` is what a token needs: a TokenScope, `session` (no token will do) or `open`."""

    roles: frozenset[Role]
    scope: str

    def refusal(self, caller: Caller) -> Forbidden | None:
        """Why the caller may not; None where it may."""
        if caller.role not in self.roles:
            mend = "Ask somebody in that role, or an administrator for another role"
            wanted = ", ".join(sorted(self.roles))
            return Forbidden(FOR_ROLES + wanted, field="role", value=caller.role.value, mend=mend)
        if not caller.token or self.scope in caller.scopes:
            return None
        if self.scope == SESSION:
            mend = "Sign in with a browser"
            return Forbidden("this is for people, not for tokens", field="scope", mend=mend)
        mend = "Make a token with this scope"
        return Forbidden("the token is not for this", field="scope", value=self.scope, mend=mend)


UNNAMED = Right(frozenset({Role.REVOPS, Role.ADMIN}), TokenScope.ADMIN)


@cache
def rights() -> Mapping[str, Right]:
    """Every route of the table. ValueError for a role or a scope that there is not."""
    tables = tomllib.loads(SOURCE.read_text("utf-8"))
    groups = {name: frozenset(Role(word) for word in words.split()) for name, words in tables.pop("groups").items()}
    return {route: _right(text, groups) for table in tables.values() for route, text in table.items()}


def _right(text: str, groups: Mapping[str, frozenset[Role]]) -> Right:
    scope, *names = text.split()
    roles = frozenset[Role]().union(*(groups.get(name) or {Role(name)} for name in names))
    return Right(roles, scope if scope in (OPEN, SESSION) else TokenScope(scope))


def right_of(route: str) -> Right:
    """Of "GET /v1/deals" or "GatewayService/BatchGetDeals"."""
    return rights().get(route, UNNAMED)
