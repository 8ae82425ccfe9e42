"""The database backend named by the settings: Django's own, for statements with very many values."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base

MOST_VALUES = 65_535
"""Parameters of one statement; the protocol counts them in two bytes."""


class ManyValuesCursor(base.CursorMixin, psycopg.Cursor[Any]):
    """Writes the values into the statement if there are too many parameters, such as for all late units."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        if params is not None and len(params) > MOST_VALUES:
            query, params = psycopg.ClientCursor(self.connection).mogrify(query, params), None
        return super().execute(query, params, **more)


class DatabaseWrapper(base.DatabaseWrapper):
    """Opens connections with ManyValuesCursor."""

    def get_connection_params(self) -> dict[str, Any]:
        """Django's parameters, with ManyValuesCursor."""
        return {**super().get_connection_params(), "cursor_factory": ManyValuesCursor}
