"""The look-up `among`: whether a text, a number or an id is one of many, with all of them in one value of the
statement.

Django's `in` prepares each value apart and writes a place for each into the statement, which takes longer
than the search itself.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import CharField, IntegerField, Lookup, TextField, UUIDField

_KINDS: dict[type, str] = {IntegerField: "bigint", UUIDField: "uuid"}


@CharField.register_lookup
@TextField.register_lookup
@IntegerField.register_lookup
@UUIDField.register_lookup
class Among(Lookup):
    """`field__among=values`; any number of values, each of the field's type. Of a row that another one points
    at: `case__id__among=ids`. Django looks into a list or tuple value by value, into a set it does not."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        """The values as they are."""
        return list(self.rhs)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The values as one JSON list."""
        column, values = self.process_lhs(compiler, connection)
        sql = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608  (a column of the model)
        return sql, [*values, json.dumps([one.hex if isinstance(one, UUID) else one for one in self.rhs])]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The values as one JSON list, made an array once: psycopg writes a list by Python, item by item."""
        column, values = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        kind = next((kind for of, kind in _KINDS.items() if isinstance(field, of)), "text")
        array = f"ARRAY(SELECT json_array_elements_text(%s::json)::{kind})"
        return f"{column} = ANY({array})", [*values, json.dumps(self.rhs, default=str)]
