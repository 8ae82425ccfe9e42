"""`quetsach serve`: killed, flooded, ended, and started where it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.portal.serving.served import START, Served, free_port, serving, start, surroundings
from tests.portal.serving.wire import ROOM, Client, ask, get

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc"),
    pytest.mark.django_db,  # else there are no tables to serve
]


def test_one_that_is_killed_again_and_again_is_replaced(served):
    for _ in range(5):
        assert served.is_whole()
        os.kill(max(served.workers()), signal.SIGKILL)
        assert served.answers()
    assert served.is_whole() and served.process.poll() is None


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_when_all_are_killed_others_answer(served, sign):
    assert served.is_whole()
    before = served.workers()
    for worker in before:
        os.kill(worker, sign)
    assert served.answers() and served.is_whole(without=before)


def test_who_sends_nothing_or_slowly_keeps_nobody_from_an_answer(served):
    with ExitStack() as open_clients:
        heads = [open_clients.enter_context(Client(served.port)) for _ in range(150)]
        for client in heads[::2]:
            client.say(b"GET / HTTP/1.1\r\n")
        bodies = [open_clients.enter_context(Client(served.port)) for _ in range(40)]
        said = b"POST /api/v1/check-results HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
        for client in bodies:
            client.say(said + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b")
        assert all(served.answers() for _ in range(20))
        assert {client.answer().status for client in bodies} == {408}
        assert all(client.is_ended() for client in heads)


def test_more_than_the_largest_upload_is_refused_in_words(served):
    said = b"POST /api/v1/check-results HTTP/1.1\r\nHost: localhost\r\nContent-Length: 629145600\r\n\r\n"
    answer = ask(served.port, said)
    assert answer.status == 413 and b'"too_large"' in answer.body


def test_what_a_killed_portal_left_of_an_upload_is_gone(served):
    assert not list((served.log.parent / "incoming").iterdir())


def test_a_page_is_answered_as_by_any_server(served):
    answer = get(served.port, "/healthz")
    assert (answer.status, answer.body, answer.header("Server")) == (200, b"ok\n", None)
    assert "no-cache" in (answer.header("Cache-Control") or "")


def test_it_ends_when_asked_and_nothing_of_it_is_left(served):
    """The last test that uses this module's server."""
    with Client(served.port) as idle:
        assert served.is_whole()
        workers = served.workers()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(ROOM * 3) == 0
        assert idle.is_ended() and not _alive(workers)
    with pytest.raises(OSError):
        get(served.port)


def test_without_the_one_who_started_them_processes_end(portal_env):
    with serving(*portal_env) as mine:
        workers = mine.workers()
        mine.process.kill()
        mine.process.wait()
        until = time.monotonic() + ROOM * 3
        while _alive(workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not _alive(workers)


def _alive(workers: set[int]) -> set[int]:
    """The running processes among them; a zombie does not run."""
    found = set()
    for worker in workers:
        with suppress(OSError):
            status = Path(f"/proc/{worker}/stat").read_text()
            found |= set() if status.rsplit(")", 1)[1].split()[0] == "Z" else {worker}
    return found


def test_where_nothing_can_be_forked_it_starts_processes_anew(portal_env):
    """As on Windows, where port and pipes are handed over."""
    code = "from quetsach.portal.serving import supervisor; supervisor._method = lambda: 'spawn'"
    with serving(*portal_env, code, "--workers", "1") as mine:
        assert _answers_in_the_end(mine)
        assert len([worker for worker in mine.workers() if b"spawn_main" in _command(worker)]) == 1
        mine.process.send_signal(signal.SIGTERM)
        assert mine.process.wait(ROOM * 3) == 0


def _answers_in_the_end(mine: Served) -> bool:
    until = time.monotonic() + START
    while time.monotonic() < until:
        if mine.answers():
            return True
    return False


def _command(worker: int) -> bytes:
    return Path(f"/proc/{worker}/cmdline").read_bytes()


def _said_at_its_end(folder, env, port: int) -> str:
    mine = start(folder, port, env)
    try:
        assert mine.process.wait(START) not in (0, None)
    except subprocess.TimeoutExpired:
        mine.process.kill()
        raise
    return mine.log.read_text()


def test_without_its_style_sheets_it_does_not_start(portal_env):
    folder, env = portal_env
    said = _said_at_its_end(folder, env | {"QUETSACH_STATIC_ROOT": str(folder / "nowhere")}, free_port())
    assert said.startswith("Error:") and "quetsach manage collectstatic" in said


def test_what_cannot_start_ends_and_says_why(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = _said_at_its_end(tmp_path, surroundings(tmp_path), other.getsockname()[1])
    assert "in use" in said and "Choose another --port" in said
    said = _said_at_its_end(tmp_path, surroundings(tmp_path, QUETSACH_MAX_UPLOAD_MB="x"), free_port())
    assert said.startswith("Error:") and "QUETSACH_MAX_UPLOAD_MB" in said and said.count("\n") == 1
    said = _said_at_its_end(tmp_path, surroundings(tmp_path), free_port())
    assert "quetsach manage migrate" in said
    dead = surroundings(tmp_path, QUETSACH_DATABASE="postgresql://x:x@127.0.0.1:1/x")
    assert "does not answer" in _said_at_its_end(tmp_path, dead, free_port())
