"""A unit's own letter: filled in, saved once, previewed, exported, issued, signed, taken back."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import uuid4

import docx
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from quetsach.documents.document import render_pdf
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.letters import actions
from quetsach.portal.letters.findings import look
from quetsach.portal.letters.forms import GROUPS, as_typed
from quetsach.portal.letters.models import Letter
from quetsach.portal.letters.prefill import first_draft
from quetsach.portal.units.actions import create_unit
from tests.portal.cast import Cast
from tests.portal.page_text import text_of
from tests.signing import sign

ORDER = {
    "issuer_lines": ["Ủy ban nhân dân", "huyện Phong Thổ"],
    "number": "5",
    "symbol": "UBND-VP",
    "date": "2026-09-05",
    "subject": "V/v làm sạch mã độc",
    "paragraphs": [{"kind": "bullet", "text": "Rà soát máy tính"}],
}


@pytest.fixture
def ordered(cast: Cast) -> Cast:
    Campaign.objects.filter(pk=cast.campaign.pk).update(letter=ORDER)
    cast.campaign.refresh_from_db()
    for node in cast.nodes.values():
        node.campaign = cast.campaign
    return cast


def url(cast: Cast, name: str, unit: str, *more) -> str:
    return reverse(f"letters:{name}", args=[cast.campaign.slug, cast.nodes[unit].pk, *more])


def posted(cast: Cast, unit: str, **changes) -> dict[str, str]:
    """The data that a browser sends for the filled-in form."""
    fields = {**first_draft(cast.nodes[unit]), **changes}
    boxes = [box.name for group in GROUPS for box in group.boxes]
    return {**{name: as_typed(fields, name) for name in boxes}, "with_annex": "1", "version": "0"}


@pytest.fixture
def draft(ordered: Cast) -> Letter:
    node = ordered.nodes["A"]
    return actions.save(ordered.user("A", "officer"), node, uuid4(), first_draft(node), 0)


def test_a_new_letter_is_filled_in_from_the_order(ordered):
    answer = ordered.client("A", "officer").get(url(ordered, "compose", "A"))
    text = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "Thực hiện Công văn số 05/UBND-VP ngày 05/9/2026 của Ủy ban nhân dân huyện Phong Thổ" in text
    for said in ("- Rà soát máy tính", "UBND Đơn vị A1\nUBND Đơn vị A2", "(để báo cáo)", "Lưu: VT"):
        assert said.lower() in text.lower()
    deadline = re.search(r"trước ngày (\d\d)/(\d+)/(\d{4})", text)
    assert deadline
    day = date(int(deadline[3]), int(deadline[2]), int(deadline[1]))
    assert day <= timezone.localdate(ordered.nodes["A"].due_at)
    assert not Letter.rows.exists()


def test_saving_twice_makes_one_letter_and_one_entry(ordered):
    client, letter_id = ordered.client("A", "officer"), uuid4()
    for _ in range(2):
        answer = client.post(url(ordered, "edit", "A", letter_id), {**posted(ordered, "A"), "do": "look"})
        assert answer["Location"] == url(ordered, "look", "A", letter_id)
    assert Letter.rows.count() == Entry.objects.filter(action="letter.save").count() == 1
    letter = Letter.rows.get()
    assert letter.fields["annex"]["rows"] and letter.unit == ordered.units["A"]


def test_a_stale_tab_loses_nothing(ordered, draft):
    client, address = ordered.client("A", "officer"), url(ordered, "edit", "A", draft.pk)
    client.post(address, {**posted(ordered, "A", subject="một"), "version": "1"})
    answer = client.post(address, {**posted(ordered, "A", subject="hai"), "version": "1"})
    assert answer.status_code == 409 and 'value="hai"' in answer.content.decode()
    draft.refresh_from_db()
    assert str(draft) == "một"


def test_what_cannot_be_printed_is_kept_and_told_beside_its_box(ordered, draft):
    """No form brings a control character; a draft of an earlier version may hold one."""
    client, address = ordered.client("A", "officer"), url(ordered, "edit", "A", draft.pk)
    changes = {"subject": "", "body": ["tốt", "a\x1bb"]}
    answer = client.post(address, {**posted(ordered, "A", **changes), "version": "1"}, follow=True)
    assert "không được để rỗng" in text_of(answer).lower()
    draft.refresh_from_db()
    assert draft.fields["body"][1] == "ab"
    draft.fields["body"][1] = "a\x1bb"
    draft.save(update_fields=["fields"])
    assert "Nội dung công văn, dòng 2 : Ký tự U+001B không in được; hãy xóa đi" in text_of(
        client.get(address)
    )
    assert client.get(url(ordered, "file", "A", draft.pk, "pdf")).status_code == 404
    assert client.get(url(ordered, "look", "A", draft.pk)).status_code == 200
    assert client.post(url(ordered, "issue", "A", draft.pk), {"number": "1"}).status_code == 302
    draft.refresh_from_db()
    assert not draft.is_issued and draft.fields["body"][1] == "a\x1bb"


def test_a_letter_without_a_text_is_kept_and_can_be_opened_again(ordered):
    officer, letter_id = ordered.client("A", "officer"), uuid4()
    edit = url(ordered, "edit", "A", letter_id)
    for form in (posted(ordered, "A", body=[]), {}):
        assert officer.post(edit, {**form, "version": "0"}).status_code == 302
        page = officer.get(edit)
        assert page.status_code == 200 and 'name="body"' in page.content.decode()
        for name in ("check", "preview"):
            assert officer.post(url(ordered, name, "A", letter_id), form).status_code in {200, 422}
        Letter.rows.all().delete()
    order = url(ordered, "edit", "centre", letter_id)
    assert ordered.client("centre", "officer").post(order, {"version": "0"}).status_code == 302
    public = reverse("campaign_letter", args=[ordered.campaign.slug])
    assert ordered.client("A1", "officer").get(public).status_code == 200


def test_deviations_are_told_while_typing_and_repaired_on_demand(ordered, draft):
    client = ordered.client("A", "officer")
    form = {
        **posted(ordered, "A", cc=["Như kính gửi", "Lưu: VT"], signer="ThS. Nguyễn Văn Mẫu"),
        "version": "1",
    }
    text = text_of(client.post(url(ordered, "check", "A", draft.pk), form))
    assert '"Như kính gửi" phải viết là "Như trên"' in text and "Phụ lục I, II.9.b" in text
    draft.refresh_from_db()
    assert draft.version == 1
    client.post(url(ordered, "edit", "A", draft.pk), {**form, "do": "repair"})
    draft.refresh_from_db()
    assert (draft.fields["cc"][0], draft.fields["signer"]) == ("Như trên", "Nguyễn Văn Mẫu")


def test_it_prints_as_pictures_pdf_and_word_with_a_summary(ordered, draft):
    client = ordered.client("A", "officer")
    text = text_of(client.get(url(ordered, "look", "A", draft.pk)))
    assert "Công văn số ……/" in text and f"V/v {draft}" in text
    picture = client.get(url(ordered, "page_image", "A", draft.pk, 1))
    assert picture.content.startswith(b"\x89PNG") and picture["Content-Type"] == "image/png"
    assert client.get(url(ordered, "page_image", "A", draft.pk, 99)).status_code == 404
    pdf = PdfReader(io.BytesIO(client.get(url(ordered, "file", "A", draft.pk, "pdf")).content))
    word = docx.Document(io.BytesIO(client.get(url(ordered, "file", "A", draft.pk, "docx")).content))
    assert "Rà soát máy tính" in pdf.pages[0].extract_text()
    assert any("Rà soát máy tính" in paragraph.text for paragraph in word.paragraphs)
    assert client.get(url(ordered, "file", "A", draft.pk, "exe")).status_code == 404


def printed(client, letter, cast, form, **asked):
    """The words of the first page of the PDF, or of the heads of the Word file."""
    content = client.get(url(cast, "file", "A", letter.pk, form), asked).content
    if form == "pdf":
        return PdfReader(io.BytesIO(content)).pages[0].extract_text()
    section = docx.Document(io.BytesIO(content)).sections[0]
    return "".join(head.text for head in (*section.first_page_header.paragraphs, *section.header.paragraphs))


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_a_letter_without_number_and_date_is_marked_in_its_files(ordered, draft, form):
    client = ordered.client("A", "officer")
    assert "DỰ THẢO" in printed(client, draft, ordered, form)
    # The file for the document system, where it is numbered and signed, has no mark; the page names both.
    clean = f"{url(ordered, 'file', 'A', draft.pk, form)}?trinh-ky"
    assert "DỰ THẢO" not in printed(client, draft, ordered, form, **{"trinh-ky": ""})
    assert f'href="{clean}"' in client.get(url(ordered, "look", "A", draft.pk)).content.decode()
    actions.issue(ordered.user("A", "officer"), draft, 7, timezone.localdate(), version=1)
    assert "DỰ THẢO" not in printed(client, draft, ordered, form)
    assert clean not in client.get(url(ordered, "look", "A", draft.pk)).content.decode()


def test_the_public_file_of_an_order_without_number_and_date_is_marked(ordered):
    client, address = ordered.client("A", "officer"), reverse("letter_pdf", args=[ordered.campaign.slug])
    for stored, marked in (
        ({**ordered.campaign.letter, "number": ""}, True),
        (ordered.campaign.letter, False),
    ):
        type(ordered.campaign).objects.filter(pk=ordered.campaign.pk).update(letter=stored)
        shown = PdfReader(io.BytesIO(client.get(address).content)).pages[0].extract_text()
        assert ("DỰ THẢO" in shown) is marked


def test_letters_that_no_font_has_are_named_where_the_pdf_is_downloaded(ordered, draft):
    client = ordered.client("A", "officer")
    assert "Bản PDF thiếu" not in text_of(client.get(url(ordered, "look", "A", draft.pk)))
    Letter.rows.filter(pk=draft.pk).update(fields={**draft.fields, "body": ["Chữ \U0002f9f4 lạ."]})
    assert (
        "U+" in text_of(client.get(url(ordered, "look", "A", draft.pk))).partition("Bản PDF thiếu")[2][:120]
    )
    public = reverse("campaign_letter", args=[ordered.campaign.slug])
    assert "Bản PDF thiếu" not in text_of(client.get(public))
    order = {**ordered.campaign.letter, "subject": "V/v \U00011f50 làm sạch"}
    type(ordered.campaign).objects.filter(pk=ordered.campaign.pk).update(letter=order)
    for page in (public, reverse("campaign_page", args=[ordered.campaign.slug])):
        assert "U+11F50" in text_of(client.get(page))


def test_those_above_read_what_is_issued_and_no_draft(ordered, draft):
    above = ordered.client("centre", "coordinator")
    assert above.get(url(ordered, "look", "A", draft.pk)).status_code == 404
    assert above.post(url(ordered, "edit", "A", draft.pk), posted(ordered, "A")).status_code == 404
    actions.issue(ordered.user("A", "officer"), draft, 7, timezone.localdate(), version=1)
    assert above.get(url(ordered, "look", "A", draft.pk)).status_code == 200
    assert ordered.client("B", "coordinator").get(url(ordered, "look", "A", draft.pk)).status_code == 404
    reader = ordered.client("A", "reader")
    assert reader.get(url(ordered, "compose", "A")).status_code == 404


def signed_pdf(letter: Letter) -> bytes:
    paper = look(letter.fields).paper
    assert paper
    return sign(render_pdf(paper, at=datetime(2026, 9, 5, tzinfo=UTC)), "Nguyễn Văn Mẫu")


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("bản ký.pdf", content, "application/pdf")


def test_number_date_and_signed_file_make_it_issued(ordered, draft):
    client, pdf = ordered.client("A", "officer"), signed_pdf(draft)
    today = timezone.localdate()
    form = {"number": "7", "day": today.isoformat(), "version": "1", "file": upload(pdf)}
    text = text_of(client.post(url(ordered, "issue", "A", draft.pk), form, follow=True))
    assert f"07/{draft.symbol}" in text and today.strftime("%d/%m/%Y") in text
    assert "nguyên vẹn" in text and "Nguyễn Văn Mẫu · UBND huyện Mẫu" in text
    assert "chưa biết" in text  # whether the certificate was revoked
    answer = client.get(url(ordered, "signed", "A", draft.pk))
    assert answer.content == pdf
    printed = PdfReader(io.BytesIO(client.get(url(ordered, "file", "A", draft.pk, "pdf")).content))
    assert f"Số: 07/{draft.symbol}" in printed.pages[0].extract_text()
    assert client.post(url(ordered, "edit", "A", draft.pk), posted(ordered, "A")).status_code == 302
    draft.refresh_from_db()
    assert draft.number == 7 and draft.fields["number"] == 7
    actions_told = set(Entry.objects.values_list("action", flat=True))
    assert {"letter.save", "letter.issue", "letter.sign"} <= actions_told


def test_a_file_changed_after_signing_is_told(ordered, draft):
    changed = bytearray(signed_pdf(draft))
    at = changed.index(b"/MediaBox")
    changed[at + 1 : at + 9] = b"mediabox"
    officer = ordered.user("A", "officer")
    letter = actions.issue(officer, draft, 7, timezone.localdate(), version=1)
    actions.attach(officer, letter, "x.pdf", bytes(changed))
    assert "đã bị sửa hoặc không thật" in text_of(
        ordered.client("A", "officer").get(url(ordered, "look", "A", draft.pk))
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello", "Tệp này không mở được như PDF"),
        (b"%PDF-1.7 broken", "Tệp này không mở được như PDF"),
        (b"", "Tệp rỗng. Hãy chọn lại."),
    ],
)
def test_what_is_no_pdf_is_refused_and_nothing_is_kept(ordered, draft, content, says):
    actions.issue(ordered.user("A", "officer"), draft, 7, timezone.localdate(), version=1)
    answer = ordered.client("A", "officer").post(
        url(ordered, "attach", "A", draft.pk), {"file": upload(content)}, follow=True
    )
    assert says in text_of(answer)
    draft.refresh_from_db()
    assert draft.signed_sha256 == ""


def test_a_file_that_cannot_be_read_leaves_number_and_date_unsaved(ordered, draft):
    form = {
        "number": "7",
        "day": timezone.localdate().isoformat(),
        "version": "1",
        "file": upload(b"PK not a pdf"),
    }
    answer = ordered.client("A", "officer").post(url(ordered, "issue", "A", draft.pk), form)
    assert answer.status_code == 422 and "Tệp này không mở được như PDF" in text_of(answer)
    draft.refresh_from_db()
    assert not draft.is_issued and draft.number is None


@pytest.mark.parametrize("unit", ["centre", "A"])
def test_a_first_draft_carries_both_aims_and_the_way_to_the_tools(cast, unit, settings):
    """Whatever the coordinator wrote as the campaign's sentence; and no name that only a browser used."""
    cast.nodes[unit].campaign = cast.campaign
    cast.campaign.summary = "Gửi báo cáo đúng hạn."
    settings.SITE_ADDRESS = "https://quetsach.example.gov.vn"
    body = "\n".join(first_draft(cast.nodes[unit])["body"])
    assert "kết nối đến địa chỉ độc hại" in body and "phần mềm bẻ khóa" in body
    for page in (reverse("tools"), reverse("campaign_page", args=[cast.campaign.slug])):
        assert f"https://quetsach.example.gov.vn{page.rstrip('/')}." in body
    for unset in ("", "http://127.0.0.1:8000"):
        settings.SITE_ADDRESS = unset
        assert "http" not in "\n".join(first_draft(cast.nodes[unit])["body"])


def test_many_units_below_are_addressed_by_their_kinds(cast):
    for number in range(12):
        unit = create_unit(None, cast.units["A"], f"Xã {number}", kind="ubnd_commune")
        CampaignNode.rows.create(
            campaign=cast.campaign, unit=unit, parent=cast.nodes["A"], path=unit.path, name=unit.name,
            position=number, depth=2, kind=unit.kind, due_at=cast.campaign.due_at,
        )  # fmt: skip
    CampaignNode.rows.filter(unit=cast.units["A1"]).update(name="Thị trấn A1")
    assert first_draft(cast.nodes["A"])["to"] == ["UBND các xã, thị trấn"]
    CampaignNode.rows.filter(unit=cast.units["A2"]).update(name="Trường A2", kind="school")
    assert first_draft(cast.nodes["A"])["to"] == ["Các cơ quan, đơn vị trực thuộc", "UBND các xã, thị trấn"]


def test_a_number_is_given_once_a_year(ordered, draft):
    officer, node = ordered.user("A", "officer"), ordered.nodes["A"]
    actions.issue(officer, draft, 7, timezone.localdate(), version=1)
    other = actions.save(officer, node, uuid4(), {**first_draft(node), "subject": "khác"}, 0)
    form = {"number": "7", "day": timezone.localdate().isoformat(), "version": "1"}
    answer = ordered.client("A", "officer").post(url(ordered, "issue", "A", other.pk), form)
    assert answer.status_code == 422 and str(draft) in text_of(answer)
    actions.issue(officer, other, 7, timezone.localdate() - timedelta(days=400), version=1)
    other.refresh_from_db()
    assert other.is_issued


@pytest.mark.parametrize(
    ("number", "day"),
    [("", "2026-01-01"), ("0", "2026-01-01"), ("x", "2026-01-01"), ("7", "99"), ("7", "2999-01-01")],
)
def test_a_wrong_number_or_date_is_told_and_nothing_is_issued(ordered, draft, number, day):
    form = {"number": number, "day": day, "version": "1"}
    answer = ordered.client("A", "officer").post(url(ordered, "issue", "A", draft.pk), form)
    assert answer.status_code == 422 and "aria-invalid" in answer.content.decode()
    draft.refresh_from_db()
    assert not draft.is_issued


def test_issued_can_be_taken_back_on_the_same_day_only(ordered, draft):
    officer, client = ordered.user("A", "officer"), ordered.client("A", "officer")
    letter = actions.issue(officer, draft, 7, timezone.localdate(), version=1)
    actions.attach(officer, letter, "x.pdf", signed_pdf(letter))
    client.post(url(ordered, "withdraw", "A", draft.pk))
    draft.refresh_from_db()
    assert (draft.is_issued, draft.number, draft.signed_sha256, draft.fields["date"]) == (
        False,
        None,
        "",
        None,
    )
    actions.issue(officer, draft, 8, timezone.localdate(), version=draft.version)
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        client = ordered.client("A", "officer")
        client.post(url(ordered, "withdraw", "A", draft.pk))
    draft.refresh_from_db()
    assert draft.is_issued


def test_a_draft_can_be_discarded_an_issued_letter_not(ordered, draft):
    client = ordered.client("A", "officer")
    actions.issue(ordered.user("A", "officer"), draft, 7, timezone.localdate(), version=1)
    client.post(url(ordered, "discard", "A", draft.pk))
    assert Letter.rows.count() == 1
    client.post(url(ordered, "withdraw", "A", draft.pk))
    client.post(url(ordered, "discard", "A", draft.pk))
    assert not Letter.rows.exists()


def test_todays_tasks_lead_to_the_letter(ordered):
    client = ordered.client("A", "officer")
    assert (
        url(ordered, "compose", "A")
        in client.get(f"/cd/{ordered.campaign.slug}/viec-hom-nay/").content.decode()
    )
    node = ordered.nodes["A"]
    letter = actions.save(ordered.user("A", "officer"), node, uuid4(), first_draft(node), 0)
    text = client.get(f"/cd/{ordered.campaign.slug}/viec-hom-nay/").content.decode()
    assert url(ordered, "look", "A", letter.pk) in text and url(ordered, "compose", "A") not in text


def test_hostile_text_is_shown_as_text(ordered):
    node = ordered.nodes["A"]
    fields = {**first_draft(node), "subject": "<script>alert(1)</script> {{ x }}"}
    letter = actions.save(ordered.user("A", "officer"), node, uuid4(), fields, 0)
    for name in ("look", "edit"):
        html = ordered.client("A", "officer").get(url(ordered, name, "A", letter.pk)).content.decode()
        assert "<script>alert" not in html and "&lt;script&gt;alert" in html


def test_a_closed_campaign_changes_no_letter(ordered, draft):
    Campaign.objects.filter(pk=ordered.campaign.pk).update(status=Campaign.Status.CLOSED)
    client = ordered.client("A", "officer")
    client.post(url(ordered, "edit", "A", draft.pk), {**posted(ordered, "A", subject="mới"), "version": "1"})
    client.post(url(ordered, "discard", "A", draft.pk))
    draft.refresh_from_db()
    assert str(draft) != "mới"
