"""One database with all tables for all processes of a run: each process begins with a copy of it.

The migrations are applied once a run instead of once a process, and tests that start an empty portal of their
own take a copy, too. SQLite's file stays for the next runs, as long as no migration and no package changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var/migrated"
SERVERS_COPY = "migrated_for_tests"
"""The name of the database on PostgreSQL's server, where it stays until the next run."""


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path | str:
    """The database that is copied, with nobody connected: its file on SQLite, its name on PostgreSQL."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            return _kept()
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    done = shared / "migrated"
    with (shared / "migrated.lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{SERVERS_COPY}"')
                cursor.execute(f'CREATE DATABASE "{SERVERS_COPY}"')
            with _connected_to(SERVERS_COPY):
                call_command("migrate", verbosity=0, interactive=False)
            done.touch()
    return SERVERS_COPY


def _kept() -> Path:
    """The file of SQLite in `var/migrated`, made where no run of these migrations has left it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{_digest()}.sqlite3"
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for old in KEPT.glob("*.sqlite3*"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=KEPT) as folder:
                half = Path(folder) / file.name
                with _connected_to(str(half)):
                    call_command("migrate", verbosity=0, interactive=False)
                half.rename(file)
    return file


def _digest() -> str:
    """Of everything that decides what the migrations make: they themselves, the packages, SQLite."""
    known = hashlib.sha256(sqlite3.sqlite_version.encode())
    for path in [ROOT / "requirements.lock", *sorted((ROOT / "src").rglob("migrations/*.py"))]:
        known.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return known.hexdigest()


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Django's connection leads to another database."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether the database is there before: a copied file is."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    migrated: Path | str,
) -> None:
    """Each test process has its SQLite database in a file, as a portal has.

    The threads of a live server would share one connection to a database in memory. Then a thread that holds
    SQLite's lock may wait for Python's, and another thread the other way round, for ever.
    """
    if isinstance(migrated, str):
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated
        return
    file = tmp_path_factory.mktemp("database") / "portal.sqlite3"
    shutil.copy(migrated, file)
    connection.settings_dict["TEST"]["NAME"] = str(file)
