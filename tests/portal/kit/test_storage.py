"""A full, missing or closed disk gives a page that says so; our own faults stay faults."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError
from django.db.utils import ConnectionHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from quetsach.portal.kit import errors
from quetsach.portal.kit.storage import fault_of

answers: list[BaseException] = []


def work(_request: HttpRequest) -> HttpResponse:
    raise answers.pop()


urlpatterns = [path("viec/", work), path("", include("quetsach.portal.urls"))]
handler500 = errors.server_error


def full(folder: Path) -> str:
    with sqlite3.connect(folder / "db") as made:
        made.execute("CREATE TABLE t (a)")
    return "PRAGMA max_page_count = 2; INSERT INTO t VALUES (zeroblob(100000))"


def closed(folder: Path) -> str:
    with sqlite3.connect(folder / "db") as made:
        made.execute("CREATE TABLE t (a)")
    return "PRAGMA query_only = 1; INSERT INTO t VALUES (1)"


def emptied(folder: Path) -> str:
    (folder / "db").touch()
    return "SELECT * FROM django_session"


def overwritten(folder: Path) -> str:
    (folder / "db").write_bytes(b"not a database at all" * 100)
    return "SELECT * FROM t"


def torn(folder: Path) -> str:
    with sqlite3.connect(folder / "db") as made:
        made.execute("CREATE TABLE t (a)")
        made.executemany("INSERT INTO t VALUES (?)", [("x" * 3000,)] * 20)
    content = bytearray((folder / "db").read_bytes())
    content[5000:] = b"\xff" * (len(content) - 5000)
    (folder / "db").write_bytes(content)
    return "SELECT * FROM t"


def vanished(folder: Path) -> str:
    folder.rmdir()
    return "SELECT 1"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [(full, "full"), (closed, "read_only"), (emptied, "gone"), (overwritten, "gone"), (torn, "gone"),
     (vanished, "gone")],
)  # fmt: skip
def test_what_sqlite_says_of_a_spoilt_file(spoil: Any, fault: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    statements = spoil(folder).split("; ")
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db")}
    other = ConnectionHandler({"default": database})["default"]
    with pytest.raises(DatabaseError) as caught, other.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement).fetchall()
    other.close()
    assert fault_of(caught.value) == fault


def broken(cause: BaseException) -> DatabaseError:
    error = DatabaseError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "fault"),
    [
        (psycopg.errors.DiskFull(), "full"), (psycopg.errors.ReadOnlySqlTransaction(), "read_only"),
        (psycopg.errors.UndefinedTable(), "gone"), (psycopg.errors.IoError(), "gone"),
        (psycopg.errors.DeadlockDetected(), None), (psycopg.errors.UniqueViolation(), None),
    ],
)  # fmt: skip
def test_what_postgresql_says(cause: BaseException, fault: str | None) -> None:
    assert fault_of(broken(cause)) == fault


@pytest.fixture
def visitor(settings: Any, db: None, tmp_path: Path) -> Client:
    settings.ROOT_URLCONF = __name__
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path / "data", str(tmp_path / "data/files")
    answers.clear()
    return Client(raise_request_exception=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("number", "name", "vi", "en"),
    [
        (errno.ENOSPC, None, "đầy", "disk is full"), (errno.EDQUOT, None, "đầy", "disk is full"),
        (errno.EROFS, None, "không ghi được", "may not write"),
        (errno.EACCES, "data/files/a", "không ghi được", "may not write"),
        (errno.ENOENT, "data/files/a", "không đọc được", "cannot reach its data"),
        (errno.EIO, None, "không đọc được", "cannot reach its data"),
    ],
)  # fmt: skip
def test_the_page_says_what_is_wrong_and_what_to_do(
    visitor: Client, tmp_path: Path, number: int, name: str | None, vi: str, en: str
) -> None:
    for language, text in (("vi", vi), ("en", en)):
        visitor.cookies["django_language"] = language
        answers.append(OSError(number, "told by the system", str(tmp_path / name) if name else None))
        page = visitor.post("/viec/", {"a": "b"})
        shown = page.content.decode()
        assert page.status_code == 503 and text in shown and f'lang="{language}"' in shown
        assert shown.count("<h1") == 1 and str(tmp_path) not in shown and "told by the system" not in shown


@pytest.mark.filterwarnings("ignore")
def test_another_fault_stays_a_fault(visitor: Client, tmp_path: Path) -> None:
    (tmp_path / "data/files").mkdir(parents=True)
    for error in (
        RuntimeError("x"),
        FileNotFoundError(2, "x", "/etc/nowhere"),
        FileNotFoundError(2, "x", str(tmp_path / "data/files/one")),
        broken(psycopg.errors.UniqueViolation()),
    ):
        answers.append(error)
        assert visitor.get("/viec/").status_code == 500
