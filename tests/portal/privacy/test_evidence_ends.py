"""Leases and registers end where no case and no coverage needs them, and not a day before."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from quetsach.machines.evidence import Binding, Key
from quetsach.machines.sources.outcome import FOREVER
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.machines.models import EvidenceFile, KeptNetwork, StoredBinding, StoredClaim, StoredLink
from quetsach.portal.privacy.actions import retain
from quetsach.portal.privacy.table import OWN, table
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATER = timedelta(days=300)
"""After the terms of evidence, before those of signs."""


def micros(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


@pytest.fixture
def lease(cast):
    def make(address, key, days_ago, unit="A1"):
        begin = noon(days_ago)
        return StoredBinding.rows.create(
            unit=cast.units[unit], digest=f"{address}{key}{days_ago}{unit}"[:64], kind="lease",
            address=address, key_kind="mac", key_value=key, begin=micros(begin),
            end=micros(begin + timedelta(hours=8)), source="dhcp",
        )  # fmt: skip

    return make


@pytest.fixture
def register(cast):
    def make(keys, days_ago, unit="A1"):
        at = micros(noon(days_ago))
        claim = StoredClaim.rows.create(
            unit=cast.units[unit], digest=f"{keys}{days_ago}{unit}"[:64], keys=keys, begin=at, end=at,
            source="sổ", about={"room": "201", "user": "Hoa"},
        )  # fmt: skip
        StoredLink.rows.create(claim=claim, kind=keys[0][0], value=keys[0][1])
        return claim

    return make


@pytest.fixture
def logs(cast, tmp_path):
    """Logs of A1 from 60 to 50 days ago, with a sign of 10.1.1.5, called PC-07."""
    listed = publish_list(cast, tmp_path)
    row = sighting("10.1.1.5", noon(55), identity={"host": "PC-07.ubnd.local"})
    body = document([row], [coverage(noon(60), noon(50))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender(Scan.Door.UPLOAD, user=cast.user("A1", "officer")))


def left():
    return sorted(StoredBinding.rows.values_list("address", flat=True))


def test_what_no_case_and_no_coverage_needs_goes(cast, logs, lease, register):
    lease("10.1.1.9", "00-00-5e-00-53-01", 100)  # before the logs
    lease("10.1.1.10", "00-00-5e-00-53-02", 55)  # within the logs: a sign may still come
    lease("10.1.1.11", "00-00-5e-00-53-03", 61)  # the day before they begin
    lease("10.1.1.5", "00-00-5e-00-53-04", 100)  # the address has a case
    lease("10.2.1.9", "00-00-5e-00-53-05", 55, "A2")  # logs of a sibling tell nothing of it
    lease("10.9.1.9", "00-00-5e-00-53-06", 55, "A")  # of the unit above, whose lease server serves A1
    register([["mac", "00-00-5e-00-53-01"]], 100)
    register([["host", "pc-07"], ["serial", "S1"]], 100)  # the name of the machine with a sign
    register([["mac", "00-00-5e-00-53-04"]], 100)  # what stood behind its address
    before = retain(dry_run=True, now=timezone.now() + LATER)
    assert StoredBinding.rows.count() == 6
    done = retain(now=timezone.now() + LATER)
    counts = {each.model: each.count for each in done if each.row == "evidence" and each.count}
    assert counts == {"machines.StoredBinding": 2, "machines.StoredClaim": 1}
    assert [each.count for each in before] == [each.count for each in done]
    assert left() == ["10.1.1.10", "10.1.1.11", "10.1.1.5", "10.9.1.9"]
    assert [keys[0][1] for keys in StoredClaim.rows.order_by("pk").values_list("keys", flat=True)] == [
        "pc-07", "00-00-5e-00-53-04",
    ]  # fmt: skip
    assert StoredLink.rows.count() == 2


def test_nothing_goes_before_its_time(cast, logs, lease, register):
    lease("10.1.1.9", "00-00-5e-00-53-01", 100)
    register([["mac", "00-00-5e-00-53-01"]], 100)
    retain(now=timezone.now() + timedelta(days=79))
    assert StoredBinding.rows.exists() and StoredClaim.rows.exists()
    retain(now=timezone.now() + timedelta(days=82))
    assert not StoredBinding.rows.exists() and not StoredClaim.rows.exists()


def test_after_the_campaign_the_term_begins(cast, logs, lease):
    lease("10.1.1.5", "00-00-5e-00-53-04", 55)
    cast.campaign.closed_at = timezone.now()
    cast.campaign.save()
    retain(now=timezone.now() + timedelta(days=179))
    assert left() == ["10.1.1.5"]
    retain(now=timezone.now() + timedelta(days=181))
    assert left() == []


def test_an_address_without_an_end_goes_when_no_file_has_told_it_for_so_long(cast, logs, lease):
    now = timezone.now()
    kept = EvidenceFile.rows.create(
        unit=cast.units["A1"],
        source="register",
        digest="0" * 64,
        name="so-may.xlsx",
        created_at=now,
        accepted_at=now,
    )
    for address, file in (("10.1.1.9", None), ("10.1.1.10", kept)):
        row = lease(address, f"00-00-5e-00-53-{address[-2:]}", 100)
        row.kind, row.begin, row.end, row.file = "fixed", 0, FOREVER, file
        row.save()
    retain(now=now + timedelta(days=170))
    assert len(left()) == 2  # logs of an open campaign may still name it
    cast.campaign.closed_at = now - timedelta(days=181)
    cast.campaign.save()
    retain(now=now + timedelta(days=179))
    assert left() == ["10.1.1.10"]
    retain(now=now + timedelta(days=181))
    assert left() == []


def test_a_unit_whose_last_table_ended_hears_the_server_of_the_unit_above(cast, tmp_path):
    """As long as it kept leases of that network itself, no other table counted there."""
    listed = publish_list(cast, tmp_path)
    own, central = Key("mac", "00-00-5e-00-53-01"), Key("mac", "00-00-5e-00-53-02")
    for unit, key, address, begin in (
        ("A1", own, "10.77.0.9", noon(300)),
        ("A", central, "10.77.0.5", noon(3)),
    ):
        lease = Binding(address, key, micros(begin), micros(begin + timedelta(days=2)), "dhcp", "lease")
        store_evidence(cast.units[unit], [], [lease])
    body = document([sighting("10.77.0.5", noon(2))], [coverage(noon(3), noon(1))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender(Scan.Door.UPLOAD, user=cast.user("A1", "officer")))
    assert Case.rows.get().device.id_kind == "weak"
    retain()
    assert left() == ["10.77.0.5"] and not KeptNetwork.rows.filter(unit=cast.units["A1"]).exists()
    pull_sightings(cast.campaign)
    assert Case.rows.get(is_current=True).device.id_value == central.value


def test_a_file_that_nobody_agreed_to_goes_after_a_day_and_an_accepted_file_after_its_time(cast):
    now = timezone.now()
    told = {"unit": cast.units["A1"], "source": "dhcp", "digest": "0" * 64, "created_at": now}
    draft = EvidenceFile.rows.create(name="may-cua-hoa.csv", **told)
    kept = EvidenceFile.rows.create(name="leases.csv", leftovers=[[1, "Hoa"]], accepted_at=now, **told)
    retain(now=now + timedelta(days=2))
    assert not EvidenceFile.rows.filter(pk=draft.pk).exists()
    retain(now=now + timedelta(days=181))
    assert not EvidenceFile.rows.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("change", [("outside = true\n", ""), ('act = "delete"', 'act = "clear"')])
def test_a_table_that_would_take_what_cases_rest_on_is_refused(tmp_path, monkeypatch, change):
    head, sign, tail = OWN.read_text(encoding="utf-8").partition('model = "machines.StoredBinding"')
    own = tmp_path / "kept.toml"
    own.write_text(head + sign + tail.replace(*change, 1), encoding="utf-8")
    monkeypatch.setenv("QUETSACH_PRIVACY_TABLE", str(own))
    with pytest.raises(ImproperlyConfigured):
        table()


def test_a_setting_gives_another_term(cast, lease, monkeypatch):
    lease("10.1.1.9", "00-00-5e-00-53-01", 40)
    retain()
    assert left() == ["10.1.1.9"]
    monkeypatch.setenv("QUETSACH_EVIDENCE_DAYS", "30")
    assert "30 ngày" in next(row for row in table().rows if row.id == "evidence").until
    retain()
    assert left() == []
