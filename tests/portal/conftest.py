"""One cast for all portal tests, threads that begin at once, and windows of a browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import LazySettings
from django.db import connection, connections
from django.utils import timezone, translation
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from quetsach.portal.campaigns.actions import publish
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit import compiled
from quetsach.portal.kit.refusals import counting
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Unit
from tests.portal.cast import PASSWORD, Cast
from tests.portal.every_route import one_of_everything


@pytest.fixture(autouse=True)
def _plain_settings(settings: LazySettings, tmp_path: Path) -> None:
    """Static files without a manifest, quick passwords, uploads in a folder of the test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MFA_TOTP_TOLERANCE = 1  # a code may grow old on its way from the test to the portal
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.STATIC_ROOT = str(tmp_path)
    settings.DATA_DIR = tmp_path
    settings.VAULT_KEY_FILE = str(tmp_path / "keys" / "vault-key")


@pytest.fixture(autouse=True)
def _compiled_queries_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a kept query asks, it must ask what the query built afresh would."""
    monkeypatch.setattr(compiled, "is_checked", True)


@pytest.fixture(autouse=True)
def _nothing_refused_so_far() -> None:
    """A process counts in its memory, which the next test must not find."""
    counting.forget_waiting()


@pytest.fixture
def in_english() -> Iterator[None]:
    """What commands print; pages speak as their readers ask."""
    with translation.override("en"):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    shape = {
        "centre": (None, "ubnd_province", []),
        "A": ("centre", "ubnd_district", []),
        "A1": ("A", "ubnd_commune", ["10.1.1.0/24", "192.168.1.0/24"]),
        "A2": ("A", "ubnd_commune", ["10.1.2.0/24", "192.168.1.0/24"]),
        "B": ("centre", "ubnd_district", []),
        "B1": ("B", "ubnd_commune", ["10.2.1.0/24", "192.168.1.0/24"]),
    }
    units: dict[str, Unit] = {}
    for name, (parent, kind, networks) in shape.items():
        units[name] = create_unit(
            None,
            units[parent] if parent else None,
            f"Đơn vị {name}",
            kind=kind,
            networks=networks,
            doc_abbr="UBND",
        )
    campaign = Campaign.objects.create(
        slug="lam-sach",
        issuer=units["centre"],
        title="Chiến dịch làm sạch mã độc",
        due_at=timezone.now() + timedelta(days=12),
    )
    cast = Cast(units=units, campaign=campaign, nodes={})
    publish(campaign, cast.user("centre", "coordinator"))
    campaign.refresh_from_db()
    by_unit = {node.unit_id: node for node in campaign.nodes.all()}
    cast.nodes.update({name: by_unit[unit.pk] for name, unit in units.items()})
    return cast


@pytest.fixture
def things(cast: Cast, tmp_path: Path) -> dict[str, object]:
    """A row of A1's for every kind of key in an address."""
    return one_of_everything(cast, tmp_path)


@pytest.fixture
def at_once(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., list[object]]]:
    """Runs calls in threads that start at one moment and wait for each other's rows; their answers.

    On SQLite the first call copies the database to disk: what is written afterwards, only threads see.
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
    """`window("officer-a1", width=360)` opens a window in which that person is signed in, or nobody.

    Addresses may begin with the path. `page.refused` are the errors on its console; at the end none may be of
    the Content-Security-Policy.
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
