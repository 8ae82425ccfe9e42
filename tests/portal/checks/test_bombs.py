"""A hostile upload costs the portal no more than its bounds, and without a code nothing at all."""

import io
import random
import struct
import zipfile
import zlib
from collections import Counter

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.checks.arriving import drop
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.models import CheckResult, UploadCode
from quetsach.portal.checks.unit_actions import issue_code
from quetsach.portal.kit.refusals import counting
from tests.portal.checks.results import content

DOOR = "/api/v1/check-results"
WRONG = "2345-6789-ABCD"
MIB = 1 << 20


@pytest.fixture
def code(cast):
    cache.clear()
    return issue_code(cast.nodes["A1"], cast.user("A1", "officer"))[1]


class Unread:
    """A body that the portal must not read."""

    def __init__(self):
        self.asked = []

    def read(self, size=-1):
        self.asked.append(size)
        return b""

    readline = read


def large(url, client=None, length=100 * MIB, **more):
    """A request with a large Content-Length; returns the answer, and whether any of the body was read."""
    body = Unread()
    kind = "multipart/form-data; boundary=x"
    environ = {"wsgi.input": body, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind}
    return (client or Client()).post(url, **environ, **more), bool(body.asked)


def refused():
    found = Counter()
    for (_day, door, reason), count in counting.counted(timezone.localdate()).items():
        found[door, reason] += count
    return dict(found)


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": f"Bearer {WRONG}"}, {"Authorization": "Basic eDp5"}]
)
def test_the_machines_door_reads_nothing_without_a_code(code, header):
    answer, was_read = large(DOOR, headers=header)
    assert (answer.status_code, answer.json()["code"], was_read) == (401, "code", False)
    assert refused() == {("hand_in_api", "code"): 1}


def test_with_a_code_the_machines_door_reads(code):
    assert large(DOOR, headers={"Authorization": f"Bearer {code}"})[1]


@pytest.fixture
def kept(monkeypatch):
    """The names of files that Django begins to store."""
    found, whole = [], MemoryFileUploadHandler.new_file

    def new_file(self, field_name, file_name, *rest, **more):
        found.append(file_name)
        return whole(self, field_name, file_name, *rest, **more)

    monkeypatch.setattr(MemoryFileUploadHandler, "new_file", new_file)
    return found


def result(name="PC.json", data=None):
    return SimpleUploadedFile(name, content() if data is None else data)


def test_the_page_keeps_no_file_of_a_wrong_code(code, kept):
    answer = Client().post(reverse("hand_in"), {"code": WRONG, "results": [result(), result()]})
    assert answer.status_code == 422 and not kept
    page = answer.content.decode()
    assert "Mã này" in page and "Chọn tệp" not in page, "what is wrong is the code, not the files"
    assert Client().post(reverse("hand_in"), {"results": [result()], "code": code}).status_code == 422
    assert not kept, "a code behind the files comes too late"
    assert UploadCode.rows.get().used_at is None and not CheckResult.rows.exists()
    assert Client().post(reverse("hand_in"), {"code": code, "results": [result()]}).status_code == 200
    assert kept == ["PC.json"] and CheckResult.rows.count() == 1


def test_the_page_still_asks_for_the_token_of_its_form(code):
    client = Client(enforce_csrf_checks=True)
    fields = {"code": code, "results": [result()]}
    assert client.post(reverse("hand_in"), fields).status_code == 403
    page = client.get(reverse("hand_in")).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    answer = client.post(reverse("hand_in"), {"csrfmiddlewaretoken": token, **fields})
    assert answer.status_code == 422, "the first request let go of the files"
    fields["results"] = [result()]
    assert client.post(reverse("hand_in"), {"csrfmiddlewaretoken": token, **fields}).status_code == 200


def test_nobody_is_heard_of_more_than_the_bound(code, cast, settings):
    settings.MAX_UPLOAD_BYTES = 50 * MIB
    for url in ("/api/v1/sightings", DOOR, "/api/v1/indicators"):
        answer, was_read = large(url, headers={"Authorization": f"Bearer {code}"})
        assert (answer.status_code, was_read) == (413, False)
        assert answer.json()["code"] == "too_large" and "50" in answer.json()["reason"]
    officer = cast.client("A1", "officer")
    for url in (reverse("hand_in"), reverse("account_login"), reverse("checks", args=["lam-sach"])):
        answer, was_read = large(url, officer)
        assert (answer.status_code, was_read) == (413, False)
    assert sum(refused().values()) == 6


def test_only_doors_for_files_take_files_from_strangers(code, cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    for name in ("account_login", "self_check", "privacy", "my_account"):
        answer, was_read = large(reverse(name), length=3000)
        assert (answer.status_code, was_read) == (404, False), name
    assert "đăng xuất" in large(reverse("checks", args=["lam-sach"]), length=3000)[0].content.decode()
    padded = content().replace(b"{", b"{" + b" " * 3000, 1)
    mine = {"results": [result(data=padded)]}
    assert cast.client("A1", "officer").post(reverse("checks", args=["lam-sach"]), mine).status_code == 302
    theirs = {"code": code, "results": [result(data=padded)]}
    assert Client().post(reverse("hand_in"), theirs).status_code == 200


def archive(*members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, data in members:
            made.writestr(name, data)
    return stream.getvalue()


def told(*files):
    found = [
        one.problem.code if one.problem else "read"
        for one in dropped([SimpleUploadedFile(name, data) for name, data in files])
    ]
    return Counter(found), found[-1:]


def test_what_is_too_large_to_be_a_result_counts_as_well(monkeypatch):
    monkeypatch.setattr(drop, "MOST_UNPACKED", 10 * MIB)
    bomb = archive(*[(f"{n}.json", bytes(5 * MIB)) for n in range(12)])
    assert len(bomb) < 100_000
    assert told(("a.zip", bomb)) == ({"too_large": 2, "too_many": 1}, ["too_many"])


def test_entries_that_break_at_their_end_count_as_well(monkeypatch):
    monkeypatch.setattr(drop, "MOST_UNPACKED", 8 * MIB)
    bomb = archive(*[(f"{n}.json", bytes(3 * MIB)) for n in range(12)])
    broken = bomb.replace(struct.pack("<I", 0xFFFFFFFF & zlib.crc32(bytes(3 * MIB))), b"\1\2\3\4")
    assert told(("a.zip", broken)) == ({"broken_zip": 2, "too_many": 1}, ["too_many"])


def test_one_account_for_all_files_of_a_request(monkeypatch):
    monkeypatch.setattr(drop, "MOST_RESULTS", 5)
    some = archive(("a.json", b"1"), ("b.json", b"2"), ("c.txt", b"3"))
    files = [("1.zip", some), ("2.json", b"4"), ("3.zip", some), ("4.json", b"5"), ("5.json", b"6")]
    assert told(*files) == ({"read": 5, "too_many": 1}, ["too_many"])
    monkeypatch.setattr(drop, "MOST_RESULTS", 1000)
    monkeypatch.setattr(drop, "MOST_ENTRIES", 5)
    assert told(*files) == ({"read": 3, "too_many": 1}, ["too_many"])
    monkeypatch.setattr(drop, "MOST_ENTRIES", 1000)
    monkeypatch.setattr(drop, "MOST_UNPACKED", 3)
    assert told(*files) == ({"read": 3, "too_many": 1}, ["too_many"])


def test_a_list_of_entries_without_end_is_not_read():
    entry = (
        struct.pack("<4s6H3I5H2I", b"PK\1\2", *[0] * 6, *[0] * 3, 12, *[0] * 4, *[0] * 2) + b"aaaaaaaa.txt"
    )
    many = entry * 90_000
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(many), 0, 0)
    assert told(("a.zip", many + end)) == ({"broken_zip": 1}, ["broken_zip"])
    assert told(("a.zip", entry + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), 0, 0)))[0] == {}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_python_unpacks_without_a_bound_are_not_unpacked(method):
    bomb = archive(("a.json", bytes(20 * MIB)), ("b.json", b"small"), method=method)
    assert told(("a.zip", bomb))[0] == {"broken_zip": 2}


def test_a_zip_in_a_zip_stays_closed():
    assert told(("a.zip", archive(("b.zip", archive(("c.json", b"{}"))), ("d.json", b"{}"))))[0] == {
        "read": 1
    }


def test_whatever_a_zip_says_it_is_read_or_refused():
    good, chance = archive(("a.json", b"{}" * 500), ("b.json", b"[]")), random.Random(7)
    for _ in range(400):
        bad = bytearray(good)
        for _again in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        told(("a.zip", bytes(bad)))


def test_a_file_that_was_not_read_to_its_end_is_told_and_the_rest_can_follow(code, monkeypatch):
    monkeypatch.setattr(drop, "MOST_RESULTS", 2)
    members = [(f"{n}.json", content(f"PC-{n}")) for n in range(4)]
    body = {"results": [SimpleUploadedFile("a.zip", archive(*members))]}
    headers = {"Authorization": f"Bearer {code}", "Accept-Language": "en"}
    answer = Client().post(DOOR, body, headers=headers).json()
    assert (answer["taken"], [one["code"] for one in answer["refused"]]) == (2, ["too_many"])
    assert "Hand in the rest in parts" in answer["refused"][0]["reason"]
    assert refused() == {("hand_in_api", "too_many"): 1}
