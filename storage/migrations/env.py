"""Alembic's entry point. The connection, and the transaction it is in, are the caller's (`storage.schema`)."""

from alembic import context

from storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
