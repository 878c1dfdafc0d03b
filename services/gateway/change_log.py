"""Who changed what: the entries of the log that tell of changes, made where a change is taken.

An entry names the thing by kind and id, and says shortly how it stood before and after: amounts, days, numbers, ids and
codes, never what somebody wrote, and no secret. Nothing is kept of what was only tried, was refused, or left all as it
was.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

from services.gateway.access.members import AccessEvent, Act
from services.gateway.workspace import Workspace

SETTING, CURRENCY, NODE, USER, ASK, IMPORT = "setting", "currency", "node", "user", "ask", "import"
CATALOGUE, LETTER, WORKSPACE, ERASURE, PERSON = "catalogue", "letter", "workspace", "erasure", "person"
DUPLICATES, FILES = "duplicates", "files"
LONGEST = 200  # characters of a text
MOST_NAMED = 20  # of a list
MOST_OF_ONE = 500  # entries of one write; of more of them their number is kept


class LogStore(Protocol):
    """The part of the store this needs."""

    async def add_access_events(self, events: Sequence[AccessEvent]) -> None: ...

    async def get_setting(self, key: str) -> Any | None: ...


def entry(act: Act, by: str, kind: str, record: object = "", **detail: Any) -> AccessEvent:
    """An entry; of the detail what is known, shortened."""
    known = {name: short(value) for name, value in detail.items() if value is not None and value != ""}
    return AccessEvent(act, "", by, "", known, kind=kind, record=str(record))


async def note(store: LogStore, act: Act, by: str, kind: str, record: object = "", **detail: Any) -> None:
    """Keep that somebody changed something."""
    await store.add_access_events([entry(act, by, kind, record, **detail)])


async def note_all(store: LogStore, entries: Sequence[AccessEvent]) -> None:
    """Keep entries of one write; of very many only how many of each act there were."""
    if len(entries) <= MOST_OF_ONE:
        await store.add_access_events(entries)
        return
    counts: dict[tuple[Act, str, str], int] = {}
    for one in entries:
        counts[one.act, one.by, one.kind] = counts.get((one.act, one.by, one.kind), 0) + 1
    await store.add_access_events([entry(*about, "", count=count) for about, count in counts.items()])


def short(value: Any) -> Any:
    """A value as it is kept: texts are cut, also within others."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    if isinstance(value, Mapping):
        return {str(name)[:LONGEST]: short(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [short(one) for one in value[:MOST_NAMED]] + ["…"] * (len(value) > MOST_NAMED)
    return value


def _columns(lists: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Names, the first of them, and how many there are."""
    return {**lists, "counts": {name: len(of) for name, of in lists.items()}}


# How each setting stands, by the name that its words on the settings page begin with.
OF_WORKSPACE: Mapping[str, Callable[[Workspace], Any]] = {
    "clock": lambda one: one.pinned.isoformat() if one.pinned else "",
    "currency": lambda one: one.currency if one.currency_set else "",
    "fiscal_year": lambda one: one.fiscal_year,
    "holidays": lambda one: one.holiday_country,
    "time_zone": lambda one: one.time_zone,
    "crm": lambda one: one.crm_link.split("?")[0],  # what follows may let somebody in
    "grades": lambda one: list(one.grade_bounds),
    "lead_horizon": lambda one: one.lead_horizon_days,
    "training_columns": lambda one: _columns(one.training_columns.to_json()),
    "trees": lambda one: [tree.name for tree in one.trees],
    "types": lambda one: [kind.name for kind in one.forecast_types],
}
KEPT = {"renewals": "renewal_days", "retention": "retention"}  # settings that are read of the store, by their key there


async def _settings(store: LogStore, workspace: Workspace) -> dict[str, tuple[Any, Any]]:
    """How each stands: whole, to be compared, and as it is told."""
    trees = [(tree.name, tree.levels) for tree in workspace.trees]
    whole: dict[str, Any] = {"trees": trees, "types": workspace.forecast_types, "crm": workspace.crm_link}
    found = {name: (whole.get(name, told := of(workspace)), told) for name, of in OF_WORKSPACE.items()}
    return found | {name: (kept := await store.get_setting(key), kept) for name, key in KEPT.items()}


@contextlib.asynccontextmanager
async def noting_settings(store: LogStore, workspace: Workspace, by: str) -> AsyncIterator[None]:
    """Whatever settings are others afterwards, somebody changed; also where only the first of several were taken."""
    async with workspace.changing:
        before = await _settings(store, workspace)
        try:
            yield
        finally:
            after = await _settings(store, workspace)
            await store.add_access_events([
                entry(Act.SETTING_CHANGED, by, SETTING, name, before=before[name][1], after=told)
                for name, (whole, told) in after.items() if whole != before[name][0]
            ])  # fmt: skip
