"""Indicators of compromise and the immutable set of them that a scan uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Kind(StrEnum):
    """The kind of an indicator; its value is the word in list files, results and JSON."""

    DOMAIN = "domain"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    CIDR = "cidr"
    IP_PORT = "ip-port"
    URL = "url"


class Scope(StrEnum):
    """The names that a domain indicator covers. Other kinds always carry `WITH_SUBDOMAINS`, without
    meaning."""

    WITH_SUBDOMAINS = "subdomains"
    EXACT = "exact"
    SUBDOMAINS_ONLY = "subdomains-only"


class Indicator(NamedTuple):
    """One malicious name or address in canonical form.

    `value` is bare. `canonical` begins with `*.` if the scope is `SUBDOMAINS_ONLY`; only `hashed` begins with
    `=`, if the scope is `EXACT`.
    """

    value: str
    kind: Kind
    scope: Scope = Scope.WITH_SUBDOMAINS
    family: str = ""

    @property
    def canonical(self) -> str:
        """The spelling in results, cases and reports. It does not show the scope `EXACT`."""
        return f"*.{self.value}" if self.scope is Scope.SUBDOMAINS_ONLY else self.value

    @property
    def hashed(self) -> str:
        """The spelling, not a hash, that goes into the hash of the set's id; it shows every scope."""
        return f"={self.value}" if self.scope is Scope.EXACT else self.canonical


class Watch(NamedTuple):
    """A rough net that selects the indicators for the guard rails to judge.

    `below`, `exact` and `parents` hold names, one a line. A domain or a URL's host is selected if it
    is a name of `below` or lies under it, is a name of `exact`, or lies right under a name of `parents`.
    `spans` holds the first and last numbers of IPv4 ranges: an address or network in touch with a range is
    selected. An IPv4 network is also selected if its prefix has fewer than `narrowest` bits: it is wide.
    """

    below: str
    exact: str
    parents: str
    spans: list[tuple[int, int]]
    narrowest: int


class IndicatorSet:
    """Indicators merged by value and sorted by their hashed spelling's bytes.

    Items of equal kind and value merge: different scopes become `WITH_SUBDOMAINS`, and the first family that
    is not "" stays.
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

    def kinds(self) -> Mapping[Kind, int]:
        """The number of items of each kind."""
        return Counter(i.kind for i in self.items)

    def concerned(self, watch: Callable[[], Watch]) -> Iterable[tuple[int, Indicator]]:  # noqa: ARG002
        """The numbers and items that guard rails must judge: at least all items that `watch()` selects.

        This class gives all its items, so it does not call `watch`. A subclass may give fewer.
        """
        return enumerate(self.items)

    def without(self, numbers: Iterable[int]) -> IndicatorSet:
        """The set without the items of these numbers, given in rising order.

        The caller goes on with the returned set only: a subclass may remove the items from itself.
        """
        gone = frozenset(numbers)
        if not gone:
            return self
        found = IndicatorSet(())
        found.items = tuple(item for number, item in enumerate(self.items) if number not in gone)
        return found

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Indicator]:
        return iter(self.items)

    @cached_property
    def id(self) -> str:
        """SHA-256, in lower-case hex, of the sorted hashed spellings joined by a line feed."""
        import hashlib

        return hashlib.sha256("\n".join(i.hashed for i in self.items).encode()).hexdigest()
