"""Other accounts of the machine read no data, no log opens an account, and a weak key stops the start."""

from __future__ import annotations

import io
import logging
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from quetsach.portal.campaigns.joining import guessing
from quetsach.portal.env import env_key, env_networks
from quetsach.portal.kit.masking import masked
from quetsach.portal.kit.private import close_to_others, keep_once
from quetsach.portal.staff import views_link
from quetsach.portal.staff.actions import invite
from tests.portal.cast import Cast


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
def test_an_installation_that_was_open_is_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    names = ("quetsach.sqlite3", "quetsach.sqlite3-wal", "quetsach.sqlite3-shm", "secret-key", "vault-key")
    for name in names:
        (data / name).write_text("x")
    outside = tmp_path / "outside"
    outside.write_text("x")
    (data / "a-link").symlink_to(outside)
    assert mode(data / names[0]) == 0o644
    close_to_others(data)
    assert mode(data) == 0o700 and {mode(data / name) for name in names} == {0o600}
    assert mode(outside) == 0o644, "what a link leads to is not ours"


@pytest.mark.usefixtures("usual_umask")
def test_what_cannot_be_closed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_path: Path, _mode: int) -> None:
        raise PermissionError(1, "not yours")

    monkeypatch.setattr(Path, "chmod", refuse)
    tmp_path.joinpath("secret-key").write_text("x")
    close_to_others(tmp_path)
    assert "secret-key: other accounts of this machine can read it" in caplog.text


@pytest.mark.usefixtures("usual_umask")
def test_a_folder_of_everybody_stays_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    close_to_others(shared)
    assert mode(shared) == 0o1777 and "other accounts" in caplog.text


@pytest.mark.usefixtures("usual_umask")
def test_of_two_first_keys_one_stays_and_nothing_else(tmp_path: Path) -> None:
    keep_once(tmp_path / "secret-key", "first")
    keep_once(tmp_path / "secret-key", "second")
    assert (tmp_path / "secret-key").read_text() == "first" and mode(tmp_path / "secret-key") == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secret-key"]


def test_the_portal_itself_starts_closed(tmp_path: Path) -> None:
    """With its own settings, on a folder that was open."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    code = (
        "import os; os.umask(0o022); import quetsach.portal.wsgi\n"
        "from django.db import connection\n"
        "with connection.cursor() as cursor: cursor.execute('CREATE TABLE t (a)')\n"
        "import pathlib; pathlib.Path(os.environ['QUETSACH_DATA_DIR'], 'upload').write_text('x')\n"
        "os.kill(os.getpid(), 9)\n"  # so that the files beside the database stay for the test
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUETSACH_")}
    environment |= {"QUETSACH_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "quetsach.portal.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    found = {path.name: mode(path) for path in data.iterdir()}
    assert mode(data) == 0o700
    assert found == {name: 0o700 if (data / name).is_dir() else 0o600 for name in found}
    assert {"quetsach.sqlite3", "quetsach.sqlite3-wal", "quetsach.sqlite3-shm", "secret-key"} <= found.keys()


@pytest.mark.parametrize(
    ("words", "is_open"), [(("migrate", "--help"), False), (("collectstatic", "--help"), True)]
)
def test_what_a_command_makes_is_closed_but_for_what_web_servers_hand_out(
    words: tuple[str, ...], is_open: bool, tmp_path: Path
) -> None:
    code = (
        "import atexit, os, pathlib, sys; os.umask(0o022)\n"
        "made = pathlib.Path(os.environ['QUETSACH_DATA_DIR'], 'made')\n"
        "atexit.register(lambda: made.write_text('x'))\n"
        "from quetsach.cli import main; main()\n"
    )
    environment = {**os.environ, "QUETSACH_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", code, "manage", *words]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    assert mode(tmp_path / "made") == (0o644 if is_open else 0o600)


# The log.


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The output of the handler in the portal's settings.

    Its stream of before may be closed: a test that ran commands in this process may have made the handler.
    """
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    written = io.StringIO()
    monkeypatch.setattr(handler, "stream", written)
    return written


@pytest.mark.filterwarnings("ignore")
def test_no_line_of_the_log_opens_an_account(
    cast: Cast, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    token = invite(cast.units["A1"], "officer", None, cast.user("A", "coordinator"))
    link = reverse("staff_link", args=[token])
    visitor = Client(raise_request_exception=False)
    assert Client(enforce_csrf_checks=True).post(link, {}).status_code == 403
    assert visitor.put(link).status_code == 405
    assert visitor.get(f"{link}x").status_code == 404
    assert visitor.get(link, headers={"host": "evil.example"}).status_code == 400
    with monkeypatch.context() as patch:
        patch.setattr(guessing.WRONG_CODES, "most", 1)
        patch.setattr(guessing.WRONG_CODES, "everywhere", 1)
        assert visitor.get("/loi-moi/khong-co/").status_code == 404
        assert visitor.get(link).status_code == 429

    def fail(_token: str) -> None:
        raise RuntimeError(f"while opening {link}")

    with monkeypatch.context() as patch:
        patch.setattr(views_link.queries, "by_token", fail)
        assert visitor.get(link).status_code == 500
    cast.client("A", "coordinator").post(reverse("staff"))
    text = log.getvalue()
    for word in ("Forbidden", "Method Not Allowed", "Not Found", "Too Many", "RuntimeError"):
        assert word in text
    assert "/loi-moi/…" in text and token not in text and token[:12] not in text


def routes(resolver: URLResolver) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from routes(one)
        elif isinstance(one, URLPattern):
            yield one


def test_every_address_that_opens_something_is_masked() -> None:
    """Every route with a token or a code in its path, also future ones."""
    found = []
    for one in routes(get_resolver("quetsach.portal.urls")):
        names: dict[str, Any] = getattr(one.pattern, "converters", {})
        if {"token", "code"} & names.keys():
            found.append(one.name)
            address = reverse(one.name, kwargs=dict.fromkeys(names, "S3cretOfThisTest"))
            for text in (address, f"GET https://x.example{address}?a=1", address.replace("/", "%2F")):
                assert "S3cret" not in masked(text)
    assert {"staff_link", "join", "mark"} <= set(found)
    assert "qs_…" in masked("Bearer qs_" + "a" * 43)
    assert masked("/loi-moi/tiep/ /cd/x/may/") == "/loi-moi/tiep/ /cd/x/may/"


# Settings that stop the start.


@pytest.mark.parametrize("value", ["x", "a" * 64, "change-me-change-me", "1234567890" * 3 + "1"])
def test_a_key_that_can_be_guessed_starts_nothing(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUETSACH_SECRET_KEY", value)
    with pytest.raises(ImproperlyConfigured, match=r"QUETSACH_SECRET_KEY: .*at least 32 characters"):
        env_key("QUETSACH_SECRET_KEY")


@pytest.mark.parametrize(
    ("command", "name", "value", "told"),
    [("serve", "QUETSACH_SECRET_KEY", "x", "ai đoán được khóa này"),
     ("manage", "QUETSACH_TRUSTED_PROXIES", "0.0.0.0/0", "gần như là tất cả mọi nơi")],
)  # fmt: skip
def test_what_stops_the_start_is_one_line_in_the_language_in_use(
    command: str, name: str, value: str, told: str, tmp_path: Path
) -> None:
    env = {**os.environ, "QUETSACH_DATA_DIR": str(tmp_path), "QUETSACH_LANG": "vi", name: value}
    with socket.socket() as free:  # another portal may serve on the usual port
        free.bind(("127.0.0.1", 0))
        port = [] if command == "manage" else ["--port", str(free.getsockname()[1])]
    call = [sys.executable, "-c", "from quetsach.cli import main; main()", command, *port]
    done = subprocess.run(call, env=env, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"Lỗi: {name}: ") and told in done.stderr


def test_a_good_key_is_taken_also_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = os.urandom(32).hex()
    monkeypatch.setenv("QUETSACH_SECRET_KEY", key)
    assert env_key("QUETSACH_SECRET_KEY") == key
    (tmp_path / "key").write_text("short\n")
    monkeypatch.setenv("QUETSACH_SECRET_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured):
        env_key("QUETSACH_SECRET_KEY")


EVERYBODY = [
    "0.0.0.0/0", "::/0", "127.0.0.1,0.0.0.0/0", "0.0.0.0/1,128.0.0.0/1", "0.0.0.0/1",
    ",".join(f"{first}.0.0.0/8" for first in range(256)), "::/1,8000::/1", "2000::/3",
]  # fmt: skip


@pytest.mark.parametrize("value", EVERYBODY)
def test_everybody_is_no_trusted_proxy(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUETSACH_TRUSTED_PROXIES", value)
    with pytest.raises(ImproperlyConfigured, match="as good as everybody"):
        env_networks("QUETSACH_TRUSTED_PROXIES")


@pytest.mark.parametrize(
    "value", ["", "127.0.0.1", "10.0.0.0/8,fc00::/7", "104.16.0.0/13,2400:cb00::/32", "::1,192.168.0.0/16"]
)
def test_real_proxies_are_trusted(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUETSACH_TRUSTED_PROXIES", value)
    assert len(env_networks("QUETSACH_TRUSTED_PROXIES")) == len([one for one in value.split(",") if one])


def test_a_word_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUETSACH_TRUSTED_PROXIES", "localhost")
    with pytest.raises(ImproperlyConfigured, match=r"QUETSACH_TRUSTED_PROXIES.*such as 127"):
        env_networks("QUETSACH_TRUSTED_PROXIES")


@pytest.mark.parametrize(
    ("name", "value"), [("QUETSACH_SECRET_KEY", "short"), ("QUETSACH_TRUSTED_PROXIES", "0.0.0.0/0")]
)
def test_the_portal_does_not_start_and_says_why(name: str, value: str, tmp_path: Path) -> None:
    environment = {**os.environ, "QUETSACH_DATA_DIR": str(tmp_path), name: value}
    code = "import quetsach.portal.settings"
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode and f"{name}: " in told.stderr
