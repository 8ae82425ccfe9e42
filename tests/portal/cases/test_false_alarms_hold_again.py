"""Evidence that opened a false alarm of people again was none: the false alarm holds, as before."""

from datetime import timedelta

import pytest
from django.urls import reverse

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases import noting_actions
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.cases.victims import queries
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.models import IndicatorSet
from tests.portal.cases.test_relapse_of_a_withdrawn_list import but_times
from tests.portal.cases.test_reports_taken_back import LATER, WHY, back, facts
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.cases.test_withdrawing import publish_again, scan, versions, withdraw
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["bring", "scan", "versions", "withdraw"]
ADDRESS = "10.1.1.5"


def case():
    return Case.rows.select_related("device__owner").get(device__key=ADDRESS)


@pytest.fixture
def dismissed(cast, scan, versions):
    """A case that was handled, and then called a false alarm by two people."""
    IndicatorSet.rows.update(published_at=noon(40))
    scan(sighting(ADDRESS, noon(9)))
    it = cast.user("A1", "it")
    cases.claim_clean(case(), it, done="scan", done_at=noon(8))
    alarm = alarms.propose(case(), it, FalseAlarm.Scope.CASE, "Máy của đoàn kiểm tra, đã hỏi.")
    alarms.agree(alarm, cast.user("centre", "coordinator"))
    return facts(case())


@pytest.mark.parametrize("reason", ["", "known", "known by mistake", "work", "a log"])
def test_a_file_that_is_taken_back(cast, bring, scan, dismissed, reason):
    said = FalseAlarm.rows.values().get()
    told = sinkhole((ADDRESS, noon(4), "ramnit"))
    file = bring(told, LATER).file
    assert case().state == "assigned" and case().claimed_at is None
    if reason.startswith("known"):  # who knows of a case has not worked on it
        noting_actions.acknowledge(case(), cast.user("A1", "it"))
        if reason == "known by mistake":
            take_back_last(case(), cast.user("A1", "it"))
    elif reason == "work":
        cases.start_cleaning(case(), cast.user("A1", "it"))
    elif reason == "a log":
        scan(sighting(ADDRESS, noon(4), indicator="busy.example", source="log-2"))
    holds = not reason or reason.startswith("known")
    worked = reason == "work"
    assert queries.resting_on(file) == queries.Resting(
        reports=1, others=not holds, dismissed=holds, kept=worked
    )
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"
    url = f"/cd/lam-sach/nan-nhan/{file.pk}/rut/"
    line = "1 case is the false alarm again on which two people agreed: only this file opened it again."
    assert (line in text_of(client.get(url))) == holds
    stays = "it stays open, because somebody has worked on it since"
    assert (stays in text_of(client.get(url))) == worked
    if not holds:
        back(cast, file)
        assert case().state == ("cleaning" if reason == "work" else "assigned")
        return
    assert "1 case is as it was before the file." in text_of(client.post(url, {"reason": WHY}, follow=True))
    assert but_times(facts(case())) == but_times(dismissed) and FalseAlarm.rows.values().get() == said
    page = text_of(client.get(f"/cd/lam-sach/may/{case().pk}/"))
    assert "A false alarm: the signs have another reason." in page and f"{LATER} was taken back." in page
    # The same file once more opens it again, and its clock goes on.
    bring(told, LATER)
    first = case()
    assert first.state == "assigned"
    Case.rows.filter(pk=first.pk).update(clock_at=noon(25))
    back(cast, file_of_now())
    bring(told, LATER)
    assert case().state == "assigned" and noon(25) <= case().clock_at < noon(25) + timedelta(minutes=5)
    # People may take the false alarm back, as ever.
    back(cast, file_of_now())
    assert alarms.take_back(FalseAlarm.rows.get(), cast.user("A1", "it"), "Địa chỉ thật sự độc hại.") == 1
    assert case().state == "claimed_clean"


def file_of_now():
    return case().reports.get().file


@pytest.mark.parametrize("how", ["an address", "its end", "another place"])
def test_a_version_of_the_list_that_is_withdrawn(cast, scan, versions, withdraw, dismissed, how):
    """It told another sign, or the false alarm ended with it. A sign at another place stays one."""
    if how == "its end":
        IndicatorSet.rows.filter(pk=versions[1].pk).update(published_at=noon(5))
        Case.rows.update(dismissed_at=noon(6))
        FalseAlarm.rows.update(decided_at=noon(6))
        dismissed = facts(case())
        scan(sighting(ADDRESS, noon(4)))
    else:
        scan(sighting(ADDRESS, noon(4), indicator="busy.example"))
        if how == "another place":
            scan(sighting(ADDRESS, noon(4), source="log-2"), unit="A")
    assert case().state == "assigned"
    if how == "an address":
        noting_actions.acknowledge(case(), cast.user("A1", "it"))
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    look = text_of(client.get(reverse("indicator_withdraw", args=["lam-sach", versions[1].pk])))
    holds = how != "another place"
    line = "1 case is the false alarm again on which two people agreed: only this version opened it again."
    assert (line in look) == holds and ("0 cases have another reason too" in look) == holds
    said = text_of(withdraw(versions[1], client=client))
    assert ("0 cases were closed. 1 case is as it was before" in said) == holds
    if not holds:
        assert case().state == "assigned"
        return
    assert but_times(facts(case())) == but_times(dismissed)
    if how == "an address":
        publish_again(cast, versions[1])
        assert (case().state, case().events.last().act) == ("assigned", "evidence")
        Case.rows.update(clock_at=noon(25))
        withdraw(lists.current(cast.campaign))
        assert case().state == "false_positive"
        publish_again(cast, versions[1])
        assert case().state == "assigned" and noon(25) <= case().clock_at < noon(25) + timedelta(minutes=5)
