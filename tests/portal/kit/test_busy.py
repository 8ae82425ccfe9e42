"""A busy database gives a page that waits and keeps the typed text; a broken one stays a fault."""

import re
import sqlite3
import threading
from html import unescape

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from quetsach.portal.kit import errors
from quetsach.portal.kit.busy import is_busy
from quetsach.portal.kit.sqlite.base import BusyError
from quetsach.portal.kit.sqlite.turnstile import Turnstile

answers = []


def write(request):
    if answers:
        raise answers.pop()
    return HttpResponse(repr(sorted(request.POST.lists())))


urlpatterns = [path("write/", write), path("", include("quetsach.portal.urls"))]
handler500 = errors.server_error


def broken(cause):
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def sqlite_error(code):
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "busy"),
    [
        (broken(sqlite_error(sqlite3.SQLITE_BUSY)), True),
        (broken(sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT)), True),
        (broken(sqlite_error(sqlite3.SQLITE_LOCKED)), True),
        (broken(sqlite_error(sqlite3.SQLITE_ERROR)), False),  # no such table
        (broken(sqlite_error(sqlite3.SQLITE_FULL)), False),
        (broken(psycopg.errors.DeadlockDetected()), True),
        (broken(psycopg.errors.TooManyConnections()), True),
        (broken(psycopg.errors.LockNotAvailable()), True),
        (broken(psycopg.OperationalError("connection refused")), True),
        (broken(psycopg.errors.DiskFull()), True),
        (BusyError("database is locked"), True),
        (RuntimeError(), False),
        (None, False),
    ],
)
def test_what_passes_by_itself(error, busy):
    assert is_busy(error) is busy


@pytest.fixture
def visitor(settings, db):
    settings.ROOT_URLCONF = __name__
    answers.clear()
    return Client(raise_request_exception=False)


@pytest.mark.filterwarnings("ignore")
def test_what_was_typed_is_sent_again_from_the_page_to_the_letter(visitor):
    fields = {"narrative": "\n Đã rà soát <b>&\n\n", "r1": "1.234", "ticked": ["a", "b"], "do": "submit"}
    straight = visitor.post("/write/?a=1", fields).content
    answers.append(BusyError("database is locked"))
    page = visitor.post("/write/?a=1", fields)
    text = page.content.decode()
    assert page.status_code == 503 and int(page.headers["Retry-After"]) > 0
    assert "Hệ thống đang bận" in text and 'action="/write/?a=1"' in text
    # By the rules of HTML: the first line break after the tag is not part of the value.
    again = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', text, re.DOTALL)
    kept: dict[str, list[str]] = {}
    for name, value in again:
        kept.setdefault(name, []).append(unescape(value))
    assert visitor.post("/write/?a=1", kept).content == straight


@pytest.mark.filterwarnings("ignore")
def test_no_secret_and_no_file_comes_back_in_the_page(visitor):
    file = SimpleUploadedFile("a.txt", b"x")
    for fields in ({"login": "an", "password": "quet-sach-123"}, {"code": "123456"}, {"f": file}):
        answers.append(BusyError("database is locked"))
        page = visitor.post("/write/", fields)
        assert page.status_code == 503 and b"<form" not in page.content
        assert b"quet-sach-123" not in page.content and b"123456" not in page.content


@pytest.mark.filterwarnings("ignore")
def test_a_page_that_was_only_read_opens_by_itself(visitor):
    answers.append(BusyError("database is locked"))
    assert b'http-equiv="refresh"' in visitor.get("/write/").content
    answers.append(OperationalError("no such table: x"))
    assert visitor.get("/write/").status_code == 500


def test_the_turnstile_lets_one_in_and_gives_up_after_its_patience(tmp_path):
    name = tmp_path / "data.sqlite3"
    first, second = Turnstile(name), Turnstile(name)  # as two processes would hold it
    assert first.enter(1)
    assert not first.enter(0.01) and not second.enter(0.01)
    first.leave()
    assert second.enter(1)
    second.leave()
    inside, most, order = [], [], []

    def go(turnstile, who):
        assert turnstile.enter(30)
        inside.append(who)
        most.append(len(inside))
        order.append(who)
        inside.remove(who)
        turnstile.leave()

    threads = [threading.Thread(target=go, args=((first, second)[n % 2], n)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and sorted(order) == list(range(40))
