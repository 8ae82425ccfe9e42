"""Signs came back only by an address that the list named by mistake: what was before holds again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.histories import turns
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.cases.withdrawing import actions as following
from quetsach.portal.indicators import queries as lists
from tests.portal.cases.test_reports_taken_back import LATER, back, facts, figures, handled, reasons
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.cases.test_withdrawing import WHY, publish_again, scan, versions, withdraw
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import taken
from tests.portal.scan_document import noon, sighting

__all__ = ["bring", "scan", "versions", "withdraw"]
ADDRESS = "10.1.1.5"


def case():
    return Case.rows.select_related("device__owner").get(device__key=ADDRESS)


def back_by_list(cast, scan, *, is_proven=True, first="evil.example"):
    """A machine that was handled, and proven quiet until three days ago; then an entry of version 2 alone saw
    it again. Returns what its case was before."""
    scan(sighting(ADDRESS, noon(9), indicator=first))
    before = facts(handled(cast, is_proven=is_proven))
    scan(sighting(ADDRESS, noon(4), indicator="busy.example", source="log-2"))
    assert (case().state, case().relapses) == ("assigned", 1)
    return before


def but_times(fields):
    """What the logs showed is kept, so lines and the time of the latest sign stay."""
    return {name: value for name, value in fields.items() if name not in ("count", "last_seen")}


@pytest.mark.parametrize("is_proven", [True, False])
def test_the_case_is_as_it_was_before(cast, scan, versions, withdraw, is_proven):
    scan(sighting(ADDRESS, noon(9)))
    before = facts(handled(cast, is_proven=is_proven))
    counted, turned = figures(cast), turns(cast.nodes["A"])
    scan(sighting(ADDRESS, noon(4), indicator="busy.example", source="log-2"))
    taken(cast, "A1")
    assert (figures(cast)["relapsed"], turns(cast.nodes["A"])["relapsed"]) == (1, 1)
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    look = text_of(client.get(reverse("indicator_withdraw", args=["lam-sach", versions[1].pk])))
    assert "1 case is as it was before, with its handling and its proof: only this version" in look
    assert "0 open cases rest on addresses" in look and "0 cases have another reason too" in look
    said = text_of(withdraw(versions[1], client=client))
    assert "0 cases were closed. 1 case is as it was before the list told of it." in said
    assert but_times(facts(case())) == but_times(before)
    assert (figures(cast), turns(cast.nodes["A"])) == (counted, turned)
    officer = cast.client("A1", "officer")
    officer.cookies["django_language"] = "en"
    page = text_of(officer.get(reverse("case", args=["lam-sach", case().pk])))
    assert "Taken back: “Sign seen again after handling”" in page and WHY in page
    assert "Version 2 of the list was withdrawn." in page and "signs again" not in page
    assert reasons(cast) == {"recalled": 1}


@pytest.mark.parametrize("is_proven", [True, False])
def test_the_list_in_use_again_tells_the_sign_again(cast, scan, versions, withdraw, is_proven):
    before = back_by_list(cast, scan, is_proven=is_proven)
    Case.rows.update(clock_at=noon(25))
    withdraw(versions[1])
    assert case().state == before["state"]
    publish_again(cast, versions[1])
    assert (case().state, case().relapses, case().claimed_at) == ("assigned", 1, None)
    assert noon(25) <= case().clock_at < noon(25) + timedelta(minutes=5), "its clocks go on"
    withdraw(lists.current(cast.campaign))
    assert case().state == before["state"]


@pytest.mark.parametrize("reason", ["work", "a log", "a report"])
def test_what_somebody_did_or_something_else_shows_stays(cast, scan, versions, withdraw, bring, reason):
    back_by_list(cast, scan)
    if reason == "work":
        cases.start_cleaning(case(), cast.user("A1", "it"))
    elif reason == "a report":
        bring(sinkhole((ADDRESS, noon(5), "ramnit")), LATER)
    else:
        scan(sighting(ADDRESS, noon(5), source="log-3"))
    url = reverse("indicator_withdraw", args=["lam-sach", versions[1].pk])
    look = text_of(cast.client("centre", "coordinator").get(url))
    assert ("đã có người xử lý tiếp" in look) == (reason == "work")
    withdraw(versions[1])
    assert case().state == ("cleaning" if reason == "work" else "assigned")


@pytest.mark.parametrize("is_proven", [True, False])
def test_where_the_list_told_the_first_sign_too(cast, scan, versions, withdraw, is_proven):
    """Proven clean stays so; where nothing was proven, and nothing is left, it was a false alarm."""
    before = back_by_list(cast, scan, is_proven=is_proven, first="busy.example")
    url = reverse("indicator_withdraw", args=["lam-sach", versions[1].pk])
    look = text_of(cast.client("centre", "coordinator").get(url))
    assert (f"{1 - is_proven} hồ sơ máy đang mở chỉ dựa" in look) and ("như trước" in look) == is_proven
    said = text_of(withdraw(versions[1]))
    assert f"Đã đóng {1 - is_proven} hồ sơ" in said and ("như trước" in said) == is_proven, "as the page told"
    assert case().state == ("verified_clean" if is_proven else "false_positive")
    publish_again(cast, versions[1])
    assert (case().state, case().claimed_at) == ("assigned", None), before


@pytest.mark.parametrize("is_list_first", [True, False])
def test_a_list_and_a_file_that_tell_the_same_return(cast, scan, versions, withdraw, bring, is_list_first):
    back_by_list(cast, scan)
    file = bring(sinkhole((ADDRESS, noon(5), "ramnit")), LATER).file
    for is_list in (is_list_first, not is_list_first):
        assert case().state == "assigned"
        withdraw(versions[1]) if is_list else back(cast, file)
    assert case().state == "verified_clean"


def test_the_page_tells_the_proof_again(cast, scan, versions, withdraw):
    """The event of the proof tells its hours; what was taken back since does not hide it."""
    scan(sighting(ADDRESS, noon(9)))
    handled(cast)
    told = {"place": "fw", "since": noon(7).isoformat(), "expected": 40, "covered": 39, "seen_days": 4}
    event = case().events.get(act="verify")
    event.data |= told
    event.save()
    scan(sighting(ADDRESS, noon(4), indicator="busy.example", source="log-2"))
    withdraw(versions[1])
    client = cast.client("A1", "officer")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("case", args=["lam-sach", case().pk])))
    assert "the machine was expected in 40 hours, and in 39 of them the place was up" in page


def test_a_run_that_died_is_finished_by_the_next(cast, scan, versions, withdraw, monkeypatch):
    before = back_by_list(cast, scan)

    def dies(*_given, **_named):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(following, "undo_signs", dies)
        withdraw(versions[1])
    assert case().state == "assigned"
    pull_sightings(cast.campaign)
    assert case().state == before["state"]
    at = timezone.now()
    pull_sightings(cast.campaign)
    assert not case().events.filter(at__gte=at).exists()
