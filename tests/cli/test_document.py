"""`quetsach document`: the documents made from a file of fields, and the errors in a wrong file."""

import io
import json
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader

from quetsach.documents import pdf
from tests.command_line import Run


@pytest.fixture(params=["letter", "report"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def fields(quetsach: Run, tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "fields.json"
    path.write_text(quetsach("document", "example", kind)[1], encoding="utf-8")
    return path


def test_the_example_becomes_a_pdf_and_a_word_file(
    quetsach: Run, fields: Path, tmp_path: Path, kind: str
) -> None:
    for name in ("out.pdf", "out.docx"):
        assert quetsach("document", kind, fields, "-o", tmp_path / name) == (0, "", "")
    in_pdf = PdfReader(tmp_path / "out.pdf").pages[0].extract_text()
    in_word = docx.Document(str(tmp_path / "out.docx")).tables[0].cell(0, 1).text
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in in_pdf and "Độc lập - Tự do - Hạnh phúc" in in_word
    for name in ("out.pdf", "out.docx", "fields.json"):
        code, out, _err = quetsach("document", "lint", tmp_path / name)
        assert code == 0 and "Nothing deviates" in out


def test_another_typeface_than_the_decrees_is_told(
    quetsach: Run, fields: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "is_in_times", lambda: False)
    code, _out, err = quetsach("document", kind, fields, "-o", tmp_path / "out.pdf")
    assert code == 0 and "fonts-liberation2" in err
    assert quetsach("document", kind, fields, "-o", tmp_path / "out.docx") == (0, "", "")


def test_a_dash_reads_standard_input(
    quetsach: Run, fields: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(fields.read_bytes())))
    assert quetsach("document", kind, "-", "-o", tmp_path / "out.docx")[0] == 0
    assert (tmp_path / "out.docx").exists()


def test_wrong_fields_are_told_with_their_paths_and_nothing_is_written(
    quetsach: Run, fields: Path, tmp_path: Path, kind: str
) -> None:
    data = json.loads(fields.read_text(encoding="utf-8"))
    del data["signer"]
    fields.write_text(json.dumps({**data, "date": "5/9/2026", "sender": "x", "cc": ["a\u001b[31m"]}))
    out = tmp_path / "out.pdf"
    code, said, errors = quetsach("document", kind, fields, "-o", out)
    assert (code, said) == (2, "") and not out.exists()
    assert [line.split(": ")[2] for line in errors.splitlines()] == [
        "$.sender",
        "$.date",
        "$.cc[0]",
        "$.signer",
    ]
    assert "\x1b[31m" not in errors
    _code, _said, errors = quetsach("document", kind, fields, "-o", out, "--lang", "vi")
    assert "$.date: phải là ngày dạng 2026-09-05" in errors


def test_an_output_stands_until_a_whole_one_replaces_it(
    quetsach: Run, fields: Path, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out.docx"
    out.write_bytes(b"old")
    fields.write_text("{")
    assert quetsach("document", kind, fields, "-o", out)[0] == 2
    assert out.read_bytes() == b"old"


def test_other_forms_and_missing_files_are_refused(
    quetsach: Run, fields: Path, tmp_path: Path, kind: str
) -> None:
    code, _out, err = quetsach("document", kind, fields, "-o", tmp_path / "out.doc")
    assert code == 2 and ".pdf or .docx" in err
    code, _out, err = quetsach("document", kind, tmp_path / "none.json", "-o", tmp_path / "out.pdf")
    assert code == 2 and "none.json" in err
    code, _out, err = quetsach("document", kind, fields, "-o", tmp_path / "no" / "out.pdf")
    assert code == 2 and "out.pdf" in err


def test_lint_tells_rule_and_article_and_repairs_fields(quetsach: Run, tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    data = json.loads(quetsach("document", "example", "letter")[1])
    typed = json.dumps({**data, "cc": ["Như kính gửi;", "Lưu: VT, CV1;"]}, ensure_ascii=False)
    path.write_text(typed, encoding="utf-8")
    code, out, _err = quetsach("document", "lint", path)
    assert code == 1 and '"Như kính gửi" is written "Như trên"' in out and "same-as-above; Phụ lục I" in out
    assert path.read_text(encoding="utf-8") == typed
    code, _out, err = quetsach("document", "lint", path, "--fix")
    assert code == 1 and "fields.json.bak" in err
    assert json.loads(path.read_text(encoding="utf-8"))["cc"] == ["Như trên", "Lưu: VT, CV1"]
    assert (tmp_path / "fields.json.bak").read_text(encoding="utf-8") == typed
    assert quetsach("document", "lint", path)[0] == 0


def test_lint_says_why_a_file_cannot_be_looked_at(quetsach: Run, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF-1.4 nothing")
    code, _out, err = quetsach("document", "lint", path)
    assert code == 2 and "scan.pdf" in err
    code, _out, err = quetsach("document", "lint", path, "--fix")
    assert code == 2 and "FIELDS.json only" in err
