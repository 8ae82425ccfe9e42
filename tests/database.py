"""One database with all tables for all processes of a run: each process begins with a copy of it.

The migrations are applied once a run instead of once a process, and tests that start an empty portal of their
own take a copy, too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

SERVERS_COPY = "migrated_for_tests"
"""The name of the database on PostgreSQL's server, where it stays until the next run."""


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path | str:
    """The database that is copied, with nobody connected: its file on SQLite, its name on PostgreSQL."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    is_file = connection.vendor == "sqlite"
    name = str(shared / "migrated.sqlite3") if is_file else SERVERS_COPY
    done = shared / "migrated"
    with (shared / "migrated.lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            if not is_file:
                with connection._nodb_cursor() as cursor:
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
                    cursor.execute(f'CREATE DATABASE "{name}"')
            with _connected_to(name):
                call_command("migrate", verbosity=0, interactive=False)
            done.touch()
    return Path(name) if is_file else name


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
