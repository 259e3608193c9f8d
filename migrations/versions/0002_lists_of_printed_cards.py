"""Status lists of printed cards are told from those of wallets' copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; every list there is belongs to copies. Going back is restoring the backup made before."""
    op.add_column("status_list", sa.Column("cards", sa.Boolean(), nullable=False, server_default=sa.false()))
