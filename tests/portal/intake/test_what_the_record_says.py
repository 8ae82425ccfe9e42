"""A report that the superior took from a file: the record says what happened, and invents no confirmation."""

from uuid import uuid4

from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import sentence
from quetsach.portal.intake.models import ReceivedAnnex
from quetsach.portal.reports.actions import Source, submit_on_behalf
from quetsach.portal.reports.models import Report, Revision
from tests.portal.intake.test_desk import drop, figures, only, paper, press, shown_of, url


def report_page(cast, unit, role="officer", route="report", *more):
    address = reverse(route, args=["lam-sach", cast.nodes[unit].pk, *more])
    return cast.client(unit, role).get(address).content.decode().partition("<main")[2]


def staffed(cast, unit, count):
    cast.nodes[unit].staff_count = count
    cast.nodes[unit].save()


def test_what_the_portal_knows_of_a_unit_is_shown_before_its_annex_is_taken(cast):
    staffed(cast, "A1", 10)
    page = drop(cast, a=paper("Đơn vị A1", ("0", "12", "0", "9"))).content.decode()
    assert "Nhiều hơn 10 người trong danh sách của đơn vị" in page
    cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"))
    assert not Revision.rows.exists(), "a row with a warning is not clear"
    assert "mà anh/chị chưa xem" in press(cast, only(), "take") and not Revision.rows.exists()
    press(cast, only(), "take", seen=shown_of(cast, only()))
    assert [(one["rule"], one["by"]) for one in Revision.rows.get().warnings] == [("W03", "superior")]


def test_a_remark_leaves_a_row_clear_and_goes_into_the_record(cast):
    page = drop(cast, a=paper("Đơn vị A1", ("5", "12", "5", "9"))).content.decode()
    clear = page.partition('id="ro-rang"')[2].partition("</section>")[0]
    assert "Bản giấy ghi 5 đơn vị, nhiều hơn số đơn vị trực thuộc" in clear and "1 phụ lục có lưu ý" in clear
    cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"))
    told = {(one["rule"], one["row"], one["by"]) for one in Revision.rows.get().warnings}
    assert told == {("H04", "r1", "superior"), ("H04", "r3", "superior")}


def test_a_warning_that_arises_while_the_row_waits_stops_all_that_are_clear(cast):
    drop(cast, a=paper("Đơn vị A1"), b=paper("Đơn vị A2", ("0", "5", "0", "5")))
    staffed(cast, "A1", 10)
    page = cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"), follow=True)
    assert [r.node.name for r in Report.rows.exclude(accepted=None)] == ["Đơn vị A2"]
    assert "Nhiều hơn 10 người" in page.content.decode(), "the row shows it from now on"


def test_a_correction_is_judged_before_it_is_taken(cast):
    staffed(cast, "A1", 100)
    drop(cast, a=paper("Đơn vị A1", ("0", "khoảng 12", "0", "9")))
    typed = {"r1": "0", "r2": "1200", "r3": "0", "r4": "9", "seen": shown_of(cast, only())}
    page = press(cast, only(), "take", **typed)
    assert not Revision.rows.exists() and "mà anh/chị chưa xem" in page
    assert "Nhiều hơn 100 người" in page and 'value="1200"' in page
    saved = press(cast, only(), "save", r2="1100")
    assert "Nhiều hơn 100 người" in saved, "the row stays open with its warnings"
    press(cast, only(), "take", seen=shown_of(cast, only()))
    assert figures(Revision.rows.get()) == [0, 1100, 0, 9]


def test_the_record_names_every_warning_and_says_that_the_unit_was_not_asked(cast):
    staffed(cast, "A1", 10)
    notes = ("", "theo danh sách", "", "")
    drop(cast, a=paper("Đơn vị A1", ("0", "khoảng 12", "0", "9"), notes=notes))
    press(cast, only(), "take", r1="0", r2="13", r3="0", r4="9", seen=shown_of(cast, only()))
    revision = Revision.rows.get()
    assert {one["rule"]: (one["by"], one.get("change")) for one in revision.warnings} == {
        "W03": ("superior", None),
        "about": ("superior", [12, 13]),
    }, "the paper's own note answers no warning"
    for entry in Entry.objects.filter(action__in=("intake.take", "report.submit_on_behalf")):
        assert set(entry.data["warnings"]) == {"W03:r2", "about:r2"}
    assert Entry.objects.get(action="intake.take").data["unit_asked"] is False
    theirs = report_page(cast, "A1")
    assert "chưa hỏi lại đơn vị" in theirs and "“khoảng 12” là số ước lượng" in theirs
    assert "Cấp trên ghi 13; đọc từ tệp là 12" in theirs
    for page in (theirs, report_page(cast, "A1", "officer", "report_history")):
        assert "đã xác nhận" not in page and "không ghi chú" not in page


def test_a_figure_leads_to_its_file_and_its_cell(cast):
    drop(cast, a=paper("Đơn vị A1"))
    press(cast, only(), "take")
    file = ReceivedAnnex.rows.get().file
    place = url(cast, "A", "intake_file", file.pk)
    for route, more in (("report", ()), ("report_history", ()), ("why", ("r2",))):
        address = reverse(route, args=["lam-sach", cast.nodes["A1"].pk, *more])
        page = cast.client("A", "reader").get(address).content.decode().partition("<main")[2]
        assert f'href="{place}"' in page and "bảng 1, dòng 3, cột 3" in page, route
    assert "bảng 1, dòng 4" not in page, "one figure has one place"


def test_an_old_record_of_a_report_from_a_file_is_not_read_as_a_confirmation(cast):
    source = Source("a.docx", "a" * 64)
    entry = {"r1": "0", "r2": "12", "r3": "0", "r4": "9"}
    revision = submit_on_behalf(cast.user("A", "officer"), cast.nodes["A1"], entry, uuid4(), source=source)
    Revision.rows.filter(pk=revision.pk).update(warnings=[{**revision.warnings[0], "by": "tick"}])
    page = report_page(cast, "A1")
    assert "chưa hỏi lại đơn vị" in page and "không ghi chú" not in page


def test_a_revision_leads_to_the_file_it_was_taken_from(cast):
    sent = paper("Đơn vị A1")
    drop(cast, a=sent, b=paper("Đơn vị A2"))
    for annex in ReceivedAnnex.rows.select_related("file"):
        if annex.file.name.startswith("a"):
            press(cast, annex, "take")
    history = reverse("report_history", args=["lam-sach", cast.nodes["A1"].pk])
    for role in ("coordinator", "reader"):
        client = cast.client("A", role)
        page = client.get(history).content.decode().partition("<main")[2]
        address = page.partition('<a href="/cd/lam-sach/tiep-nhan/')[2].partition('"')[0]
        assert client.get(f"/cd/lam-sach/tiep-nhan/{address}").getvalue() == sent
    waiting = ReceivedAnnex.rows.get(state="open").file
    assert cast.client("A", "reader").get(url(cast, "A", "intake_file", waiting.pk)).status_code == 404
    theirs = cast.client("A1", "officer")
    assert "tiep-nhan" not in theirs.get(history).content.decode().partition("<main")[2]
    assert theirs.get(f"/cd/lam-sach/tiep-nhan/{address}").status_code == 404


def test_a_note_at_the_desk_stands_in_the_record_as_the_superiors(cast):
    """The warning asks for a note, and the desk has a field for it."""
    staffed(cast, "A1", 10)
    drop(cast, a=paper("Đơn vị A1", notes=("", "theo danh sách", "", "")))
    assert 'name="note"' in cast.client("A", "coordinator").get(url(cast)).content.decode()
    saved = press(cast, only(), "save", note="Đã gọi xã:\n đủ 12 người.")
    assert 'value="Đã gọi xã: đủ 12 người."' in saved, "a note is kept with the row until it is taken"
    assert "mà anh/chị chưa xem" in press(cast, only(), "take", note="Viết dở.")
    press(cast, only(), "take", seen=shown_of(cast, only()), note="Có 2 người hợp đồng.")
    revision = Revision.rows.get()
    assert revision.notes == {"r2": "theo danh sách"}, "the unit's own note is nobody else's"
    assert [one["rule"] for one in revision.warnings] == ["W03"]
    assert Entry.objects.get(action="intake.take").data["note"] == "Có 2 người hợp đồng."
    assert "Ghi chú của cấp trên: Có 2 người hợp đồng." in report_page(cast, "A1")


def test_a_note_stays_where_the_correction_settles_the_last_warning(cast):
    """Correction, note and taking in one press: no warning is left, and the note and both figures stay."""
    staffed(cast, "A1", 8)
    drop(cast, a=paper("Đơn vị A1", ("0", "7", "0", "9")))
    note = "Đã gọi xã: 7 người."
    press(cast, only(), "take", r1="0", r2="7", r3="0", r4="7", note=note, seen=shown_of(cast, only()))
    assert figures(Revision.rows.get()) == [0, 7, 0, 7] and not Revision.rows.get().warnings
    for route, more in (("report", ()), ("report_history", ()), ("why", ("r4",))):
        page = report_page(cast, "A1", "officer", route, *more)
        assert "Cấp trên ghi 7; đọc từ tệp là 9" in page and f"Ghi chú của cấp trên: {note}" in page, route
    assert "đọc từ tệp là 9" not in report_page(cast, "A1", "officer", "why", "r2"), "another row"
    told = {entry.action: sentence(entry) for entry in Entry.objects.filter(action__startswith="intake.")}
    assert told["intake.correct"] == "Sửa số đọc từ tệp a.docx: dòng 4: 9 → 7"
    assert told["intake.note"] == f"Ghi chú về tệp a.docx: “{note}” (trước đó: –)"
    assert told["intake.take"].endswith(f"Ghi chú: “{note}”")


def test_the_trail_tells_a_note_from_a_correction(cast):
    drop(cast, a=paper("Đơn vị A1", ("0", "khoảng 12", "0", "9")))
    press(cast, only(), "save", note="Hỏi xã.")
    press(cast, only(), "save", note="Xã trả lời: 12.")
    assert not Entry.objects.filter(action="intake.correct").exists(), "no figure was changed"
    last = Entry.objects.filter(action="intake.note").order_by("-pk")[0]
    assert sentence(last) == "Ghi chú về tệp a.docx: “Xã trả lời: 12.” (trước đó: “Hỏi xã.”)"
    press(cast, only(), "save", r1="0", r2="12", r3="0", r4="9")
    assert sentence(Entry.objects.get(action="intake.correct")).endswith("dòng 2: 12, giữ nguyên")


def test_a_figure_that_was_put_back_is_no_correction(cast):
    drop(cast, a=paper("Đơn vị A1", ("0", "khoảng 12", "0", "9")))
    press(cast, only(), "save", r2="13")
    press(cast, only(), "take", r2="12")
    revision = Revision.rows.get()
    assert "changes" not in revision.source and revision.warnings[0]["change"] == [12, 12]
    page = report_page(cast, "A1")
    assert "ghi 13" not in page and "Cấp trên ghi 12; đọc từ tệp là 12" in page


def test_one_note_for_all_that_are_clear(cast):
    drop(cast, a=paper("Đơn vị A1", ("5", "12", "5", "9")), b=paper("Đơn vị A2", ("0", "5", "0", "5")))
    clear = cast.client("A", "coordinator").get(url(cast)).content.decode()
    assert 'name="note"' in clear.partition('id="ro-rang"')[2].partition("</form>")[0]
    sent = {"note": "Đã đối chiếu danh sách."}
    cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"), sent)
    assert [one.source["note"] for one in Revision.rows.all()] == ["Đã đối chiếu danh sách."] * 2
    taken = Entry.objects.filter(action="intake.take")
    assert [entry.data["note"] for entry in taken] == ["Đã đối chiếu danh sách."] * 2


def test_a_desk_without_a_remark_asks_for_no_note_for_all(cast):
    drop(cast, a=paper("Đơn vị A1"))
    page = cast.client("A", "coordinator").get(url(cast)).content.decode()
    assert 'name="note"' not in page.partition('id="ro-rang"')[2].partition("</form>")[0]


UNSEEN = "\x07\x1b\u202e\ufffe\U0001ffff\u200b"


def test_a_note_holds_nothing_that_nobody_sees(cast):
    staffed(cast, "A1", 10)
    drop(cast, a=paper("Đơn vị A1", ("0", "12", "0", "9")))
    saved = press(cast, only(), "save", note=f"Đã {UNSEEN}gọi xã.")
    assert only().note == "Đã gọi xã." and 'value="Đã gọi xã."' in saved


def test_a_note_that_is_too_long_is_refused_and_kept_on_the_page(cast):
    """Cut without a word, it would stand in the record as the superior's own words."""
    staffed(cast, "A1", 10)
    drop(cast, a=paper("Đơn vị A1", ("0", "12", "0", "9")))
    annex, client, long = only(), cast.client("A", "coordinator"), "ghi chú dài " * 50
    row = url(cast, "A", "intake_row", annex.pk)
    for do in ("save", "take"):
        answer = client.post(row, {"do": do, "version": annex.version, "note": long})
        assert answer.status_code == 422 and long in answer.content.decode(), do
        assert "Ghi chú dài 599 ký tự" in answer.content.decode()
    assert only().version == annex.version and not only().note and not Revision.rows.exists()


def test_a_common_note_that_is_too_long_takes_nothing(cast):
    drop(cast, a=paper("Đơn vị A1", ("5", "12", "5", "9")))
    long = "ghi chú dài " * 50
    answer = cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"), {"note": long})
    assert answer.status_code == 422 and long in answer.content.decode()
    assert not Revision.rows.exists()
