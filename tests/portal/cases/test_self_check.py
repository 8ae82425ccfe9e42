"""The self-check reassures nobody by logs that never held the visitor's network, and always leads on."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.self_check.views import CHECKS
from quetsach.portal.cases.victims import actions as victims
from quetsach.portal.kit import visits
from quetsach.portal.kit.models import Visit
from quetsach.portal.machines.actions import withdraw
from quetsach.portal.machines.addresses.actions import say
from quetsach.portal.machines.uploads.actions import follow
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.units.networks import Network
from quetsach.victims import reading
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

HOME, OFFICE = "203.0.113.77", "10.1.1.77"


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


def take(cast, unit, listed, spans, rows=(), *, errors=(), known=True):
    """A scan of the unit, as its IT person uploads it; `spans` are pairs of days ago."""
    sources = [
        coverage(noon(first), noon(last), source=f"log-{number}", errors=errors)
        for number, (first, last) in enumerate(spans, 1)
    ]
    body = document(list(rows), sources, set_id=listed.set_id if known else "0" * 64)
    receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))


def check(address, language="en"):
    visitor = Client(REMOTE_ADDR=address)
    visitor.cookies["django_language"] = language
    answer = visitor.get("/tu-kiem-tra/")
    return answer.content.decode().partition("<main")[2]


def verdict(page):
    return re.search(r'class="(?:verdict|empty) ?([\w-]*)', page)[1]


def spans_of(page):
    return re.findall(r"\d\d/\d\d/\d{4} – \d\d/\d\d/\d{4}", page)


def span(first, last):
    return f"{noon(first):%d/%m/%Y} – {noon(last):%d/%m/%Y}"


def test_logs_of_a_superior_say_nothing_about_a_network_below(cast, listed):
    """The district scans its own gateway; nobody said that the commune's lines pass it."""
    take(cast, "A", listed, [(6, 4)])
    assert verdict(check(OFFICE)) == "is-unsure"
    take(cast, "A1", listed, [(6, 4)])
    page = check(OFFICE)
    assert verdict(page) == "is-none" and spans_of(page)[0] == span(6, 4)


def test_not_seen_names_the_days_of_the_logs_and_not_the_gap_between_them(cast, listed):
    take(cast, "A1", listed, [(9, 8), (3, 2)])
    assert spans_of(check(OFFICE))[:2] == [span(9, 8), span(3, 2)]


def test_where_two_units_share_a_range_only_the_days_of_both_count(cast, listed):
    Network.rows.create(unit=cast.units["B1"], cidr="10.1.1.0/24")
    take(cast, "A1", listed, [(9, 5)])
    assert verdict(check(OFFICE)) == "is-unsure"
    take(cast, "B1", listed, [(7, 2)])
    assert spans_of(check(OFFICE))[0] == span(7, 5)
    Network.rows.create(unit=cast.units["A2"], cidr="10.1.1.0/25")
    take(cast, "A2", listed, [(3, 2)])
    assert verdict(check(OFFICE)) == "is-unsure", "no day is in the logs of all three"


def test_the_lowest_unit_has_the_machine(cast, listed):
    """The district's wide range holds the commune's: the district's logs do not speak for it."""
    Network.rows.create(unit=cast.units["A"], cidr="10.0.0.0/8")
    take(cast, "A", listed, [(6, 4)])
    assert verdict(check(OFFICE)) == "is-unsure"
    assert verdict(check("10.99.0.1")) == "is-none"


@pytest.mark.parametrize(
    "how",
    [
        {"spans": [(40, 20)]},
        {"spans": [(6, 4)], "errors": ["read_error"]},
        {"spans": [(6, 4)], "known": False},
    ],
    ids=["before the days asked about", "with an error", "with another list"],
)
def test_a_source_that_proves_nothing_reassures_nobody(cast, listed, how):
    take(cast, "A1", listed, **how)
    page = check(OFFICE)
    assert verdict(page) == "is-unsure" and "no complete log of this network" in page


def test_logs_compared_with_another_list_show_no_machine_to_be_without_a_sign(cast, listed):
    """The list of machines has the same trap as the self-check."""
    officer, page = cast.client("A1", "officer"), f"/cd/lam-sach/may/?don-vi={cast.nodes['A1'].pk}"
    officer.cookies["django_language"] = "en"
    take(cast, "A1", listed, [(6, 4)], known=False)
    assert "Nobody knows yet" in officer.get(page).content.decode()
    take(cast, "A1", listed, [(3, 2)])
    assert "the logs looked at show no sign" in officer.get(page).content.decode()


def test_a_campaign_without_logs_of_the_network_is_not_named_beside_not_seen(cast, listed):
    other = Campaign.objects.create(
        slug="rieng", issuer=cast.units["A"], title="Chiến dịch riêng của A",
        due_at=timezone.now() + timedelta(days=5),
    )  # fmt: skip
    publish(other, cast.user("A", "coordinator"))
    take(cast, "A1", listed, [(6, 4)])
    page = check(OFFICE)
    assert verdict(page) == "is-none"
    assert cast.campaign.title in page and other.title not in page


def test_a_network_behind_a_translation_is_found_also_with_an_open_case_of_long_ago(cast, listed):
    rows = [sighting("10.1.1.5", noon(30), identity={"nat": f"{HOME}:40112"})]
    take(cast, "A1", listed, [(31, 29)], rows)
    assert verdict(check(HOME)) == "is-bad" and f"{noon(30):%d/%m/%Y}" in check(HOME)
    Case.rows.update(state="verified_clean")
    assert verdict(check(HOME)) == "is-unsure"


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("verified_clean", "scan"),
        ("false_positive", ""),
        ("claimed_clean", "replace"),
        ("rechecked", "retire"),
    ],
)
def test_signs_that_the_office_dealt_with_accuse_nobody(cast, listed, state, done):
    take(cast, "A1", listed, [(9, 4)], [sighting(OFFICE, noon(8)), sighting(OFFICE, noon(5), family="mirai")])
    first = Case.rows.get(family="ramnit")
    Case.rows.filter(pk=first.pk).update(state=state, done=done)
    assert verdict(check(OFFICE)) == "is-bad", "the other case is open"
    Case.rows.update(state=state, done=done)
    page = check(OFFICE)
    assert verdict(page) == "is-none" and "Stop working" not in page
    assert f"{noon(5):%d/%m/%Y}" in page and "has dealt with" in page
    for secret in ("Đơn vị A1", "ramnit", "mirai", "evil.example"):
        assert secret not in page
    Case.rows.update(state="claimed_clean", done="scan")
    assert "in front of you" in check(OFFICE), "a claim alone proves nothing"


def test_behind_an_address_that_asks_for_others_nobody_is_told_to_stop_working(cast, listed):
    take(cast, "A1", listed, [(6, 4)], [sighting(OFFICE, noon(5))])
    officer = cast.user("A1", "officer")
    with CaptureQueriesContext(connection) as before:
        assert "in front of you" in check(OFFICE)
    said = say(cast.units["A1"], OFFICE, "proxy", officer)
    with CaptureQueriesContext(connection) as after:
        page = check(OFFICE)
    assert verdict(page) == "is-bad" and "many machines stand behind this address" in page
    assert "in front of you" not in page and "Stop working" not in page
    assert len(after) <= len(before)
    withdraw(said, officer, cast.units["A1"])
    follow(cast.units["A1"])
    assert "in front of you" in check(OFFICE)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("address", [HOME, OFFICE, "10.1.1.5"])
def test_every_answer_leads_on_to_the_tools_and_to_a_person(cast, listed, address, language):
    cast.campaign.contact = {"name": "Chị Hoa", "phone": "0900 000 100"}
    cast.campaign.save()
    take(cast, "A1", listed, [(6, 4)], [sighting("10.1.1.5", noon(5))])
    page = check(address, language)
    assert 'href="/cong-cu/"' in page and 'href="tel:0900000100"' in page and "Chị Hoa" in page
    assert page.count("btn-main") == (verdict(page) != "is-bad")
    assert len(re.findall(r"<li><h3>", page)) >= 3


def test_a_contact_of_two_campaigns_stands_once(cast):
    office, answers = {"name": "Chị Hoa", "phone": "0900 000 100"}, []
    cast.campaign.contact = office
    cast.campaign.save()
    other = Campaign.objects.create(
        slug="hai", issuer=cast.campaign.issuer, title="Chiến dịch hai", contact=office,
        due_at=timezone.now() + timedelta(days=5),
    )  # fmt: skip
    publish(other, cast.user("centre", "coordinator"))
    for phone in (office["phone"], "0900 000 200"):
        Campaign.objects.filter(pk=other.pk).update(contact=office | {"phone": phone})
        answers.append(check(HOME).count("Chị Hoa"))
    assert answers == [1, 2], "two numbers of one person are two contacts"


def test_the_page_is_kept_nowhere_and_a_visit_writes_nothing(cast, listed):
    take(cast, "A1", listed, [(6, 4)])
    visitor = Client(REMOTE_ADDR=OFFICE)
    visitor.get("/tu-kiem-tra/")
    with CaptureQueriesContext(connection) as asked:
        answer = visitor.get("/tu-kiem-tra/")
    assert "no-store" in answer["Cache-Control"] and len(answer.content) <= 20_000
    assert all(one["sql"].startswith("SELECT") for one in asked.captured_queries)


def test_one_loop_does_not_keep_others_out(cast, listed):
    codes = [Client(REMOTE_ADDR=HOME).get("/tu-kiem-tra/").status_code for _ in range(CHECKS.most + 1)]
    assert codes[-2:] == [200, 429]
    assert Client(REMOTE_ADDR=OFFICE).get("/tu-kiem-tra/").status_code == 200


def test_the_page_tells_of_browser_and_system_and_asks_for_the_hint(cast):
    visitor = Client(REMOTE_ADDR=HOME)
    visitor.cookies["django_language"] = "en"
    old = visitor.get(
        "/tu-kiem-tra/", headers={"user-agent": "Mozilla/5.0 (Windows NT 6.1) Chrome/109.0.0.0"}
    )
    page = old.content.decode()
    assert "Windows 7" in page and "14/01/2020" in page and "Chrome 109" in page
    assert old["Accept-CH"] == "Sec-CH-UA-Platform-Version"
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/158.0.0.0 Safari/537.36"
    either = visitor.get("/tu-kiem-tra/", headers={"user-agent": agent}).content.decode()
    assert "winver" in either and "Look again" in either and "24H2" in either
    hinted = {"user-agent": agent, "sec-ch-ua-platform-version": '"10.0.0"'}
    assert "14/10/2025" in visitor.get("/tu-kiem-tra/", headers=hinted).content.decode()


def test_a_visitor_of_a_listed_network_can_tell_the_office(cast, listed):
    cast.units["A1"].contact_phone = "0212 345 678"
    cast.units["A1"].contact_email = "tin-hoc@a1.example"
    cast.units["A1"].save()
    take(cast, "A1", listed, [(6, 4)], [sighting(OFFICE, noon(5))])
    page = check(OFFICE)
    assert "ramnit" in page and "Ramnit copies itself" in page
    assert 'href="tel:0212345678"' in page and 'href="mailto:tin-hoc@a1.example"' in page
    assert OFFICE in page.partition("data-copy")[2].partition("</p>")[0]
    assert "Đơn vị A1" not in page
    Network.rows.create(unit=cast.units["B1"], cidr="10.1.1.0/24")
    assert "0212345678" not in check(OFFICE), "the office is not known where two have the range"


def test_visits_are_counted_by_day_and_office_without_an_address(cast, listed):
    for _ in range(6):
        check(OFFICE)
    for _ in range(2):
        check("10.1.2.9")
    check(HOME)
    visits.COUNTS.write()
    rows = {(row.unit, row.count) for row in Visit._base_manager.all()}
    assert rows == {(cast.units["A1"].pk.hex, 6), (cast.units["A2"].pk.hex, 2), ("", 1)}
    page = reverse("self_check_visits", args=["lam-sach"])
    told = text_of(cast.client("centre", "coordinator").get(page))
    assert "Đơn vị A1 6" in told and "Đơn vị A2 <5" in told and "Đơn vị B1" not in told
    for unit, role in (("A", "coordinator"), ("centre", "officer"), ("A1", "officer")):
        assert cast.client(unit, role).get(page).status_code == 404, (unit, role)


@pytest.mark.parametrize("reported", [True, False])
def test_the_public_address_of_an_office_gets_the_advice_for_an_office(cast, listed, reported):
    """By a report of others, and by logs that name the address before the network."""
    if reported:
        at, name = timezone.now() - timedelta(hours=5), "2026-11-27-event4_sinkhole-vn.csv"
        data = f"timestamp,src_ip,src_port,infection\n{at:%Y-%m-%d %H:%M:%S},{HOME},50111,mirai\n".encode()
        told = victims.zone_told("", None)
        file = reading.opened(name, BytesIO(data), told)
        person = cast.user("A", "it")
        victims.accept(victims.keep_draft(cast.nodes["A"], person, name, data, file, told), person)
    else:
        rows = [sighting("10.1.1.5", noon(5), identity={"nat": f"{HOME}:40112"})]
        take(cast, "A1", listed, [(6, 4)], rows)
    home = check(HOME)
    assert "neighbours" in home
    Network.rows.create(unit=cast.units["A1"], cidr=f"{HOME}/32")
    office = check(HOME)
    assert "neighbours" not in office and "tell the IT person of your office" in office
    assert "Tell my office" in office and "Look around" not in office
    assert "many homes" in home and "many homes" not in office
    if reported:
        assert "a machine behind your address was reported" in office
        assert "is on the list; last sign" not in office, "nobody looked at a list"
