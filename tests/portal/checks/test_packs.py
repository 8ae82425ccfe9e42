"""Packs are built once; only this portal opens the results that they seal, and only for their unit."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile

from quetsach.endpoint import sealing
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.checks.actions import Sender, receive_all
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.models import CheckResult, KeyPair, Pack
from quetsach.portal.checks.packs import vault
from quetsach.portal.checks.packs.actions import NoListError, build_pack, content_of, report_lost, rotate_keys
from quetsach.portal.checks.unit_actions import say_licences
from tests.portal.checks.results import ago, document, listed
from tests.portal.scan_document import publish_list

MACHINE = "0f" * 16


def hand_in(cast, unit, data):
    file = SimpleUploadedFile("PC-07.qsresult", data)
    sender = Sender(user=cast.user(unit, "officer"))
    return receive_all(dropped([file]), cast.nodes[unit], sender).lines[0]


def test_a_pack_holds_the_list_and_the_unit_and_is_made_once(cast, pack, tmp_path):
    with pytest.raises(NoListError):
        pack("A1")
    published = publish_list(cast, tmp_path)
    told = pack("A1")
    assert told.indicators.id == published.set_id
    assert (told.unit.id, told.unit.name) == (str(cast.nodes["A1"].pk), "Đơn vị A1")
    assert pack("A1").id == told.id and Pack.rows.count() == 1
    assert pack("A2").id != told.id
    say_licences(cast.nodes["A1"], ["kms.a1.example"], True, ["a1.example"], cast.user("A1", "officer"))
    newer = pack("A1")
    assert (newer.version, newer.profile.kms_hosts, newer.profile.volume_agreement) == (
        2, ("kms.a1.example",), True,
    )  # fmt: skip
    assert newer.profile.is_own("www.a1.example") and not newer.profile.is_own("a2.example")


def test_no_secret_lies_in_the_database_or_on_the_shelf(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    told = pack("A1")
    row = Pack.rows.get()
    shelf = [p for p in Path(django_settings.MEDIA_ROOT, "packs").rglob("*") if p.is_file()]
    assert len(shelf) == 1
    plain = content_of(row)
    assert plain[:6] == b"QSPACK" and plain[:6] not in shelf[0].read_bytes()
    key = Path(django_settings.VAULT_KEY_FILE)
    assert key.stat().st_mode & 0o077 == 0
    secrets = [vault.unlock(pair.locked) for pair in KeyPair.rows.all()]
    assert len(secrets) == 3
    assert not any(secret in bytes(pair.locked) for secret in secrets for pair in KeyPair.rows.all())
    key.write_text("00" * 32)
    with pytest.raises(vault.VaultError, match="vault-key"):
        content_of(row)
    assert told.result_key not in shelf[0].read_bytes()


def test_a_sealed_result_is_opened_counted_once_and_opens_its_case(cast, pack, tmp_path):
    published = publish_list(cast, tmp_path)
    told = pack("A1")
    data = document(findings=[listed()], at=ago(minutes=5), set_id=published.set_id)
    body = sealing.seal(data, told, MACHINE)
    assert hand_in(cast, "A1", body).code == "taken"
    result = CheckResult.rows.get()
    assert (result.is_sealed, result.machine_id, result.pack.pack_id) == (True, MACHINE, told.id)
    assert Case.rows.get().family == "ramnit"
    # The same result sealed anew, and the original file: one check.
    assert hand_in(cast, "A1", sealing.seal(data, told, MACHINE)).code == "known"
    assert hand_in(cast, "A1", json.dumps(data).encode()).code == "known"
    assert CheckResult.rows.count() == 1


def test_results_for_others_are_refused_with_the_right_name(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    body = sealing.seal(document(at=ago(minutes=5)), pack("A1"), MACHINE)
    line = hand_in(cast, "A2", body)
    assert (line.code, line.where) == ("unit", "Đơn vị A1")
    outside = json.loads(body)
    outside["campaign"] = "00000000-0000-0000-0000-000000000001"
    assert hand_in(cast, "A1", json.dumps(outside).encode()).code == "pack"
    # Relabelled for another unit, the result does not fit the pack that it names.
    outside = json.loads(body) | {"unit": str(cast.nodes["A2"].pk)}
    assert hand_in(cast, "A2", json.dumps(outside).encode()).code == "forged"
    assert not CheckResult.rows.exists()


def test_changed_foreign_and_early_results_are_refused(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    told = pack("A1")
    body = sealing.seal(document(at=ago(minutes=5)), told, MACHINE)
    outside = json.loads(body)
    middle = len(outside["body"]) // 2
    flipped = "A" if outside["body"][middle] != "A" else "B"
    outside["body"] = outside["body"][:middle] + flipped + outside["body"][middle + 1 :]
    assert hand_in(cast, "A1", json.dumps(outside).encode()).code == "sealed"
    early = sealing.seal(document(at=ago(days=30)), told, MACHINE, now=ago(days=30))
    assert hand_in(cast, "A1", early).code == "early"
    Pack.rows.all().delete()
    assert hand_in(cast, "A1", body).code == "pack"
    KeyPair.rows.all().delete()
    assert hand_in(cast, "A1", body).code == "key"


def test_after_new_keys_earlier_results_still_open_and_new_packs_differ(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    told = pack("A1")
    body = sealing.seal(document(at=ago(minutes=5)), told, MACHINE)
    rotate_keys(cast.campaign, cast.user("centre", "coordinator"))
    assert hand_in(cast, "A1", body).code == "taken"
    newer = pack("A1")
    assert newer.campaign.key != told.campaign.key and newer.unit.key != told.unit.key
    assert (
        hand_in(cast, "A1", sealing.seal(document("PC-08", at=ago(minutes=2)), newer, "aa" * 16)).code
        == "taken"
    )


def test_results_of_a_lost_pack_are_refused_and_a_new_one_is_made(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    told = pack("A1")
    before = sealing.seal(document("PC-01", at=ago(minutes=5)), told, "01" * 16)
    assert hand_in(cast, "A1", before).code == "taken"
    assert report_lost(cast.nodes["A1"], cast.user("A1", "officer")) == 1
    assert (
        hand_in(cast, "A1", sealing.seal(document("PC-02", at=ago(minutes=5)), told, "02" * 16)).code
        == "lost"
    )
    newer = pack("A1")
    assert newer.version == 2
    assert (
        hand_in(cast, "A1", sealing.seal(document("PC-02", at=ago(minutes=1)), newer, "02" * 16)).code
        == "taken"
    )


def test_two_machines_of_one_name_stay_two_and_the_second_speaks_not_for_the_first(cast, give, tmp_path):
    publish_list(cast, tmp_path)
    first = give("A1", at=ago(days=2), sealed=True, machine_id="11" * 16)
    second = give("A1", at=ago(days=1), sealed=True, machine_id="22" * 16)
    again = give("A1", at=ago(hours=1), sealed=True, machine_id="11" * 16)
    assert first.device_id == again.device_id != second.device_id
    assert Device.rows.count() == 2


def test_a_pack_near_its_end_is_made_anew(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    pack("A1")
    Pack.rows.update(expires_at=ago(days=-3))
    row = build_pack(cast.nodes["A1"], cast.user("A1", "officer"), "https://portal.example/")
    assert row.version == 2 and row.expires_at - row.created_at == timedelta(days=60)
