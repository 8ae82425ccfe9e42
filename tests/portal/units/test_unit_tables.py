"""A table in the portal: previewed, applied whole, refused if the tree has changed; out and in again."""

import csv
import io
import re

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.units.models import ReorgEvent, Unit, UnitImport
from quetsach.portal.units.reorg_actions import rename
from quetsach.portal.units.tables import plan_of
from quetsach.units.table import read_table

HEAD = "Mã hệ thống,Tên đơn vị,Loại,Thuộc đơn vị,Điện thoại,Mã định danh\n"


def upload(client, unit, data, name="t.csv"):
    client.cookies["django_language"] = "en"
    file = SimpleUploadedFile(name, data if isinstance(data, bytes) else data.encode())
    return client.post(reverse("unit_upload", args=[unit.pk]), {"table": file}, follow=True)


def apply(client, **data):
    kept = UnitImport.rows.get(applied_at=None)
    url = reverse("unit_import", args=[kept.pk])
    return client.post(url, {"on": "01/07/2026", "legal_basis": "NQ 1", **data}, follow=True)


def test_preview_then_apply(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    a1, a2 = cast.units["A1"], cast.units["A2"]
    rows = (
        f"{a1.pk},Xã Một,UBND cấp xã,Đơn vị A,0213 896 123,H35.1\n"
        f"{a2.pk},Đơn vị A2,UBND cấp xã,Xã Ba,,\n"
        ",Xã Ba,UBND cấp xã,Đơn vị A,'+84 912 345 678,\n,Trường Xã Ba,Trường học,Xã Ba,,\n"
    )
    before = list(Unit.rows.values_list("pk", "name", "path"))
    text = upload(client, top, HEAD + rows).content.decode()
    assert list(Unit.rows.values_list("pk", "name", "path")) == before, "nothing yet"
    assert "Is this what should change?" in text and "Đơn vị A1" in text and "Xã Một" in text
    answer = apply(client)
    assert "Applied: 2 new, 1 changed, 1 moved." in answer.content.decode()
    a1.refresh_from_db()
    a2.refresh_from_db()
    assert (a1.name, a1.contact_phone, a1.identifiers.get().value) == ("Xã Một", "0213 896 123", "H35.1")
    school = Unit.rows.get(name="Trường Xã Ba")
    assert (a2.parent, school.parent.contact_phone) == (school.parent, "+84 912 345 678")
    assert school.path == school.parent.path + school.path[-13:] and school.parent.path.startswith(top.path)
    assert a1.versions.get().name == "Đơn vị A1"
    last = Entry.objects.order_by("-pk").first()
    assert (last.action, last.data["new"], last.data["moved"]) == ("unit.import", 2, 1)
    kinds = ReorgEvent.rows.values_list("kind", flat=True)
    assert sorted(kinds) == ["found", "move", "rename"]
    assert "coordinator-a" in client.get(reverse("unit", args=[a1.pk])).content.decode()


def test_what_a_table_changed_is_taken_back_from_where_it_was_applied(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    a1, a2 = cast.units["A1"], cast.units["A2"]
    rows = f"{a1.pk},Xã Một,,,,\n{a2.pk},Đơn vị A2,,Xã Một,,\n,Trường Hai,Trường học,Xã Một,,\n"
    rows += ",Trường Ba,Trường học,Xã Một,,\n"
    before = list(Unit.rows.order_by("pk").values_list("pk", "name", "path"))
    upload(client, top, HEAD + rows)
    page = apply(client).content.decode()
    told = page[page.index('id="hom-nay"') : page.index("</main>")]
    for words in ("Founded</b>: Trường Ba and 1 more unit", "Renamed</b>: Xã Một", "Moved</b>: Đơn vị A2"):
        assert words in told
    here = reverse("unit", args=[top.pk]) + "?hom-nay=1"
    reader = cast.client("A", "reader").get(here).content.decode()
    assert 'id="hom-nay"' not in reader
    for url in re.findall(r'action="([^"]+hoan-tac/)"', told):
        client.post(url)
    alive = Unit.rows.filter(retired_at=None).order_by("pk")
    assert list(alive.values_list("pk", "name", "path")) == before
    assert "Nothing below has changed today." in client.get(here).content.decode()


def test_problems_name_their_cells_and_nothing_is_written(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    other = cast.units["B1"]
    rows = f"{other.pk},Của người khác,,,,\n,Xã Ba,vua,,gọi,\n"
    text = upload(client, top, HEAD + rows).content.decode()
    for place in ("Cell A2", "Cell C3", "Cell E3"):
        assert place in text
    assert apply(client).status_code == 422
    assert not Unit.rows.filter(name="Xã Ba").exists()
    other.refresh_from_db()
    assert other.name == "Đơn vị B1"


def test_a_tree_that_changed_meanwhile_refuses(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    upload(client, top, HEAD + ",Xã Ba,,,,\n")
    rename(None, cast.units["A2"], name="Xã Hai", on=cast.units["A2"].created_at.date())
    answer = apply(client)
    assert answer.status_code == 422 and "The tree was changed after the preview" in answer.content.decode()
    assert not Unit.rows.filter(name="Xã Ba").exists()


def test_one_failure_leaves_nothing_half_done(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    a1 = cast.units["A1"]
    upload(client, top, HEAD + f",Xã Ba,,,,\n{a1.pk},Xã Một,,,,\n")
    answer = apply(client, on="01/07/2040")
    assert "The day is in the future" in answer.content.decode()
    assert not Unit.rows.filter(name__in=["Xã Ba", "Xã Một"]).exists()
    assert not ReorgEvent.rows.exists()


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_out_and_in_again_changes_nothing(cast, form):
    client, top = cast.client("centre", "coordinator"), cast.units["centre"]
    body = client.get(reverse("unit_table", args=[top.pk, form])).content
    assert len(read_table("t", body).rows) == 5
    text = upload(client, top, body, f"t.{form}").content.decode()
    assert "There is nothing to apply" in text


def test_the_table_is_theirs_alone(cast):
    upload(cast.client("A", "coordinator"), cast.units["A"], HEAD + ",Xã Ba,,,,\n")
    kept = UnitImport.rows.get()
    url = reverse("unit_import", args=[kept.pk])
    for unit, role in (("centre", "coordinator"), ("B", "coordinator"), ("A", "officer")):
        assert cast.client(unit, role).get(url).status_code == 404
    rows = cast.client("A", "reader").get(reverse("unit_table", args=[cast.units["A"].pk, "csv"]))
    assert "Đơn vị B1" not in rows.content.decode("utf-8-sig")
    assert (
        cast.client("A", "reader").get(reverse("unit_table", args=[cast.units["B"].pk, "csv"])).status_code
        == 404
    )


def test_refusals_are_precise_in_vietnamese(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]

    def says(data, name="t.xlsx"):
        file = SimpleUploadedFile(name, data)
        answer = client.post(reverse("unit_upload", args=[top.pk]), {"table": file})
        assert answer.status_code == 422
        return answer.content.decode()

    many = ("Tên đơn vị\n" + "Xã A\n" * 100_000).encode()
    assert "Tệp có 100.001 dòng; mỗi lần nhập nhiều nhất 20.000 dòng." in says(many, "t.csv")
    assert "Tệp bị hỏng hoặc bị cắt cụt" in says(b"PK\x03\x04nothing")
    assert "Đây là tệp Excel cũ (.xls)" in says(b"\xd0\xcf\x11\xe0" * 9, "t.xls")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Tên đơn vị", "Thuộc đơn vị"])
        sheet.write_formula("A2", '="Xã"', None, "Xã")
        sheet.merge_range("B2:B3", "Đơn vị A")
    file = SimpleUploadedFile("t.xlsx", out.getvalue())
    answer = client.post(reverse("unit_upload", args=[top.pk]), {"table": file}, follow=True).content.decode()
    assert "Ô A2: là công thức. Hãy sao chép cột rồi dán dạng giá trị." in answer
    assert "Ô B2: bị gộp với ô khác (B2:B3)" in answer


def test_names_that_nearly_match_are_offered_and_taken_over(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    rename(cast.user("A", "coordinator"), cast.units["A1"], on=timezone.localdate(), name="Xã Phong Thổ")
    rows = ",Phong Tho,UBND cấp xã,Đơn vị A,,\n,Trường,Trường học,phong thô,,\n,Trạm,Trạm y tế,Xã Lạ,,\n"
    text = upload(client, top, HEAD + rows).content.decode()
    assert "Do you mean one of these?" in text and "Xã Phong Thổ / Đơn vị A" in text
    kept = UnitImport.rows.get(applied_at=None)
    url = reverse("unit_import", args=[kept.pk])
    way = re.search(r'<option value="(Xã Phong Thổ / Đơn vị A[^"]*)"', text)[1]
    posted = {"act": "names", "text-0": "phong thô", "superior-0": way}
    text = client.post(url, posted, follow=True).content.decode()
    assert "1 name is taken over." in text and "phong thô" not in text
    same = re.findall(r'name="same" value="(\d+)"', text)
    text = client.post(url, {"act": "names", "same": same}, follow=True).content.decode()
    kept.refresh_from_db()
    plan = plan_of(kept)
    assert [new.cells["name"] for new in plan.new] == ["Trường"]
    assert plan.new[0].parent == str(cast.units["A1"].pk)
    assert [(p.row, p.code) for p in plan.problems] == [(4, "no_parent")]
    assert cast.units["A1"].name not in [c.name for c in plan.changed]


def test_the_table_as_csv_speaks_the_language_of_its_page_and_is_read_again(cast):
    client, top = cast.client("centre", "coordinator"), cast.units["centre"]
    heads, kinds = {}, {}
    for language in ("vi", "en"):
        client.cookies["django_language"] = language
        body = client.get(reverse("unit_table", args=[top.pk, "csv"])).content
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        heads[language], kinds[language] = rows[0][1:4], {row[2] for row in rows[1:]}
        assert "There is nothing to apply" in upload(client, top, body).content.decode()
    assert heads == {
        "vi": ["Tên đơn vị", "Loại", "Thuộc đơn vị"],
        "en": ["Name of the unit", "Kind of unit", "Superior unit"],
    }
    assert not kinds["vi"] & kinds["en"]
