"""How often a page may ask the database, and what counts as asking."""

from __future__ import annotations

MOST = 12


def is_asked(query):
    """Tests run in a transaction of their own, and so have savepoints where a portal has none."""
    return not query["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
