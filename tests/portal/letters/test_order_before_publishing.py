"""The issuer writes its letter while the campaign is a draft; units read it once published."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.issuing import actions as lifecycle
from quetsach.portal.campaigns.issuing.readiness import checks, preview
from quetsach.portal.campaigns.letter import read_letter
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.letters import actions
from quetsach.portal.letters.models import Letter
from tests.portal.cast import Cast
from tests.portal.page_text import text_of

WORDS = {
    "subject": "làm sạch mã độc đợt hai",
    "to": "Các phòng, ban\nUBND các xã",
    "body": "Yêu cầu các đơn vị:\n- Rà soát máy tính\n- Gỡ phần mềm bẻ khóa\nBáo cáo trước ngày 05/03/2031",
    "cc": "Như trên\nLưu: VT",
    "authority": "tl chủ tịch\nChánh Văn phòng",
    "signer": "Nguyễn Văn Mẫu",
    "issuer": "Ủy ban nhân dân\nhuyện Ví Dụ",
    "symbol": "ubnd-vp",
    "place": "Ví Dụ",
    "superior": "",
    "basis": "",
}


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    fields = {
        "title": "Chiến dịch làm sạch mã độc đợt hai",
        "summary": "Kiểm tra từng máy tính.",
        "contact": {"name": "Văn phòng", "phone": "0213 3000 000"},
        "due_day": date(2031, 3, 5),
        "due_rule": "before",
        "form": "annex-2022",
        "count_self": False,
        "unique_codes": False,
        "quiet_days": 14,
        "check_days": 14,
    }
    return lifecycle.create_draft(cast.user("A", "coordinator"), cast.units["A"], fields)


def address(campaign: Campaign, name: str, *more) -> str:
    return reverse(f"letters:{name}", args=[campaign.slug, campaign.issuer_id, *more])


def written(cast: Cast, campaign: Campaign, **changes) -> Letter:
    client, letter_id = cast.client("A", "coordinator"), uuid4()
    form = {**WORDS, **changes, "with_annex": "1", "version": "0", "do": "look"}
    answer = client.post(address(campaign, "edit", letter_id), form)
    assert answer["Location"] == address(campaign, "look", letter_id)
    return Letter.rows.get(pk=letter_id)


def test_the_draft_is_filled_in_from_the_campaign_and_its_units(cast, campaign):
    client = cast.client("A", "coordinator")
    start = client.get(reverse("letters:order", args=[campaign.slug]), follow=True)
    text = unescape(start.content.decode())
    assert start.status_code == 200
    for said in (
        "UBND Đơn vị A1\nUBND Đơn vị A2",
        "Kiểm tra từng máy tính",
        "trước ngày 05/3/2031",
        "0213 3000 000",
        "Ủy ban nhân dân",
    ):
        assert said in text, said
    assert not Letter.rows.exists() and not CampaignNode.rows.filter(campaign=campaign).exists()


def test_it_is_looked_at_exported_and_the_checklist_tells_of_it(cast, campaign):
    before = {check.title: check.shape for check in checks(campaign, preview(campaign))}
    letter = written(cast, campaign)
    campaign.refresh_from_db()
    client = cast.client("A", "coordinator")
    assert client.get(address(campaign, "file", letter.pk, "pdf")).content.startswith(b"%PDF")
    assert client.get(address(campaign, "file", letter.pk, "docx")).content.startswith(b"PK")
    assert client.get(address(campaign, "page_image", letter.pk, 1)).content.startswith(b"\x89PNG")
    assert "V/v làm sạch mã độc đợt hai" in text_of(client.get(address(campaign, "look", letter.pk)))
    after = {check.title: check.shape for check in checks(campaign, preview(campaign))}
    (title,) = {name for name in before if before[name] != after[name]}
    assert (before[title], after[title]) == ("busy", "ok")
    manage = text_of(client.get(reverse("campaign_manage", args=[campaign.slug])))
    assert "V/v làm sạch mã độc đợt hai" in manage


def test_a_letter_with_another_deadline_is_to_be_looked_at(cast, campaign):
    written(cast, campaign, body="Báo cáo trước ngày 6/3/2031")
    campaign.refresh_from_db()
    assert [c.text for c in checks(campaign, preview(campaign)) if "trước ngày 05/3/2031" in c.text]
    written_again = Letter.rows.get()
    client = cast.client("A", "coordinator")
    form = {**WORDS, "version": str(written_again.version)}
    client.post(address(campaign, "edit", written_again.pk), form)
    campaign.refresh_from_db()
    assert not [c.text for c in checks(campaign, preview(campaign)) if "trước ngày 05/3/2031" in c.text]


def test_after_publishing_units_read_it_and_number_and_date_follow(cast, campaign):
    letter = written(cast, campaign)
    publish(campaign, cast.user("A", "coordinator"))
    public = text_of(cast.client("A1", "officer").get(reverse("campaign_letter", args=[campaign.slug])))
    assert "Gỡ phần mềm bẻ khóa" in public and "TL. CHỦ TỊCH" in public and "Số: ……" in public
    node = CampaignNode.rows.get(campaign=campaign, parent=None)
    client, today = cast.client("A", "coordinator"), timezone.localdate()
    form = {"number": "12", "day": f"{today:%d/%m/%Y}", "version": str(letter.version)}
    answer = client.post(reverse("letters:issue", args=[campaign.slug, node.pk, letter.pk]), form)
    assert answer.status_code == 302
    campaign.refresh_from_db()
    stored = read_letter(campaign.letter)
    assert (stored.number, stored.issued_on, stored.symbol) == ("12", today, "UBND-VP")
    # The draft's address still works.
    assert client.get(address(campaign, "look", letter.pk)).status_code == 200
    # A second letter of the issuer is its own business: the order stays the same for the others.
    actions.save(cast.user("A", "coordinator"), node, uuid4(), {**letter.fields, "subject": "đôn đốc"}, 0)
    campaign.refresh_from_db()
    assert read_letter(campaign.letter).subject == "V/v làm sạch mã độc đợt hai"


def test_it_survives_taking_the_publication_back_and_goes_with_the_draft(cast, campaign):
    letter = written(cast, campaign)
    coordinator = cast.user("A", "coordinator")
    publish(campaign, coordinator)
    lifecycle.retract(campaign, coordinator)
    assert Letter.rows.get().pk == letter.pk
    lifecycle.discard(Campaign.objects.get(pk=campaign.pk), coordinator)
    assert not Letter.rows.exists()


def test_discarding_the_order_leaves_the_campaign_without_one(cast, campaign):
    letter = written(cast, campaign)
    cast.client("A", "coordinator").post(address(campaign, "discard", letter.pk))
    campaign.refresh_from_db()
    assert campaign.letter == {} and not Letter.rows.exists()
    assert {"letter.save", "letter.discard"} <= set(Entry.objects.values_list("action", flat=True))


@pytest.mark.parametrize(
    ("unit", "role"),
    [
        ("A", "officer"),
        ("A", "reader"),
        ("centre", "coordinator"),
        ("A1", "coordinator"),
        ("B", "officer"),
    ],
)
def test_nobody_else_sees_the_letter_of_a_draft(cast, campaign, unit, role):
    letter = written(cast, campaign)
    client = cast.client(unit, role)
    assert client.get(reverse("letters:order", args=[campaign.slug])).status_code == 404
    for name, more in (("list", ()), ("compose", ()), ("look", (letter.pk,)), ("edit", (letter.pk,))):
        assert client.get(address(campaign, name, *more)).status_code == 404, name
    form = {"number": "1", "day": "01/01/2026", "version": "1"}
    assert client.post(address(campaign, "issue", letter.pk), form).status_code == 404
    assert client.post(address(campaign, "preview", letter.pk), WORDS).status_code == 404


def test_what_is_typed_is_shown_as_page_and_pdf_and_not_stored(cast, campaign):
    client, letter_id = cast.client("A", "coordinator"), uuid4()
    live = client.post(address(campaign, "check", letter_id), {**WORDS, "subject": "<b>đậm</b>"})
    assert "&lt;b&gt;đậm&lt;/b&gt;" in live.content.decode() and "hx-swap-oob" in live.content.decode()
    seen = client.post(address(campaign, "preview", letter_id), WORDS)
    assert seen["Content-Type"] == "application/pdf" and seen.content.startswith(b"%PDF")
    refused = client.post(address(campaign, "preview", letter_id), {**WORDS, "subject": ""})
    assert refused.status_code == 422 and "Nguyễn Văn Mẫu" in refused.content.decode()
    assert not Letter.rows.exists()


def test_a_campaign_after_the_pattern_of_an_earlier_one_begins_with_its_letter(cast, campaign):
    written(cast, campaign)
    campaign.refresh_from_db()
    coordinator = cast.user("A", "coordinator")
    fields = {
        "title": "Đợt ba", "summary": "", "contact": {}, "form": "annex-2022", "due_rule": "before",
        "due_day": timezone.localdate() + timedelta(days=20), "count_self": False, "unique_codes": False,
        "quiet_days": 14, "check_days": 14,
    }  # fmt: skip
    third = lifecycle.create_draft(coordinator, cast.units["A"], fields, earlier=campaign)
    page = cast.client("A", "coordinator").get(address(third, "compose")).content.decode()
    assert "- Gỡ phần mềm bẻ khóa" in unescape(page) and "TL. CHỦ TỊCH" in page
