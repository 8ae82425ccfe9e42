"""Where settings of resolvers send who asks for a listed name, and where for a name of one's own."""

from __future__ import annotations

from collections.abc import Iterable

FEWEST = 20
"""So many names at the beginning of a list must all point to one address before that is a page that warns.

No office has so many names of one machine and nothing else.
"""
_NOWHERE = frozenset(("0.0.0.0", "::", "::1"))  # noqa: S104


def is_nowhere(addr: str) -> bool:
    """Whether a canonical address leads back to who asks, or nowhere at all."""
    return addr in _NOWHERE or addr.startswith("127.")


def warning_page(addresses: Iterable[str | None], fewest: int = FEWEST) -> str:
    """The one address that a list's first names all point to, or nothing.

    CERT Polska's list (hole.cert.pl) and pfBlockerNG send who asks to a page that tells why.
    """
    found = [addr for addr in addresses if addr is not None]
    is_one = len(found) >= fewest and len(set(found)) == 1 and not is_nowhere(found[0])
    return found[0] if is_one else ""
