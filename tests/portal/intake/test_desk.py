"""Files dropped by a coordinator: read, corrected in place, taken once, and counted only then."""

from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from quetsach.annexes.collect import read_upload
from quetsach.annexes.collecting import merge, stored
from quetsach.annexes.collecting.files import office
from quetsach.portal.audit.models import Entry
from quetsach.portal.intake import actions, queries
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.review.actions import allow_amendment, ask_amendment
from quetsach.portal.reports.rollup.queries import roll_up
from tests.collect import papers_by_hand as by

SAVED = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
SAID = "Đã rà soát toàn bộ máy của đơn vị."


def paper(unit, counts=("0", "12", "0", "9"), *, saved=SAVED, **more):
    return by.docx(by.form(unit, counts, assessment=SAID, **more), saved=saved)


def url(cast, unit="A", route="intake", *more):
    return reverse(route, args=["lam-sach", cast.nodes[unit].pk, *more])


def drop(cast, **files):
    """Drop files at A as its coordinator; keys are names without the suffix."""
    sent = [SimpleUploadedFile(f"{name}.docx", data) for name, data in files.items()]
    return cast.client("A", "coordinator").post(url(cast), {"annexes": sent}, follow=True)


def only(state="open"):
    return ReceivedAnnex.rows.get(state=state)


def press(cast, annex, do, **more):
    data = {"do": do, "version": annex.version, **more}
    place = url(cast, "A", "intake_row", annex.pk)
    return cast.client("A", "coordinator").post(place, data, follow=True).content.decode()


def shown_of(cast, annex):
    """The warnings that the open row shows, as its form sends them back."""
    page = cast.client("A", "coordinator").get(f"{url(cast)}?mo={annex.pk}").content.decode()
    return page.partition('name="seen" value="')[2].partition('"')[0]


def figures(revision):
    return [revision.own[row] for row in ("r1", "r2", "r3", "r4")]


def test_a_dropped_file_counts_only_when_it_is_taken(cast):
    page = drop(cast, a=paper("Đơn vị A1")).content.decode()
    assert "Đã đọc 1 phụ lục" in page and "Đơn vị A1" in page
    assert not Report.rows.exclude(current=None).exists()
    press(cast, only(), "take")
    report = Report.rows.get(node=cast.nodes["A1"])
    assert report.state == Report.State.ACCEPTED and figures(report.accepted) == [0, 12, 0, 9]
    assert report.accepted.on_behalf and report.accepted.author == cast.user("A", "coordinator")
    assert roll_up(cast.nodes["A"]).children_total.row("r2") == 12


def test_a_unit_that_reported_by_file_is_chased_for_carrying_out_only(cast):
    drop(cast, a=paper("Đơn vị A1"))
    press(cast, only(), "take")
    client, said = cast.client("A", "officer"), "đã báo cáo (bằng tệp)"
    listed, progress = client.get(url(cast, "A", "chase")), client.get(url(cast, "A", "progress_node"))
    line = listed.content.decode().partition("Đơn vị A1")[2].partition("</tr>")[0]
    assert "chưa nhận" not in line and "chưa triển khai" in line and said in line
    assert listed.content.decode().count(said) == 1 and said in progress.content.decode().lower()
    sent = {"unit": str(cast.nodes["A1"].pk)}
    page = client.post(url(cast, "A", "chase_messages"), sent).content.decode()
    message = page.partition("<textarea")[2].partition("</textarea>")[0]
    assert "triển khai" in message and "xác nhận" not in message and "gửi báo cáo" not in message


def test_the_trail_names_the_file_and_its_hash_and_the_file_can_be_fetched(cast):
    data = paper("Đơn vị A1")
    drop(cast, a=data)
    press(cast, only(), "take")
    entry = Entry.objects.get(action="intake.take")
    file = ReceivedFile.rows.get()
    assert (entry.data["file"], entry.data["sha256"]) == ("a.docx", file.sha256)
    answer = cast.client("A", "officer").get(url(cast, "A", "intake_file", file.pk))
    assert b"".join(answer.streaming_content) == data
    assert answer["Content-Disposition"].startswith("attachment")


def test_the_same_zip_twice_and_a_double_click_change_nothing(cast):
    packed = by.zipped(
        {"x/a1.docx": paper("Đơn vị A1"), "x/a2.docx": paper("Đơn vị A2", ("0", "5", "0", "5"))}
    )
    client = cast.client("A", "coordinator")
    for _ in range(2):
        page = client.post(url(cast), {"annexes": SimpleUploadedFile("x.zip", packed)}, follow=True)
    assert "2 tệp đã có từ trước" in page.content.decode()
    assert ReceivedAnnex.rows.count() == 2
    for _ in range(2):
        client.post(url(cast, "A", "intake_take_clear"))
    assert Revision.rows.count() == 2
    annex = ReceivedAnnex.rows.filter(state="taken").first()
    press(cast, annex, "take")
    assert Revision.rows.count() == 2


def test_a_doubtful_row_is_amber_beside_its_place_and_corrected_there(cast):
    page = drop(cast, a=paper("Đơn vị A1", ("0", "khoảng 12", "0", "-"))).content.decode()
    assert "“khoảng 12” là số ước lượng" in page and "bảng 1, dòng 3, cột 3" in page
    cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"))
    assert not Revision.rows.exists()
    refused = press(cast, only(), "take", r1="0", r2="12", r3="0", r4="")
    assert "Để trống không phải là 0" in refused and not Revision.rows.exists()
    press(cast, only(), "take", r1="0", r2="13", r3="0", r4="11")
    assert figures(Revision.rows.get()) == [0, 13, 0, 11]
    assert Entry.objects.get(action="intake.correct", data__changes__has_key="r4").data["changes"]["r4"] == [
        None,
        11,
    ]


def test_a_figure_that_is_no_number_is_told_and_nothing_changes(cast):
    drop(cast, a=paper("Đơn vị A1"))
    assert "“1,5” không phải số nguyên" in press(cast, only(), "take", r1="1,5")
    assert only().version == 0


def test_an_ambiguous_name_waits_for_a_choice(cast):
    page = drop(cast, x=paper("Đơn vị")).content.decode()
    assert "Chọn một" in page or "không có trong danh sách" in page
    assert "Chọn đơn vị" in press(cast, only(), "take")
    press(cast, only(), "take", unit=str(cast.nodes["A2"].pk))
    assert Report.rows.get(node=cast.nodes["A2"]).accepted is not None


def test_all_that_was_taken_in_one_act_is_taken_back_in_one_and_can_be_taken_again(cast):
    drop(cast, a=paper("Đơn vị A1"), b=paper("Đơn vị A2", ("0", "5", "0", "5")))
    client = cast.client("A", "coordinator")

    def total():
        return roll_up(cast.nodes["A"]).children_total.row("r2")

    for _ in range(2):
        page = client.post(url(cast, "A", "intake_take_clear"), follow=True).content.decode()
        assert "Đã nhận 2 báo cáo" in page and total() == 17
        at = page.partition('name="at" value="')[2].partition('"')[0]
        for _twice in range(2):
            client.post(url(cast, "A", "intake_undo"), {"at": at})
        assert total() == 0
        assert set(ReceivedAnnex.rows.values_list("state", flat=True)) == {"open"}
    # The unit sent nothing itself, so nobody asks it to correct a report.
    assert Report.rows.get(node=cast.nodes["A1"]).state == Report.State.DRAFT
    late = client.get(url(cast, "A", "chase")).content.decode()
    assert "chưa có báo cáo" in late and "trả lại" not in late
    assert Entry.objects.filter(action="intake.take_back").count() == 4


def test_what_the_unit_changed_since_is_not_taken_back(cast):
    drop(cast, a=paper("Đơn vị A1"))
    press(cast, only(), "take")
    report = Report.rows.get(node=cast.nodes["A1"])
    ask_amendment(cast.user("A1", "officer"), cast.nodes["A1"], 1, "Sai dòng 2.")
    allow_amendment(cast.user("A", "coordinator"), cast.nodes["A1"])
    page = press(cast, only("taken"), "take_back")
    assert "đã thay đổi" in page
    report.refresh_from_db()
    assert report.accepted is not None and only("taken").revision == report.accepted


def test_undo_is_of_ones_own_desk_only(cast):
    drop(cast, a=paper("Đơn vị A1"))
    press(cast, only(), "take")
    at = {"at": only("taken").at.isoformat()}
    cast.client("centre", "coordinator").post(url(cast, "centre", "intake_undo"), at)
    assert only("taken")
    assert cast.client("A", "reader").post(url(cast, "A", "intake_undo"), at).status_code == 404
    for bad in ("", "2026", "2026-01-01T00:00:00"):
        assert (
            cast.client("A", "coordinator").post(url(cast, "A", "intake_undo"), {"at": bad}).status_code
            == 404
        )


def test_copies_go_in_one_act_and_come_back(cast):
    one = ("0", "10", "0", "9")
    drop(
        cast,
        **{name: by.docx(by.form("Đơn vị A1", one, assessment=SAID + name), saved=SAVED) for name in "abc"},
    )
    desk = queries.desk(cast.nodes["A"])
    assert len(desk.repeated) == 2
    client = cast.client("A", "coordinator")
    client.post(url(cast, "A", "intake_copies"))
    assert ReceivedAnnex.rows.filter(state="set_aside").count() == 2
    client.post(
        url(cast, "A", "intake_undo"), {"at": ReceivedAnnex.rows.filter(state="set_aside")[0].at.isoformat()}
    )
    assert ReceivedAnnex.rows.filter(state="open").count() == 3


def test_one_row_is_open_and_the_next_opens_with_what_was_typed_kept_on_a_refusal(cast):
    drop(cast, a=paper("Đơn vị A1", ("0", "x", "0", "9")), b=paper("Đơn vị A2", ("0", "y", "0", "9")))
    client = cast.client("A", "coordinator")
    page = client.get(url(cast)).content.decode()
    assert page.count('name="r2"') == 1
    first, second = ReceivedAnnex.rows.order_by("file__name")
    refused = press(cast, first, "take", r1="0", r2="8,5", r3="0", r4="7", nhom="so-lieu", next=second.pk)
    assert 'value="8,5"' in refused and "không phải số nguyên" in refused
    taken = press(cast, first, "take", r1="0", r2="9", r3="0", r4="7", nhom="so-lieu", next=second.pk)
    assert (
        f'action="{url(cast, "A", "intake_row", second.pk)}' in taken and "Đã tiếp nhận: Đơn vị A1" in taken
    )


def test_a_file_set_aside_by_mistake_comes_back(cast):
    drop(cast, a=b"x")
    file = url(cast, "A", "intake_file", ReceivedFile.rows.get().pk)
    client = cast.client("A", "coordinator")
    for act, there in (("set_aside", 0), ("bring_back", 1)):
        client.post(file, {"do": act})
        assert len(queries.desk(cast.nodes["A"]).unread) == there


def test_a_unit_of_another_branch_is_not_found_and_cannot_be_chosen(cast):
    page = drop(cast, x=paper("Đơn vị B1")).content.decode()
    assert only().node != cast.nodes["B1"]
    assert str(cast.nodes["B1"].pk) not in page
    press(cast, only(), "save", unit=str(cast.nodes["B1"].pk))
    assert only().node != cast.nodes["B1"]


def test_what_the_unit_has_sent_itself_is_not_overwritten(cast):
    drop(cast, a=paper("Đơn vị A1"))
    press(cast, only(), "take")
    page = drop(cast, b=paper("Đơn vị A1", ("0", "13", "0", "9"))).content.decode()
    assert "Trả lại báo cáo đó trước" in page
    press(cast, only(), "take")
    assert Revision.rows.count() == 1


def test_a_stale_tab_is_told(cast):
    drop(cast, a=paper("Đơn vị A1"))
    first = only()
    press(cast, first, "save", r2="14")
    assert "Đã có người sửa dòng này" in press(cast, first, "take", r2="15")
    assert only().reading["annex"]["figures"]["r2"]["value"] == 14


def test_a_scan_is_entered_by_hand_once(cast):
    client = cast.client("A", "coordinator")
    scan = SimpleUploadedFile("scan A1.pdf", by.pdf_of_picture())
    page = client.post(url(cast), {"annexes": scan}, follow=True).content.decode()
    assert "không có chữ để đọc" in page
    enter = url(cast, "A", "intake_file", ReceivedFile.rows.get().pk)
    typed = {"do": "enter", "unit": cast.nodes["A1"].pk, "r1": "0", "r2": "7", "r3": "0", "r4": "7"}
    for _ in range(2):
        client.post(enter, typed)
    assert "mà anh/chị chưa xem" in press(cast, only(), "take"), "a scan has no assessment"
    assert not Revision.rows.exists()
    press(cast, only(), "take", seen=shown_of(cast, only()))
    assert figures(Revision.rows.get()) == [0, 7, 0, 7]


def dropped(cast, name, data):
    """Drop one file at A; returns the address of its picture."""
    sent = SimpleUploadedFile(name, data)
    cast.client("A", "coordinator").post(url(cast), {"annexes": sent})
    return url(cast, "A", "intake_picture", ReceivedFile.rows.get(name=name).pk)


def test_a_scan_stands_beside_the_form_for_its_figures_drawn_anew(cast):
    client = cast.client("A", "coordinator")
    place = dropped(cast, "scan A1.pdf", by.pdf_of_picture())
    assert f'src="{place}?tu=1"' in client.get(url(cast)).content.decode()
    answer = client.get(place)
    assert answer["Content-Type"] == "image/jpeg" and answer["X-Content-Type-Options"] == "nosniff"
    shown = Image.open(BytesIO(answer.content))
    # The page is A4 with a grey square from 80 to 780 points above its foot, 40 to 540 from the left.
    assert shown.height / shown.width == pytest.approx(842 / 595, rel=0.01)
    points = {
        (20, 421): 255,
        (60, 421): 204,
        (520, 421): 204,
        (570, 421): 255,
        (297, 30): 255,
        (297, 800): 255,
    }
    for (across, down), grey in points.items():
        at = (shown.width * across // 595, shown.height * down // 842)
        assert shown.convert("L").getpixel(at) == pytest.approx(grey, abs=4), (across, down)


def test_a_photograph_is_turned_upright_without_what_the_telephone_wrote_into_it(cast):
    photo, out = Image.new("RGB", (60, 40), "white"), BytesIO()
    photo.paste("black", (0, 0, 60, 10))
    about = Image.Exif()
    about[0x0112], about[0x010F] = 6, "Điện thoại".encode()  # turn right; the maker
    photo.save(out, "JPEG", exif=about, quality=95)
    answer = cast.client("A", "coordinator").get(dropped(cast, "anh.jpg", out.getvalue()))
    shown = Image.open(BytesIO(answer.content))
    assert shown.height == shown.width * 60 // 40 and not shown.getexif()
    upper_right, lower_left = (
        (shown.width * 9 // 10, shown.height // 10),
        (shown.width // 10, shown.height // 2),
    )
    grey = shown.convert("L")
    assert grey.getpixel(upper_right) < 60 and grey.getpixel(lower_left) > 200


def test_what_is_no_scan_has_no_picture(cast):
    place = dropped(cast, "hong.pdf", b"%PDF-1.4 scan")
    client = cast.client("A", "coordinator")
    assert client.get(place).status_code == 404 and client.get(url(cast)).status_code == 200


@pytest.mark.parametrize("data", [b"\xff\xd8\xff", b"\x89PNG" + bytes(200)])
def test_what_cannot_be_drawn_leaves_the_page_as_it_is(cast, data):
    place, client = dropped(cast, "hong.pdf", data), cast.client("A", "coordinator")
    ReceivedFile.rows.update(problem="scan")  # as one kept before pictures were opened when they came
    answer = client.get(place)
    assert answer.status_code == 422 and "Không vẽ được tệp này" in answer.content.decode()
    assert answer["Content-Type"] == "image/svg+xml" and client.get(url(cast)).status_code == 200


def test_a_long_scan_is_shown_in_several_pictures(cast):
    pages = [Image.new("RGB", (40, 40), (0, 0, 20 * number)) for number in range(8)]
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    place = dropped(cast, "scan.pdf", out.getvalue())
    client = cast.client("A", "coordinator")
    page = client.get(url(cast)).content.decode()
    assert "8 trang" in page and f"{place}?tu=7" in page and f"{place}?tu=13" not in page
    six, two = (Image.open(BytesIO(client.get(place, {"tu": first}).content)) for first in ("1", "7"))
    assert six.height == 3 * two.height
    assert client.get(place, {"tu": "9"}).status_code == 422


def test_a_picture_of_a_telephone_that_no_program_here_opens(cast):
    dropped(cast, "IMG_2033.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    page = cast.client("A", "coordinator").get(url(cast)).content.decode()
    assert "gửi lại ảnh JPEG" in page and 'value="enter"' in page and "<img" not in page


def test_a_picture_that_unpacks_to_gigabytes_is_not_drawn(cast):
    out = BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    place, client = dropped(cast, "bom.png", out.getvalue()), cast.client("A", "coordinator")
    assert len(out.getvalue()) < 200_000 and client.get(place).status_code == 404
    page = client.get(url(cast)).content.decode()
    assert "Ảnh không mở được" in page and 'value="enter"' not in page


def test_nobody_else_sees_a_scan(cast):
    place = dropped(cast, "scan A1.pdf", by.pdf_of_picture())
    for unit, role in (("A", "reader"), ("A1", "officer"), ("B", "coordinator")):
        assert cast.client(unit, role).get(place).status_code == 404, (unit, role)


def test_a_row_set_aside_comes_back(cast):
    drop(cast, a=paper("Đơn vị A1"))
    press(cast, only(), "set_aside")
    assert queries.desk(cast.nodes["A"]).counted == ()
    press(cast, only("set_aside"), "bring_back")
    assert len(queries.desk(cast.nodes["A"]).counted) == 1


def test_today_asks_for_what_waits_on_the_desk(cast):
    today = reverse("today", args=["lam-sach"])

    def asked(role):
        return url(cast) in cast.client("A", role).get(today).content.decode().partition("<main")[2]

    assert not asked("coordinator")
    drop(cast, a=paper("Đơn vị A1"))
    assert asked("coordinator") and not asked("reader")


def test_the_door_stands_only_where_units_stand_below(cast):
    for unit, role, stands in (("A", "officer", True), ("A1", "officer", False), ("A", "it", False)):
        page = cast.client(unit, role).get(reverse("today", args=["lam-sach"])).content.decode()
        assert ("Tiếp nhận</a>" in page) is stands, (unit, role)


def test_two_at_once_make_one_revision(cast):
    drop(cast, a=paper("Đơn vị A1"))
    annex, actor = only(), cast.user("A", "coordinator")
    first = actions.take(actor, annex.pk, cast.nodes["A"], annex.version)
    second = actions.take(actor, annex.pk, cast.nodes["A"], annex.version)
    assert first.revision_id == second.revision_id and Revision.rows.count() == 1


def test_who_is_missing(cast):
    page = drop(cast, a=paper("Đơn vị A1")).content.decode()
    missing = page[page.index('id="chua-gui"') :]
    assert "Đơn vị A2" in missing and "Đơn vị A1" not in missing


@pytest.mark.parametrize("who", [("A", "reader"), ("A1", "coordinator"), ("B", "coordinator")])
def test_only_those_who_review_below_have_a_desk(cast, who):
    assert cast.client(*who).get(url(cast)).status_code == 404
    assert cast.client(*who).post(url(cast, "A", "intake_take_clear")).status_code == 404


def test_a_row_of_another_desk_is_nowhere(cast):
    drop(cast, a=paper("Đơn vị A1"))
    other = reverse("intake_row", args=["lam-sach", cast.nodes["centre"].pk, only().pk])
    assert cast.client("centre", "coordinator").post(other, {"do": "take", "version": 0}).status_code == 404
    nothing = url(cast, "A", "intake_row", uuid4())
    assert cast.client("A", "coordinator").post(nothing, {"do": "set_aside"}).status_code == 404


def test_hostile_names_are_text_and_never_a_path(cast):
    name = "<script>\u202exslx.exe"
    packed = by.zipped({f"../../{name}.docx": paper("Đơn vị A1", proposals="<b>x</b>")})
    client = cast.client("A", "coordinator")
    page = client.post(
        url(cast), {"annexes": SimpleUploadedFile("x.zip", packed)}, follow=True
    ).content.decode()
    assert "<script>\u202e" not in page and "<b>x</b>" not in page
    assert ".." not in ReceivedFile.rows.get().content.name


def test_what_no_database_can_hold_is_replaced(cast):
    name = "Phong\x01\x7f"
    rows = by.grid("Đơn vị A1", (0, 12, 0, 9), notes=("", "a\x0bb", "", ""))
    message = EmailMessage()
    message.set_content("Kính gửi.")
    message.add_attachment(by.xlsx({"A": rows}), maintype="application", subtype="x", filename=f"{name}.xlsx")
    sent = SimpleUploadedFile("thu.eml", message.as_bytes().replace(b"Phong", b"Ph\x00ong"))
    assert cast.client("A", "coordinator").post(url(cast), {"annexes": sent}, follow=True).status_code == 200
    assert ReceivedFile.rows.count() == 1
    assert "\x00" not in ReceivedFile.rows.get().name


def test_an_upload_that_is_too_large_is_refused(cast, monkeypatch):
    monkeypatch.setattr("quetsach.portal.intake.forms.MOST_UPLOAD", 10)
    one, two = drop(cast, a=b"x" * 11), drop(cast, a=b"x" * 9, b=b"yy")
    assert one.status_code == two.status_code == 422 and not ReceivedFile.rows.exists()
    assert "Bỏ bớt ảnh" in one.content.decode() and "nhiều lần" in two.content.decode()


def test_a_reading_is_stored_without_loss(cast):
    (one,) = next(given for _found, given in read_upload("a.docx", paper("X", ("1", "x", "-", "2")), None))
    assert stored.from_data(stored.to_data(one)) == one
    again = merge.merge([stored.from_data(stored.to_data(one))], [], None)
    assert again.totals == merge.merge([one], [], None).totals


def test_the_page_asks_the_same_number_of_queries_whatever_came_in(cast, django_assert_max_num_queries):
    client = cast.client("A", "coordinator")
    client.get(url(cast))
    drop(cast, a=paper("Đơn vị A1"))
    with django_assert_max_num_queries(40) as context:
        assert client.get(url(cast)).status_code == 200
    before = len(context)
    drop(cast, b=paper("Đơn vị A2"), c=paper("Đơn vị X"), d=b"x")
    client.get(url(cast))
    with django_assert_max_num_queries(before):
        assert client.get(url(cast)).status_code == 200


def test_an_old_word_file_waits_and_is_read_again_once_it_can_be(cast, monkeypatch):
    """LibreOffice was missing when the file came; later the same stored file is read, once."""
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le")
    page = drop(cast, cu=old).content.decode()
    file = ReceivedFile.rows.get()
    assert file.problem == "old_word" and "kiểu .docx" in page and 'value="read_again"' in page
    client, address = cast.client("A", "coordinator"), url(cast, "A", "intake_file", file.pk)
    client.post(address, {"do": "read_again"})
    assert not ReceivedAnnex.rows.exists()
    monkeypatch.setattr(office, "program", lambda: "soffice")
    monkeypatch.setattr(office, "_converted", lambda *_given: paper("Đơn vị A1"))
    for _ in range(2):
        client.post(address, {"do": "read_again"})
    assert only().node == cast.nodes["A1"]
    file.refresh_from_db()
    assert file.problem == "" and Entry.objects.filter(action="intake.read_again").count() == 2
    assert cast.client("B", "coordinator").post(address, {"do": "read_again"}).status_code == 404
