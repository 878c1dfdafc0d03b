"""What the gateway asks of its database about quotas, what people say of a forecast, and what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from learning.records import Outcome, Quota
from services.gateway.amount_types import AMOUNT
from services.gateway.calls import Call, CallKind, HeldCall, Moment
from services.gateway.domain import NodeQuota, Principal, WriteResult
from services.gateway.store.shapes import CategorySum, ForecastDay, OpenAmount, RecordFacts


class ForecastStore(Protocol):
    """The part of the store that keeps quotas, submissions, adjustments and the forecast's daily record."""

    async def save_quotas(self, principal: Principal, quotas: Sequence[Quota]) -> list[WriteResult]: ...

    async def save_node_quotas(self, principal: Principal, quotas: Sequence[NodeQuota]) -> list[WriteResult]:
        """Create or change quotas of the company, regions and managers, one per type, node, period and currency; of
        other types than amounts also of owners (owner:…)."""

    async def drop_quotas(
        self, principal: Principal, node: str, period: str, currency: str = "", type_name: str = AMOUNT
    ) -> int:
        """Take a node's quotas of a period away, an owner's too (owner:…); how many there were."""

    async def list_quotas(self, principal: Principal, period: str) -> list[Quota]: ...

    async def list_node_quotas(self, principal: Principal, period: str) -> list[NodeQuota]:
        """Quotas set on nodes, of a period ('' for all) and every type: of nodes all of whose owners the principal
        sees today."""

    async def quotas_in(
        self, principal: Principal, periods: Sequence[str], type_name: str = AMOUNT
    ) -> tuple[list[Quota], list[NodeQuota]]:
        """What `list_quotas` and `list_node_quotas` say of several periods and a type, in one reading and no order."""

    async def named_periods(self, principal: Principal) -> dict[str, dict[str, int]]:
        """How many quotas, and how many submissions and adjustments that stand or stood (`calls`), name each period.
        Raises Forbidden where the principal does not see all."""

    async def field_amounts(
        self, principal: Principal, field: str, outcome: Outcome, start: date, end: date
    ) -> list[CategorySum]:
        """As `won` or `categories`, of the number in a custom field in the place of the amount: in the amount's
        currency, else the company's. Deals whose field is not above zero are left out."""

    async def record_facts(self, principal: Principal) -> RecordFacts:
        """How much record there is of undeleted opportunities, of the owners that the principal sees: owners of open
        ones each by themselves. Of very many deals as of a moment ago."""

    async def creations(self, until: date) -> tuple[date | None, int]:
        """The day that the first undeleted opportunity is dated to, and how many are dated up to the end of a day."""

    async def open_amounts(self, principal: Principal, field: str = "") -> list[OpenAmount]:
        """Open opportunities that the principal sees, by id: with their amounts, or the numbers in a custom field as
        `field_amounts` takes them. Those that count for nothing are left out."""

    async def add_call(self, principal: Principal, call: Call) -> Call:
        """Keep a submission or an adjustment; with its id. Raises Forbidden where the principal does not see all
        owners of the node."""

    async def restore_calls(self, principal: Principal, calls: Sequence[Call]) -> None:
        """Keep what was said elsewhere, undone or not; what is known already stays once. Raises Forbidden where the
        principal does not see all."""

    async def undo_call(self, principal: Principal, kind: CallKind, call_id: int, author: str, time: datetime) -> Call:
        """Mark one as undone: the one before it stands again. Raises NotFound, and Conflict where it is undone."""

    async def list_calls(
        self, principal: Principal, kind: CallKind, period: str, node: str, before: int, limit: int,
        type_name: str = "",
    ) -> list[Call]:  # fmt: skip
        """Newest first, undone ones too, with ids below `before`; of a period, a node and a type or ('') all that are
        seen."""

    async def standing_calls(self, principal: Principal, period: str, type_name: str = AMOUNT) -> list[Call]:
        """Of a period and type, the newest of each kind, node and currency that is not undone."""

    async def keep_held_call(self, principal: Principal, held: HeldCall, over: datetime) -> None:
        """Keep a call that the principal holds, or what became of it. It counts once it has ended, or its numbers are
        older than `over`; of those that count the newest of a node and period stays."""

    async def held_calls(self, principal: Principal, period: str, over: datetime) -> dict[str, Moment]:
        """Of a period, by node: of which moment the numbers of the principal's last call were that counts."""

    async def save_forecast_days(self, days: Sequence[ForecastDay]) -> None:
        """Keep what the forecast says today; the last of a day stays."""

    async def forecast_days(
        self, principal: Principal, node: str, currency: str, period: str = "", type_name: str = AMOUNT
    ) -> list[ForecastDay]:
        """A node's record of a period ('' for all), by period and day; nothing where the principal does not see it."""
