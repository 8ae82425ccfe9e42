"""The number of a page's queries, and which statements count as queries."""

from __future__ import annotations

MOST = 13


def is_asked(query):
    """Whether a statement counts: tests run in a transaction, and have savepoints where a portal has none."""
    return not query["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
