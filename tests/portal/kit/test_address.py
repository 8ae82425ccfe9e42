"""Paper, QR codes and messages carry QUETSACH_ADDRESS, whatever name a browser used, and never a guess."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from quetsach.portal.env import env_address
from quetsach.portal.kit.qr import page_qr
from quetsach.portal.people.actions import count_by_marks
from tests.portal.every_route import of_route, routes

OURS = "https://quetsach.example.gov.vn"
FORGED = "another.example"
PORT = "61667"
_ALONE = re.compile(rf"(?<![0-9a-fA-F]){PORT}(?![0-9a-fA-F])")
"""Not within an id, a checksum or a place in a PDF, which have these digits by chance."""


@pytest.fixture(autouse=True)
def _two_names(settings):
    settings.ALLOWED_HOSTS = ["testserver", FORGED, "127.0.0.1"]


def papers(cast, host):
    """The pages from which somebody prints, copies or sends an address, as a browser with that host sees
    them."""
    campaign, node = cast.campaign.slug, cast.nodes["A"]
    count_by_marks(node, "informed", cast.user("A", "officer"))
    officer, coordinator = cast.client("A", "officer"), cast.client("A", "coordinator")
    asked = [
        (officer, "mark_sheet", [campaign, node.pk, "informed"]),
        (officer, "letter", [campaign]),
        (coordinator, "progress", [campaign]),
        (coordinator, "reminders", [campaign]),
    ]
    pages = {
        name: client.get(reverse(name, args=args), headers={"host": host}).content.decode()
        for client, name, args in asked
    }
    units = [str(cast.nodes[name].pk) for name in ("A1", "A2")]
    slips = coordinator.post(reverse("join_codes", args=[campaign]), {"unit": units}, headers={"host": host})
    return {**pages, "slips": slips.content.decode()}


def test_paper_and_messages_carry_the_portals_own_address(cast, settings):
    settings.SITE_ADDRESS = OURS
    told = papers(cast, FORGED)
    assert not [name for name, page in told.items() if FORGED in page]
    assert all(OURS in told[name] for name in ("mark_sheet", "letter", "slips"))
    assert told["slips"].count('class="qr"') == 2 and 'class="qr"' in told["mark_sheet"]


@pytest.mark.parametrize("unset", ["", "http://localhost:8000", "http://127.0.0.1:8000"])
def test_without_an_address_there_is_a_gap_and_the_pages_say_who_closes_it(cast, settings, unset):
    settings.SITE_ADDRESS = unset
    told = papers(cast, "127.0.0.1")
    for name in ("mark_sheet", "letter", "slips"):
        assert "[địa chỉ của cổng]" in told[name] and "QUETSACH_ADDRESS" in told[name], name
        assert 'class="qr"' not in told[name]
    for name, page in told.items():
        assert not re.search(r"127\.0\.0\.1|localhost|testserver", page.partition("<main")[2]), name
    assert page_qr("/ma/") == ""


def test_commands_that_the_reader_copies_work_without_an_address(cast, settings):
    page = reverse("equipment_page", args=["mikrotik"])
    for address, expected in ((OURS, OURS), ("", f"http://{FORGED}")):
        settings.SITE_ADDRESS = address
        assert f"--push {expected}/ " in Client().get(page, headers={"host": FORGED}).content.decode()


@pytest.mark.parametrize("is_demo", [False, True])
def test_no_page_repeats_the_port_that_the_sender_of_a_request_named(
    cast, things, settings, quick_pages, is_demo
):
    settings.SITE_ADDRESS, settings.DEMO = (OURS if is_demo else ""), is_demo
    repeated, read = set(), 0
    for client in (Client(), cast.client("A1", "officer"), cast.client("centre", "coordinator")):
        client.raise_request_exception = False
        for name, keys in routes():
            url = reverse(name, kwargs={key: of_route(things, name, key) for key in keys})
            answer = client.get(url, headers={"host": f"testserver:{PORT}"})
            read += 1
            if _ALONE.search(str(dict(answer.headers))) or _ALONE.search(b"".join(answer).decode("latin-1")):
                repeated.add(url)
    assert read > 200 and repeated == set()


def test_the_port_on_which_the_server_listens_is_named(cast, settings):
    settings.SITE_ADDRESS = ""
    page = reverse("equipment_page", args=["mikrotik"])
    for host, shown in ((f"testserver:{PORT}", "testserver:8443"), ("testserver", "testserver")):
        answer = Client().get(page, headers={"host": host}, SERVER_PORT="8443")
        assert f"--push http://{shown}/ " in answer.content.decode()


def test_who_runs_the_portal_is_told_on_the_page_of_staff_and_others_are_not(cast, settings):
    told = {}
    for address in (OURS, ""):
        settings.SITE_ADDRESS = address
        for unit in ("centre", "A"):
            page = cast.client(unit, "coordinator").get(reverse("staff")).content.decode()
            told[address, unit] = "QUETSACH_ADDRESS" in page
    assert told == {(OURS, "centre"): False, (OURS, "A"): False, ("", "centre"): True, ("", "A"): False}


@pytest.mark.parametrize(
    "wrong",
    ["quetsach.example", "ftp://quetsach.example", "https://", "https://a.example/cong", "https://a:x"],
)
def test_an_address_that_is_none_stops_the_start(monkeypatch, wrong):
    monkeypatch.setenv("QUETSACH_ADDRESS", wrong)
    with pytest.raises(ImproperlyConfigured, match="QUETSACH_ADDRESS"):
        env_address("QUETSACH_ADDRESS")
    monkeypatch.setenv("QUETSACH_ADDRESS", f"{OURS}/")
    assert env_address("QUETSACH_ADDRESS") == f"{OURS}/"
