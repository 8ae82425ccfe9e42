"""Targets of names in settings of resolvers: targets that block a listed name, and targets of an owner's
name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from quetsach.indicators import suffix_table

FEWEST = 20
"""So many names at the start of a list must point to one address before it counts as a warning page.

No office has so many names of one machine and nothing else.
"""
_SAFE_SEARCH = frozenset(
    (
        "forcesafesearch.google.com", "216.239.38.120", "2001:4860:4802:32::78", "restrict.youtube.com",
        "216.239.38.119", "2001:4860:4802:32::77", "restrictmoderate.youtube.com", "strict.bing.com",
        "204.79.197.220", "safe.duckduckgo.com", "familysearch.yandex.ru", "213.180.193.56",
        "safesearch.pixabay.com", "safeapi.qwant.com", "safesearch.brave.com",
        "strict-safe-search.ecosia.org",
    )
)  # fmt: skip
"""Targets that search engines give to schools, so that all searches are safe searches."""
_NOWHERE = frozenset(("0.0.0.0", "::", "::1"))  # noqa: S104


def is_nowhere(addr: str) -> bool:
    """Whether a canonical address leads back to the caller, or nowhere at all."""
    return addr in _NOWHERE or addr.startswith("127.")


def is_safe_search(target: str) -> bool:
    """Whether a canonical name or address is the safe variant of a search engine, which blocks nothing."""
    return target in _SAFE_SEARCH


def is_own_domain(name: str, target: str) -> bool:
    """Whether canonical names share one registered domain: the owner then redirects callers to the other
    name."""
    if name.split(".")[-2:] != target.split(".")[-2:]:
        return False
    registered = _registered()
    return registered(name.removeprefix("*.")) is not None and registered(name) == registered(target)


@cache
def _registered() -> Callable[[str], str | None]:
    found: Callable[[str], str | None] = suffix_table.read().privatesuffix
    return found


def warning_page(addresses: Iterable[str | None], fewest: int = FEWEST) -> str:
    """The only address to which a list's first names point, or nothing.

    CERT Polska's list (hole.cert.pl) and pfBlockerNG send callers to a page with an explanation.
    """
    found = [addr for addr in addresses if addr is not None]
    is_one = len(found) >= fewest and len(set(found)) == 1 and not is_nowhere(found[0])
    is_one = is_one and not is_safe_search(found[0])
    return found[0] if is_one else ""
