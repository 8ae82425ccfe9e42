"""Acts on paper that a superior enters for a unit: counted like its own acts, with reason and proof."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfWriter

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.models import Acknowledgement, Headcount, KeyedAct, Participation
from quetsach.portal.campaigns.queries import people_of
from tests import pictures

PHOTO = pictures.from_telephone()


def given(**changes):
    data = {
        "act": "acknowledge",
        "channel": "phone",
        "day": f"{timezone.localdate():%d/%m/%Y}",
        "reason": "Chị Hà gọi báo, xã mất mạng",
        "informed": "",
        "done": "",
    }
    return data | changes


@pytest.fixture
def url(cast):
    return reverse("keyed", args=[cast.campaign.slug, cast.nodes["A1"].pk])


def test_a_paper_receipt_with_its_proof(cast, url):
    client = cast.client("A", "officer")
    day = timezone.localdate() - timedelta(days=2)
    photo = SimpleUploadedFile("biên nhận ‮gpj.exe", PHOTO)
    client.post(url, given(channel="paper", day=f"{day:%d/%m/%Y}", file=photo))
    receipt = Acknowledgement.rows.get(node=cast.nodes["A1"])
    assert timezone.localdate(receipt.at) == day and receipt.by == cast.user("A", "officer")
    row = KeyedAct.rows.get()
    assert "‮" not in row.file_name
    assert Entry.objects.get(action="campaign.key_for").data["sha256"] == row.sha256
    served = client.get(reverse("keyed_file", args=[cast.campaign.slug, row.pk]))
    kept = served.getvalue()
    assert row.sha256 == hashlib.sha256(kept).hexdigest() and kept.startswith(b"\xff\xd8")
    assert pictures.PLACE not in kept and pictures.OWNER not in kept and pictures.PLACE in PHOTO
    assert served["Content-Type"] == "application/octet-stream"
    assert served["Content-Disposition"].startswith("attachment")


def test_the_number_leads_to_the_proof_of_what_was_entered(cast, url):
    client = cast.client("A", "officer")
    client.post(url, given(channel="paper", file=SimpleUploadedFile("biên nhận.jpg", PHOTO)))
    actions.acknowledge(cast.nodes["A2"], cast.user("A2", "officer"))
    proof = reverse("keyed_file", args=[cast.campaign.slug, KeyedAct.rows.get().pk])
    for role, page in (("officer", "known"), ("reader", "known"), ("reader", "why")):
        text = cast.client("A", role).get(reverse(page, args=[cast.campaign.slug, cast.nodes["A"].pk, "r1"]))
        said = text.content.decode()
        assert said.count(f'href="{proof}"') == 1 and "Chị Hà gọi báo" in said
    assert pictures.OWNER not in cast.client("A", "reader").get(proof).getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"channel": "paper"},
        {"channel": "paper", "file": SimpleUploadedFile("a.jpg", b"<script>alert(1)</script>")},
        {"reason": ""},
        {"day": "32/01/2026"},
        {"day": f"{timezone.localdate() + timedelta(days=1):%d/%m/%Y}"},
        {"act": "count_people"},
        {"act": "count_people", "informed": "3", "done": "4"},
    ],
)
def test_without_proof_reason_or_numbers_nothing_is_entered(cast, url, change):
    page = cast.client("A", "officer").post(url, given(**change))
    assert page.status_code == 200 and 'role="alert"' in page.content.decode()
    assert not KeyedAct.rows.exists() and not Acknowledgement.rows.exists() and not Headcount.rows.exists()


def locked():
    writer = PdfWriter(io.BytesIO(pictures.paper()))
    writer.encrypt("1234")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (pictures.paper()[:300], "PDF này bị hỏng hoặc chưa đủ"),
        (locked(), "PDF này có mật khẩu"),
        (b"", "Tệp rỗng (0 byte). Hãy chọn đúng tệp"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "Ảnh HEIC của điện thoại"),
    ],
)
def test_a_proof_that_nobody_can_open_later_is_refused_with_what_to_do(cast, url, content, says):
    page = cast.client("A", "officer").post(url, given(file=SimpleUploadedFile("giay.pdf", content)))
    assert says in page.content.decode() and not KeyedAct.rows.exists()
    cast.client("A", "officer").post(url, given(file=SimpleUploadedFile("giay.pdf", pictures.paper())))
    assert KeyedAct.rows.get().sha256 == hashlib.sha256(pictures.paper()).hexdigest()


def test_a_unit_that_never_signs_in_is_entered_wholly(cast, url):
    client = cast.client("centre", "coordinator")
    client.post(url, given())
    client.post(url, given(act="deploy"))
    client.post(url, given(act="count_people", informed="12", done="9"))
    node = cast.nodes["A1"]
    assert Acknowledgement.rows.filter(node=node).exists() and Participation.rows.filter(node=node).exists()
    assert people_of(node) == {"informed": 12, "done": 9}
    assert set(KeyedAct.rows.values_list("act", flat=True)) == {"acknowledge", "deploy", "count_people"}


def test_what_the_unit_did_itself_is_not_entered_again(cast, url):
    actions.acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    page = cast.client("A", "officer").post(url, given())
    assert 'role="alert"' in page.content.decode() and not KeyedAct.rows.exists()


def test_a_double_click_enters_once(cast, url):
    client = cast.client("A", "officer")
    for _ in range(2):
        client.post(url, given())
    assert KeyedAct.rows.count() == Acknowledgement.rows.count() == 1


def test_only_a_unit_above_may(cast, url):
    for unit, role in (("A1", "officer"), ("B", "coordinator"), ("A", "reader"), ("A2", "coordinator")):
        client = cast.client(unit, role)
        assert client.get(url).status_code == 404 and client.post(url, given()).status_code == 404
    assert not Acknowledgement.rows.exists()


def test_taken_back_on_the_day_it_was_entered(cast, url):
    client = cast.client("A", "officer")
    day = timezone.localdate() - timedelta(days=3)
    client.post(url, given(day=f"{day:%d/%m/%Y}"))
    row = KeyedAct.rows.get()
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        client.force_login(cast.user("A", "officer"), "allauth.account.auth_backends.AuthenticationBackend")
        client.post(url, {"do": "withdraw", "keyed": str(row.pk)})
        assert Acknowledgement.rows.exists()
    client.force_login(cast.user("A", "officer"), "allauth.account.auth_backends.AuthenticationBackend")
    client.post(url, {"do": "withdraw", "keyed": str(row.pk)})
    assert not Acknowledgement.rows.exists()
    assert KeyedAct.rows.get().withdrawn_at is not None


def test_a_receipt_that_follows_from_the_deployment_bears_its_proof(cast, url):
    client = cast.client("A", "officer")
    client.post(url, given(act="deploy", reason="Anh Tủa báo đã làm xong"))
    assert Acknowledgement.rows.get(node=cast.nodes["A1"]).by == cast.user("A", "officer")
    told = dict(KeyedAct.rows.values_list("act", "reason"))
    assert told == dict.fromkeys(("acknowledge", "deploy"), "Anh Tủa báo đã làm xong")
