"""Letters that hung on a node keep their unit, their campaign and all that was typed."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.letters.models import Letter
from quetsach.portal.units.models import Unit, path_segment

BEFORE = [("letters", "0001_initial")]


@pytest.mark.django_db(transaction=True)
def test_a_letter_finds_its_campaign():
    now = timezone.now()
    unit = Unit(name="Xã Dào San")
    unit.path = path_segment(unit.pk)
    unit.save(force_insert=True)
    campaign = Campaign.objects.create(slug="c", issuer=unit, title="Chiến dịch", due_at=now)
    node = CampaignNode.rows.create(
        campaign=campaign, unit=unit, path=unit.path, name=unit.name, kind="other", due_at=now
    )
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps.get_model("letters", "Letter")
        old._base_manager.create(
            unit_id=unit.pk, node_id=node.pk, fields={"subject": "đôn đốc"}, symbol="UBND", changed_at=now
        )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    kept = Letter.rows.get()
    assert (kept.campaign, kept.unit, str(kept), kept.is_order) == (campaign, unit, "đôn đốc", False)
