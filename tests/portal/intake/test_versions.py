"""Several annexes of one unit on the desk: other figures and last year's file wait for a person."""

from datetime import UTC, datetime, timedelta

from quetsach.portal.intake import queries
from quetsach.portal.intake.models import ReceivedAnnex
from quetsach.portal.reports.models import Report, Revision
from tests.portal.intake.test_desk import drop, figures, only, paper, press, shown_of, url

NOW = datetime.now(UTC)


def saved(days):
    return f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def take_clear(cast):
    return cast.client("A", "coordinator").post(url(cast, "A", "intake_take_clear"), follow=True)


def test_other_figures_of_one_unit_wait_unless_the_file_says_that_it_replaces(cast):
    old = paper("Đơn vị A1", ("0", "10", "0", "9"))
    new = paper("Đơn vị A1", ("0", "11", "0", "9"), saved=saved(1))
    page = drop(cast, a=old, b=new).content.decode()
    assert "không ghi là thay thế" in page and "Khác số với b.docx; chưa tính" in page
    take_clear(cast)
    assert not Revision.rows.exists()
    newest = ReceivedAnnex.rows.get(file__name="b.docx")
    press(cast, newest, "take", seen=shown_of(cast, newest))
    assert [one["rule"] for one in Revision.rows.get().warnings] == ["newer_by_time"]


def test_a_file_that_says_so_replaces_the_older_one(cast):
    old = paper("Đơn vị A1", ("0", "10", "0", "9"))
    new = paper("Đơn vị A1", ("0", "11", "0", "9"), saved=saved(1))
    page = drop(cast, a=old, **{"a sửa": new}).content.decode()
    assert "Mới hơn a.docx" in page and "Cũ hơn a sửa.docx" in page
    take_clear(cast)
    assert figures(Revision.rows.get())[1] == 11


def test_a_file_saved_before_the_campaign_is_not_clear(cast):
    page = drop(cast, a=paper("Đơn vị A1", saved=saved(-400))).content.decode()
    assert "phụ lục của đợt trước" in page
    take_clear(cast)
    assert not Revision.rows.exists()


def test_a_guess_does_not_displace_a_certain_annex_and_the_unit_can_be_chosen(cast):
    certain, guess = paper("Đơn vị A1", ("0", "10", "0", "9")), paper("", ("0", "7", "0", "7"))
    page = drop(cast, a=certain, **{"Đơn vị A1 sửa": guess}).content.decode()
    assert "Chỉ đoán là “Đơn vị A1”" in page
    stray = ReceivedAnnex.rows.get(file__name="Đơn vị A1 sửa.docx")
    assert "Chọn đơn vị của phụ lục" in press(cast, stray, "take", seen=shown_of(cast, stray))
    take_clear(cast)
    assert figures(Report.rows.get(node=cast.nodes["A1"]).accepted)[1] == 10
    press(cast, stray, "take", unit=str(cast.nodes["A2"].pk), seen=shown_of(cast, stray))
    assert figures(Report.rows.get(node=cast.nodes["A2"]).accepted)[1] == 7


def test_a_guessed_unit_can_be_changed_and_confirmed(cast):
    drop(cast, **{"Đơn vị A1": paper("", ("0", "7", "0", "7"))})
    (row,) = queries.desk(cast.nodes["A"]).counted
    page = cast.client("A", "coordinator").get(f"{url(cast)}?mo={row.annex.pk}").content.decode()
    assert f'value="{row.reading.unit.path}"' in page
    press(cast, only(), "take", unit=row.reading.unit.path, seen=shown_of(cast, only()))
    (warning,) = Revision.rows.get().warnings
    assert (warning["rule"], warning["change"]) == ("unit_from_file_blank", ["Đơn vị A1", "Đơn vị A1"])
