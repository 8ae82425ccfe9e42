"""Only people of a campaign can open its inner pages."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade.actions import publish, set_deadline
from quetsach.portal.campaigns.cascade.deadline import first_late_moment
from quetsach.portal.campaigns.models import Campaign

INNER = ["today", "letter", "tokens", "audit"]


@pytest.fixture
def of_a(cast):
    """A second campaign, issued by A alone."""
    campaign = Campaign.objects.create(
        slug="rieng", issuer=cast.units["A"], title="Riêng", due_at=timezone.now() + timedelta(days=9)
    )
    publish(campaign, cast.user("A", "coordinator"))
    return campaign


@pytest.mark.parametrize("route", INNER)
def test_a_sibling_a_stranger_and_a_visitor_get_404(cast, of_a, route):
    url = reverse(route, args=[of_a.slug])
    User.objects.create_user("stranger")
    stranger = Client()
    stranger.force_login(
        User.objects.get(username="stranger"), "allauth.account.auth_backends.AuthenticationBackend"
    )
    for client in (cast.client("B1", "coordinator"), cast.client("B", "coordinator"), stranger, Client()):
        assert client.get(url).status_code == 404
        assert client.post(url, {"act": "acknowledge"}).status_code in {404, 405}
    assert cast.client("A", "coordinator").get(url).status_code == 200


@pytest.mark.parametrize("route", INNER)
def test_a_draft_is_nowhere(cast, of_a, route):
    Campaign.objects.filter(pk=of_a.pk).update(status=Campaign.Status.DRAFT)
    assert cast.client("A", "coordinator").get(reverse(route, args=[of_a.slug])).status_code == 404


def test_tokens_and_audit_need_their_role(cast):
    slug = cast.campaign.slug
    assert cast.client("A1", "officer").get(reverse("tokens", args=[slug])).status_code == 404
    assert cast.client("A1", "it").get(reverse("tokens", args=[slug])).status_code == 200
    assert cast.client("A1", "it").get(reverse("audit", args=[slug])).status_code == 404


def test_a_locked_account_loses_its_seat(cast):
    client = cast.client("A1", "officer")
    User.objects.filter(pk=cast.user("A1", "officer").pk).update(is_active=False)
    assert client.get(reverse("today", args=[cast.campaign.slug])).status_code == 404


def test_my_work_leads_on(cast, of_a):
    one, many = cast.client("B1", "officer"), cast.client("A", "officer")
    url = reverse("my_work")
    assert one.get(url).url == reverse("today", args=[cast.campaign.slug])
    page = many.get(url).content.decode()
    assert reverse("today", args=["rieng"]) in page and reverse("today", args=[cast.campaign.slug]) in page
    # The deadline from the unit's superior counts.
    due_at = first_late_moment(timezone.localdate() + timedelta(days=4), "by_end_of")
    set_deadline(cast.nodes["centre"], cast.nodes["A"], due_at, cast.user("centre", "officer"))
    assert f"hết ngày {timezone.localdate() + timedelta(days=4):%d/%m/%Y}" in many.get(url).content.decode()
    assert Client().get(url).url.startswith(reverse("account_login"))
