"""The first run of an empty portal: steps that tick themselves, up to the first report."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade.actions import pass_on
from quetsach.portal.campaigns.joining.actions import issue_codes
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Membership

STEPS = ["units", "campaign", "letter", "publish", "list", "codes", "passed on", "report"]
pytestmark = pytest.mark.django_db


def ticks(page: str) -> dict[str, bool]:
    [part] = re.findall(r'<section id="buoc-dau">(.*?)</section>', page, re.DOTALL)
    return dict(zip(STEPS, ("st-ok" in step for step in part.split("<li")[1:]), strict=True))


def done(client: Client, url: str) -> list[str]:
    client.cookies["django_language"] = "en"
    return [name for name, is_done in ticks(client.get(url, follow=True).content.decode()).items() if is_done]


def test_from_an_empty_portal_to_the_first_report(time_machine):
    province = create_unit(None, None, "UBND tỉnh Lai Châu", kind="ubnd_province")
    boss = User.objects.create_user("boss", full_name="Đầu mối")
    Membership.ever.create(user=boss, unit=province, role="coordinator")
    client = Client()
    client.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
    start = reverse("my_work")
    assert done(client, start) == []
    communes = [create_unit(None, province, f"UBND xã {name}", kind="ubnd_commune") for name in "AB"]
    assert done(client, start) == STEPS[:1]
    day = f"{timezone.localdate() + timedelta(days=20):%d/%m/%Y}"
    fields = {"title": "Làm sạch", "summary": "x", "due_day": day, "due_rule": "by_end_of"}
    fields |= {"contact_name": "A", "contact_phone": "0213 300 0000", "form": "annex-2022"}
    client.post(reverse("campaign_new"), {**fields, "quiet_days": 14, "check_days": 14})
    campaign = Campaign.objects.get()
    assert done(client, start) == STEPS[:2]

    said = client.post(reverse("campaign_manage", args=[campaign.slug]), {"act": "publish"}, follow=True)
    assert "not passed on yet" in said.content.decode()
    assert done(client, start) == ["units", "campaign", "publish"], "the letter can also go out on paper"
    campaign.refresh_from_db()
    campaign.letter = {"subject": "V/v làm sạch", "paragraphs": ["Kính đề nghị."]}
    campaign.save()
    assert done(client, start) == STEPS[:4]
    top = campaign.nodes.get(parent=None)
    below = list(campaign.nodes.filter(parent=top))
    issue_codes(below[:1], boss)
    assert "codes" not in done(client, start), "the other unit has no way in yet"
    issue_codes(below[1:], boss)
    pass_on(top, below, boss)
    assert done(client, start) == [*STEPS[:4], "codes", "passed on"]
    IndicatorSet.rows.create(
        campaign=campaign,
        status="published",
        version=1,
        count=1,
        created_by=boss,
        published_at=timezone.now(),
    )
    assert done(client, start) == STEPS[:7]

    report = Report.rows.create(node=below[0], state="submitted", version=1)
    Revision.rows.create(
        report=report, number=1, form="annex-2022", author=boss, at=timezone.now(),
        submitted_at=timezone.now(),
        client_uuid=report.pk, sha256="0" * 64,
    )  # fmt: skip
    assert done(client, start) == STEPS
    assert len(communes) == 2
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert "buoc-dau" not in client.get(start, follow=True).content.decode()


def test_only_the_issuers_coordinator_sees_the_steps(cast):
    today = reverse("today", args=[cast.campaign.slug])
    assert "buoc-dau" in cast.client("centre", "coordinator").get(today).content.decode()
    for unit, role in (("centre", "officer"), ("A", "coordinator"), ("A1", "officer")):
        assert "buoc-dau" not in cast.client(unit, role).get(today).content.decode()


@pytest.mark.parametrize(("number", "date"), [("", ""), ("05", ""), ("", "2026-09-14"), ("05", "2026-09-14")])
def test_a_letter_without_number_and_date_is_shown_as_a_draft(cast, number, date):
    letter = {"subject": "V/v làm sạch", "paragraphs": ["Kính đề nghị."], "number": number, "date": date}
    Campaign.objects.filter(pk=cast.campaign.pk).update(letter=letter)
    slug, reader = cast.campaign.slug, cast.client("A1", "officer")
    pages = [
        reader.get(reverse("letter", args=[slug])).content.decode(),
        Client().get(reverse("campaign_letter", args=[slug])).content.decode(),
    ]
    is_draft = not (number and date)
    assert [("DỰ THẢO" in page) for page in pages] == [is_draft] * 2
    front = Client().get(reverse("campaign_page", args=[slug])).content.decode()
    assert ("dự thảo, chưa có số và ngày" in front) == is_draft


def test_a_letter_that_is_not_written_is_no_empty_sheet(cast):
    slug, pdf = cast.campaign.slug, reverse("letter_pdf", args=[cast.campaign.slug])
    asked = [
        (cast.client("A1", "officer"), reverse("letter", args=[slug])),
        (Client(), reverse("campaign_letter", args=[slug])),
    ]
    for letter in ({}, {"subject": "V/v làm sạch", "paragraphs": ["Kính đề nghị."]}):
        Campaign.objects.filter(pk=cast.campaign.pk).update(letter=letter)
        for client, url in asked:
            page = client.get(url).content.decode()
            assert ('class="paper' in page) == bool(letter), url
            assert ("Công văn chưa có nội dung ở đây" in page) == (not letter), url
        assert (pdf in page) == bool(letter)
