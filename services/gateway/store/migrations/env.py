"""Alembic's environment: it runs on the connection that `migrate` hands it."""

from alembic import context

from services.gateway.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
