"""The store on SQLAlchemy Core: one implementation for SQLite and PostgreSQL."""

from __future__ import annotations

from services.gateway.store.access import AccessRows
from services.gateway.store.alerts import Alerts
from services.gateway.store.asks import AskRows
from services.gateway.store.audit import ModelAudit
from services.gateway.store.by_field import FieldAmounts
from services.gateway.store.calls import Calls
from services.gateway.store.clearing import Clearing
from services.gateway.store.deal_pasts import DealPasts
from services.gateway.store.doubtful import Doubtful
from services.gateway.store.exchange import Exchange
from services.gateway.store.export import Export
from services.gateway.store.feedback import FeedbackRows
from services.gateway.store.health import HealthRows
from services.gateway.store.insights import Insights
from services.gateway.store.lists import Lists
from services.gateway.store.monitoring import Monitoring
from services.gateway.store.outbox import Outbox
from services.gateway.store.past import Past
from services.gateway.store.placed import Placed
from services.gateway.store.privacy_rules import PrivacyRules
from services.gateway.store.quotas import Quotas
from services.gateway.store.retention import RetentionRows
from services.gateway.store.scored import Scored
from services.gateway.store.shield import Shield
from services.gateway.store.teams import Teams
from services.gateway.store.totals import Totals
from services.gateway.store.workspace import WorkspaceDocuments


class SqlStore(
    Shield, RetentionRows, PrivacyRules, FeedbackRows, HealthRows, Quotas, Insights, Lists, Totals, Placed, Past,
    DealPasts, Calls, Exchange, Outbox, Export, FieldAmounts, ModelAudit, Monitoring, Alerts, Scored,
    WorkspaceDocuments, AccessRows, Teams, AskRows, Doubtful, Clearing,
):  # fmt: skip
    """Everything a Store promises; its parts share one Database."""
