"""A file of reports that was taken back is handed in again: what it tells is as old as its first telling."""

import re
from datetime import timedelta
from io import BytesIO

import lxml.html
import pytest

from quetsach.portal.cases.models import Case, VictimFile
from tests.portal.cases.test_reports_taken_back import LATER, WHY, back, handled
from tests.portal.cases.test_victims import SINKHOLE, bring, sinkhole
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon

__all__ = ["bring"]


@pytest.mark.parametrize("sign", ["the same", "of another file", "another"])
@pytest.mark.parametrize("is_proven", [True, False])
def test_the_clock_goes_on_where_the_first_telling_of_a_return_began_it(cast, bring, sign, is_proven):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    handled(cast, is_proven=is_proven)
    told = sinkhole(("10.1.1.5", noon(4), "qakbot"))
    file = bring(told, LATER).file
    Case.rows.update(clock_at=noon(25))
    for _ in range(2):
        back(cast, file)
        again = {
            "the same": told,
            "of another file": told + b"\n",
            "another": sinkhole(("10.1.1.5", noon(2), "qakbot")),
        }
        if is_proven and sign == "another":
            Case.rows.update(quiet_until=noon(1))
        file = bring(again[sign], LATER).file
        case = Case.rows.get()
        assert (case.state, case.relapses) == ("assigned", 1)
        assert (noon(25) <= case.clock_at < noon(25) + timedelta(minutes=5)) == (sign != "another")


@pytest.mark.parametrize("is_same", [True, False])
def test_an_infection_after_the_proof_that_is_told_again_is_the_same_case_with_its_clock(
    cast, bring, is_same
):
    """Nobody had handled it, and nobody has said that it is a false alarm. What another file tells is new."""
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    handled(cast)
    told = sinkhole(("10.1.1.5", noon(1), "qakbot"))
    file = bring(told, LATER).file
    Case.rows.filter(episode=2).update(opened_at=noon(25))
    case = Case.rows.get(episode=2)
    back(cast, file)
    data = told if is_same else told + b"\n"
    client, upload = cast.client("A", "it"), BytesIO(data)
    upload.name = LATER
    url = client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url
    assert client.get(url).context["preview"].forecast.returned == is_same
    client.post(url, {"do": "take"})
    again = Case.rows.get(is_current=True)
    assert (again.pk == case.pk, again.state, Case.rows.count()) == (is_same, case.state, 2 if is_same else 3)
    if is_same:
        assert noon(25) <= again.clock_at < noon(25) + timedelta(minutes=5)


def test_the_pages_of_a_file_that_counts_again_point_at_each_other(cast, bring):
    data, url = sinkhole(("10.1.1.5", noon(3), "qakbot")), "/cd/lam-sach/nan-nhan/"
    first = bring(data).file
    bring(data, unit="B")
    back(cast, first)
    client = cast.client("A", "it")
    page = client.get(f"{url}{first.pk}/")
    gone = text_of(page)
    assert "Điều gì chỉ tệp này nêu thì không còn tính" in gone and "tính trở lại" not in gone
    second = bring(data).file
    page = client.get(f"{url}{first.pk}/")
    assert "Chính tệp này đã được nộp lại" in text_of(page) and "và được tính trở lại" in text_of(page)
    assert "không còn tính" not in text_of(page) and links(page, url) == {str(second.pk)}
    page = client.get(f"{url}{second.pk}/")
    assert "được tính trở lại ở trang này" in text_of(page)
    assert links(page, url) == {str(first.pk), f"{second.pk}/rut"}
    listed = client.get(url)
    assert text_of(listed).count("tính trở lại từ") == 1 and WHY not in text_of(listed)
    # Taken back once more: nothing of it counts, on both pages.
    back(cast, second)
    for file in (first, second):
        page = client.get(f"{url}{file.pk}/")
        assert "Điều gì chỉ tệp này nêu thì không còn tính" in text_of(page) and not links(page, url)
    assert "tính trở lại từ" not in text_of(client.get(url))


def links(answer, url):
    """The pages of files to which a page leads."""
    found = lxml.html.fromstring(answer.content).xpath("//main//a/@href")
    return {one.removeprefix(url).rstrip("/") for one in found if re.match(f"{url}[0-9a-f]+-", one)}


def test_what_was_handled_when_its_file_went_is_told_before_it_goes_and_before_it_comes_again(cast, bring):
    told = sinkhole(("10.1.1.3", noon(9), "qakbot"), ("10.1.1.4", noon(9), "qakbot"))
    file = bring(told).file
    handled(cast, "10.1.1.3", is_proven=False)
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(f"/cd/lam-sach/nan-nhan/{file.pk}/rut/"))
    assert "2 open cases rest on this file alone. 1 of them is recorded as handled" in page
    back(cast, file)
    upload = BytesIO(told)
    upload.name = SINKHOLE
    url = client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url
    page = text_of(client.get(url))
    for end in ("would be open again, as it was then.", "would count as handled again, as it was then."):
        assert (
            f"1 case that was closed only because a file was taken back, or a list withdrawn, {end}" in page
        )
    assert "Look at the times" not in page
    client.post(url, {"do": "take"})
    assert dict(Case.rows.values_list("device__key", "state")) == {
        "10.1.1.3": "claimed_clean", "10.1.1.4": "assigned",
    }  # fmt: skip
    # A file that comes and goes points at its latest withdrawal alone.
    back(cast, VictimFile.rows.get(gone_at=None))
    last = bring(told).file
    assert (
        text_of(client.get(f"/cd/lam-sach/nan-nhan/{last.pk}/")).count("It counts again by this page.") == 1
    )
