"""The database as one file and back, by the means of its makers: SQLite's own copy, pg_dump and psql.

Both ways copy the data committed at one moment while others go on writing. Both put everything back in one
transaction: a process that is killed half-way leaves the database as it was.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

from quetsach.portal.backups.archive import BackupError
from quetsach.text.problems import quoted

# Only tables and their parts are dropped: a schema that the administrator made keeps its owner and rights.
_EMPTY = (
    "DO $$ DECLARE name text; BEGIN"
    " FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP"
    " EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', name); END LOOP; END $$"
)

_PLAIN = ("--no-owner", "--no-privileges")
_VARIABLES = {
    "PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How one kind of database is copied and put back."""

    copy_out: Callable[[Path], None]
    put_back: Callable[[Path], None]


def way() -> Way:
    """The way for the configured database."""
    return {"sqlite": Way(_copy_sqlite, _put_sqlite), "postgresql": Way(_copy_postgresql, _put_postgresql)}[
        connection.vendor
    ]


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _copy_sqlite(target: Path) -> None:
    with closing(sqlite3.connect(_name(), timeout=60)) as source:
        source.execute("VACUUM INTO ?", [str(target)])


def _put_sqlite(source: Path) -> None:
    with closing(sqlite3.connect(source)) as copy:
        try:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise BackupError(
                _("The database in the backup is damaged: %(why)s. Nothing was changed.")
                % {"why": quoted(found)}
            )
        connection.close()
        try:
            with closing(sqlite3.connect(_name(), timeout=60)) as target:
                copy.backup(target)
        except sqlite3.OperationalError as error:
            raise BackupError(
                _(
                    "The database could not be written (%(why)s). It is as it was; stop the portal, then"
                    " retry."
                )
                % {"why": quoted(str(error))}
            ) from error


def _copy_postgresql(target: Path) -> None:
    _run(
        [
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--table=public.*",
            f"--file={target}",
        ]
    )


def _put_postgresql(source: Path) -> None:
    script = source.with_name("database.sql")
    _run(["pg_restore", *_PLAIN, f"--file={script}", str(source)])
    _run(
        ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
         "--output=/dev/null",
         f"--command={_EMPTY}", f"--file={script}"]
    )  # fmt: skip


def _run(command: list[str]) -> None:
    """Run one of PostgreSQL's programs. The password travels in the environment, not in the arguments."""
    if shutil.which(command[0]) is None:
        raise BackupError(
            _("%(program)s is not on this machine. On Debian: sudo apt-get install postgresql-client")
            % {"program": command[0]}
        )
    given = connection.settings_dict
    environment = {**os.environ, **{name: str(given[key]) for name, key in _VARIABLES.items() if given[key]}}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BackupError(
            _("%(program)s: %(why)s. The database is as it was.")
            % {"program": command[0], "why": lines[0] if lines else done.returncode}
        )
