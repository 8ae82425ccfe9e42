"""The database backend: a transaction that may write waits for its turn before it begins."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from quetsach.portal.kit.sqlite.turnstile import Turnstile

_turnstiles: dict[str, Turnstile] = {}
_making = threading.Lock()


class BusyError(OperationalError):
    """Other writers kept the database busy for longer than a request waits; nothing was changed."""

    is_busy = True


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite with a queue of writers. A database in memory has no queue: only one connection writes there."""

    _turnstile: Turnstile | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turnstile = _turnstile_of(self.settings_dict)
        if turnstile is not None:
            if not turnstile.enter(self.settings_dict["OPTIONS"].get("timeout", 5)):
                raise BusyError("database is locked")
            self._turnstile = turnstile
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._leave()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _leave(self) -> None:
        turnstile, self._turnstile = self._turnstile, None
        if turnstile is not None:
            turnstile.leave()


def _turnstile_of(settings: dict[str, Any]) -> Turnstile | None:
    name = str(settings["NAME"])
    if ":memory:" in name or "mode=memory" in name:
        return None
    with _making:
        if name not in _turnstiles:
            _turnstiles[name] = Turnstile(Path(name.removeprefix("file:").partition("?")[0]))
        return _turnstiles[name]
