"""People's mistakes: each error gives advice, and none looks like a clean result."""

import io
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from quetsach.scanning.engine import choose
from tests.command_line import Run

DNSMASQ = "Jun 22 10:00:0{n} dnsmasq[1]: query[A] a{n}.example from 192.168.1.9\n"


def test_a_log_in_place_of_the_list_is_refused(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    swapped = tmp_path / "nhật ký.log"
    swapped.write_text("".join(DNSMASQ.format(n=n) for n in range(9)))
    for command in (("scan", feed, "-i"), ("indicators", "check"), ("indicators", "compile")):
        code, out, err = quetsach(*command, swapped)
        assert (code, out) == (2, "")
        assert f"{swapped}: is a log (dnsmasq), not a list; were the two swapped?" in err.replace("\n", " ")
    # No first word in Squid's lines could be an entry: every line is rejected, and the form is still
    # recognised.
    assert "is a log (squid)" in quetsach("scan", feed, "-i", log)[2].replace("\n", " ")
    assert quetsach("indicators", "check", swapped, "--list-format", "plain")[0] == 1


def test_a_list_of_which_nothing_is_left_says_how_to_see_why(
    quetsach: Run, log: Path, tmp_path: Path
) -> None:
    useless = tmp_path / "tệp lạ.txt"
    useless.write_text("10.0.0.1\n/gate.php\n")
    code, _out, err = quetsach("scan", log, "-i", useless)
    assert code == 2
    told = " ".join(err.split())
    assert (
        f"no entry of the list can be used, 2 are left out; see why: quetsach indicators check '{useless}'"
        in told
    )


def test_one_standard_input_is_not_both(quetsach: Run) -> None:
    code, _out, err = quetsach("scan", "-", "-i", "-")
    assert code == 2 and "give one of them as a file" in " ".join(err.split())


def packed(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "192.168.1.9 evil.example 192.168.1.7")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.xlsx", packed("[Content_Types].xml", "xl/sharedStrings.xml"), "document of Office"),
        ("a.ods", packed("mimetype", "content.xml", "META-INF/manifest.xml"), "document of Office"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1evil.example", "document of Office"),
        ("a.pdf", b"%PDF-1.7\nevil.example\n", "PDF document"),
    ],
)
def test_a_document_is_no_log(
    quetsach: Run, feed: Path, tmp_path: Path, name: str, data: bytes, what: str
) -> None:
    """All cells of a sheet in one line would name the wrong machine."""
    (tmp_path / name).write_bytes(data)
    code, out, err = quetsach("scan", tmp_path / name, "-i", feed)
    assert code == 2 and "192.168" not in out
    assert f"{name}: is a {what}, which is not read;" in " ".join(err.split())


def test_names_in_an_archive_made_on_linux_keep_their_letters(
    quetsach: Run, feed: Path, tmp_path: Path
) -> None:
    name = "nhật ký máy chủ.log"
    raw = packed("N" * len(name.encode())).replace(b"N" * len(name.encode()), name.encode())
    for number, data in enumerate((raw, raw[: raw.index(b"PK\x01\x02")])):
        archive = tmp_path / f"{number}.zip"
        archive.write_bytes(data)
        code, out, _err = quetsach("scan", archive, "-i", feed, "--json")
        assert code == (2 if number else 1) and f"{number}.zip!/{name}" in out


def test_bytes_that_are_no_text_are_called_so(quetsach: Run, feed: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange.bin"
    strange.write_bytes(bytes(range(256)) * 9)
    assert "binary data (1 file)" in quetsach("scan", strange, "-i", feed)[1]


def test_a_long_line_is_not_told_as_a_whole(quetsach: Run, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text(f"evil.example\n/{'x' * 5000}\n")
    out = quetsach("indicators", "check", long)[1]
    assert "x…: a path without a host" in out and len(out) < 1000


COMMAND = (sys.executable, "-c", "from quetsach.cli import main; main()")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("asked", [("indicators", "convert"), ("indicators", "check")])
def test_an_answer_that_standard_output_does_not_take_says_so(feed: Path, asked: tuple[str, ...]) -> None:
    environment = os.environ | {"QUETSACH_LANG": "en", "PYTHONPATH": os.pathsep.join(sys.path)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *asked, feed],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "standard output: not saved, the disk is full" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("asked", [("scan", "-", "-i"), ("indicators", "check")])
def test_vietnamese_where_nothing_can_write_it(feed: Path, encoding: str, asked: tuple[str, ...]) -> None:
    """A pipe of Windows, a C locale; standard input may be closed, too."""
    environment = os.environ | {
        "QUETSACH_LANG": "vi",
        "PYTHONIOENCODING": encoding,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&-', "sh", *COMMAND, *asked, feed],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    told = done.stdout.decode("utf-8", "replace")
    assert "Nhat k" in told or "muc d" in told


def test_a_set_that_cannot_be_written_leaves_nothing_behind(
    quetsach: Run, feed: Path, tmp_path: Path
) -> None:
    target = tmp_path / "set.qs"
    target.mkdir()
    code, _out, err = quetsach("indicators", "compile", feed, "-o", target)
    assert code == 2 and "Choose another name or place." in " ".join(err.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feed.csv", "set.qs"]


@pytest.mark.native
def test_the_draft_of_a_set_goes_when_it_cannot_take_its_place(tmp_path: Path) -> None:
    from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind

    matcher = choose("native").compile(IndicatorSet([Indicator("evil.example", Kind.DOMAIN)]))
    (tmp_path / "set.qs" / "in the way").mkdir(parents=True)
    with pytest.raises(OSError) as raised:
        matcher.save(tmp_path / "set.qs")  # type: ignore[attr-defined]
    assert os.name == "nt" or raised.value.errno
    assert [path.name for path in tmp_path.iterdir()] == ["set.qs"]


def test_a_date_as_people_write_it(quetsach: Run, feed: Path) -> None:
    command = ("indicators", "convert", feed, "--form", "plain", "--date")
    assert "# date: 2026-10-15" in quetsach(*command, "15/10/2026")[1]
    assert "hãy ghi như 2026-10-15" in quetsach(*command, "mai", "--lang", "vi")[2]


@pytest.mark.cluster
@pytest.mark.parametrize("is_found_by_itself", [False, True])
def test_a_cluster_that_is_not_there_is_told_at_once(
    is_found_by_itself: bool, quetsach: Run, log: Path, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    if is_found_by_itself:
        monkeypatch.setenv("RAY_ADDRESS", address)
        address = "auto"
    code, _out, err = quetsach("scan", log, "-i", feed, "--cluster", address)
    assert code == 2 and f"the cluster {address} cannot be reached" in " ".join(err.split())


@pytest.mark.native
@pytest.mark.cluster
def test_workers_change_nothing_of_the_answer(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    command = ("scan", log, "-i", feed, "--source-name", "x", "-o")
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    alone = quetsach(*command, one)
    together = quetsach(*command, two, "--cluster", "local", "--jobs", "1")
    assert (together[0], two.read_bytes()) == (alone[0], one.read_bytes()) and alone[0] == 1
    assert "10.1.2.3" in together[1]


def test_a_state_file_is_no_place_for_the_answer(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "same.jsonl"
    code, _out, err = quetsach("scan", log, "-i", feed, "--state", out, "-o", out)
    assert code == 2 and "same file" in err and not out.exists()
