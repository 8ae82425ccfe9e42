"""Damaged and hostile files through every upload: an answer in words, never a fault, and the portal goes on.

The proof is that this process lives to the end of the tests: opening the files here would kill it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from quetsach.errors import IndicatorError
from quetsach.files.bounded_process import warm
from quetsach.indicators import reading
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.people.models import BodyDraft
from quetsach.portal.units.models import UnitImport
from tests.attacks import hostile
from tests.collect import papers_by_hand as by
from tests.command_line import Run
from tests.portal.cast import Cast

DAMAGED = int(os.environ.get("QUETSACH_ATTACKS", "20"))
"""Workbooks of each kind through each door; by hand 900."""
type Door = Callable[[Cast, str, bytes], HttpResponse]


def _post(client: Client, address: str, field: str, name: str, data: bytes, **more: str) -> HttpResponse:
    client.raise_request_exception = False
    return client.post(address, {field: SimpleUploadedFile(name, data), **more})  # type: ignore[return-value]


_browsers: dict[tuple[str, str], Client] = {}


@pytest.fixture(autouse=True)
def _new_browsers() -> None:
    _browsers.clear()


def _browser(cast: Cast, unit: str, role: str) -> Client:
    """One browser for all files of a test: making one takes longer than most answers."""
    if (unit, role) not in _browsers:
        _browsers[unit, role] = cast.client(unit, role)
    return _browsers[unit, role]


def _units(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("unit_upload", args=[cast.units["centre"].pk])
    return _post(_browser(cast, "centre", "coordinator"), address, "table", name, data)


def _people(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("body_paste", args=["lam-sach", cast.nodes["A1"].pk])
    return _post(_browser(cast, "A1", "officer"), address, "file", name, data)


def _annex(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("report_file", args=["lam-sach", cast.nodes["A1"].pk])
    return _post(_browser(cast, "A1", "officer"), address, "file", name, data)


def _form(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("annex_forms", args=["lam-sach"])
    return _post(_browser(cast, "centre", "coordinator"), address, "file", name, data, act="preview")


def _lists(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("indicators", args=["lam-sach"])
    return _post(_browser(cast, "centre", "coordinator"), address, "lists", name, data)


def _hashes(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("detections", args=["lam-sach"])
    return _post(_browser(cast, "centre", "coordinator"), address, "brought", name, data, source="CV 1")


def _victims(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("victims", args=["lam-sach"])
    return _post(_browser(cast, "A1", "officer"), address, "file", name, data)


def _machines(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("evidence", args=[cast.units["A1"].pk])
    return _post(_browser(cast, "A1", "officer"), address, "file", name, data, source="router of the hall")


def _intake(cast: Cast, name: str, data: bytes) -> HttpResponse:
    address = reverse("intake", args=["lam-sach", cast.nodes["A"].pk])
    return _post(_browser(cast, "A", "coordinator"), address, "annexes", name, data)


DOORS: dict[str, Door] = {
    "units": _units,
    "people": _people,
    "annex": _annex,
    "form": _form,
    "lists": _lists,
    "hashes": _hashes,
    "victims": _victims,
    "machines": _machines,
    "intake": _intake,
}
TOLD_ON_THE_NEXT_PAGE = {"intake", "machines"}


@pytest.fixture(scope="module")
def files() -> list[tuple[str, bytes]]:
    return [one for kind in hostile.KINDS for one in hostile.damaged(kind, DAMAGED, DAMAGED)]


@pytest.fixture(scope="module")
def ending() -> dict[str, bytes]:
    return hostile.ending_the_reader()


@pytest.mark.parametrize("door", DOORS)
def test_damaged_workbooks_get_an_answer(
    door: str, cast: Cast, files: list[tuple[str, bytes]], opened_elsewhere: None
) -> None:
    for name, data in files:
        answer = DOORS[door](cast, name, data)
        assert answer.status_code in (200, 302, 422), name
    assert warm.pid() is not None


@pytest.mark.parametrize("door", DOORS)
def test_what_ended_the_portal_is_refused_with_words(
    door: str, cast: Cast, ending: dict[str, bytes], opened_elsewhere: None
) -> None:
    for name, data in ending.items():
        answer = DOORS[door](cast, name, data)
        if door in TOLD_ON_THE_NEXT_PAGE:
            assert answer.status_code == 302
            continue
        assert answer.status_code == 422, name
        assert 'role="alert"' in answer.content.decode() or "error" in answer.content.decode(), name
    told = dict(ReceivedFile.rows.values_list("name", "problem"))
    if door == "intake":
        assert told == {
            "unseen.xlsx": "far_cell",
            "far.xlsx": "too_many_cells",
            "counting.xlsx": "too_many_cells",
            "comment.xlsx": "not_an_annex",
            "column.xls": "far_cell",
            "corners.xlsb": "binary",
            "repeated.ods": "too_many_cells",
            "strings.xlsx": "bomb",
        }
    kept = [model.rows.count() for model in (UnitImport, BodyDraft, IndicatorSet, ReceivedAnnex)]  # type: ignore[attr-defined]
    assert kept == [0, 0, 0, 0]


def test_a_reference_that_no_sheet_has_is_told_by_its_name(cast: Cast) -> None:
    data = hostile.unseen_reference()
    assert "ZZZZZZZ4000000000" in _units(cast, "a.xlsx", data).content.decode()
    assert "ZZZZZZZ4000000000" in _annex(cast, "a.xlsx", data).content.decode()
    assert "không trang tính nào có" in _lists(cast, "a.xlsx", data).content.decode()


def test_files_about_machines_that_ended_the_portal_tell_of_no_machine(
    cast: Cast, ending: dict[str, bytes], opened_elsewhere: None
) -> None:
    for name, data in ending.items():
        shown = cast.client("A1", "officer").get(_machines(cast, name, data)["Location"])
        draft = EvidenceFile.rows.get()
        assert (draft.name, draft.claims, draft.bindings) == (name, 0, 0)
        assert "Không dùng được gì trong tệp" in shown.content.decode(), name


@pytest.mark.parametrize("door", DOORS)
def test_a_binary_workbook_is_told_how_to_save_it(door: str, cast: Cast) -> None:
    answer = DOORS[door](cast, "a.xlsb", hostile.good("xlsb"))
    if door in TOLD_ON_THE_NEXT_PAGE:
        client = cast.client(*(("A", "coordinator") if door == "intake" else ("A1", "officer")))
        answer = client.get(answer["Location"])  # type: ignore[assignment]
    shown = answer.content.decode()
    assert "xlsb" in shown and ".xlsx" in shown


def test_good_files_are_read_elsewhere_with_the_same_answer(cast: Cast, opened_elsewhere: None) -> None:
    for kind in ("xlsx", "xls"):
        data = hostile.good(kind)
        answer = _lists(cast, f"a.{kind}", data)
        assert answer.status_code == (302 if kind == "xlsx" else 422)
    assert IndicatorSet.rows.get().count == 3, "two names and the address behind a link"
    assert _units(cast, "a.xlsx", hostile.good("xlsx")).status_code == 302


def test_an_annex_is_taken_in_from_a_file_of_each_kind(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = by.grid("Đơn vị A1", (1, 2, 1, 2))
    word = by.docx(by.form("Đơn vị A2", ("1", "2", "1", "2")))
    packed = hostile.zipped({"a.xlsx": by.xlsx({"A": rows}), "b.docx": word})
    monkeypatch.setattr(hostile.zipfile.ZipFile, "_RealGetContents", lambda *_a: pytest.fail("opened here"))
    assert _intake(cast, "a.zip", packed).status_code == 302
    nodes = {annex.node.name for annex in ReceivedAnnex.rows.select_related("node") if annex.node}
    assert nodes == {"Đơn vị A1", "Đơn vị A2"}


@pytest.mark.parametrize(
    ("name", "data"),
    [("nest.eml", hostile.nested_mail()), ("parts.eml", hostile.mail_of_parts())],
    ids=["nested", "parts"],
)
def test_mails_without_end_are_told_so(cast: Cast, name: str, data: bytes) -> None:
    assert _intake(cast, name, data).status_code == 302
    assert ReceivedFile.rows.get().problem == "crowded_mail"
    page = cast.client("A", "coordinator").get(reverse("intake", args=["lam-sach", cast.nodes["A"].pk]))
    assert "lồng nhau quá sâu" in page.content.decode()


def test_the_command_line_tells_of_each_file_and_goes_on(
    tmp_path: Path,
    quetsach: Run,
    files: list[tuple[str, bytes]],
    ending: dict[str, bytes],
    opened_elsewhere: None,
) -> None:
    # A folder for each kind: of one folder 2,000 files are read.
    for kind in (*hostile.KINDS, "ods"):
        folder = tmp_path / f"thư {kind}"
        folder.mkdir()
        report = by.docx(by.form("UBND xã Mường So", ("1", "2", "1", "2")))
        (folder / "phu-luc.docx").write_bytes(report)
        bad = {name: data for name, data in [*files, *ending.items()] if name.endswith(f".{kind}")}
        for name, data in bad.items():
            (folder / name).write_bytes(data)
        code, out, _err = quetsach("reports", "collect", folder, "--json")
        document = json.loads(out)
        assert code == 2
        # A workbook with a damaged table of contents is a plain archive; each of its members is reported.
        assert {one["file"].partition("/")[0] for one in document["unread"]} == bad.keys()
        assert "Mường So" in out


def test_a_scan_is_told_why_a_list_is_not_read(
    tmp_path: Path, quetsach: Run, ending: dict[str, bytes], opened_elsewhere: None
) -> None:
    log = tmp_path / "a.log"
    log.write_text("2026-01-02T03:04:05Z 10.0.0.7 asks evil.example\n")
    for name, data in ending.items():
        file = tmp_path / name
        file.write_bytes(data)
        code, _out, err = quetsach("scan", log, "-i", file)
        assert code == 2 and name in err, name


def test_damaged_lists_are_read_or_refused(
    tmp_path: Path, files: list[tuple[str, bytes]], opened_elsewhere: None
) -> None:
    refused = 0
    for name, data in files:
        file = tmp_path / name
        file.write_bytes(data)
        try:
            reading.read(file)
        except IndicatorError as error:
            refused += 1
            assert name in str(error)
    assert refused > len(files) // 2
