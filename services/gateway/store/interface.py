"""What the gateway asks of its database; one contract suite runs on every implementation.

Every query on stored records takes the principal and shows only what it may see: a foreign deal does not exist.
The few that take none are the system's own work, named in SYSTEM_CALLS; nothing they read is shown to anybody.
Every method that writes does so in one transaction and is safe to call from several tasks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any, Protocol

from learning.placements import Tree
from learning.records import (
    Account,
    Activity,
    Change,
    Contact,
    FieldDefinition,
    Node,
    Outcome,
    Product,
    ReportingLine,
    User,
)
from services.gateway.domain import DealWrite, Insight, InsightKind, Principal, Record, WriteResult
from services.gateway.store.access_interface import ACCESS_CALLS, AccessStore
from services.gateway.store.asks_interface import AsksStore
from services.gateway.store.audit_interface import ModelAuditStore
from services.gateway.store.clearing_interface import ClearingStore
from services.gateway.store.exchange_interface import ExchangeStore
from services.gateway.store.feedback_interface import FeedbackStore
from services.gateway.store.figures_interface import FiguresStore
from services.gateway.store.forecast_interface import ForecastStore
from services.gateway.store.health_interface import HEALTH_CALLS, HealthStore
from services.gateway.store.imports_interface import ImportsStore
from services.gateway.store.monitoring_interface import MONITORING_CALLS
from services.gateway.store.privacy_interface import PRIVACY_CALLS, PrivacyStore
from services.gateway.store.shapes import (
    SORTS,
    Behind,
    CategorySum,
    DealPair,
    EventPage,
    EventsAfter,
    ForecastDay,
    OutboxRow,
    Page,
    PastDeal,
    PlacedDeal,
    Query,
    RateEntry,
    Recorded,
    ScorePoint,
    StoredEvent,
    StoredRollup,
    Touch,
    Won,
)

EVER = 1_000_000  # days
SYSTEM_CALLS = HEALTH_CALLS | frozenset({
    "add_event", "add_model_audit", "apply_insights", "behind", "close", "creations", "edition", "enqueue",
    "event_span", "finish_feedback", "finish_outbox", "forget_imports", "get_setting", "keep_settings", "last_event_id",
    "list_fields", "ping", "put_setting", "rates", "recall_request", "recording", "remember_request",
    "save_forecast_days", "save_rollups", "seal_import", "take_outbox", "unpublished_feedback",
    *MONITORING_CALLS, *PRIVACY_CALLS, *ACCESS_CALLS,
})  # fmt: skip


class Store(
    AccessStore, AsksStore, ClearingStore, ExchangeStore, FeedbackStore, FiguresStore, ForecastStore, HealthStore,
    ImportsStore, ModelAuditStore, PrivacyStore, Protocol,
):  # fmt: skip
    """Records, history, outbox, insights, events and settings."""

    async def close(self) -> None: ...

    async def ping(self) -> None:
        """Raise Unavailable when the database does not answer."""

    # records in
    async def apply_deals(
        self, principal: Principal, writes: Sequence[DealWrite], *, trace: str = "", source: str = "rest"
    ) -> list[WriteResult]:
        """Apply each write as a whole, in order; a refused one changes nothing and the rest goes on.

        The change, its history rows, its outbox row and its event are one transaction per call. Unknown owner,
        account, product or contact ids refuse the write. Of the same id twice in one call the later wins, one
        revision each only if it changes something. A wrong expected_revision is an error of that field.

        A field's value is that of its change with the greatest effective time. Members without a time of their own
        count from now, at least from the deal's last change; of a new deal from its creation, of a closing deal from
        the end of closed_date. Values of custom fields not defined yet define them. The setting "pipelines",
        {"<pipeline>": ["<stage>", …]}, limits the stages of the pipelines it names.
        """

    async def save_users(
        self, principal: Principal, users: Sequence[User], lines: Sequence[ReportingLine] = (), *, trace: str = ""
    ) -> list[WriteResult]:
        """Create or change users, then their reporting lines; a cycle on any day refuses the line.

        One result a user, then one a line (with the user's id). The revision of open deals that stand elsewhere in
        the tree now grows, by one per call.
        """

    async def save_accounts(
        self, principal: Principal, accounts: Sequence[Account], *, trace: str = ""
    ) -> list[WriteResult]:
        """Create or change accounts; the revision of a changed one's open deals grows, or its new insights would
        count as repetitions of the old. Deals of several people may share one: only who sees all may, else
        Forbidden.

        `changes` go into the history of the fields, unless a field has one of that very time; `fields` that differ
        from what is known then count from now.
        """

    async def save_contacts(
        self, principal: Principal, contacts: Sequence[Contact], *, trace: str = ""
    ) -> list[WriteResult]:
        """Create or change contacts; the revision of open deals they are on grows. Only who sees all may, else
        Forbidden."""

    async def save_products(self, principal: Principal, products: Sequence[Product]) -> list[WriteResult]: ...

    async def save_activities(
        self, principal: Principal, activities: Sequence[Activity], *, trace: str = ""
    ) -> list[WriteResult]:
        """Add activities, or change those whose id is known and that say something else; each touched deal's revision
        grows by one per call. An id that belongs to an activity of another deal is refused."""

    async def define_fields(self, principal: Principal, definitions: Sequence[FieldDefinition]) -> None:
        """Declare custom fields; a type that contradicts stored values raises InvalidInput."""

    # records out
    async def get_record(self, principal: Principal, deal_id: str) -> Record:
        """The deal with everything around it; NotFound where it does not exist for the principal."""

    async def get_records(
        self, principal: Principal, deal_ids: Sequence[str], *, insights: bool = True
    ) -> list[Record]:
        """Those of the deals that exist, in one round of queries; `insights=False` leaves their insights unread.

        Histories carry at most 200 newest activities, all changes, the owner path on the business day and contact
        counters as of the business clock. Deleted deals are included (deal.deleted) so that their end reaches models.
        """

    async def list_records(self, principal: Principal, query: Query, cursor: str, limit: int) -> Page:
        """A page in a stable total order: sort key, then id, both in the same direction; deals without a value come
        last in both. Amounts sort in major units whatever their currency. Deleted deals are left out; histories carry
        neither changes nor activities. Raises InvalidInput for a bad cursor, sort or grade."""

    async def get_changes(self, principal: Principal, deal_id: str, after: int, limit: int) -> list[Change]:
        """The deal's changes by effective time, without the first `after` of them."""

    async def get_activities(self, principal: Principal, deal_id: str, cursor: str, limit: int) -> list[Activity]:
        """The deal's activities, newest first, after the one that `reads.activity_cursor` made the cursor of."""

    async def list_users(self, principal: Principal) -> list[User]: ...

    async def list_lines(self, principal: Principal) -> list[ReportingLine]: ...

    async def list_accounts(self, principal: Principal, cursor: str, limit: int) -> list[Account]: ...

    async def list_contacts(self, principal: Principal, account_id: str, cursor: str, limit: int) -> list[Contact]: ...

    async def list_products(self, principal: Principal) -> list[Product]:
        """The catalogue, which is everybody's: products and list prices tell of no deal."""

    async def list_stages(self, principal: Principal) -> list[str]: ...

    async def list_fields(self) -> list[FieldDefinition]: ...

    async def tree(self, principal: Principal, day: date) -> list[Node]:
        """Company, regions, managers and owners on that day, parents before children, cut to the principal: the
        owners it sees today, wherever they stood then, and who stood above them."""

    async def nodes_within(self, principal: Principal, day: date) -> frozenset[str] | None:
        """Nodes of the tree on that day all of whose owners the principal sees today; None for all nodes. Totals of
        any other would tell of colleagues. Regions and the company are beyond whoever does not see all."""

    async def won(self, principal: Principal, start: date, end: date) -> list[Won]:
        """What is booked from start to end. Deals whose currency has a rate on the day they were won count in the
        company's, each rounded by itself before anything is added or shared."""

    async def categories(self, principal: Principal, start: date, end: date) -> list[CategorySum]:
        """What is promised from start to end; as `won`, by the rates of the business day."""

    async def placed_deals(
        self, principal: Principal, outcome: Outcome, start: date | None = None, end: date | None = None,
        trees: Sequence[Tree] | None = None, field: str = "",
    ) -> list[PlacedDeal]:  # fmt: skip
        """Undeleted opportunities with their places: won ones closed, or open ones promised, from start to end; all of
        them without days. In these trees, else in those that are defined. Amounts as they count in totals (`won`), or a
        field's as in `field_amounts`."""

    async def list_pipelines(self, principal: Principal) -> list[str]:
        """The pipelines, by name, that undeleted opportunities the principal sees stand in."""

    async def deal_pairs(
        self, principal: Principal, before: datetime, after: datetime, start: date, end: date, field: str = "",
        changed: bool = False, there: Set[str] = frozenset(), held_by: Collection[str] | None = None,
        recorded: Recorded = (None, None),
    ) -> list[DealPair]:  # fmt: skip
        """Deals as they stood at two moments, by when changes were effective: at least all that were promised or
        closed from start to end at either; with `changed` only those that changed since the first; with `held_by`
        only those that one of these users ever held, alone or with others. Of those that were
        somebody's then whom the principal sees today, so that totals of the nodes it sees are whole. With `field` the
        number in that custom field is their amount. `there`: ids of deals that were there when they were first seen.
        `recorded`: at each moment, of changes only those that were recorded by then; None: all, however late."""

    async def counts(self, principal: Principal, *, deals_only: bool = False) -> Mapping[str, int]:
        """deals, open, won, lost, leads; unless deals_only accounts, contacts, users, activities, changes, outbox,
        insights. Of the deals the principal sees, and of what its lists would show; nothing is in its outbox unless it
        sees all."""

    def export_rows(
        self, principal: Principal, table: str, as_of: datetime | None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Rows of one file of the history format (docs/history-format.md), in batches, bounded in memory.

        A history is whole or it teaches wrong things: only who sees all may have it, else Forbidden.

        With as_of: what was effective or done by then, of deals created by then, and deals as they stood then. When
        it was recorded does not count, as an import records old history late. Files without history come as they are.
        """

    def export_tables(
        self, principal: Principal, tables: Sequence[str], as_of: datetime | None
    ) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
        """As `export_rows`, of several files in turn and all of one moment; each batch with its file's name."""

    # outbox
    async def take_outbox(self, limit: int, after: int = 0) -> list[OutboxRow]:
        """Unpublished rows in order, above `after`."""

    async def finish_outbox(self, ids: Sequence[int]) -> None: ...

    async def enqueue(self, deal_ids: Sequence[str], cause: str) -> None:
        """Fresh outbox rows for deals that must be published again."""

    # insights
    async def apply_insights(self, insights: Sequence[Insight]) -> list[bool]:
        """Merge by the total order (domain.newer); True where it replaced. Replacements append events and, for lead
        scores, score history, of which each deal keeps the newest 200. Insights on deals that do not exist, or on a
        revision not reached (from before a restore), are dropped."""

    async def behind(
        self, generations: Mapping[InsightKind, int], business_day: str, after: str, limit: int
    ) -> list[Behind]:
        """Open, undeleted deals with an insight missing or behind, ordered by id, ids above `after`. Also closed or
        deleted deals whose insights are behind in revision (so that rollups learn of the end)."""

    async def score_history(self, principal: Principal, deal_id: str, limit: int) -> list[Insight]:
        """Lead scores the deal had, newest first."""

    async def score_points(
        self, principal: Principal, deal_ids: Sequence[str], limit: int, days: int = EVER
    ) -> Mapping[str, Sequence[ScorePoint]]:
        """The newest scores of many deals, newest first, none more than `days` older than the deal's newest; deals
        without any are left out. The ends of every stretch of one model carry their contributions."""

    async def save_rollups(self, rollups: Sequence[StoredRollup]) -> None: ...

    async def rollups(
        self, principal: Principal, period: str, currency: str = "", node: str = ""
    ) -> list[StoredRollup]:
        """Only nodes all of whose owners the principal sees (see `nodes_within`); with `node` just that one."""

    # live events
    async def add_event(self, kind: str, deal_id: str, data: Mapping[str, Any]) -> None: ...

    async def events_after(self, readers: Sequence[EventsAfter], limit: int) -> Mapping[EventsAfter, EventPage]:
        """Of any number of readers at once, as they may see them now; each `limit` events at most, those that are not
        to be seen counted."""

    async def event_span(self) -> tuple[int, int]:
        """The ids of the oldest and the newest event kept; (1, 0) where there is none."""

    async def last_event_id(self, kind: str = "") -> int: ...

    async def edition(self) -> tuple[int, int]:
        """Differs whenever something was written by this process that totals are made of, or an event by another."""

    async def touches(self, principal: Principal, deal_ids: Sequence[str]) -> Mapping[str, Sequence[Touch]]:
        """The newest 200 contacts made with each deal's people on a channel, oldest first; deals without any are left
        out."""

    # clock, settings, small documents
    async def get_setting(self, key: str) -> Any | None:
        """A JSON document of the workspace: clock ({"pinned": "2017-09-30" or null}), pipelines, currency, grade
        bounds, stream incarnations, model pointers."""

    async def put_setting(self, key: str, value: Any) -> None: ...

    async def remember_request(self, key: str, digest: str, response: Mapping[str, Any]) -> None:
        """Keep an idempotency key's answer for a day."""

    async def recall_request(self, key: str) -> tuple[str, Mapping[str, Any]] | None: ...


__all__ = [
    "SORTS", "SYSTEM_CALLS", "Behind", "CategorySum", "DealPair", "EventPage", "EventsAfter", "ForecastDay",
    "OutboxRow", "Page", "PastDeal", "PlacedDeal", "Query", "RateEntry", "Recorded", "ScorePoint", "Store",
    "StoredEvent", "StoredRollup", "Touch", "Won",
]  # fmt: skip
