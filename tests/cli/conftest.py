"""A list, a log, and a portal with prepared answers."""

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from tests.cli.answering import Portal
from tests.command_line import Run
from tests.loopback import Quiet, Server, serving


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.csv"
    path.write_text("indicator,type,family\nevil.example,domain,ramnit\n203.0.113.7,ipv4,\n")
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A Squid log with one hit, one near miss and one harmless line."""
    path = tmp_path / "access.log"
    path.write_text(
        "1663300800.123 1 10.1.2.3 TCP_MISS/200 9 GET http://a.evil.example/x - HIER_DIRECT/198.51.100.7 -\n"
        "1663300801.123 1 10.1.2.4 TCP_MISS/200 9 GET http://notevil.example/x - HIER_DIRECT/198.51.100.7 -\n"
        "1663300802.123 1 10.1.2.5 TCP_MISS/200 9 GET http://good.example/ - HIER_DIRECT/198.51.100.8 -\n"
    )
    return path


@pytest.fixture
def portal() -> Iterator[Portal]:
    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.bodies.append(body)
            told.tokens.append(self.headers["Authorization"])
            status, answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            if isinstance(answer, dict) and status == 200:
                answer = {"new": 1, "updated": 0, "unchanged": 0, "rejected": []} | answer
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if status == 302:
                self.send_header("Location", "http://127.0.0.2/elsewhere")
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            told.tokens.append(self.headers["Authorization"])
            data = told.lists.encode()
            mark = f'"{zlib.crc32(data):x}"'
            told.marks.append(self.headers.get("If-None-Match", ""))
            is_known = told.marks[-1] == mark
            data = b"" if is_known or told.status == 304 else data
            status = told.list_status if told.status == 200 else told.status
            self.send_response(304 if is_known else status)
            self.send_header("ETag", mark)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serving(Server(Handler)) as server:
        told = Portal(server.url)
        yield told


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token.txt"
    path.write_text("qs_secret-0123456789\n")
    return path


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once."""
    monkeypatch.setattr(urllib3.Retry, "get_backoff_time", lambda self: 0)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def watch(quetsach: Run, log: Path, feed: Path, place: Path) -> Callable[..., tuple[int, str, str]]:
    def run(*more: str) -> tuple[int, str, str]:
        return quetsach(
            "--lang", "en", "watch", "--follow", str(log), "-i", str(feed), "--state", str(place), *more
        )

    return run
