"""Reports sent before figures became data keep every number, and what was late stays late."""

from datetime import timedelta
from uuid import uuid4

import pytest

from quetsach.portal.reports.models import Report, ReportComponent
from tests.portal.migrating import tables_of


@pytest.mark.django_db(transaction=True)
def test_four_columns_become_one_object(cast):
    author, node = cast.user("A1", "officer"), cast.nodes["A1"]
    late = node.due_at + timedelta(hours=2)
    with tables_of("reports", "0001_initial") as then:
        report = then.get_model("reports", "Report")._base_manager.create(node_id=node.pk, state="accepted")
        revision = then.get_model("reports", "Revision")._base_manager.create(
            report=report, number=1, form="annex-2022", r1=1, r2=20, r3=1, r4=15, author_id=author.pk,
            at=late, client_uuid=uuid4(), sha256="",
        )  # fmt: skip
        report.current = report.accepted = revision
        report.save()
        then.get_model("reports", "ReportComponent")._base_manager.create(
            revision=revision, node_id=node.pk, r1=0, r2=7, r3=0, r4=5, missing=2
        )
        then.get_model("reports", "ReportEvent")._base_manager.create(
            report=report, type="accept", revision=revision, actor_id=author.pk, at=late
        )
    kept = Report.rows.get()
    assert kept.accepted is not None
    assert kept.accepted.own == kept.accepted.counts == {"r1": 1, "r2": 20, "r3": 1, "r4": 15}
    assert kept.accepted.is_late and kept.is_on_time is False
    assert ReportComponent.rows.get().counts == {"r1": 0, "r2": 7, "r3": 0, "r4": 5}
