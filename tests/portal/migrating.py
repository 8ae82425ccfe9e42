"""The database as it was before a migration."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def tables_of(app: str, migration: str) -> Iterator[Apps]:
    """Models of the time of that migration, to write rows by; then the later ones are applied to these."""
    then = [(app, migration)]
    executor = MigrationExecutor(connection)
    executor.migrate(then)
    try:
        yield executor.loader.project_state(then).apps
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
