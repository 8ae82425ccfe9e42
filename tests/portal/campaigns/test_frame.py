"""One frame for all pages of work: the menu with its open work, the person's name, the way to the help."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.cascade.actions import acknowledge, publish
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.reports.actions import submit
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

OUTSIDE = ("units", "staff", "staff_trail", "campaign_list", "campaign_new", "my_account", "mfa_index",
           "usersessions_list", "account_change_password", "erasure_requests", "handbook")  # fmt: skip


def menu(page: str) -> list[tuple[str, str]]:
    """Address and words of each link of the menu."""
    nav = re.search(r'<nav class="nav".*?</nav>', page, re.S)
    assert nav
    links = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', nav[0], re.S)
    return [(address, re.sub(r"<[^>]*>", " ", words).split("  ")[0].strip()) for address, words in links]


def text(client, route, *args) -> str:
    answer = client.get(reverse(route, args=args), follow=True)
    assert answer.status_code == 200, route
    return answer.content.decode()


@pytest.mark.parametrize("unit", ["centre", "A"])
def test_pages_of_no_campaign_have_the_menu_of_the_campaign(cast, unit):
    client = cast.client(unit, "coordinator")
    today = text(client, "today", "lam-sach")
    for route in OUTSIDE:
        if "campaign" in route and unit == "A":
            continue  # only for units that issue campaigns
        page = text(client, route)
        assert menu(page) == menu(today), route
        assert f'<li aria-current="true">Đơn vị {unit}</li>' in page, route
        assert 'class="due"' in page, route
        assert f'href="{reverse("my_account")}"' in page and f">coordinator-{unit.lower()}</a>" in page, route


def test_the_menu_is_of_the_campaign_that_was_looked_at_last(cast):
    old = Campaign.objects.create(
        slug="nam-truoc", issuer=cast.units["centre"], title="x", due_at=timezone.now() + timedelta(days=3)
    )
    publish(old, cast.user("centre", "coordinator"))
    client = cast.client("A", "coordinator")
    assert text(client, "units").count("/cd/nam-truoc/") > 3  # the newest, before any was chosen
    text(client, "today", "lam-sach")
    page = text(client, "units")
    assert "/cd/lam-sach/" in page and "/cd/nam-truoc/" not in page


def test_a_person_outside_every_campaign_has_the_pages_of_the_portal(cast):
    Campaign.objects.update(status=Campaign.Status.DRAFT)
    links = [address for address, _words in menu(text(cast.client("centre", "coordinator"), "units"))]
    assert links == [reverse(route) for route in ("registers", "units", "staff", "campaign_list")]
    own = [a for a, _ in menu(text(cast.client("A1", "officer"), "units"))]
    assert own == [reverse("registers"), reverse("units")]


def test_the_numbers_in_the_menu_are_those_of_their_pages(cast, tmp_path):
    listed = publish_list(cast, tmp_path)
    rows = [sighting(address, noon(2)) for address in ("10.1.1.5", "10.1.1.6", "10.1.2.7")]
    body = document(rows, [coverage(noon(3), noon(1))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A"], Sender(Scan.Door.UPLOAD, user=cast.user("A", "it")))
    officer = cast.user("A1", "officer")
    acknowledge(cast.nodes["A1"], officer)
    figures = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}
    submit(officer, cast.nodes["A1"], figures, 0, uuid4())

    def numbers(unit, role="coordinator"):
        page = text(cast.client(unit, role), "letter", "lam-sach")
        return dict(
            re.findall(
                r'<a href="/cd/lam-sach/([a-z-]+)/[^"]*"[^>]*>[^<]*<span class="n" title="([^"]*)"', page
            )
        )

    assert numbers("A") == {
        "may": "3 máy có dấu hiệu mà chưa được xử lý",
        "tong-hop": "1 báo cáo chờ tiếp nhận",
    }
    assert "3 máy có dấu hiệu" in text(cast.client("A", "coordinator"), "cases", "lam-sach")
    assert numbers("A1") == {"may": "2 máy có dấu hiệu mà chưa được xử lý"}
    assert numbers("B") == {}
    assert numbers("A", "reader") == {}, "nobody is asked for work that is not theirs"
    assert numbers("centre") == {"may": "3 máy có dấu hiệu mà chưa được xử lý"}, "A's reports wait for A"
    # On the page of another unit the menu still speaks of the person's own.
    other = cast.client("A", "coordinator").get(
        reverse("progress_node", args=["lam-sach", cast.nodes["A1"].pk])
    )
    assert "3 máy có dấu hiệu mà chưa được xử lý" in other.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_laptop_shows_the_whole_menu_and_the_first_task(window, cast):
    cast.user("centre", "coordinator")
    page = window("coordinator-centre")
    page.set_viewport_size({"width": 1366, "height": 768})
    for route in ("today", "people", "indicators", "join_codes", "units"):
        args = {"units": [], "people": ["lam-sach", cast.nodes["centre"].pk]}.get(route, ["lam-sach"])
        page.goto(reverse(route, args=args))
        nav = page.locator(".nav")
        assert nav.evaluate("one => one.getBoundingClientRect().bottom <= innerHeight"), route
        assert nav.evaluate("one => one.scrollHeight <= one.clientHeight + 1"), route
        here = page.locator(".nav a[aria-current=page]")
        assert here.is_visible(), f"{route}: the group of the open page is open"
        assert here.evaluate("one => one.getBoundingClientRect().height") == 36
    page.goto(reverse("today", args=["lam-sach"]))
    assert page.locator("main .task").first.evaluate("one => one.getBoundingClientRect().bottom") < 768
    # By the keyboard alone: a folded group opens, and its links are the next stops.
    group = page.locator(".nav-group > summary").nth(1)
    group.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == reverse(
        "indicators", args=["lam-sach"]
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_finger_has_room_and_all_links_behind_more(chromium, live_server, cast):
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    client = cast.client("centre", "coordinator")
    context.add_cookies(
        [{"name": key, "value": jar.value, "url": live_server.url} for key, jar in client.cookies.items()]
    )
    page = context.new_page()
    page.goto(reverse("today", args=["lam-sach"]))
    page.locator(".nav-more > summary").tap()
    links = page.locator(".nav a")
    assert links.count() == len(menu(page.content()))
    for link in links.all():
        assert link.is_visible()
        assert link.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_on_paper_the_menu_is_gone_and_the_address_stands(window, cast):
    cast.user("centre", "coordinator")
    page = window("coordinator-centre")
    page.goto(reverse("progress", args=["lam-sach"]))
    page.emulate_media(media="print")
    assert not page.locator(".nav").is_visible() and not page.locator(".tools").is_visible()
    assert page.locator(".printed-from").is_visible()
    assert page.locator(".printed-from").inner_text().endswith(reverse("progress", args=["lam-sach"]))
    page.emulate_media(media="screen")
    assert not page.locator(".printed-from").is_visible()
