"""Pages of lists with very many rows."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator


class FromNearestEnd(Paginator):  # type: ignore[type-arg]
    """Pages of an ordered query. A database passes all rows before a page, so that pages behind the middle
    are read from the end of the list. `known` is the number of rows, where it was counted already."""

    def __init__(self, rows: Any, size: int, known: int | None = None) -> None:
        super().__init__(rows, size)
        if known is not None:
            vars(self)["count"] = known

    def page(self, number: Any) -> Any:
        """A page, in the order of the list."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        if first <= self.count // 2:
            return super().page(number)
        end = min(first + self.per_page, self.count)
        rows: Any = self.object_list
        shown = list(rows.reverse()[self.count - end : self.count - first])
        return Page(shown[::-1], number, self)
