"""The cast of all portal tests, threads that start at once, and windows of a browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import LazySettings
from django.db import connection, connections, transaction
from django.test import client, override_settings
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from quetsach.portal.cases.self_check.views import CHECKS
from quetsach.portal.kit import compiled, visits
from quetsach.portal.kit.refusals import counting
from tests.portal.cast import PASSWORD, Cast, tree_and_campaign
from tests.portal.every_route import one_of_everything
from tests.portal.leads_by_hand import by_hand, stored
from tests.portal.stage import Stage, plain


@pytest.fixture(autouse=True)
def _plain_settings(settings: LazySettings, tmp_path: Path) -> None:
    """Static files without a manifest, quick passwords, uploads in a folder of the test."""
    for name, value in plain(tmp_path).items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def _compiled_queries_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare the SQL of each compiled query with that of the query built afresh."""
    monkeypatch.setattr(compiled, "is_checked", True)


@pytest.fixture(autouse=True)
def _nothing_counted_so_far() -> None:
    """A process counts in its memory; the next test must not see the counts."""
    counting.forget_waiting()
    visits.COUNTS.forget_waiting()
    CHECKS.forget()


@pytest.fixture(autouse=True)
def _machines_keep_what_their_cases_say(request: pytest.FixtureRequest) -> Iterator[None]:
    """Behind every test that wrote into the database: whatever acts it took, each machine keeps the case that
    speaks for it, and the numbers of its cases."""
    if "db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("db")
    yield
    if not connection.needs_rollback and not connection.closed_in_transaction:
        assert stored() == by_hand()


@pytest.fixture
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a walk of all pages. Answers have no `.context`: Django's test client copies one for each template.
    Compiled queries are not compared: the tests of each page do that."""
    monkeypatch.setattr(client, "store_rendered_templates", lambda *_shown, **_named: None)
    monkeypatch.setattr(compiled, "is_checked", False)


@pytest.fixture
def in_english() -> Iterator[None]:
    """English output of commands; pages use their readers' language."""
    with translation.override("en"):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    return tree_and_campaign()


@pytest.fixture
def things(cast: Cast, tmp_path: Path) -> dict[str, object]:
    """A row of A1's for every kind of key in an address."""
    return one_of_everything(cast, tmp_path)


@pytest.fixture(scope="module")
def stage(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Cast and rows, made once for the tests of a module; each test starts with them unchanged.

    A module takes them by fixtures of its own: `cast` from `stage.enter(...)`, `things` from `stage.things`.
    """
    folder = tmp_path_factory.mktemp("stage")
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(**plain(folder)):
        cast = tree_and_campaign()
        yield Stage(cast, one_of_everything(cast, folder), folder)
        transaction.set_rollback(True)


@pytest.fixture
def at_once(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., list[object]]]:
    """Runs calls in threads that start at one moment and wait for each other's rows; returns their results.

    On SQLite the first call copies the database to disk: only threads see later writes.
    """
    stored = connections.settings["default"]["NAME"]

    def run(*calls: Callable[[], object]) -> list[object]:
        if connection.vendor == "sqlite" and connections.settings["default"]["NAME"] == stored:
            with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
                connection.ensure_connection()
                connection.connection.backup(copy)
                copy.execute(
                    "PRAGMA journal_mode=WAL"
                )  # as an installed one is; turning it on waits for nobody
            connections.settings["default"]["NAME"] = str(tmp_path / "copy.sqlite3")
        barrier = Barrier(len(calls))

        def one(call: Callable[[], object]) -> object:
            try:
                barrier.wait()
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    yield run
    connections.settings["default"]["NAME"] = stored


@pytest.fixture
def window(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """`window("officer-a1", width=360)` opens a window in which that person is signed in; without a name
    nobody is.

    An address may be a bare path. `page.refused` are the errors on its console; at the end none of them may
    be of the Content-Security-Policy.
    """
    contexts: list[BrowserContext] = []
    refused: list[str] = []

    def open_window(who: str = "", *, width: int = 1280, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            java_script_enabled=scripts,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.refused = []  # type: ignore[attr-defined]
        page.on("console", lambda said: page.refused.append(said.text) if said.type == "error" else None)
        page.on("console", lambda said: refused.append(said.text))
        if who:
            page.goto("/tai-khoan/dang-nhap/")
            page.fill("[name=login]", who)
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url("**/viec-*/")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not [said for said in refused if "Content Security Policy" in said]
