"""The history of the schema, as Alembic revisions; applied by `storage.schema` at start."""
