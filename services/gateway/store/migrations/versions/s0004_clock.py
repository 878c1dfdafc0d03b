"""Spell the pinned business clock one way: {"pinned": day}, no longer {"today": day}."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename the member of the one document."""
    op.execute("""UPDATE settings SET value = replace(value, '"today"', '"pinned"') WHERE key = 'clock'""")
