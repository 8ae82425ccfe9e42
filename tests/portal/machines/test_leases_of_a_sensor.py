"""Leases that a sensor tells: each few minutes some, one file a day, for its own unit alone."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.sources import document
from quetsach.portal.audit.models import Entry
from quetsach.portal.machines.models import EvidenceFile, StoredBinding, StoredClaim
from quetsach.portal.machines.uploads.actions import put_back, withdraw
from quetsach.portal.sensors import actions
from quetsach.portal.units.models import ApiToken
from tests.portal.cast import Cast

pytestmark = pytest.mark.django_db
HOUR = 3_600_000_000
BEGIN = 490_000 * HOUR


@pytest.fixture
def secret(cast: Cast) -> str:
    _sensor, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    found = actions.enrol(code)
    assert found is not None
    return found.secret


def lease(number: int, hours: int, source: str = "dns") -> bytes:
    """A document with the lease of one machine."""
    key, span = Key("mac", f"00-00-5e-00-53-{number:02x}"), (BEGIN, BEGIN + hours * HOUR)
    out = BytesIO()
    document.write(
        out,
        source,
        [Claim((key,), *span, source)],
        [Binding(f"10.1.0.{number}", key, *span, source, "lease")],
    )
    return out.getvalue()


def push(secret: str, data: bytes) -> tuple[int, int]:
    answer = Client().post(
        reverse("api_machines"), data, "application/x-ndjson", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()["new"], answer.json()["known"]


def bound() -> list[tuple[str, int]]:
    rows = StoredBinding.rows.filter(is_gone=False).values_list("address", "end")
    return sorted((address, (end - BEGIN) // HOUR) for address, end in rows)


def test_what_comes_on_one_day_is_one_file_that_can_be_taken_back_and_put_back(
    cast: Cast, secret: str
) -> None:
    assert push(secret, lease(1, 8)) == (2, 0)
    assert push(secret, lease(2, 8)) == (2, 0)
    assert push(secret, lease(1, 5)) == (2, 0), "the lease ended earlier than it was planned"
    assert bound() == [("10.1.0.1", 5), ("10.1.0.2", 8)]
    row = EvidenceFile.rows.get()
    assert (row.unit, row.source, row.claims, row.bindings) == (cast.units["A1"], "dns", 3, 3)
    assert row.accepted_at is not None and row.accepted_at > row.created_at
    assert Entry.objects.filter(action="evidence.accept").count() == 1

    for again in (lease(1, 8), lease(1, 5), lease(2, 8)):
        assert push(secret, again) == (0, 2)
    row = EvidenceFile.rows.get()
    assert (row.claims, row.bindings, row.fresh, len(bound())) == (3, 3, 6, 2)

    actor = cast.user("A1", "coordinator")
    withdraw(row, actor, "wrong office")
    assert bound() == [] and not StoredClaim.rows.filter(is_gone=False).exists()
    put_back(row, actor)
    assert bound() == [("10.1.0.1", 5), ("10.1.0.2", 8)]


def test_another_day_another_source_and_what_was_taken_back_are_other_files(cast: Cast, secret: str) -> None:
    push(secret, lease(1, 8))
    push(secret, lease(2, 8, "branch"))
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        push(secret, lease(3, 8))
        assert EvidenceFile.rows.count() == 3
        withdraw(EvidenceFile.rows.latest("created_at"), cast.user("A1", "coordinator"), "wrong office")
        push(secret, lease(4, 8))
    assert EvidenceFile.rows.count() == 4
    assert bound() == [("10.1.0.1", 8), ("10.1.0.2", 8), ("10.1.0.4", 8)]


def test_it_counts_for_the_unit_of_the_sensor_alone_and_ends_with_the_lock(cast: Cast, secret: str) -> None:
    push(secret, lease(1, 8))
    assert set(StoredBinding.rows.values_list("unit", flat=True)) == {cast.units["A1"].pk}
    actions.lock(cast.user("A1", "coordinator"), ApiToken.rows.get().sensor, "lost")
    answer = Client().post(
        reverse("api_machines"), lease(2, 8), "application/x-ndjson",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip
    assert answer.status_code == 401 and len(bound()) == 1
