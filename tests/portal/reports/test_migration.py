"""Reports sent before figures became data keep every number, and what was late stays late."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.models import Report, ReportComponent
from quetsach.portal.units.models import Unit, path_segment


@pytest.mark.django_db(transaction=True)
def test_four_columns_become_one_object():
    author = User.objects.create_user("officer")
    now = timezone.now()
    unit = Unit(name="Xã Dào San")
    unit.path = path_segment(unit.pk)
    unit.save(force_insert=True)
    campaign = Campaign.objects.create(slug="c", issuer=unit, title="Chiến dịch", due_at=now)
    node = CampaignNode.rows.create(
        campaign=campaign, unit=unit, path=unit.path, name=unit.name, kind="other", due_at=now
    )
    executor = MigrationExecutor(connection)
    executor.migrate([("reports", "0001_initial")])
    try:
        old = executor.loader.project_state([("reports", "0001_initial")]).apps
        report = old.get_model("reports", "Report")._base_manager.create(node_id=node.pk, state="accepted")
        revision = old.get_model("reports", "Revision")._base_manager.create(
            report=report, number=1, form="annex-2022", r1=1, r2=20, r3=1, r4=15, author_id=author.pk,
            at=now + timedelta(hours=2), client_uuid=uuid4(), sha256="",
        )  # fmt: skip
        report.current = report.accepted = revision
        report.save()
        old.get_model("reports", "ReportComponent")._base_manager.create(
            revision=revision, node_id=node.pk, r1=0, r2=7, r3=0, r4=5, missing=2
        )
        old.get_model("reports", "ReportEvent")._base_manager.create(
            report=report, type="accept", revision=revision, actor_id=author.pk, at=now + timedelta(hours=3)
        )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    kept = Report.rows.get()
    assert kept.accepted is not None
    assert kept.accepted.own == kept.accepted.counts == {"r1": 1, "r2": 20, "r3": 1, "r4": 15}
    assert kept.accepted.is_late and kept.is_on_time is False
    assert ReportComponent.rows.get().counts == {"r1": 0, "r2": 7, "r3": 0, "r4": 5}
