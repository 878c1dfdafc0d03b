"""Find the stages there are without reading the deals."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an index."""
    op.create_index("ix_deals_stage_deleted", "deals", ["stage", "deleted"])
