"""Old Word files through LibreOffice, where it is installed; a hostile file costs a sentence, no more."""

import io
import os
import random
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import docx
import pytest

from quetsach.annexes.collect import Unread, read_upload
from quetsach.annexes.collecting import reading
from quetsach.annexes.collecting.files import office
from quetsach.annexes.collecting.files.office import Office
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.annexes.form.definition import built_in
from quetsach.files import bounded_process
from quetsach.files.bounded_process.turns import Turns
from tests.loopback import Quiet, Server, serving

SOFFICE = shutil.which("soffice") or ""
needs_libreoffice = pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
KINDS = {"doc": "doc:MS Word 97", "rtf": "rtf:Rich Text Format", "odt": "odt:writer8"}
WORD_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le")


@pytest.fixture
def with_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(office.PROGRAM, SOFFICE)


def problem_of(data: bytes, given: Office | None = None) -> str:
    with pytest.raises(FileProblem) as caught:
        reading.read(data, given)
    return caught.value.code


@pytest.fixture(scope="module")
def old_papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The letter's annex, filled in, saved by LibreOffice in each old format."""
    folder, form = tmp_path_factory.mktemp("old"), built_in("annex-2022")
    paper = docx.Document()
    paper.add_paragraph(form.head["title"])
    paper.add_paragraph("Tên đơn vị: UBND xã Mường So")
    table = paper.add_table(rows=1, cols=4)
    for cell, text in zip(table.rows[0].cells, form.head["columns"], strict=True):
        cell.text = text
    for row, count in zip(form.rows, ("1", "1.234", "1", "khoảng 11"), strict=True):
        for cell, text in zip(table.add_row().cells, (str(row.number), row.text, count, ""), strict=True):
            cell.text = text
    paper.add_paragraph("Đề xuất, kiến nghị: không.")
    paper.save(str(folder / "a.docx"))
    for kind, target in KINDS.items():
        command = [SOFFICE, f"-env:UserInstallation={(folder / 'p').as_uri()}", "--headless", "--convert-to",
                   target, "--outdir", str(folder), str(folder / "a.docx")]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        assert (folder / f"a.{kind}").exists()
    return {kind: (folder / f"a.{kind}").read_bytes() for kind in KINDS}


@needs_libreoffice
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("with_libreoffice")
def test_an_old_file_is_read_like_a_new_one_and_says_that_it_was_converted(old_papers, kind):
    (_found, (one,)), *_ = read_upload(f"phu luc.{kind}", old_papers[kind], None)
    assert one.annex.unit == "UBND xã Mường So"
    assert [figure.value for figure in one.annex.figures.values()] == [1, 1234, 1, 11]
    assert {(d.field, d.code) for d in one.doubts} >= {("file", "converted"), ("r4", "about")}
    # A conversion can lose a table: a person must always look at the result.
    assert not one.is_clear


@needs_libreoffice
@pytest.mark.parametrize(
    ("kind", "code"), [("doc", "old_word"), ("rtf", "old_word"), ("odt", "open_document")]
)
def test_without_libreoffice_the_answer_says_what_to_do(old_papers, kind, code):
    assert problem_of(old_papers[kind]) == code


def test_an_old_word_head_alone_is_answered_without_libreoffice():
    (_found, given), *_ = read_upload("cu.doc", WORD_HEAD, None)
    assert isinstance(given, Unread) and given.problem.code == "old_word"


@needs_libreoffice
@pytest.mark.usefixtures("with_libreoffice")
def test_broken_files_are_told_and_leave_nothing_behind(old_papers, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rng = random.Random(7)
    broken = [WORD_HEAD, old_papers["doc"][:3000], rb"{\rtf1" + b"{" * 100_000]
    for _ in range(2):
        bytes_ = bytearray(old_papers["doc"])
        for _ in range(200):
            bytes_[rng.randrange(512, len(bytes_))] = rng.randrange(256)
        broken.append(bytes(bytes_))
    for data in broken:
        try:
            reading.read(data)  # a file that LibreOffice repairs may be read
        except FileProblem as problem:
            assert problem.code in {"office_failed", "encrypted", "not_an_annex", "blank_form", "other_kind"}
    assert [path.suffix for path in tmp_path.iterdir()] in ([".lock"], [])


@needs_libreoffice
@pytest.mark.usefixtures("with_libreoffice")
def test_a_picture_from_elsewhere_is_not_fetched(old_papers):
    """Neither a field of RTF nor a link of OpenDocument reports to anybody that the file was opened."""
    asked: list[str] = []

    class Watch(Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

    with serving(Server(Watch)) as server:
        there = f"{server.url}/x.png"
        rtf = old_papers["rtf"].decode("latin-1").rstrip().removesuffix("}")
        field = r'{\field{\*\fldinst INCLUDEPICTURE "' + there + r'" \\d}{\fldrslt x}}}'
        reading.read((rtf + field).encode("latin-1"))
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(old_papers["odt"])) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "content.xml":
                    frame = (
                        '<text:p><draw:frame svg:width="1cm" svg:height="1cm"><draw:image xlink:href="'
                        f'{there}" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame></text:p>'
                    )
                    data = data.replace(b"</office:text>", f"{frame}</office:text>".encode())
                    assert there.encode() in data
                new.writestr(name, data)
        reading.read(out.getvalue())
    assert asked == []


def fake(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def test_one_that_does_not_end_is_stopped_with_all_that_it_started(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    script = f"(sleep 5; echo alive) > {pipe} & sleep 30"
    monkeypatch.setenv(office.PROGRAM, fake(tmp_path / "soffice", script))
    monkeypatch.setattr(office, "LONGEST", 0.3)
    monkeypatch.setattr(office, "_limited", lambda command: command)
    assert problem_of(WORD_HEAD, Office(20)) == "office_slow"
    # The pipe ends when no process holds it open any more; a surviving process would write to it first.
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as said:
        assert said.read() == b""


def test_when_the_time_of_a_job_is_over_the_rest_is_told_to_wait(tmp_path, monkeypatch):
    monkeypatch.setenv(office.PROGRAM, fake(tmp_path / "soffice", "exit 1"))
    assert problem_of(WORD_HEAD, Office(0)) == "office_later"
    assert problem_of(WORD_HEAD, Office()) == "office_failed"


def test_two_at_once_take_turns(tmp_path, monkeypatch):
    log = tmp_path / "log"
    script = f"echo begin >> {log}; sleep 0.2; echo end >> {log}"
    monkeypatch.setenv(office.PROGRAM, fake(tmp_path / "soffice", script))
    monkeypatch.setattr(bounded_process, "_turns", Turns())  # as on the command line
    threads = [threading.Thread(target=problem_of, args=(WORD_HEAD,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.read_text().split() == ["begin", "end"] * 3


def test_a_password_is_seen_before_anything_is_started(tmp_path, monkeypatch):
    mark = tmp_path / "mark"
    monkeypatch.setenv(office.PROGRAM, fake(tmp_path / "soffice", f"touch {mark}"))
    # [MS-DOC] 2.5.2: wIdent, nFib, two words, and the flag fEncrypted in the next word.
    head = b"\xec\xa5\xc1\x00" + bytes(6) + b"\x00\x01"
    assert problem_of(WORD_HEAD.ljust(1024, b"\0") + head + bytes(600)) == "encrypted"
    assert not mark.exists()
