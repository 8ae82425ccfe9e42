"""One process of the server with a small application: requests let through, and clients dropped."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import RequestFactory

from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import counting
from quetsach.portal.serving import connection, listener, spool
from quetsach.portal.serving.bounds import IN_MEMORY, THREADS, Bounds
from quetsach.portal.serving.listener import Listener
from quetsach.portal.serving.supervisor import listen
from tests.portal.serving.wire import ROOM, Client, ask, get

MB = 1024 * 1024
BOUNDS = {"patience": 30.0, "largest_body": MB, "room": 2 * MB, "connections": 200}


class Portal:
    """The listener in a thread, with an application that returns the request."""

    def __init__(self, listener: Listener) -> None:
        self.listener, self.port = listener, int(listener.effective_port)
        self.held, self.entered = threading.Event(), threading.Semaphore(0)


def _application(portal: Callable[[], Portal]) -> Any:
    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/hold":
            portal().entered.release()
            portal().held.wait(ROOM * 3)
        if path == "/large":
            portal().entered.release()
            content = b"x" * (8 * MB)
        else:
            seen = {name: value for name, value in environ.items() if isinstance(value, str)}
            content = json.dumps(seen | {"read": len(environ["wsgi.input"].read())}).encode()
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return [content]

    return answer


@contextmanager
def running(folder: str, host: str = "127.0.0.1", **more: Any) -> Iterator[Portal]:
    portal: Portal | None = None

    def mine() -> Portal:
        assert portal is not None
        return portal

    with listen(host, 0) as listening:
        bounds = Bounds(folder=folder, **(BOUNDS | more))
        portal = Portal(Listener(_application(mine), listening, bounds))
        serving = threading.Thread(target=portal.listener.serve)
        serving.start()
        try:
            yield portal
        finally:
            portal.held.set()
            portal.listener.stop()
            serving.join(ROOM * 3)
            assert not serving.is_alive()
            portal.listener.task_dispatcher.shutdown()
            portal.listener.trigger.close()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running(str(tmp_path_factory.mktemp("bodies"))) as found:
        yield found


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + ROOM
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.01)
    return False


def head(*fields: str, path: str = "/", method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode("latin-1")


def test_a_field_with_an_underscore_answers_for_nobody(portal, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    fields = ["X_Forwarded_For: 198.51.100.1", "X-Forwarded-For: 192.0.2.5", "X-Forwarded-For: 203.0.113.9"]
    fields += [
        "X_Forwarded_Proto: https",
        "Remote_Addr: 198.51.100.1",
        "Content_Length: 5",
        "Proxy: http://x",
    ]
    seen = json.loads(ask(portal.port, head(*fields, method="GET")).body)
    assert seen["HTTP_X_FORWARDED_FOR"] == "192.0.2.5, 203.0.113.9"
    assert client_ip_text(RequestFactory().get("/", **seen)) == "203.0.113.9"
    assert seen["REMOTE_ADDR"] == "127.0.0.1" and seen["read"] == 0
    assert not {"HTTP_X_FORWARDED_PROTO", "HTTP_REMOTE_ADDR", "CONTENT_LENGTH"} & seen.keys()


def test_an_absolute_address_says_nothing_of_scheme_or_way(portal):
    answer = ask(
        portal.port, head("Script-Name: /x", "Remote-User: admin", path="https://LOCALHOST/a?b", method="GET")
    )
    seen = json.loads(answer.body)
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"], seen["PATH_INFO"]) == ("http", "localhost", "/a")
    assert (seen["SCRIPT_NAME"], seen["QUERY_STRING"]) == ("", "b") and "REMOTE_USER" not in seen
    assert answer.header("Server") is None


def test_a_simple_client_of_http_1_0_is_answered(portal):
    answer = ask(portal.port, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.status == 200 and json.loads(answer.body)["SERVER_NAME"] == "127.0.0.1"


@pytest.mark.parametrize(
    "target", ["//b", "/%00", "/%ff%fe", "/b;x", "http://localhost/", "http://localhost?"]
)
def test_strange_addresses_are_the_portal_s_to_answer(portal, target):
    assert ask(portal.port, head(path=target, method="OPTIONS")).status == 200


LONG = "1" * 30_000
REFUSED = {
    "two lengths": head("Content-Length: 3", "Content-Length: 3") + b"abc",
    "length and chunks": head("Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunked twice": head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunked and more": head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "chunked, hidden": head("Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": head("Content-Length: -1"),
    "length with a sign": head("Content-Length: +3") + b"abc",
    "length of digits": head(f"Content-Length: {LONG}"),
    "space before colon": head("Content-Length : 3") + b"abc",
    "folded field": head("X-A: b\r\n c"),
    "bare line end": head("X-A: b\nX-B: c"),
    "bare return": head("X-A: b\rX-B: c"),
    "nothing of a field": head("X-A"),
    "a zero byte": head("X-A: b\0c"),
    "two hosts": head("Host: evil"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "another version": b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "no version": b"GET /\r\nHost: localhost\r\n\r\n",
    "of another host": head(path="http://evil.example/healthz", method="GET"),
    "of another door": head(path="http://localhost:81/", method="GET"),
    "of somebody at the host": head(path="http://a@localhost/", method="GET"),
    "of no host": head(path="http:///x", method="GET"),
    "of an address": head(path="http://[::1]/", method="GET"),
    "another scheme": head(path="ftp://localhost/", method="GET"),
    "whole in 1.0, no host": b"GET http://localhost/ HTTP/1.0\r\n\r\n",
    "to the server itself": head(path="*", method="OPTIONS"),
    "a tunnel": head(path="localhost:80", method="CONNECT"),
    "a query alone": head(path="?", method="GET"),
    "small letters": b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "half a bracket": b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "too many fields": head(*[f"X-{n}: 1" for n in range(200)]),
    "a chunk of no size": head("Transfer-Encoding: chunked") + b"x\r\n\r\n",
    "a chunk without end": head("Transfer-Encoding: chunked") + b"1\r\nabc\r\n",
    # Each of these took waitress's expressions from a second to minutes, in which nobody was answered.
    "digits that do not fit": f"GET a://{LONG} x HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    "spaces that do not end": head(f"X-A:{' ' * 30_000}\x01"),
}


@pytest.mark.parametrize("said", REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(portal, said):
    answer = ask(portal.port, said)
    assert answer.status == 400 and "không hiểu" in answer.body.decode()
    assert answer.header("Connection") == "close"


def test_pieces_that_are_all_framing_are_refused(portal):
    said = head("Transfer-Encoding: chunked") + b"1\r\na\r\n" * (2 * IN_MEMORY // 5)
    assert ask(portal.port, said).status == 400
    with Client(portal.port) as client:
        client.say(head("Transfer-Encoding: chunked") + b"3;x=" + b"y" * 2 * IN_MEMORY)
        assert client.answer().status == 400


def test_a_head_without_end_is_refused(portal):
    assert ask(portal.port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000).status == 431


def test_what_the_server_itself_refuses_is_counted(portal):
    counting.forget_waiting()
    with Client(portal.port) as client:
        client.say(head(f"Content-Length: {600 * MB}", path="/api/v1/sightings"))
        assert client.answer().status == 413
    assert ask(portal.port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000).status == 431
    told = {(door, reason): count for (_day, door, reason), count in counting.COUNTS.waiting().items()}
    assert told == {("push", "too_large"): 1, ("other", "malformed"): 1}


def test_a_body_that_is_too_large_is_refused_before_it_is_read(portal):
    with Client(portal.port) as client:
        came_from = "Referer: http://localhost/cd/x/danh-sach/"
        client.say(head(f"Content-Length: {MB + 1}", "Cookie: django_language=en", came_from))
        answer = client.answer()
    assert answer.status == 413 and b"What you sent is too large" in answer.body
    assert b'href="/cd/x/danh-sach/">Go back' in answer.body and b"MB are taken at once" in answer.body
    for elsewhere in ("http://evil.example/cd/x/", "http://localhost//evil.example/", "http://[x/"):
        with Client(portal.port) as client:
            client.say(head(f"Content-Length: {MB + 1}", f"Referer: {elsewhere}"))
            assert b'class="btn btn-main" href="/"' in client.answer().body
    with Client(portal.port) as client:
        client.say(head(f"Content-Length: {600 * MB}", "Expect: 100-continue", path="/api/v1/sightings"))
        answer = client.answer()
    assert answer.status == 413 and json.loads(answer.body)["code"] == "too_large"


@pytest.mark.parametrize("framing", ["Content-Length: 5242880", "Transfer-Encoding: chunked"])
def test_who_goes_on_sending_reads_why_it_was_refused(portal, framing):
    # As a browser does: it reads the answer after it has sent everything.
    piece = b"x" * 65536 if "Length" in framing else b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with Client(portal.port) as client:
        client.say(head(framing))
        for _ in range(80):
            client.say(piece)
        answer = client.answer()
    assert answer.status == 413 and "quá lớn" in answer.body.decode()


def test_the_largest_body_is_taken(portal):
    exact = ask(portal.port, head(f"Content-Length: {MB}"), b"x" * MB)
    assert json.loads(exact.body)["read"] == MB
    pieces = (b"8000\r\n" + b"x" * 32768 + b"\r\n") * 31 + b"0\r\nTrailer: 1\r\n\r\n"
    chunked = json.loads(ask(portal.port, head("Transfer-Encoding: chunked"), pieces).body)
    assert (chunked["read"], chunked["CONTENT_LENGTH"]) == (31 * 32768, str(31 * 32768))
    assert eventually(lambda: portal.listener.room.taken == 0)


def test_one_connection_carries_several_requests(portal):
    with Client(portal.port) as client:
        client.say(head("Expect: 100-continue", "Content-Length: 5"))
        assert client.answer().status == 100
        client.say(b"abcde")
        assert json.loads(client.answer().body)["read"] == 5
        client.say(head(method="HEAD"))
        headless = client.answer("HEAD")
        assert headless.status == 200 and int(headless.header("Content-Length") or 0) > 100
        # Also a request that expects to be asked for a body and has none.
        client.say(head("Expect: 100-continue", method="GET") + head(path="/b", method="GET"))
        assert [json.loads(client.answer().body)["PATH_INFO"] for _ in range(2)] == ["/", "/b"]


def test_it_listens_on_ipv6(tmp_path):
    if not socket.has_ipv6:
        pytest.fail("no IPv6 here")
    with running(str(tmp_path), host="::1") as found:
        assert json.loads(ask(found.port, head(method="GET"), host="::1").body)["REMOTE_ADDR"] == "::1"


def test_the_slow_are_ended_and_the_steady_and_others_are_not(tmp_path):
    slow = 4 * THREADS
    with running(str(tmp_path), patience=1.0) as found, ExitStack() as open_clients:
        clients = [open_clients.enter_context(Client(found.port)) for _ in range(4 * slow)]
        idle, heads, bodies, readers = (clients[n::4] for n in range(4))
        steady = open_clients.enter_context(Client(found.port))
        steady.say(head("Content-Length: 6000"))
        for client in readers:
            # The machine's own buffers hold little of 8 MB.
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.say(head(path="/large", method="GET"))
        for client in heads:
            client.say(b"POST / HTTP/1.1\r\n")
        for client in bodies:
            client.say(head("Content-Length: 100000"))
        for _ in range(12):
            steady.say(b"x" * 500)
            for client in heads:
                _try_to_say(client, b"X")
            for client in bodies:
                _try_to_say(client, b"x")
            assert get(found.port).status == 200
            time.sleep(0.25)
        assert json.loads(steady.answer().body)["read"] == 6000
        assert {client.answer().status for client in bodies} == {408}
        assert all(client.is_ended() for client in [*idle, *heads])
        assert eventually(lambda: not any(channel.doing == "read" for channel in _channels(found)))


def _try_to_say(client: Client, data: bytes) -> None:
    with suppress(OSError):  # it may have ended already
        client.say(data)


def _channels(found: Portal) -> list[Any]:
    return list(found.listener.active_channels.values())


def test_answers_that_nobody_reads_do_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(listener, "ANSWERS_BYTES", MB)
    with running(str(tmp_path)) as found, ExitStack() as open_clients:
        clients = [open_clients.enter_context(Client(found.port)) for _ in range(4)]
        for client in clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.say(head(path="/large", method="GET"))
        assert all(found.entered.acquire(timeout=ROOM) for _ in clients)
        assert eventually(lambda: not _channels(found))


def test_a_body_may_not_take_for_ever_however_steady(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "LONGEST_BODY", 0.5)
    monkeypatch.setattr(listener, "_LOOK_EVERY", 0.1)
    with running(str(tmp_path), patience=0.3) as found, Client(found.port) as client:
        client.say(head("Content-Length: 100000"))
        for _ in range(10):
            _try_to_say(client, b"x" * 1000)
            time.sleep(0.1)
        assert client.answer().status == 408


def test_the_disk_has_room_for_so_much_and_no_more(tmp_path):
    with running(str(tmp_path), patience=0.5, largest_body=MB, room=MB) as found, Client(found.port) as first:
        first.say(head(f"Content-Length: {MB}") + b"x" * (MB - 100_000))
        assert eventually(lambda: found.listener.room.taken >= MB - 100_000)
        assert not list(tmp_path.iterdir())
        # Young, and as fast as another: it stays, and a later client is asked to wait.
        answer = ask(found.port, head(f"Content-Length: {MB}") + b"x" * (MB - 100_000))
        assert answer.status == 503 and answer.header("Retry-After")
        assert ask(found.port, head("Content-Length: 5000"), b"x" * 5000).status == 200
        # It advanced, but slowly: it makes way.
        for _ in range(4):
            time.sleep(0.2)
            first.say(b"x" * 300)
        assert ask(found.port, head(f"Content-Length: {MB}"), b"x" * MB).status == 200
        assert first.answer().status == 503
        assert eventually(lambda: found.listener.room.taken == 0)


@pytest.mark.skipif(sys.platform == "win32", reason="/dev/full")
def test_a_full_disk_is_told_and_the_next_is_answered(portal, monkeypatch):
    monkeypatch.setattr(spool, "TemporaryFile", lambda dir: os.fdopen(os.open("/dev/full", os.O_RDWR), "w+b"))
    answer = ask(portal.port, head(f"Content-Length: {2 * IN_MEMORY}"), b"x" * (2 * IN_MEMORY))
    assert answer.status == 507 and "đã đầy" in answer.body.decode()
    monkeypatch.undo()
    assert get(portal.port).status == 200
    assert eventually(lambda: portal.listener.room.taken == 0)


def test_who_hangs_up_half_way_leaves_nothing(portal):
    with Client(portal.port) as client:
        client.say(head(f"Content-Length: {MB}") + b"x" * (MB // 2))
        assert eventually(lambda: portal.listener.room.taken > 0)
    assert eventually(lambda: portal.listener.room.taken == 0)


def test_when_too_many_wait_the_oldest_makes_way(tmp_path):
    with running(str(tmp_path), connections=16) as found, ExitStack() as open_clients:
        body = open_clients.enter_context(Client(found.port))
        body.say(head("Content-Length: 5") + b"abc")
        assert eventually(lambda: any(channel.doing == "body" for channel in _channels(found)))
        silent = [open_clients.enter_context(Client(found.port)) for _ in range(40)]
        assert get(found.port).status == 200
        assert silent[0].is_ended()
        body.say(b"de")
        assert json.loads(body.answer().body)["read"] == 5


def test_an_end_waits_for_what_is_under_way(tmp_path):
    with running(str(tmp_path)) as found, Client(found.port) as waiting, Client(found.port) as idle:
        waiting.say(head(path="/hold", method="GET"))
        assert found.entered.acquire(timeout=ROOM)
        found.listener.stop()
        assert idle.is_ended()
        found.held.set()
        assert waiting.answer().status == 200


def test_a_full_process_leaves_the_next_client_to_another_one(tmp_path):
    with running(str(tmp_path)) as found, ExitStack() as open_clients:
        for _ in range(THREADS):
            open_clients.enter_context(Client(found.port)).say(head(path="/hold", method="GET"))
            assert found.entered.acquire(timeout=ROOM)
        next_client = open_clients.enter_context(Client(found.port))
        next_client.say(head(method="GET"))
        assert len(found.listener.active_channels) == THREADS
        found.held.set()
        assert next_client.answer().status == 200


def test_what_a_killed_process_left_is_cleared(tmp_path):
    old, new, folder = tmp_path / "old", tmp_path / "new", tmp_path / "folder"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    folder.mkdir()
    os.utime(old, (0, 0))
    spool.clear(tmp_path, older_than=3600)
    assert sorted(tmp_path.iterdir()) == [folder, new]


def test_who_waits_for_a_thread_may_go_to_another_process_next(tmp_path):
    with running(str(tmp_path)) as found, ExitStack() as open_clients:
        clients = [open_clients.enter_context(Client(found.port)) for _ in range(THREADS + 2)]
        assert eventually(lambda: len(_channels(found)) == len(clients))
        for client in clients[:-1]:
            client.say(head(path="/hold", method="GET"))
        assert all(found.entered.acquire(timeout=ROOM) for _ in range(THREADS))
        clients[-1].say(head(method="GET"))
        # All have arrived: one more than the threads would be none too many when the first is answered.
        assert eventually(lambda: found.listener._under_way == len(clients))
        assert found.listener.is_crowded
        found.held.set()
        said = [client.answer().header("Connection") for client in clients]
        assert "close" in said and None in said


def test_open_files_are_enough_for_the_connections():
    from quetsach.portal.serving.bounds import connections

    assert connections(1024) == 448 and connections(4096) == 1500
    assert os.name == "nt" or connections(256) >= 16
