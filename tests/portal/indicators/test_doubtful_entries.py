"""Doubtful entries of a draft: a group has a rule of its own, and a person decides with a reason."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from quetsach.indicators import reading
from quetsach.portal.audit.models import Entry as Trail
from quetsach.portal.indicators import store
from quetsach.portal.indicators.doubtful import actions, queries
from quetsach.portal.indicators.models import Decision, IndicatorSet

PAGE = "/cd/lam-sach/chi-dau/"
MANY = ("google.com", "windowsupdate.com", "khonggianmang.vn", "93.184.220.29", "portal.example.vn")
CUSTOMERS = tuple(f"c{n}.pages.dev" for n in range(60))
LIST = "\n".join(("indicator,type,family", *(f"{one},,ramnit" for one in (*MANY, *CUSTOMERS)), "evil.vn,,x",
                  "12.34.56.78,,x", "45.77.10.11,ipv4,"))  # fmt: skip


@pytest.fixture
def client(cast, settings):
    settings.SITE_ADDRESS = "https://portal.example.vn"
    client = cast.client("centre", "coordinator")
    client.post(PAGE, {"lists": [SimpleUploadedFile("list.csv", LIST.encode())]})
    return client


def row():
    return IndicatorSet.rows.get()


def door(group):
    return reverse("indicator_doubts", args=["lam-sach", row().pk, group])


def key(spelling):
    (entry,) = (one for one in queries.entries(row()) if one.spelling == spelling)
    return entry.key


def listed():
    """What the stored list holds, and whether its numbers say the same as the list itself."""
    draft = row()
    lines = store.place(draft.sha256).read_text().splitlines()
    spellings = [line.partition("\t")[0] for line in lines]
    again = reading.read_text("\n".join(spellings)).indicators
    assert (draft.count, draft.set_id) == (len(lines), again.id)
    assert sum(draft.kinds.values()) == draft.count and spellings == sorted(spellings)
    return set(spellings)


def downloaded(name):
    return b"".join(Client().get(f"/danh-sach/lam-sach/{name}").streaming_content).decode()


def test_each_group_does_what_it_says_before_anybody_decides(client):
    assert row().groups == {"many": [0, 5], "placeholder": [0, 1], "rented": [60, 0]}
    assert listed() == {*CUSTOMERS, "evil.vn", "45.77.10.11"}
    page = client.get(reverse("indicator_draft", args=["lam-sach", row().pk])).content.decode()
    assert "Nhiều người dùng" in page and "không bao giờ, kể cả khi được giữ" in page


def test_what_many_use_is_kept_one_by_one_with_a_reason_and_is_never_blocked(client):
    draft = row()
    answer = client.post(door("many"), {"verb": "keep", "entry": key("google.com"), "reason": ""})
    assert answer.status_code == 422 and "google.com" not in listed()
    client.post(
        door("many"), {"verb": "keep", "entry": key("google.com"), "reason": "tìm máy gọi lệnh qua đó"}
    )
    assert listed() == {*CUSTOMERS, "evil.vn", "45.77.10.11", "google.com"}
    assert row().groups["many"] == [1, 4]
    for entry in ("", "0" * 64):
        client.post(door("many"), {"verb": "keep", "entry": entry, "reason": "tất cả cùng một lý do"})
    assert row().groups["many"] == [1, 4], "never the whole group"
    trail = Trail.objects.get(action="indicators.keep")
    assert trail.data["entry"] == "google.com" and trail.data["reason"] == "tìm máy gọi lệnh qua đó"
    client.post(reverse("indicator_draft", args=["lam-sach", draft.pk]), {"verb": "publish"})
    assert "google.com" in downloaded("v1.csv") and "google.com" in downloaded("v1.txt")
    for name in ("hosts", "rpz", "unbound", "domain-list.txt", "adblock", "dnsmasq"):
        text = downloaded(f"v1.{name}")
        assert "google" not in text and "evil.vn" in text, name
        assert "*.c1.pages.dev" not in text and "||c1.pages.dev" not in text, name
    assert "0.0.0.0 c1.pages.dev\n" in downloaded("v1.hosts")
    assert "93.184.220.29" not in downloaded("v1.ip-list.txt")
    shown = client.get(door("many")).content.decode()
    assert "tìm máy gọi lệnh qua đó" in shown and 'value="keep"' not in shown, "a version never changes"


def test_a_large_group_takes_one_reason_and_single_ones_are_changed(client):
    client.post(door("rented"), {"verb": "leave", "reason": "nguồn này hay nhầm"})
    assert listed() == {"evil.vn", "45.77.10.11"} and row().groups["rented"] == [0, 60]
    client.post(door("rented"), {"verb": "keep", "entry": key("c7.pages.dev"), "reason": "đã kiểm chứng"})
    assert listed() == {"evil.vn", "45.77.10.11", "c7.pages.dev"}
    client.post(door("rented"), {"verb": "undo"})
    assert listed() == {*CUSTOMERS, "evil.vn", "45.77.10.11"}
    client.post(door("rented"), {"verb": "undo", "entry": key("c7.pages.dev")})
    assert not Decision.rows.exists() and row().groups["rented"] == [60, 0]


def test_entries_of_several_files_are_decided_alike(client):
    """The list keeps the number of the file of each entry."""
    files = [LIST, LIST.replace("\nc", "\nd"), "indicator\nz1.pages.dev\nz2.pages.dev\n"]
    uploads = [SimpleUploadedFile(f"{n}.csv", text.encode()) for n, text in enumerate(files)]
    client.post(PAGE, {"lists": uploads})
    before = listed()
    assert {"c7.pages.dev", "d7.pages.dev", "z1.pages.dev"} < before
    client.post(door("rented"), {"verb": "keep", "entry": key("z1.pages.dev"), "reason": "đã kiểm chứng"})
    assert listed() == before
    client.post(door("rented"), {"verb": "leave", "reason": "nguồn này hay nhầm"})
    assert listed() == {one for one in before if not one.endswith("pages.dev")} | {"z1.pages.dev"}
    client.post(door("rented"), {"verb": "undo"})
    assert listed() == before
    numbers = {
        line.split("\t")[0]: line.split("\t")[3]
        for line in store.place(row().sha256).read_text().splitlines()
    }
    assert (numbers["c7.pages.dev"], numbers["d7.pages.dev"], numbers["z1.pages.dev"]) == ("0", "1", "2")


def test_a_small_group_takes_no_single_reason(client):
    client.post(door("placeholder"), {"verb": "keep", "reason": "tất cả cùng một lý do"})
    assert row().groups["placeholder"] == [0, 1]
    with pytest.raises(actions.SinglyError):
        answer = actions.Answer(queries.Group.PLACEHOLDER, None, True, "x")
        actions.decide(row(), answer, row().created_by)


def test_two_decisions_at_one_moment_are_not_mixed(client):
    seen = row()
    client.post(door("many"), {"verb": "keep", "entry": key("google.com"), "reason": "lý do thứ nhất"})
    entry = next(one for one in queries.entries(seen) if one.spelling == "khonggianmang.vn")
    with pytest.raises(actions.DraftChangedError):
        actions.decide(seen, actions.Answer(queries.Group.MANY, entry, True, "second"), seen.created_by)
    assert listed() >= {"google.com"} and "khonggianmang.vn" not in listed()


def test_a_long_group_is_searched_and_turned_page_by_page(client):
    first = client.get(door("rented")).content.decode()
    second = client.get(door("rented") + "?trang=2").content.decode()
    shown = [re.findall(r"<code>(c\d+\.pages\.dev)</code>", page) for page in (first, second)]
    assert [len(one) for one in shown] == [50, 10] and {*shown[0], *shown[1]} == set(CUSTOMERS)
    found = client.get(door("rented") + "?tim=C59").content.decode()
    assert re.findall(r"<code>(.*?)</code>", found) == ["c59.pages.dev"]
    assert "Không có địa chỉ nào khớp" in client.get(door("rented") + "?tim=nothing").content.decode()


def test_nobody_else_sees_or_decides(client, cast):
    address, entry = door("many"), key("google.com")
    for other in (Client(), cast.client("A1", "officer"), cast.client("A", "coordinator")):
        other.raise_request_exception = False
        assert other.get(address).status_code in (302, 404)
        answer = {"verb": "keep", "entry": entry, "reason": "không được phép"}
        assert other.post(address, answer).status_code in (302, 404)
    assert not Decision.rows.exists()


def test_a_decision_leaves_no_older_list_behind(client, django_capture_on_commit_callbacks):
    written = []
    for name in ("google.com", "windowsupdate.com", "khonggianmang.vn"):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(door("many"), {"verb": "keep", "entry": key(name), "reason": "giữ để tìm"})
        written.append(row().sha256)
    assert [store.place(one).exists() for one in written] == [False, False, True]


def searched(client, text, row_=None):
    page = client.get(reverse("indicator_entries", args=["lam-sach", (row_ or row()).pk]), {"tim": text})
    return page.content.decode()


def test_the_search_says_what_was_left_out_and_why_and_what_was_kept(client):
    client.post(
        door("many"), {"verb": "keep", "entry": key("google.com"), "reason": "tìm máy gọi lệnh qua đó"}
    )
    client.post(door("rented"), {"verb": "leave", "entry": key("c7.pages.dev"), "reason": "trang của trường"})
    for text in ("windowsupdate.com", "hxxp://WINDOWSUPDATE[.]com/", "download.windowsupdate.com"):
        page = searched(client, text)
        assert (
            'id="bi-loai"' in page and "Nhiều người dùng: " in page and '<div class="note is-ok">' not in page
        )
    assert "Địa chỉ ghi tạm: " in searched(client, "12.34.56.78")
    kept = searched(client, "google.com")
    assert "được giữ, không có trong dạng dùng để chặn" in kept and "tìm máy gọi lệnh qua đó" in kept
    assert 'id="bi-loai"' not in kept
    left = searched(client, "c7.pages.dev")
    assert 'id="bi-loai"' in left and "trang của trường" in left
    assert "chặn đúng tên đó" in searched(client, "c8.pages.dev")
    assert 'id="bi-loai"' not in searched(client, "evil.vn") and "bi-loai" not in searched(client, "khac.vn")


def test_others_learn_what_was_left_out_but_not_who_decided(cast, client):
    client.post(
        door("many"), {"verb": "keep", "entry": key("google.com"), "reason": "tìm máy gọi lệnh qua đó"}
    )
    client.post(reverse("indicator_draft", args=["lam-sach", row().pk]), {"verb": "publish"})
    public = reverse("indicator_search", args=["lam-sach"])
    inner = reverse("indicator_entries", args=["lam-sach", row().pk])
    for reader, url in ((Client(), public), (cast.client("A1", "officer"), inner)):
        kept = reader.get(url, {"tim": "google.com"}).content.decode()
        assert "được giữ, không có trong dạng dùng để chặn" in kept and "tìm máy gọi lệnh" not in kept
        assert "Nhiều người dùng: " in reader.get(url, {"tim": "93.184.220.29"}).content.decode()


def test_a_version_published_again_is_judged_by_what_the_rails_know_today(client):
    """An older version may hold what was not guarded then: its forms that block are written without it."""
    draft = row()
    lines = store.place(draft.sha256).read_bytes().splitlines(keepends=True)
    lines = sorted([*lines, b"www.google.com/?\turl\t\t0\n"], key=lambda line: line.partition(b"\t")[0])
    IndicatorSet.rows.filter(pk=draft.pk).update(sha256=store.keep(lines)[0], again_of=1, count=len(lines))
    client.post(reverse("indicator_draft", args=["lam-sach", draft.pk]), {"verb": "publish"})
    assert "www.google.com" in downloaded("v1.txt") and "www.google.com" not in downloaded("v1.url-list.txt")
