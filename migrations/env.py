"""How Alembic runs the steps: in the one transaction the caller has opened."""

from __future__ import annotations

from typing import Final

from alembic import context

from issuer.storage import issuance_tables, tables

# Importing the modules is what puts their tables into the metadata.
_TABLES: Final = (tables, issuance_tables)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.BureauTable.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
