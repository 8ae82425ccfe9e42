"""The front page speaks for the whole portal: no unit below another takes it over."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, publish
from quetsach.portal.campaigns.front import front_campaign
from quetsach.portal.campaigns.issuing.actions import put_in_front
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.privacy.queries import answering_unit
from quetsach.portal.tools.actions import vouch
from quetsach.portal.tools.queries import campaigns_on_the_sheet, offered_tools
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Membership, Unit
from quetsach.portal.units.national_actions import ROOT


def run(unit, slug, user):
    campaign = Campaign.objects.create(
        slug=slug, issuer=unit, title=f"Chiến dịch {slug}", due_at=timezone.now() + timedelta(days=9)
    )
    publish(campaign, user)
    campaign.refresh_from_db()
    return campaign


TOOL = {"family": "ramnit", "name": "tool", "vendor": "maker", "version": "1", "sha256": "0" * 64,
        "link": "https://example.org/", "note": ""}  # fmt: skip


def test_a_commune_takes_neither_front_page_nor_office_nor_tools(cast, client):
    cast.user("centre", "coordinator")
    coordinator = cast.user("A1", "coordinator")
    own = run(cast.units["A1"], "cua-xa", coordinator)
    page = client.get("/").content.decode()
    assert cast.campaign.title in page and own.title not in page
    assert own.title in client.get(reverse("campaign_page", args=[own.slug])).content.decode()
    assert answering_unit(User.objects.create_user("nobody")) == cast.units["centre"]
    vouch(own, coordinator, None, **TOOL)
    assert offered_tools() == [] and campaigns_on_the_sheet() == [cast.campaign]
    with pytest.raises(NotAllowedNowError):
        put_in_front(own, coordinator)
    manage = cast.client("A1", "coordinator")
    assert 'value="front"' not in manage.get(reverse("campaign_manage", args=[own.slug])).content.decode()
    manage.post(reverse("campaign_manage", args=[own.slug]), {"act": "front"})
    assert front_campaign() == cast.campaign


def test_nor_does_it_where_nothing_else_runs_but_it_is_named_there(cast, client):
    cast.user("centre", "coordinator")
    Campaign.objects.update(status=Campaign.Status.CLOSED)
    own = run(cast.units["A1"], "cua-xa", cast.user("A1", "coordinator"))
    page = client.get("/").content.decode()
    assert front_campaign() is None and reverse("campaign_page", args=[own.slug]) in page
    assert 'class="empty' not in page and "chưa phát hành chiến dịch" not in page
    assert answering_unit(User.objects.create_user("nobody")) is None
    assert reverse("ask_erasure") not in client.get(reverse("privacy")).content.decode()


def test_a_unit_below_superiors_that_nobody_coordinates_is_the_highest(cast, client):
    Campaign.objects.update(status=Campaign.Status.CLOSED)
    centre, district, commune = (cast.units[name] for name in ("centre", "A", "A1"))
    Membership.ever.filter(role="coordinator", unit__in=[centre, district]).delete()
    user = User.objects.create_user("hoa")
    Membership.ever.create(user=user, unit=district, role="coordinator")
    of_district = run(district, "cua-huyen", user)
    below = run(commune, "cua-xa", cast.user("A1", "coordinator"))
    assert front_campaign() == of_district and of_district.title in client.get("/").content.decode()
    assert answering_unit(User.objects.create_user("nobody")) == district
    asking = reverse("ask_erasure")
    assert asking in client.get(reverse("privacy")).content.decode() and client.get(asking).status_code == 200
    with pytest.raises(NotAllowedNowError):
        put_in_front(below, cast.user("A1", "coordinator"))
    # Once somebody coordinates above, the district is one unit among others.
    seat = Membership.ever.create(
        user=User.objects.create_user("chu"), unit=centre, role="coordinator",
        since=timezone.localdate() + timedelta(days=1),
    )  # fmt: skip
    assert front_campaign() == of_district
    Membership.ever.filter(pk=seat.pk).update(since=None)
    assert front_campaign() is None
    with pytest.raises(NotAllowedNowError):
        put_in_front(of_district, user)


def test_of_two_campaigns_the_coordinator_puts_one_in_front(cast, client):
    later = run(cast.units["centre"], "sau", cast.user("centre", "coordinator"))
    assert front_campaign() == later  # unless somebody sets another, the newest campaign
    manage = reverse("campaign_manage", args=[cast.campaign.slug])
    coordinator = cast.client("centre", "coordinator")
    assert later.title in coordinator.get(manage).content.decode()
    before = Entry.objects.count()
    for _ in range(2):
        coordinator.post(manage, {"act": "front"})
        assert front_campaign() == cast.campaign
        assert cast.campaign.title in client.get("/").content.decode()
    (entry,) = Entry.objects.order_by("pk")[before:]
    assert (entry.action, entry.data["before"]) == ("campaign.put_in_front", later.title)
    coordinator.post(manage, {"act": "close"})
    assert front_campaign() == later


@pytest.mark.parametrize("is_national", [False, True])
def test_between_equals_chance_decides_nothing(cast, client, is_national):
    if is_national:
        root = create_unit(None, None, ROOT, kind=Unit.Kind.OTHER)
        provinces = [create_unit(None, root, f"Tỉnh {n}", kind="ubnd_province") for n in (1, 2)]
        Campaign.objects.update(status=Campaign.Status.CLOSED)
    else:
        provinces = [cast.units["centre"], create_unit(None, None, "Tỉnh 2", kind="ubnd_province")]
        Campaign.objects.update(status=Campaign.Status.CLOSED)
    people = [User.objects.create_user(f"person-{n}") for n in (1, 2)]
    for user, unit in zip(people, provinces, strict=True):
        Membership.ever.create(user=user, unit=unit, role="coordinator")
    first, second = (
        run(unit, f"tinh-{n}", user) for n, (user, unit) in enumerate(zip(people, provinces, strict=True))
    )
    page = client.get("/").content.decode()
    assert front_campaign() is None and first.title in page and second.title in page
    assert answering_unit(User.objects.create_user("nobody")) == provinces[0]
    put_in_front(second, people[1])
    assert front_campaign() == second
    assert answering_unit(User.objects.get(username="nobody")) == provinces[1]
