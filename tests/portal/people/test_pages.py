"""The pages as people use them: a mark on a phone, a number with its sheet, a list pasted and marked."""

from io import BytesIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.people import views_mark
from quetsach.portal.people.actions import count_by_marks
from quetsach.portal.people.models import Body, BodyDraft, Mark, MarkLink, SignSheet
from quetsach.portal.people.queries import known_figures
from quetsach.portal.reports.facts import known_rows, prefilled
from quetsach.portal.reports.queries import form_of
from tests import pictures

PNG = pictures.png()


def at(cast, name, *more, unit="A1"):
    return reverse(name, args=[cast.campaign.slug, cast.nodes[unit].pk, *more])


def as_english(client):
    client.cookies["django_language"] = "en"
    return client


def workbook_with_a_merged_title(cells, at):
    """As offices send it: a title over the columns, numbers by a formula, then headings and bodies."""
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["DANH SÁCH", "", ""])
        sheet.write_row(1, 0, ["STT", "Tên doanh nghiệp", "MST"])
        sheet.write_formula(2, 0, "=1+0", None, 1)
        sheet.write_row(2, 1, cells)
        sheet.merge_range(at, "DANH SÁCH" if at.startswith("A") else cells[0])
    return out.getvalue()


def test_one_marks_on_a_phone_and_nothing_personal_comes_back(cast):
    link = count_by_marks(cast.nodes["A1"], "done", cast.user("A1", "officer"))
    phone, url = as_english(Client()), reverse("mark", args=[link.token])
    assert cast.nodes["A1"].name in phone.get(url).content.decode()
    for _twice in range(2):
        answer = phone.post(url, {"person": "ha.nguyen@example.org"}, follow=True)
        assert "Thank you" in answer.content.decode()
        assert "ha.nguyen" not in answer.content.decode()
    assert known_figures(cast.nodes["A1"])["r4"] == 1
    wrong = phone.post(url, {"person": "012345678901"})
    assert wrong.status_code == 422 and "identity card" in wrong.content.decode()
    assert "012345678901" not in wrong.content.decode()
    assert phone.get(reverse("mark", args=["khongcomaa"])).status_code == 404
    cast.campaign.status = "closed"
    cast.campaign.save()
    assert phone.post(url, {"person": "b@example.org"}).status_code == 410
    assert Mark.rows.count() == 1


def test_a_flood_from_one_address_is_stopped(cast, monkeypatch):
    monkeypatch.setattr(views_mark.MARKS, "most", 2)
    link = count_by_marks(cast.nodes["A1"], "done", cast.user("A1", "officer"))
    url = reverse("mark", args=[link.token])
    codes = [Client().post(url, {"person": f"n{n}@example.org"}).status_code for n in range(4)]
    assert codes == [302, 302, 429, 429]


def test_switching_asks_and_says_what_counts_now(cast):
    officer, url = as_english(cast.client("A1", "officer")), at(cast, "people")
    officer.post(url, {"do": "headcount", "informed": "8", "done": "3"})
    asked = officer.post(url, {"do": "marks", "kind": "informed"})
    assert asked.status_code == 422 and "typed number 8 no longer counts" in asked.content.decode()
    assert not MarkLink.rows.exists()
    done = officer.post(url, {"do": "marks", "kind": "informed", "sure": "yes"}, follow=True)
    assert "the marks, 0 so far" in done.content.decode()
    assert known_figures(cast.nodes["A1"]) == {"r1": 0, "r2": 0, "r3": 0, "r4": 3}
    back = {"do": "headcount", "informed": "9", "done": "3"}
    assert "Replace the marks" in officer.post(url, back).content.decode()
    assert known_figures(cast.nodes["A1"])["r2"] == 0
    letter = officer.post(reverse("letter", args=[cast.campaign.slug]), {"act": "count_people"} | back)
    assert letter.url == url and known_figures(cast.nodes["A1"])["r2"] == 0
    said = officer.post(url, back | {"sure": "yes"}, follow=True).content.decode()
    assert "What counts now: 9 informed, 3 done" in said


def test_the_sheet_of_signatures_opens_for_the_unit_and_above_only(cast):
    officer = cast.client("A1", "officer")
    form = {"do": "headcount", "informed": "8", "done": "3"}
    bad = officer.post(at(cast, "people"), form | {"sheet": SimpleUploadedFile("x.png", b"<html>")})
    assert bad.status_code == 422 and not SignSheet.rows.exists()
    officer.post(at(cast, "people"), form | {"sheet": SimpleUploadedFile("ký.png", PNG)})
    url = reverse("sign_sheet", args=[cast.campaign.slug, SignSheet.rows.get().pk])
    for unit in ("A1", "A", "centre"):
        answer = cast.client(unit, "officer").get(url)
        assert pictures.seen(answer.getvalue()) == pictures.seen(PNG) and answer[
            "Content-Disposition"
        ].startswith("attachment")
    for unit in ("A2", "B", "B1"):
        assert cast.client(unit, "coordinator").get(url).status_code == 404
    assert Client().get(url).status_code == 404


def test_a_wrong_photo_is_removed_put_back_and_opened_by_nobody_meanwhile(cast):
    officer, url = as_english(cast.client("A1", "officer")), at(cast, "people")
    form = {"do": "headcount", "informed": "8", "done": "3", "sheet": SimpleUploadedFile("ký.png", PNG)}
    officer.post(url, form)
    sheet = SignSheet.rows.get()
    file, acts = reverse("sign_sheet", args=[cast.campaign.slug, sheet.pk]), {"sheet": str(sheet.pk)}
    for unit, role in (("A", "coordinator"), ("A1", "reader"), ("B1", "coordinator")):
        assert cast.client(unit, role).post(url, {"do": "remove_sheet"} | acts).status_code == 404
    elsewhere = at(cast, "people", unit="A2")
    assert cast.client("A2", "officer").post(elsewhere, {"do": "remove_sheet"} | acts).status_code == 404
    page = officer.post(url, {"do": "remove_sheet"} | acts, follow=True).content.decode()
    assert "put it back for 7 days" in page and "Removed by" in page
    assert officer.get(file).status_code == 404 and cast.client("A", "officer").get(file).status_code == 404
    assert known_figures(cast.nodes["A1"])["r2"] == 8
    officer.post(url, {"do": "put_sheet_back"} | acts)
    assert pictures.seen(officer.get(file).getvalue()) == pictures.seen(PNG)
    assert Entry.objects.filter(action__in=["people.remove_sheet", "people.put_sheet_back"]).count() == 2


@pytest.mark.parametrize("count", [10**7, 2**31, 2**63, -1, "1e300", "9" * 5_000, "1" + ".000" * 2_000])
def test_a_count_of_persons_that_nobody_has_is_named_beside_its_line(cast, count):
    officer = as_english(cast.client("A1", "officer"))
    text = f"Tên đơn vị\tSố người được phổ biến\nCông ty Ví Dụ\t{count}\n"
    answer = officer.post(at(cast, "body_paste"), {"text": text}, follow=True)
    assert answer.status_code == 200 and str(count)[:40] in answer.content.decode()
    assert officer.post(at(cast, "body_draft", BodyDraft.rows.get().pk)).status_code in {302, 422}
    assert not Body.rows.exclude(persons_informed=0).exists()


def test_a_list_is_pasted_previewed_taken_in_marked_and_taken_back(cast):
    officer = as_english(cast.client("A1", "officer"))
    text = "Công ty Ví Dụ;0100109106\nSai;0100109107\n<script>alert(1)</script>;;'=1+1"
    page = officer.post(at(cast, "body_paste"), {"text": text}, follow=True).content.decode()
    assert "its last digit does not fit" in page and "Import 2 lines" in page
    assert "<script>alert" not in page and not Body.rows.exists()
    officer.post(at(cast, "body_draft", BodyDraft.rows.get().pk))
    assert Body.rows.count() == 2
    marks = {"do": "inform", "channel": "zalo", "day": "05/09/2022"}
    officer.post(at(cast, "bodies") + "?tim=vi+du", marks | {"all": "1"})
    assert [b.name for b in Body.rows.exclude(informed_on=None)] == ["Công ty Ví Dụ"]
    page = officer.get(at(cast, "bodies"))
    officer.post(at(cast, "bodies"), {"do": "undo", "change": page.context["last"].pk})
    assert not Body.rows.exclude(informed_on=None).exists()
    assert officer.post(at(cast, "bodies"), marks).status_code == 302, "nothing ticked: said, not done"
    assert officer.post(at(cast, "bodies"), marks | {"day": "99/99/2022", "all": "1"}).status_code == 422


def test_the_workbook_goes_out_and_comes_back_with_marks(cast):
    officer = as_english(cast.client("A1", "officer"))
    officer.post(at(cast, "body_paste"), {"text": "Công ty Ví Dụ;0100109106;Phố Mẫu"})
    officer.post(at(cast, "body_draft", BodyDraft.rows.get().pk))
    Body.rows.update(informed_on="2022-09-05", channel="loudspeaker", persons_informed=7)
    book = officer.get(at(cast, "body_workbook")).content
    Body.rows.update(informed_on=None, channel="", persons_informed=0)
    file = SimpleUploadedFile("dia-ban.xlsx", book)
    officer.post(at(cast, "body_paste"), {"file": file})
    officer.post(at(cast, "body_draft", BodyDraft.rows.get().pk))
    body = Body.rows.get()
    assert (f"{body.informed_on}", body.channel, body.persons_informed) == ("2022-09-05", "loudspeaker", 7)
    titled = workbook_with_a_merged_title(["Công ty Khác", "0101243150"], at="A1:C1")
    officer.post(at(cast, "body_paste"), {"file": SimpleUploadedFile("a.xlsx", titled)})
    assert BodyDraft.rows.get().text.count("Công ty Khác") == 1
    merged = workbook_with_a_merged_title(["Công ty Khác", "0101243150"], at="B3:B5")
    bad = officer.post(at(cast, "body_paste"), {"file": SimpleUploadedFile("a.xlsx", merged)})
    assert bad.status_code == 422 and "Cell B3" in bad.content.decode()
    bad = officer.post(at(cast, "body_paste"), {"file": SimpleUploadedFile("a.xlsx", b"")})
    assert bad.status_code == 422 and "It needs a line of headings" in bad.content.decode()
    web = b"<html><body><table><tr><td>evil</td></tr></table></body></html>"
    bad = officer.post(at(cast, "body_paste"), {"file": SimpleUploadedFile("a.xls", web)})
    assert bad.status_code == 422 and "a web page or XML under the name" in bad.content.decode()
    bad = officer.post(at(cast, "body_paste"), {"file": SimpleUploadedFile("a.xlsx", book[:300])})
    assert bad.status_code == 422 and "damaged" in bad.content.decode()


def test_a_thousand_bodies_stay_light_and_can_all_be_marked(cast, django_assert_max_num_queries):
    officer = as_english(cast.client("A1", "officer"))
    text = "\n".join(f"Công ty Trách nhiệm hữu hạn Ví Dụ số {n};;Bản {n % 40}" for n in range(1000))
    officer.post(at(cast, "body_paste"), {"text": text})
    officer.post(at(cast, "body_draft", BodyDraft.rows.get().pk))
    with django_assert_max_num_queries(20):
        page = officer.get(at(cast, "bodies"))
    assert len(page.content) < 100_000
    officer.post(at(cast, "bodies"), {"do": "deploy", "channel": "zalo", "day": "05/09/2022", "all": "1"})
    assert known_figures(cast.nodes["A1"])["r3"] == 1000
    assert len(officer.get(at(cast, "round_sheet") + "?xem=xong").content) < 100_000


def test_the_annex_begins_with_what_is_known_and_each_number_opens_its_list(cast):
    officer = as_english(cast.client("A1", "officer"))
    officer.post(at(cast, "body_paste"), {"text": "Công ty Ví Dụ;0100109106"})
    officer.post(at(cast, "body_draft", BodyDraft.rows.get().pk))
    Body.rows.update(informed_on="2022-09-05", persons_informed=7)
    assert prefilled(cast.nodes["A1"])["r1"] == 1
    assert known_rows(cast.nodes["A1"], form_of(cast.nodes["A1"]))["r2"] == 7
    annex = officer.get(at(cast, "report")).content.decode()
    for row in ("r1", "r2", "r3"):
        assert at(cast, "known", row) in annex
        page = officer.get(at(cast, "known", row))
        assert page.status_code == 200 and at(cast, "bodies") in page.content.decode()
    assert officer.get(at(cast, "known", "r9")).status_code == 404
    reader = cast.client("A", "reader")
    assert reader.get(at(cast, "known", "r1")).status_code == 200
    assert reader.post(at(cast, "bodies"), {"do": "inform", "all": "1"}).status_code == 404


def test_one_body_is_corrected_and_a_code_of_another_unit_is_refused_by_name(cast):
    for unit, text in (("A1", "Một;0100109106"), ("B1", "Hai")):
        client = cast.client(unit, "officer")
        client.post(at(cast, "body_paste", unit=unit), {"text": text})
        client.post(at(cast, "body_draft", BodyDraft.rows.get().pk, unit=unit))
    body, client = Body.rows.get(name="Hai"), as_english(cast.client("B1", "officer"))
    url = at(cast, "body", body.pk, unit="B1")
    fields = {"name": "Hai Mới", "tax_code": "0100109106", "persons_done": "5"}
    page = client.post(url, fields)
    assert page.status_code == 422 and "More persons done" in page.content.decode()
    page = client.post(url, {"name": "Hai Mới", "tax_code": "0100109106"}).content.decode()
    assert f"counted by {cast.nodes['A1'].name} already" in page
    client.post(url, {"name": "Hai Mới", "informed_on": "05/09/2022", "persons_informed": "5"})
    assert Body.rows.get(pk=body.pk).persons_informed == 5
    assert cast.client("A1", "officer").get(url).status_code == 404
