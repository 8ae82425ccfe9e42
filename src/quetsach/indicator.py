"""Indicators of compromise and the immutable set of them that a scan uses (spec: contract 1, 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """What an indicator names; the value is the word on the wire."""

    DOMAIN = "domain"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    CIDR = "cidr"
    IP_PORT = "ip-port"
    URL = "url"


class Scope(StrEnum):
    """Which names a domain indicator covers. Other kinds always carry `WITH_SUBDOMAINS`, without meaning."""

    WITH_SUBDOMAINS = "subdomains"
    EXACT = "exact"
    SUBDOMAINS_ONLY = "subdomains-only"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One malicious name or address in canonical form.

    `value` never carries `*.` or `=`; `canonical` does where the scope asks for it.
    """

    value: str
    kind: Kind
    scope: Scope = Scope.WITH_SUBDOMAINS
    family: str = ""

    @property
    def canonical(self) -> str:
        """The name used on the wire, in cases and in reports."""
        return f"*.{self.value}" if self.scope is Scope.SUBDOMAINS_ONLY else self.value

    @property
    def hashed(self) -> str:
        """The spelling that enters the set's id."""
        return f"={self.value}" if self.scope is Scope.EXACT else self.canonical


class IndicatorSet:
    """Indicators merged by value and sorted by their hashed spelling's bytes.

    Equal values merge: the wider scope stays (exact + subdomains only = with subdomains), with the first
    family.
    """

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        merged: dict[tuple[Kind, str], Indicator] = {}
        for new in indicators:
            key = (new.kind, new.value)
            old = merged.get(key)
            if old is None:
                merged[key] = new
                continue
            scope = old.scope if old.scope is new.scope else Scope.WITH_SUBDOMAINS
            if scope is not old.scope or (not old.family and new.family):
                merged[key] = Indicator(old.value, old.kind, scope, old.family or new.family)
        self.items: tuple[Indicator, ...] = tuple(sorted(merged.values(), key=lambda i: i.hashed.encode()))

    def subset(self, items: Iterable[Indicator]) -> IndicatorSet:
        """Some of this set's items, given in its order: nothing is left to merge or to sort."""
        found = IndicatorSet(())
        found.items = tuple(items)
        return found

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Indicator]:
        return iter(self.items)

    @cached_property
    def id(self) -> str:
        """SHA-256, in lower-case hex, of the sorted hashed spellings joined by a line feed."""
        return hashlib.sha256("\n".join(i.hashed for i in self.items).encode()).hexdigest()
