"""The limits of the reading process, and the errors for its caller: tested with readers that do their
worst."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.files import office
from quetsach.annexes.collecting.paper import Cell, FileProblem, Paper, Place, Row
from quetsach.endpoint.files import rules
from quetsach.errors import DocumentError
from quetsach.files import bounded_process, workbook
from quetsach.files.bounded_process import BusyError, NotReadError, SpentError, plain, reader, warm
from quetsach.files.bounded_process.turns import Turns
from quetsach.indicators.lists.packed import Package
from quetsach.units.table import TableError, read_table
from tests.attacks import bad_readers, hostile
from tests.portal.cast import Cast

ROOT = Path(__file__).parents[2]
_RUN = (
    "import runpy, sys; sys.path.insert(0, {!r});"
    "runpy.run_module('quetsach.files.bounded_process', run_name='__main__')"
)
_START = ("-I", "-c", _RUN.format(str(ROOT)))
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no warm process")


@pytest.fixture(autouse=True)
def _readers_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the warm process of these tests import their readers, too."""
    warm._nursery.end()
    monkeypatch.setattr(warm, "_START", _START)
    yield
    warm._nursery.end()


def reason_of(call: Callable[[bytes], object]) -> str:
    with pytest.raises(NotReadError) as caught:
        call(b"x")
    return caught.value.reason


def until(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true within ten seconds."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_process_reads_two_files() -> None:
    first, second = bad_readers.where(b"a"), bad_readers.where(b"b")
    assert len({first[0], second[0], os.getpid(), warm.pid()}) == 4
    assert first[1] == second[1] == warm.pid()


def test_it_has_neither_our_environment_nor_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUETSACH_SECRET_KEY", "x")
    found = bad_readers.surroundings(b"")
    assert set(found["environment"]) <= {"PATH", "LC_CTYPE"}
    files = {Path(one).name for one in found["open"] if one.startswith("/") and "memfd" not in one}
    assert files <= {"null", "reader-0", "reader-1"}, "besides the lock that is its turn"
    assert bad_readers.connected(b"") == []


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (bad_readers.fill, "too_large"),
        (bad_readers.flood, "too_large"),
        (bad_readers.spin, "too_long"),
        (bad_readers.sleep, "too_long"),
        (bad_readers.abort, "crashed"),
        (bad_readers.lie, "crashed"),
        (bad_readers.hog, "too_large"),
        (bad_readers.undeclared, "damaged"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_whatever_it_does_there_is_an_answer(call: Callable[[bytes], object], reason: str) -> None:
    assert reason_of(call) == reason
    assert bad_readers.where(b"")[1] == warm.pid(), "and the next file is read"


def test_it_writes_no_file() -> None:
    assert reason_of(bad_readers.write) in {"damaged", "crashed"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_portal_that_is_not_root_reads_all_and_its_readers_start_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = "tests.attacks.bad_readers, quetsach.endpoint.files.rules, quetsach.units.table, yara_x"
    run = (
        f"import os, socket, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"import {needed}, {', '.join(workbook.READING)}\n"
        "from quetsach.files.bounded_process.serving import Warm\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "Warm(socket.socket(fileno=int(sys.argv[1]))).serve()"
    )
    monkeypatch.setattr(warm, "_START", ("-I", "-c", run))
    assert reason_of(bad_readers.start) == "damaged"
    assert rules.judge('rule a { strings: $a = "evil" condition: $a }').names == ("a",)
    assert read_table("a.xlsx", hostile.good("xlsx")).rows


def test_what_is_given_and_our_errors_go_across() -> None:
    with pytest.raises(bad_readers.NarrowError) as caught:
        bad_readers.declared("mã".encode(), 3, ["á", "b"])
    assert caught.value.code == "mã" and str(caught.value) == "mã"
    assert caught.value.facts == {"most": 3, "first": "á", "rest": "x"}
    with pytest.raises(DocumentError, match="told: damaged"):
        bad_readers.failing(b"")


def test_a_warm_process_that_died_is_started_anew() -> None:
    before = bad_readers.where(b"")[1]
    os.kill(before, signal.SIGKILL)
    assert until(lambda: not is_there(before))
    assert bad_readers.where(b"")[1] != before


def test_it_is_not_there_before_the_first_file_and_not_long_after_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert warm.pid() is None
    soon = f"import quetsach.files.bounded_process.reader as r; r.IDLE = 0.3; {_START[2]}"
    monkeypatch.setattr(warm, "_START", (*_START[:2], soon))
    bad_readers.where(b"")
    assert until(lambda: warm.pid() is None)
    assert bad_readers.where(b"")


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    script = f"""
import sys, threading
sys.path.insert(0, {str(ROOT)!r})
from quetsach.files import bounded_process
from quetsach.files.bounded_process import warm
warm._START = {_START!r}
from pathlib import Path
bounded_process.share(Path({str(tmp_path)!r}), 1, 5)
from tests.attacks import bad_readers
threading.Thread(target=bad_readers.stay_long, args=(b"",), daemon=True).start()
while warm.pid() is None:
    pass
print(warm.pid(), flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        children = Path(f"/proc/{pid}/task/{pid}/children")
        assert until(lambda: bool(children.read_text().split()))
        child = int(children.read_text().split()[0])
        with pytest.raises(BusyError), Turns(1, tmp_path, 0.1).one():
            pytest.fail("a second turn")
        owner.kill()
    assert until(lambda: not is_there(pid) and not is_there(child))
    with Turns(1, tmp_path, 10).one() as turn:
        assert turn is not None, "the turn is free again"


def test_two_at_once_over_all_processes_and_the_third_waits(tmp_path: Path) -> None:
    two, other = Turns(2, tmp_path, 0.1), Turns(2, tmp_path, 0.1)
    with two.one(), other.one():
        with pytest.raises(BusyError), Turns(2, tmp_path, 0.1).one():
            pytest.fail("a third turn")
        waiting = threading.Event()

        def third() -> None:
            with Turns(2, tmp_path, 10).one():
                waiting.set()

        thread = threading.Thread(target=third)
        thread.start()
    thread.join(10)
    assert waiting.is_set()


def test_who_just_had_a_turn_does_not_take_it_again_before_those_who_wait(tmp_path: Path) -> None:
    greedy, stopped = Turns(1, tmp_path, 30), threading.Event()
    taken = threading.Event()

    def again_and_again() -> None:
        while not stopped.is_set():
            with greedy.one():
                taken.set()
                stopped.wait(0.1)

    thread = threading.Thread(target=again_and_again)
    thread.start()
    try:
        assert taken.wait(10)
        for _ in range(3):
            with Turns(1, tmp_path, 10).one() as turn:
                assert turn is not None
    finally:
        stopped.set()
        thread.join(30)


def test_who_waits_for_a_reader_takes_few_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_process, "_turns", Turns(1, tmp_path, 60, places=1))
    waiting, entered = threading.Event(), threading.Event()
    monkeypatch.setattr(office, "program", lambda: "soffice")
    kept = bounded_process._turns.place

    @contextmanager
    def place() -> Iterator[None]:
        with kept():
            entered.set()
            yield

    monkeypatch.setattr(bounded_process._turns, "place", place)

    def first() -> None:
        bad_readers.where(b"")
        waiting.set()

    with Turns(1, tmp_path, 10).one():
        thread = threading.Thread(target=first)
        thread.start()
        assert entered.wait(10)
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(BusyError):
                bad_readers.where(b"")
            with pytest.raises(BusyError):
                office.Office(60).as_docx(b"{\\rtf", "rtf")
            assert time.monotonic() - begun < 10 and not waiting.is_set()
    thread.join(10)
    assert waiting.is_set() and bad_readers.where(b""), "and its place is free again"


def test_a_request_keeps_its_place_and_has_so_much_time_for_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_process, "_turns", Turns(1, tmp_path, 10, places=1))
    with bounded_process.visit(0.9):
        assert bad_readers.nap(b"")
        told: list[BaseException] = []

        def another() -> None:
            try:
                bad_readers.nap(b"")
            except BusyError as error:
                told.append(error)

        other = threading.Thread(target=another)
        other.start()
        other.join(10)
        assert told, "between two files, too"
        assert bad_readers.nap(b""), "one that began in time is read to its end"
        with pytest.raises(SpentError) as caught:
            bad_readers.nap(b"")
        assert bounded_process.reason_of(caught.value) == "too_long"
    assert bad_readers.nap(b"")
    with bounded_process.visit(0.5), pytest.raises(SpentError):
        bad_readers.stay_long(b"")
    with bounded_process.visit(60), pytest.raises(NotReadError) as found:
        bad_readers.sleep(b"")
    assert not isinstance(found.value, SpentError), "its own time, not the request's"


def test_a_portal_with_all_its_readers_at_work_says_come_again(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_process, "_turns", Turns(1, tmp_path / "readers", 0.1))
    client: Client = cast.client("centre", "coordinator")
    client.raise_request_exception = False
    address = reverse("unit_upload", args=[cast.units["centre"].pk])
    file = tmp_path / "a.xlsx"
    file.write_bytes(hostile.good("xlsx"))
    with Turns(1, tmp_path / "readers", 1).one(), file.open("rb") as data:
        answer = client.post(address, {"table": data})
    assert answer.status_code == 503 and int(answer["Retry-After"]) > 0
    with file.open("rb") as data:
        assert client.post(address, {"table": data}).status_code == 302


VALUES = (
    (list[str], ["a", "\ud800", "ắ"]),
    (tuple[bool, int, str | None, float], (True, 7, None, 0.5)),
    (dict[str, list[bytes]], {"a": [b"", b"\0\xff"], "b": []}),
    (Package, Package(True, False)),
    (Paper, Paper((Row((Cell("x", Place("A", "B7"), ("date",)),), 3),), None, {"macros": {"count": 2}})),
    (list[Annex], [Annex({}, "Xã A", heads=("a", "b"))]),
)


@pytest.mark.parametrize(("declared", "value"), VALUES, ids=[str(one) for one, _value in VALUES])
def test_what_is_packed_is_what_is_unpacked(declared: object, value: object) -> None:
    assert plain.unpack(b"".join(plain.pack(value)), declared) == value


@settings(max_examples=400)
@given(st.data())
def test_no_answer_does_anything_but_answer(data: st.DataObject) -> None:
    """The answer of a process that a file took over: the declared type, a declared error, or NotReadError."""
    declared, value = data.draw(st.sampled_from(VALUES))
    errors = (FileProblem, TableError)
    told = ("FileProblem", ["damaged"], {"code": "damaged", "facts": {"most": 3}})
    answer = bytearray(
        data.draw(
            st.sampled_from(
                [
                    b"".join([reader.SAID, *plain.pack(value)]),
                    b"".join([reader.RAISED, *plain.pack(told)]),
                    reader.FAULT + b"damaged X",
                    b"",
                ]
            )
        )
    )
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(answer)))
        answer[at : at + data.draw(st.integers(0, 4))] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"[", b"{", b'"', b"1e999", b"null", b"\xff" * 8])
        )
    try:
        found = bounded_process.taken(bytes(answer), declared, errors)
    except (NotReadError, *errors):
        return
    assert plain.unpack(b"".join(plain.pack(found)), declared) == found or "nan" in repr(found).lower()


@pytest.mark.parametrize(
    "text",
    [b"[" * 200_000, b"[" + b"[]," * 5_000_000 + b"[]]", b"9" * 100_000, b'"' + b"\xed\xa0" + b'"', b"NaN"],
    ids=["deep", "many", "long number", "half a sign", "no number"],
)
def test_answers_that_would_fill_the_memory_are_refused(text: bytes) -> None:
    for declared in (list[str], list[list[str]], int):
        with pytest.raises(plain.AnswerError):
            plain.unpack(len(text).to_bytes(8, "big") + text, declared)


def test_an_error_that_no_sentence_is_known_for_is_none_of_ours() -> None:
    told = [reader.RAISED, *plain.pack(("FileProblem", ["x"], {"code": "<script>", "facts": {}}))]
    with pytest.raises(NotReadError):
        bounded_process.taken(b"".join(told), int, (FileProblem,))
