"""The signed PDF of a report: stored with it or not at all, replaced with a reason, read by the entitled."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pypdf import PdfWriter

from quetsach.documents.document import render_pdf
from quetsach.portal.audit.models import Entry
from quetsach.portal.bundles import actions as bundles
from quetsach.portal.bundles import making
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import store
from quetsach.portal.kit import signedpdf
from quetsach.portal.privacy.actions import retain
from quetsach.portal.reports.errors import LockedReport, StaleReport
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.models import ReportEvent, SignedCopy, Signing
from quetsach.portal.reports.recompute.figures import Recomputed
from quetsach.portal.reports.signing.actions import AlreadyAttachedError, attach, sign
from tests.portal.addresses import url
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import taken
from tests.signing import sign as sign_pdf

NUMBER = "12/BC-UBND, 25/09/2026"


def paper(cast, signer="Nguyễn Văn Mẫu"):
    made = render_pdf(papers.official_report(cast.nodes["A"]), at=datetime(2026, 9, 25, tzinfo=UTC))
    return sign_pdf(made, signer)


def upload(content, name="báo cáo đã ký.pdf"):
    return SimpleUploadedFile(name, content, "application/pdf")


@pytest.fixture
def district(cast):
    taken(cast, "A1")
    taken(cast, "A", "8")
    return cast


def posted(cast, route, **fields):
    return cast.client("A", "coordinator").post(url(cast, route, "A"), {"number": "1", **fields}, follow=True)


def bytes_of(answer):
    return answer.content


def test_number_and_signed_file_are_kept_and_those_who_read_the_report_read_it(district):
    pdf = paper(district)
    for _ in range(2):  # a retry
        text = text_of(posted(district, "report_sign", document=NUMBER, file=upload(pdf)))
    assert "nguyên vẹn" in text and "Nguyễn Văn Mẫu · UBND huyện Mẫu" in text and NUMBER in text
    assert "chưa biết" in text  # whether the certificate was revoked
    copy = SignedCopy.rows.get()
    assert copy.signing == Signing.rows.get() and copy.name == "báo cáo đã ký.pdf"
    for unit, role in (("A", "reader"), ("centre", "officer")):
        client = district.client(unit, role)
        assert "báo cáo đã ký.pdf" in text_of(client.get(url(district, "report", "A")))
        answer = client.get(url(district, "report_signed", "A", copy.pk))
        assert answer.content == pdf and answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment")
    for unit in ("A1", "B"):
        client = district.client(unit, "coordinator")
        assert client.get(url(district, "report_signed", "A", copy.pk)).status_code == 404
    told = list(Entry.objects.filter(action__startswith="report.").values_list("action", flat=True))
    assert told.count("report.sign") == told.count("report.attach_signed") == 1
    assert told.count("report.export") == 2
    assert list(Recomputed(district.campaign).findings()) == []


def test_only_who_may_sign_may_attach(district):
    sign(district.user("A", "coordinator"), district.nodes["A"], 1, NUMBER)
    for unit, role in (("A", "officer"), ("A", "reader"), ("centre", "coordinator"), ("B", "coordinator")):
        client = district.client(unit, role)
        for route in ("report_sign", "report_attach"):
            fields = {"number": "1", "file": upload(b"%PDF-1.7")}
            assert client.post(url(district, route, "A"), fields).status_code == 404
    assert not SignedCopy.rows.exists()


def locked():
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("1234")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK not a pdf", "Tệp này không mở được như PDF"),
        (b"%PDF-1.7 broken", "Tệp này không mở được như PDF"),
        (b"", "Tệp rỗng. Hãy chọn lại."),
        (locked(), "PDF này có đặt mật khẩu hoặc khóa chỉnh sửa"),
        (b"%PDF-1.7" + b" " * 3000, "Tệp lớn hơn 20 MB"),
    ],
    ids=["no pdf", "broken", "empty", "locked", "large"],
)
def test_a_file_that_cannot_be_kept_never_leaves_the_report_signed_without_it(
    district, monkeypatch, content, says
):
    if len(content) > 3000:
        monkeypatch.setattr(signedpdf, "LARGEST", 2000)
    answer = posted(district, "report_sign", document=NUMBER, file=upload(content))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert says in text and f'value="{NUMBER}"' in text, "what was typed stays"
    assert not Signing.rows.exists() and not ReportEvent.rows.filter(type="sign").exists()
    assert not Entry.objects.filter(action="report.sign").exists()
    assert not list(Path(settings.MEDIA_ROOT).glob("signed/*/*"))


def test_a_stale_page_signs_nothing_and_attaches_nothing(district):
    file = signedpdf.SignedPdf("a.pdf", b"a", [])
    head, node = district.user("A", "coordinator"), district.nodes["A"]
    with pytest.raises(StaleReport):
        sign(head, node, 2, NUMBER, file)
    with pytest.raises(StaleReport):
        attach(head, node, 1, file)  # not signed yet
    assert not Signing.rows.exists() and not SignedCopy.rows.exists()


def test_the_file_comes_later_and_another_takes_its_place_with_a_reason_only(district):
    first, second = paper(district), paper(district, "Trần Thị Mẫu")
    text = text_of(posted(district, "report_sign", document=NUMBER))
    assert "Chưa có tệp PDF đã ký" in text
    for _ in range(2):
        posted(district, "report_attach", file=upload(first))
    before = SignedCopy.rows.get()
    refused = posted(district, "report_attach", file=upload(second, "lan 2.pdf"))
    assert refused.status_code == 422 and "Đã có một tệp đã ký" in text_of(refused)
    assert SignedCopy.rows.get() == before
    text = text_of(
        posted(district, "report_attach", file=upload(second, "lan 2.pdf"), reason="Ký nhầm người.")
    )
    assert "Trần Thị Mẫu" in text and "Ký nhầm người." in text
    after = SignedCopy.rows.exclude(pk=before.pk).get()
    reader = district.client("centre", "reader")
    for copy, content in ((before, first), (after, second)):
        assert reader.get(url(district, "report_signed", "A", copy.pk)).content == content
    history = text_of(reader.get(url(district, "report_history", "A")))
    assert "lan 2.pdf" in history and "báo cáo đã ký.pdf" in history and "Ký nhầm người." in history
    entry = Entry.objects.get(action="report.replace_signed")
    assert entry.data["before"] == before.sha256 and entry.data["sha256"] == after.sha256


def test_a_closed_campaign_takes_no_signed_file(district):
    head, node = district.user("A", "coordinator"), district.nodes["A"]
    sign(head, node, 1, NUMBER)
    Campaign.objects.update(status="closed")
    with pytest.raises(LockedReport):
        attach(head, node, 1, signedpdf.SignedPdf("a.pdf", b"a", []))
    assert (
        "report_attach"
        not in district.client("A", "coordinator").get(url(district, "report", "A")).content.decode()
    )


def test_two_files_at_once_leave_one_in_force(at_once, cast):
    taken(cast, "A1")
    taken(cast, "A", "8")
    head, node = cast.user("A", "coordinator"), cast.nodes["A"]
    sign(head, node, 1, NUMBER)

    def keep(number):
        try:
            return attach(head, node, 1, signedpdf.SignedPdf(f"{number}.pdf", bytes([number]), []))
        except AlreadyAttachedError as refused:
            return refused

    done = at_once(partial(keep, 1), partial(keep, 2))
    assert sorted(type(one).__name__ for one in done) == ["AlreadyAttachedError", "SignedCopy"]
    assert at_once(SignedCopy.rows.count) == [1]


def test_the_zip_holds_the_signed_report_beside_the_made_one(district, monkeypatch):
    monkeypatch.setattr(making, "begin", lambda _bundle: None)
    head, node = district.user("A", "coordinator"), district.nodes["A"]
    sign(head, node, 1, NUMBER, signedpdf.SignedPdf("a.pdf", b"%PDF-1.7 first", []))
    attach(head, node, 1, signedpdf.SignedPdf("b.pdf", b"%PDF-1.7 second", []), "Ký lại.")
    bundle = bundles.ask_for(district.user("centre", "coordinator"), district.nodes["centre"])
    assert making.make(bundle)
    with zipfile.ZipFile(making.zip_of(bundle)) as packed:
        names = packed.namelist()
        (name,) = [name for name in names if "Bản đã ký" in name]
        assert packed.read(name) == b"%PDF-1.7 second"
        listed = packed.read("000 Danh sách.csv").decode("utf-8-sig")
    assert name == "003 Bản đã ký Đơn vị A.pdf" and "002 Phụ lục Đơn vị A.pdf" in names
    assert SignedCopy.rows.first().sha256 in listed


def test_a_signed_file_that_is_lost_is_named_in_the_zip_and_stops_nothing(district, monkeypatch):
    monkeypatch.setattr(making, "begin", lambda _bundle: None)
    sign(
        district.user("A", "coordinator"), district.nodes["A"], 1, "", signedpdf.SignedPdf("a.pdf", b"x", [])
    )
    store.place(SignedCopy.rows.get().sha256, "signed").unlink()
    bundle = bundles.ask_for(district.user("A", "coordinator"), district.nodes["A"])
    assert making.make(bundle)
    with zipfile.ZipFile(making.zip_of(bundle)) as packed:
        assert "khôi phục từ bản sao lưu" in packed.read("000 Danh sách.csv").decode("utf-8-sig")
        assert not [name for name in packed.namelist() if "Bản đã ký" in name]


def test_retention_spares_signed_files_and_takes_those_that_no_row_names(district):
    head, node = district.user("A", "coordinator"), district.nodes["A"]
    sign(head, node, 1, NUMBER, signedpdf.SignedPdf("a.pdf", b"first", []))
    attach(head, node, 1, signedpdf.SignedPdf("b.pdf", b"second", []), "Ký lại.")
    orphan, _size = store.keep([b"nobody's"], "signed")
    old = (timezone.now() - timedelta(days=400)).timestamp()
    for file in Path(settings.MEDIA_ROOT).glob("signed/*/*"):
        os.utime(file, (old, old))
    (counted,) = [ended.count for ended in retain() if (ended.row, ended.model) == ("files", "signed")]
    assert counted == 1 and not store.place(orphan, "signed").exists()
    assert all(store.place(copy.sha256, "signed").is_file() for copy in SignedCopy.rows.all())


def test_without_a_reason_the_file_in_force_stays(district):
    head, node = district.user("A", "coordinator"), district.nodes["A"]
    sign(head, node, 1, NUMBER, signedpdf.SignedPdf("a.pdf", b"first", []))
    for reason in ("", "   ", "\u200b", "…"):
        with pytest.raises(AlreadyAttachedError):
            attach(head, node, 1, signedpdf.SignedPdf("b.pdf", b"second", []), reason)
    with pytest.raises(AlreadyAttachedError):
        sign(head, node, 1, NUMBER, signedpdf.SignedPdf("b.pdf", b"second", []))
    assert SignedCopy.rows.get().name == "a.pdf"
