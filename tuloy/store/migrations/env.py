"""Run migrations on the connection that `tuloy.store.opening` hands over; it owns the transaction."""

from alembic import context

from tuloy.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
