"""The database backend named by the settings: Django's own, for statements with very many values."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base

MOST_VALUES = 65_535
"""That travel beside a statement; the protocol counts them in two bytes."""


class ManyValuesCursor(base.CursorMixin, psycopg.Cursor[Any]):
    """Writes the values into a statement where they are too many to travel beside it: all late units, say."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        if params is not None and len(params) > MOST_VALUES:
            query, params = psycopg.ClientCursor(self.connection).mogrify(query, params), None
        return super().execute(query, params, **more)


class DatabaseWrapper(base.DatabaseWrapper):
    """Opens connections with that cursor."""

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with that cursor."""
        return {**super().get_connection_params(), "cursor_factory": ManyValuesCursor}
