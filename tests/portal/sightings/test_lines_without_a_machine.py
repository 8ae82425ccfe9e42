"""Lines that name a listed address and no machine: no page says "none" while there are such lines."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from quetsach.portal.reports.assessment import facts, sentences
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Coverage, Scan, Sighting
from quetsach.portal.sightings.queries import nameless, tally
from quetsach.portal.units.actions import issue_token
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

LINE = "the operator saw 10.1.1.9 open evil.example <b>today</b> \u202e"
OFFICE = "10.1.1.77"


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


def take(cast, listed, *, rows=(), lines=0, kept=(), source="log-1", size=100):
    """A scan of the commune with that many lines which no format reads."""
    seen = coverage(noon(6), noon(4), source=source, not_understood=lines, unattributed=list(kept))
    seen["bytes"] = size
    body = document(list(rows), [seen], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    return Scan.rows.order_by("-accepted_at").first()


def page(cast, path, who=("A1", "it"), language="en"):
    client = cast.client(*who)
    client.cookies["django_language"] = language
    answer = client.get(path)
    assert answer.status_code == 200
    return answer


def machines(cast):
    return text_of(page(cast, f"/cd/lam-sach/may/?don-vi={cast.nodes['A1'].pk}"))


def logs(cast):
    return text_of(page(cast, f"/cd/lam-sach/nhat-ky/?don-vi={cast.nodes['A1'].pk}"))


def self_check():
    visitor = Client(REMOTE_ADDR=OFFICE)
    visitor.cookies["django_language"] = "en"
    return text_of(visitor.get("/tu-kiem-tra/"))


def test_the_page_of_the_scan_shows_the_lines_and_never_none(cast, listed):
    scan = take(cast, listed, lines=3, kept=[LINE, "10.1.1.8 bad.example"])
    answer = page(cast, f"/cd/lam-sach/nhat-ky/{scan.pk}/")
    html, text = answer.content.decode(), text_of(answer)
    assert "3 lines name a listed address and no machine could be tied to them." in text
    assert "the operator saw 10.1.1.9 open evil.example <b>today</b> \\u{202e}" in text
    assert "<b>today" not in html and "\u202e" not in html
    assert "No machine with a sign." not in text
    vi = text_of(page(cast, f"/cd/lam-sach/nhat-ky/{scan.pk}/", language="vi"))
    assert "3 dòng nêu địa chỉ trong danh sách nhưng chưa xác định được là của máy nào." in vi


def test_a_scanner_that_sends_no_lines_is_told_what_to_do(cast, listed):
    seen = coverage(noon(6), noon(4), not_understood=2)
    assert "unattributed" not in seen
    body = document([], [seen], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    scan = Scan.rows.get()
    assert "did not send the lines themselves" in text_of(page(cast, f"/cd/lam-sach/nhat-ky/{scan.pk}/"))


@pytest.mark.parametrize("kind", ["not understood", "no device"])
def test_no_page_says_none_while_a_machine_may_be_behind_a_line(cast, listed, kind):
    take(cast, listed)
    assert "the logs looked at show no sign" in machines(cast)
    assert "It was not seen" in self_check()
    if kind == "not understood":
        take(cast, listed, lines=1, kept=[LINE], source="log-2")
    else:
        take(cast, listed, rows=[sighting(None, noon(5), source="log-2")], source="log-2")
    text = machines(cast)
    assert "Nobody can say yet: some lines name a listed address" in text
    assert "the logs looked at show no sign" not in text
    text = self_check()
    assert "Not enough to tell: the logs show a listed address" in text and "It was not seen" not in text
    found = facts.machines(facts.Scope(cast.nodes["A1"]))
    assert found.is_told
    assert sentences._found(found) == ("none tied", {})


def test_a_later_scan_that_reads_the_log_ends_it(cast, listed):
    take(cast, listed, lines=4, kept=[LINE])
    assert "Read 4 log lines that name a listed address and no machine" in text_of(
        page(cast, "/cd/lam-sach/viec-hom-nay/")
    )
    again = take(cast, listed)
    assert Coverage.rows.filter(not_understood=4).exists(), "the earlier scan keeps what it said"
    Scan.rows.filter(pk=again.pk).update(accepted_at=timezone.now() + timedelta(seconds=5))
    assert "that name a listed address and no machine" not in text_of(
        page(cast, "/cd/lam-sach/viec-hom-nay/")
    )
    assert "the logs looked at show no sign" in machines(cast)
    assert "Lines without a machine" in logs(cast)


def test_both_figures_have_words_of_their_own_and_a_link_lists_the_rows(cast, listed):
    rows = [
        sighting(None, noon(5), indicator=name, source="log-2") for name in ("evil.example", "bad.example")
    ]
    take(cast, listed, rows=[*rows, sighting("10.1.1.9", noon(5), source="log-2")], source="log-2")
    scan = take(cast, listed, rows=[sighting(None, noon(5))], lines=3, kept=[LINE] * 3)
    where = f"?don-vi={cast.nodes['A1'].pk}&amp;lan-quet={scan.pk}&amp;chua-ro-may=1"
    answer = page(cast, f"/cd/lam-sach/nhat-ky/?don-vi={cast.nodes['A1'].pk}", language="vi")
    assert where in answer.content.decode()
    shown = text_of(answer)
    assert "3 dòng không đọc được" in shown
    assert "1 dòng đọc được nhưng không nêu máy" in shown
    seen = page(cast, f"/cd/lam-sach/nhat-ky/{scan.pk}/", language="vi")
    assert where in seen.content.decode()
    assert "1 dòng đọc được nhưng không nêu máy" in text_of(seen)
    listing = page(cast, "/cd/lam-sach/luot-phat-hien/" + where.replace("&amp;", "&"), language="vi")
    assert len(listing.context["seen"]) == 1
    assert all(not row.device for row, _scan in listing.context["seen"])
    assert len(page(cast, "/cd/lam-sach/luot-phat-hien/?chua-ro-may=1").context["seen"]) == 3


def test_rows_without_a_machine_never_stand_under_none(cast, listed):
    scan = take(cast, listed, rows=[sighting(None, noon(5), count=6)])
    assert scan.coverages.get().not_understood == 0
    shown = text_of(page(cast, f"/cd/lam-sach/nhat-ky/{scan.pk}/"))
    assert "6 lines were read and name no machine" in shown
    assert page(cast, "/cd/lam-sach/nhat-ky/").context["received"] == [(scan, 6, 0)]
    assert "6 lines were read and name no machine" in text_of(page(cast, "/cd/lam-sach/luot-phat-hien/"))


def test_rows_of_a_scan_are_for_those_who_may_open_the_scan(cast, listed):
    scan = take(cast, listed, rows=[sighting(None, noon(5))])
    client = cast.client("A2", "it")
    for asked in (scan.pk, "x"):
        assert client.get(f"/cd/lam-sach/luot-phat-hien/?lan-quet={asked}").status_code == 404


def test_numbers_of_the_notes_are_grouped(cast, listed):
    scan = take(cast, listed, rows=[sighting(None, noon(5))])
    row = Sighting.rows.get()
    for n in range(1100):
        row.pk, row.key = None, f"{n:064}"
        row.save(force_insert=True)
    shown = text_of(page(cast, "/cd/lam-sach/luot-phat-hien/", language="vi"))
    assert "1.101 dòng đọc được nhưng không nêu máy" in shown
    assert "1.101 dòng" in text_of(page(cast, f"/cd/lam-sach/nhat-ky/{scan.pk}/", language="vi"))


def test_a_file_whose_hours_nobody_knows_has_no_gap_that_was_found(cast, listed):
    take(cast, listed)
    shown = text_of(page(cast, "/cd/lam-sach/nhat-ky/", language="vi"))
    assert "không thấy khoảng nào" not in shown
    assert "không ngừng quá một ngày; chưa rõ từng giờ" in shown


@pytest.mark.parametrize("told", [0, 1])
def test_a_shorter_older_copy_of_the_log_clears_nothing(cast, listed, told):
    """Its lines are among those of the longer copy: they are not told twice either."""
    take(cast, listed, lines=2, kept=[LINE, LINE], size=500)
    short = take(cast, listed, lines=told, kept=[LINE] * told, size=200)
    Scan.rows.filter(pk=short.pk).update(accepted_at=timezone.now() + timedelta(seconds=5))
    today = text_of(page(cast, "/cd/lam-sach/viec-hom-nay/"))
    assert "Read 2 log lines that name a listed address and no machine" in today
    assert "the logs looked at show no sign" not in machines(cast)
    take(cast, listed, size=600)
    assert "that name a listed address and no machine" not in text_of(
        page(cast, "/cd/lam-sach/viec-hom-nay/")
    )


def test_the_answer_to_a_push_gives_both_numbers(cast, listed, client):
    secret = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[1]
    rows = [sighting(None, noon(5), count=4), sighting("10.1.1.5", noon(5))]
    seen = coverage(noon(6), noon(4), not_understood=7, unattributed=[LINE])
    answer = client.post(
        "/api/v1/sightings",
        document(rows, [seen], set_id=listed.set_id),
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {secret}"},
    ).json()
    assert (answer["lines_without_machine"], answer["lines_not_understood"]) == (4, 7)


def test_a_document_with_more_lines_than_a_scan_keeps_is_refused(cast, listed):
    seen = coverage(noon(6), noon(4), not_understood=21, unattributed=["x"] * 21)
    body = document([], [seen], set_id=listed.set_id)
    receipt = receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert [reject.code for reject in receipt.rejected] == ["malformed"]


def test_a_row_that_was_emptied_after_its_time_is_no_row_without_a_machine(cast, listed):
    """Its machine was known; nobody may say of it that the log named none."""
    take(cast, listed, rows=[sighting("10.1.1.5", noon(5)), sighting(None, noon(5), source="log-2")])
    rows = Sighting.rows.filter(node=cast.nodes["A1"])
    assert tally(rows).without_device == nameless(Q()).count() == 1
    rows.exclude(device="").update(device="", identity={}, evidence="")
    assert tally(rows).without_device == nameless(Q()).count() == 1
