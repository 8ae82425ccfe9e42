"""Sets of keys that grow together, unless a person keeps two of them apart."""

from __future__ import annotations

from quetsach.machines.evidence import Key


class Sets:
    """Union by find, with pairs of sets that must never become one."""

    def __init__(self) -> None:
        self._parent: dict[Key, Key] = {}
        self._apart: dict[Key, set[Key]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._parent

    def add(self, key: Key) -> None:
        """A key in a set of its own, if it is in none."""
        self._parent.setdefault(key, key)

    def find(self, key: Key) -> Key:
        """The key that stands for the set of this key."""
        parent = self._parent
        parent.setdefault(key, key)
        while parent[key] is not key and parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def are_apart(self, one: Key, other: Key) -> bool:
        """Whether the sets of two keys must not become one."""
        return self.find(other) in self._apart.get(self.find(one), ())

    def join(self, one: Key, other: Key) -> bool:
        """Make one set of two; False where they are kept apart."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return True
        if other in self._apart.get(one, ()):
            return False
        # The lesser key stands for both, so that the order of evidence leaves no trace.
        if other < one:
            one, other = other, one
        self._parent[other] = one
        for enemy in self._apart.pop(other, ()):
            self._apart[enemy].discard(other)
            self._apart[enemy].add(one)
            self._apart.setdefault(one, set()).add(enemy)
        return True

    def part(self, one: Key, other: Key) -> bool:
        """Keep two sets apart from now on; False where they are one already."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return False
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)
        return True

    def all(self) -> dict[Key, list[Key]]:
        """The keys of each set, by the key that stands for it."""
        found: dict[Key, list[Key]] = {}
        for key in self._parent:
            found.setdefault(self.find(key), []).append(key)
        return found
