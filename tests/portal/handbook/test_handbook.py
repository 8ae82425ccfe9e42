"""The help holds the documents for users, and each page of the portal leads to its own."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import resolve, reverse
from tools import handbook

from quetsach.portal.handbook import leading, pages
from tests.portal.every_route import of_route, routes


def reader(lang: str) -> Client:
    client = Client()
    client.cookies["django_language"] = lang
    return client


def test_the_pages_are_those_of_the_documents() -> None:
    assert handbook.PAGES.read_text(encoding="utf-8") == handbook.made(), "./dev messages writes them anew"
    shown = {path.name: path.read_bytes() for path in handbook.pictures()}
    assert {path.name: path.read_bytes() for path in handbook.PICTURES.iterdir()} == shown


def test_every_document_for_users_has_its_page_and_its_place_in_the_contents() -> None:
    there = {path.stem for path in (handbook.ROOT / "docs/vi").glob("*.md")}
    assert there == set(handbook.ENGLISH)
    assert {path.stem for path in (handbook.ROOT / "docs/en").glob("*.md")} == set(handbook.ENGLISH.values())
    assert sorted(name for _group, names in pages.GROUPS for name in names) == sorted(there)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_link_of_the_help_leads_somewhere(db, lang):
    client, seen, parts = reader(lang), {}, set()
    wanted = {reverse("handbook")}
    while wanted - seen.keys():
        address = min(wanted - seen.keys())
        answer = client.get(address)
        assert answer.status_code == 200, address
        seen[address] = answer.content.decode()
        if not address.startswith("/tro-giup/"):
            continue
        main = re.search(r"<main.*</main>", seen[address], re.S)[0]
        links = [urljoin(address, href) for href in re.findall(r'href="([^"]*)"', main)]
        wanted |= {link.partition("#")[0] for link in links if link.startswith("/")}
        parts |= {tuple(link.split("#")) for link in links if "#" in link}
    assert len(seen) > 15
    assert len(parts) > 30
    assert {(at, part) for at, part in parts if f'id="{part}"' not in seen[at]} == set()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_pictures_of_the_help_are_there(db, lang):
    page = reader(lang).get(reverse("handbook_page", args=["can-bo-tong-hop"])).content.decode()
    pictures = re.findall(r'<img src="/static/([^"]*)" alt="([^"]*)"', page)
    assert len(pictures) == 3
    assert all(finders.find(name) and alt for name, alt in pictures)


def test_a_search_needs_no_marks_and_leads_to_the_part(db):
    found = reader("vi").get(reverse("handbook"), {"tim": "dem nguoi"}).content.decode()
    assert '<a href="/tro-giup/chien-dich/#count-people">' in found
    assert 'id="count-people"' in reader("vi").get("/tro-giup/chien-dich/").content.decode()
    nothing = reader("en").get(reverse("handbook"), {"tim": "<b>zebra</b>"}).content.decode()
    assert "No section of the help mentions “&lt;b&gt;zebra&lt;/b&gt;”" in nothing
    assert reader("en").get("/tro-giup/khong-co/").status_code == 404


def test_every_page_of_the_portal_has_a_page_of_the_help(things):
    names = {name for name, _keys in routes()}
    assert set(leading.BY_ROUTE) - names == set()
    places = {*leading.BY_ROUTE.values(), *leading.BY_APP.values(), "can-bo-xa", "can-bo-tong-hop"}
    lost = {place for place in places - {leading.EQUIPMENT} if not pages.is_there(*place.split("#"))}
    assert lost == set()
    without = set()
    for name, keys in routes():
        if not name or name.startswith("handbook"):
            continue
        url = reverse(name, kwargs={key: of_route(things, name, key) for key in keys})
        module = resolve(url).func.__module__
        if leading.help_for(resolve(url)) == reverse("handbook"):
            without.add(module.split(".")[2])
    # The pages of the equipment are themselves pages of the documents.
    assert without <= {"kit", "i18n", "equipment"}


def test_the_head_of_a_page_leads_to_its_help(cast):
    page = cast.client("A", "coordinator").get(reverse("progress", args=["lam-sach"])).content.decode()
    assert 'href="/tro-giup/can-bo-tong-hop/#chase"' in page
    today = {
        unit: cast.client(unit, role).get(reverse("today", args=["lam-sach"])).content.decode()
        for unit, role in (("A", "coordinator"), ("A1", "officer"), ("B", "reader"))
    }
    assert 'href="/tro-giup/can-bo-tong-hop/"' in today["A"]
    assert 'href="/tro-giup/can-bo-xa/"' in today["A1"]
    assert 'href="/tro-giup/chien-dich/"' in today["B"]
    assert 'href="/tro-giup/kiem-tra-may/"' in Client().get(reverse("self_check")).content.decode()
