"""Find deals whose insights are behind without looking at the others."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LATE = sa.text("lead_score_revision < revision OR forecast_revision < revision OR next_actions_revision < revision")
LIVE = sa.text("live")


def upgrade() -> None:
    """Create two partial indexes."""
    op.create_index("ix_standings_late", "standings", ["deal_id"], sqlite_where=LATE, postgresql_where=LATE)
    columns = [
        "deal_id",
        "lead_score_generation",
        "forecast_generation",
        "next_actions_generation",
        "lead_score_day",
        "forecast_day",
        "next_actions_day",
    ]
    op.create_index("ix_standings_live", "standings", columns, sqlite_where=LIVE, postgresql_where=LIVE)
