"""The addressee of a report, and the name of its sender."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.export import papers
from quetsach.portal.units.actions import create_unit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("abbreviation", "addressee"), [("", "." * 40), ("BTTTT", "Cấp trên")], ids=["a bracket", "a ministry"]
)
def test_a_province_reports_to_an_office_above_and_never_to_the_bracket_of_the_tree(
    db, abbreviation, addressee
):
    top = create_unit(None, None, "Cấp trên", kind="other", doc_abbr=abbreviation)
    province = create_unit(None, top, "Tỉnh Mẫu", kind="ubnd_province", doc_abbr="UBND")
    campaign = Campaign.objects.create(
        slug="mau", issuer=province, title="Làm sạch mã độc", due_at=timezone.now() + timedelta(days=9)
    )
    publish(campaign, User.objects.create_user("ha"))
    node = CampaignNode.rows.get(campaign=campaign)
    assert papers.official_report(node).addressees == (addressee,)
