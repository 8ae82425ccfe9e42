"""The look-up `among`: whether a text or an id is one of many, with all in one value of the statement.

Django's `in` prepares each value apart and writes a place for each into the statement, which takes longer
than the search itself.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import CharField, Lookup, TextField, UUIDField


@CharField.register_lookup
@TextField.register_lookup
class Among(Lookup):
    """`field__among=texts`; texts of any number, each a str."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[str]:
        """The texts as they are."""
        return list(self.rhs)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The texts as one JSON list."""
        column, values = self.process_lhs(compiler, connection)
        sql = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608  (a column of the model)
        return sql, [*values, json.dumps(self.rhs)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The texts as one JSON list, made an array once: psycopg writes a list by Python, item by item."""
        column, values = self.process_lhs(compiler, connection)
        texts = "ARRAY(SELECT json_array_elements_text(%s::json))"
        return f"{column} = ANY({texts})", [*values, json.dumps(self.rhs)]


@UUIDField.register_lookup
class AmongIds(Lookup):
    """`field__among=ids`; ids of any number, each a UUID. Of a related row: `row__id__among`."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[UUID]:
        """The ids as they are."""
        return list(self.rhs)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The ids as one JSON list, spelled as SQLite keeps them."""
        column, values = self.process_lhs(compiler, connection)
        sql = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608  (a column of the model)
        return sql, [*values, json.dumps([one.hex for one in self.rhs])]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The ids as one JSON list, made an array once."""
        column, values = self.process_lhs(compiler, connection)
        ids = "ARRAY(SELECT json_array_elements_text(%s::json)::uuid)"
        return f"{column} = ANY({ids})", [*values, json.dumps([one.hex for one in self.rhs])]
