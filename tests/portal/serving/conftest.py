"""A portal on the database of the tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from tests.portal.serving.served import Served, serving, surroundings


@pytest.fixture(scope="module")
def portal_env(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> tuple[Path, dict[str, str]]:
    """A data folder with a migrated database, and the environment that points to it."""
    folder = tmp_path_factory.mktemp("data")
    with override_settings(STATIC_ROOT=str(folder / "static")):
        call_command("collectstatic", verbosity=0, interactive=False)
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            with closing(sqlite3.connect(folder / "quetsach.sqlite3")) as copy:
                connection.connection.backup(copy)
            return folder, surroundings(folder)
        known = connection.settings_dict
    login = f"{quote(known['USER'])}:{quote(known['PASSWORD'])}"
    place = f"{quote(known['HOST'], safe='')}:{known['PORT']}/{known['NAME']}"
    return folder, surroundings(folder, QUETSACH_DATABASE=f"postgresql://{login}@{place}")


@pytest.fixture(scope="module")
def served(portal_env: tuple[Path, dict[str, str]]) -> Iterator[Served]:
    """One server for all tests of a module."""
    with serving(*portal_env) as found:
        yield found
