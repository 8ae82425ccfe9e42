"""`quetsach scan`: exit codes, files, screen, push; a file that was not read is never passed over
silently."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quetsach.sightings.scanfile import ScanFileError, read
from quetsach.sightings.sighting import Sighting
from quetsach.text import language
from quetsach.text.problems import explain
from tests.cli.answering import Portal
from tests.command_line import Run


def sightings(path: Path) -> list[Sighting]:
    with path.open("rb") as file:
        return [record for _, record in read(file) if isinstance(record, Sighting)]


def test_a_hit_is_exit_code_1_and_names_the_machine(quetsach: Run, log: Path, feed: Path) -> None:
    code, out, _err = quetsach("scan", log, "-i", feed)
    assert code == 1
    assert "10.1.2.3" in out and "ramnit" in out and "squid (1 file)" in out
    assert "10.1.2.4" not in out
    assert "16/09/2022 11:00" in out


def test_a_list_may_come_through_a_pipe(quetsach: Run, log: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("evil.example\n",))
    writer.start()
    code, out, _err = quetsach("scan", log, "-i", pipe)
    writer.join()
    assert code == 1 and "10.1.2.3" in out


def test_what_an_opener_reads_is_not_called_text(quetsach: Run, feed: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.xml"
    events.write_text(
        "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Microsoft-Windows-Sysmon'/><EventID>22</EventID><Computer>PC-1</Computer></System>"
        "<EventData><Data Name='QueryName'>good.example</Data></EventData></Event></Events>"
    )
    code, out, _err = quetsach("scan", events, "-i", feed)
    assert code == 0 and "1 file" in out and "Recognised" not in out


@pytest.mark.parametrize("kind", ["jsonl", "csv", "html"])
def test_a_result_is_no_log_and_a_scan_of_nothing_else_says_so(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path, kind: str
) -> None:
    saved, packed = tmp_path / f"saved.{kind}", tmp_path / f"saved.{kind}.gz"
    assert quetsach("scan", log, "-i", feed, "-o", saved)[0] == 1
    packed.write_bytes(gzip.compress(saved.read_bytes()))
    for path in (saved, packed):
        code, out, _err = quetsach("scan", path, "-i", feed)
        assert code == 2 and "10.1.2.3" not in out
        assert f"no logs, so left out: {path}" in " ".join(out.split())
    assert quetsach("scan", log, saved, "-i", feed)[0] == 1


def test_nothing_found_is_exit_code_0_beside_what_was_looked_at(
    quetsach: Run, log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("nowhere.example\n")
    code, out, _err = quetsach("scan", log, "-i", other)
    assert code == 0
    assert "No address on the list was seen." in out
    assert "Looked at: at 16/09/2022 11:00 (Vietnam time); 1 file, 3 lines" in out


UNREAD = "the operator saw 10.1.2.9 open evil.example today\n"


@pytest.mark.parametrize("name", ["native", "portable"])
def test_a_line_that_no_format_reads_is_a_headline_and_exit_code_1(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUETSACH_ENGINE", name)
    clean = [line for line in log.read_text().splitlines(True) if "a.evil" not in line]
    told = tmp_path / "told.log"
    told.write_text("".join([*clean, UNREAD]))
    code, out, _err = quetsach("scan", told, "-i", feed)
    assert code == 1
    assert "no machine could be tied to them" in out and UNREAD.strip() in out
    assert "1 line names an address on the list, but no log format reads it" in out
    assert "No address on the list was seen" not in out
    code, out, _err = quetsach("scan", told, "-i", feed, "--json")
    (seen,) = [record for record in map(json.loads, out.splitlines()) if record["type"] == "coverage"]
    assert code == 1 and (seen["not_understood"], seen["unattributed"]) == (1, [UNREAD.strip()])


def test_such_a_line_stands_beside_the_machines_that_are_known(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.log"
    both.write_text(log.read_text() + UNREAD)
    out = quetsach("scan", both, "-i", feed)[1]
    assert "1 machine called malicious addresses" in out and "10.1.2.3" in out
    assert "1 line names an address on the list, but no log format reads it" in out and UNREAD.strip() in out


def test_a_line_that_is_read_and_names_no_machine_is_told_apart(
    quetsach: Run, feed: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.log"
    bare.write_text("2022-09-16 04:00:00 resolver asked evil.example\n" * 3)
    code, out, _err = quetsach("scan", bare, "-i", feed)
    assert code == 1 and "3 lines show calls to addresses on the list and do not say which machine" in out
    assert "no log format reads" not in out


def test_a_file_that_is_no_text_is_not_called_clean(quetsach: Run, feed: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange.bin"
    strange.write_bytes(bytes(range(256)) * 9)
    code, out, err = quetsach("scan", strange, "-i", feed)
    assert code == 2 and "is neither text nor a kind of file that is read" in " ".join(err.split())
    assert "No address on the list was seen." not in out


def test_a_log_whose_opener_is_not_installed_is_exit_code_2(
    quetsach: Run, feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "evtx", None)
    events = tmp_path / "sysmon.evtx"
    events.write_bytes(b"ElfFile\0" + bytes(5000))
    code, out, err = quetsach("scan", events, "-i", feed)
    assert code == 2 and "needs the package evtx" in " ".join(err.split())
    assert "No address on the list was seen" not in out


@pytest.mark.parametrize(
    "text",
    [
        "10.1.2.3 \x1b[31masked\x1b[0m good.example\n" * 40,
        "\x01".join(("10.1.2.3", "good.example", "80", "GET")) + "\n",
        "10.1.2.3 asked good.example\0\n" * 60,
        "10.1.2.3 asked good.example\n" + "\0" * 2000 + "10.1.2.3 asked good.example\n",
        "máy 10.1.2.3 hỏi good.example\n" * 40,
    ],
    ids=["colours", "columns", "zeros at the ends", "hole", "letters"],
)
def test_odd_text_is_still_text(quetsach: Run, feed: Path, tmp_path: Path, text: str) -> None:
    odd = tmp_path / "odd.log"
    odd.write_text(text)
    assert quetsach("scan", odd, "-i", feed)[0] == 0


def test_times_are_shown_in_the_zone_asked_for(quetsach: Run, log: Path, feed: Path) -> None:
    assert "16/09/2022 04:00" in quetsach("scan", log, "-i", feed, "--tz", "UTC")[1]


def test_incomplete_wins_over_found(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.log.gz"
    cut.write_bytes(gzip.compress(os.urandom(3000).hex().encode())[:1500])
    code, out, err = quetsach("scan", log, cut, "-i", feed)
    assert code == 2
    assert "10.1.2.3" in out
    assert "cut.log.gz: gzip: cut off at decompressed byte" in err
    assert "The other files were still processed." in err


@pytest.mark.parametrize("text", ["", "# only a comment\n", "/gate.php\n"])
def test_a_list_without_anything_usable_is_exit_code_2(
    quetsach: Run, log: Path, tmp_path: Path, text: str
) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text(text)
    code, out, err = quetsach("scan", log, "-i", empty)
    assert (code, out) == (2, "")
    assert "empty.txt" in err and ("is left out" in err or "the list is empty" in err)


def test_a_missing_list_is_named(quetsach: Run, log: Path, tmp_path: Path) -> None:
    code, _out, err = quetsach("scan", log, "-i", tmp_path / "gone.txt")
    assert code == 2
    assert "gone.txt" in err


def test_all_outputs_are_saved_and_the_document_is_whole(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    names = [tmp_path / f"result.{suffix}" for suffix in ("jsonl", "csv", "xlsx", "html")]
    arguments = [part for name in names for part in ("-o", name)]
    assert quetsach("scan", log, "-i", feed, *arguments, "--source-name", "proxy-hq")[0] == 1
    assert all(name.stat().st_size > 100 for name in names)
    (sighting,) = sightings(names[0])
    assert (sighting.indicator, sighting.device, sighting.family) == ("evil.example", "10.1.2.3", "ramnit")
    first = json.loads(names[0].read_bytes().splitlines()[0])
    # The list's second entry is a documentation address, which a guard rail stops.
    assert (first["source_name"], first["set"]["count"]) == ("proxy-hq", 1)


def test_json_goes_to_standard_output_and_is_the_same_document(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "result.jsonl"
    code, out, err = quetsach("scan", log, "-i", feed, "--json", "-o", saved)
    assert code == 1
    assert out.encode() == saved.read_bytes()
    assert "Saved" in err


def test_several_lists_may_follow_one_option(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_text("good.example\n")
    _code, out, _err = quetsach("scan", log, "-i", feed, more)
    assert "10.1.2.5" in out and "10.1.2.3" in out
    _code, out, _err = quetsach("scan", "-i", more, log)
    assert "10.1.2.5" in out and "10.1.2.3" not in out


def test_a_folder_with_its_own_list_and_results_is_scanned_without_them(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "result.jsonl"
    for _ in range(2):
        quetsach("scan", tmp_path, "-i", feed, "-o", saved)
        assert [one.device for one in sightings(saved)] == ["10.1.2.3"]


def test_a_wrong_output_name_stops_before_the_scan(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    code, out, err = quetsach("scan", log, "-i", feed, "-o", tmp_path / "result.pdf")
    assert (code, out) == (2, "")
    assert "result.pdf" in err and ".xlsx" in err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--tz", "Hanoi", "Hanoi is not a time zone"),
        ("--format", "zeek", "zeek is not a log format"),
        ("--tz", "../x", "zone"),
    ],
)
def test_a_wrong_option_is_explained(
    quetsach: Run, log: Path, feed: Path, option: str, value: str, said: str
) -> None:
    code, _out, err = quetsach("scan", log, "-i", feed, option, value)
    assert code == 2
    assert said in err


def test_a_full_disk_is_exit_code_2_and_the_answer_is_still_shown(
    quetsach: Run, log: Path, feed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(out: object, report: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("quetsach.results.html.write", full)
    code, out, err = quetsach("scan", log, "-i", feed, "-o", tmp_path / "result.html")
    assert code == 2
    assert "10.1.2.3" in out
    assert "result.html: not saved, the disk is full" in err
    assert not list(tmp_path.glob("*result.html*"))


def test_rejects_of_the_list_are_counted_and_shown(quetsach: Run, log: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.txt"
    mixed.write_text("evil.example\n/gate.php\n010.0.0.1\n/a\n/b\n")
    code, _out, err = quetsach("scan", log, "-i", mixed)
    assert code == 1
    assert "4 entries left out" in err
    assert "mixed.txt:2: /gate.php: a path without a host names no server" in err
    assert f"quetsach indicators check {mixed}" in err


def test_the_same_in_vietnamese(quetsach: Run, log: Path, feed: Path) -> None:
    _code, out, _err = quetsach("scan", log, "-i", feed, "--lang", "vi")
    assert "1 máy đã gọi tới địa chỉ độc hại trong danh sách." in out
    assert "cho qua" in out


def test_push_sends_the_document_and_leaves_no_file(
    quetsach: Run,
    log: Path,
    feed: Path,
    portal: Portal,
    token: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    code, out, err = quetsach("scan", log, "-i", feed, "--push", portal.url, "--token-file", token)
    assert code == 1
    assert [record for _, record in read(io.BytesIO(portal.bodies[0])) if isinstance(record, Sighting)]
    assert portal.tokens == ["Bearer qs_secret-0123456789"]
    assert set(tmp_path.iterdir()) == before
    assert "qs_secret" not in out + err


def test_a_failed_push_is_exit_code_3_and_the_result_is_kept(
    quetsach: Run,
    log: Path,
    feed: Path,
    portal: Portal,
    token: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    portal.answers = [(401, {"code": "x", "reason": "your token qs_secret-0123456789 is bad"})]
    code, out, err = quetsach("scan", log, "-i", feed, "--push", portal.url, "--token-file", token)
    assert code == 3
    assert "does not know this token" in err
    (kept,) = tmp_path.glob("quetsach-*.jsonl")
    assert kept.name in err
    assert len(sightings(kept)) == 1
    assert "qs_secret" not in out + err


def test_a_bad_token_file_is_told_before_the_scan(
    quetsach: Run, log: Path, feed: Path, portal: Portal, tmp_path: Path
) -> None:
    for name, content in (("none.txt", None), ("empty.txt", ""), ("two.txt", "a b c d e f g h")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content)
        code, out, err = quetsach("scan", log, "-i", feed, "--push", portal.url, "--token-file", path)
        assert code == 2
        assert name in err and out == ""
    assert not portal.bodies


def test_an_interrupt_leaves_a_document_that_readers_refuse(log: Path, feed: Path, tmp_path: Path) -> None:
    saved = tmp_path / "result.jsonl"
    environment = {**os.environ, "QUETSACH_LANG": "en", "QUETSACH_ENGINE": "portable", "PYTHONPATH": "src"}
    code = "from quetsach.cli import main; main()"
    command = [sys.executable, "-c", code, "scan", str(log), "-", "-i", str(feed), "-o", str(saved)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as running:
        assert running.stdin is not None
        lines = b"10.0.0.1 asks evil.example\n" * 10_000
        # More than two pipe buffers: the write returns only when the scan is reading.
        running.stdin.write(lines)
        running.send_signal(signal.SIGINT)
        try:
            # More than the scan reads in that time: only the interrupt ends the scan.
            _out, err = running.communicate(lines * 100, timeout=60)
        finally:
            running.kill()
    assert running.returncode == 2
    assert b"Interrupted" in err
    with pytest.raises(ScanFileError) as caught:
        sightings(saved)
    assert caught.value.code == "incomplete"


def test_a_log_emptied_while_it_is_read_is_incomplete(
    quetsach: Run, log: Path, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quetsach.scanning.engines.portable import PortableMatcher

    read_whole = PortableMatcher.scan

    def read_and_rotate(self: PortableMatcher, path: Path, *rest: object) -> object:
        result = read_whole(self, path, *rest)  # type: ignore[arg-type]
        path.write_bytes(b"")
        return result

    monkeypatch.setattr(PortableMatcher, "scan", read_and_rotate)
    code, out, err = quetsach("scan", log, "-i", feed)
    assert code == 2
    assert "10.1.2.3" in out
    assert "became shorter while it was read" in err


def test_started_without_streams_it_still_scans(log: Path, feed: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from quetsach.cli import main; main()",
        "scan",
        str(log),
        "-i",
        str(feed),
    ]
    environment = os.environ | {"QUETSACH_ENGINE": "portable", "PYTHONPATH": os.pathsep.join(sys.path)}
    closed = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *command], env=environment, check=False)
    assert closed.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_an_answer_that_standard_output_does_not_take_says_so_and_keeps_its_files(
    log: Path, feed: Path, tmp_path: Path, flags: list[str]
) -> None:
    saved = tmp_path / "result.jsonl"
    code = "from quetsach.cli import main; main()"
    command = [sys.executable, "-c", code, "scan", str(log), "-i", str(feed), "-o", str(saved), *flags]
    environment = os.environ | {"QUETSACH_LANG": "en", "PYTHONPATH": os.pathsep.join(sys.path)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env=environment, text=True, check=False
        )
    assert done.returncode == 2
    assert "Error: standard output: not saved, the disk is full." in done.stderr
    assert sightings(saved)


def test_links_that_go_in_a_circle_stop_no_scan(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "dns.log").write_bytes(log.read_bytes())
    (folder / "loop").symlink_to("loop")
    code, out, err = quetsach("scan", folder, "-i", feed)
    assert code == 2
    assert "10.1.2.3" in out and "loop: cannot be read: Too many levels of symbolic links" in err
    assert quetsach("scan", folder / "loop", "-i", feed)[0] == 2


def test_words_of_a_library_that_nobody_translated_stand_between_quotation_marks(
    quetsach: Run, feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUETSACH_LANG", "vi")
    (tmp_path / "a.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert "(không phải cơ sở dữ liệu)" in quetsach("scan", tmp_path / "a.db", "-i", feed)[2]
    language.use("vi")
    try:
        assert explain("cannot be read: Eine Störung") == "không đọc được: “Eine Störung”"
    finally:
        language.use("en")


def test_errors_of_lists_are_told_in_vietnamese(
    quetsach: Run, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUETSACH_LANG", "vi")
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    code, _out, err = quetsach("scan", log, "-i", empty)
    assert code == 2 and "danh sách trống" in err
    code, _out, err = quetsach("scan", log, "-i", tmp_path)
    assert code == 2 and f"{tmp_path}: là thư mục không có manifest.json" in err


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_workbook_onto_a_full_disk_is_told_once(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import zipfile

    def fill(*_args: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "write", fill)
    code, _out, err = quetsach("scan", log, "-i", feed, "-o", tmp_path / "result.xlsx")
    assert code == 2
    assert "the disk is full" in err and "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["access.log", "feed.csv"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--push", "ftp://portal.example"), "Not the address of a portal: ftp://portal.example."),
        ((), "--token-file needs --push."),
    ],
)
def test_what_cannot_be_pushed_is_told_before_the_scan(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path, asked: tuple[str, ...], told: str
) -> None:
    token = tmp_path / "token"
    token.write_text("x" * 40)
    code, out, err = quetsach("scan", log, "-i", feed, "--token-file", token, *asked)
    assert (code, out) == (2, "") and told in err


def test_no_log_or_list_that_is_read_is_written_over(quetsach: Run, feed: Path, log: Path) -> None:
    table = log.with_name("table.csv")
    table.write_text("who,name\n10.0.0.7,evil.example\n")
    before = {file: file.read_bytes() for file in (table, feed)}
    for inputs, target in (
        ((table, "-i", feed, "--fields", "client=who,query=name"), table),
        ((table.parent, "-i", feed), table),
        ((log, "-i", feed), feed),
    ):
        code, _out, err = quetsach("scan", *inputs, "-o", target)
        assert code == 2
        assert f"{target} is read here" in err
        assert {file: file.read_bytes() for file in before} == before
    result = log.with_name("result.csv")
    for _again in range(2):
        assert quetsach("scan", log.parent, "-i", feed, "-o", result)[0] == 1
