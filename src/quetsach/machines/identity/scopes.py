"""Units as paths: a path with a slash at its end lies below each path that it begins with; "" is the top."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator


def related(one: str, other: str) -> bool:
    """Whether one of two paths is the other or lies below it."""
    return one.startswith(other) or other.startswith(one)


def lineage(scope: str) -> list[str]:
    """The path itself and those above it, up to the top."""
    found = [scope]
    while scope:
        scope = scope[: scope.rfind("/", 0, -1) + 1]
        found.append(scope)
    return found


def cells(scopes: Iterable[str]) -> dict[str, str]:
    """The scope that each scope counts with: a unit's private name is that of the only unit below which has
    the same name; where several units below have it, nobody knows whose it is and it stays apart.
    """
    found: dict[str, str] = {}
    for scope in sorted(set(scopes), key=lambda one: (-one.count("/"), one)):
        below = {cell for other, cell in found.items() if other.startswith(scope)}
        found[scope] = below.pop() if len(below) == 1 else scope
    return found


class Scoped[Item]:
    """Items by a value and the scope of their source, found from the same unit, above and below."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, list[Item]]] = {}
        self._sorted: dict[str, list[str]] = {}

    def add(self, value: str, scope: str, item: Item) -> None:
        """Add an item of a source in `scope`."""
        self._items.setdefault(value, {}).setdefault(scope, []).append(item)

    def groups(self) -> Iterator[tuple[str, str, list[Item]]]:
        """All items, by value and scope."""
        for value, by_scope in self._items.items():
            for scope, items in by_scope.items():
                yield value, scope, items

    def find(self, value: str, scope: str) -> list[list[Item]]:
        """The lists of items that count for a source in `scope`."""
        by_scope = self._items.get(value)
        if by_scope is None:
            return []
        if len(by_scope) == 1:
            ((other, items),) = by_scope.items()
            return [items] if related(scope, other) else []
        found = [by_scope[one] for one in lineage(scope) if one in by_scope]
        if value not in self._sorted or len(self._sorted[value]) != len(by_scope):
            self._sorted[value] = sorted(by_scope)
        order = self._sorted[value]
        for number in range(bisect_right(order, scope), len(order)):
            if not order[number].startswith(scope):
                break
            found.append(by_scope[order[number]])
        return found

    def everywhere(self, value: str) -> list[list[Item]]:
        """The lists of items of all scopes."""
        return list(self._items.get(value, {}).values())
