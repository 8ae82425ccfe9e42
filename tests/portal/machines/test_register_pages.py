"""A register fills itself from files that people upload; people confirm, join, retire, and take back."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.evidence import Binding, Key
from quetsach.machines.sources import document
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases.models import Case
from quetsach.portal.machines.models import (
    EvidenceFile,
    RegisterFigures,
    RegisterRow,
    StoredBinding,
    StoredDecision,
)
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.units.actions import issue_token
from quetsach.portal.units.reorg_actions import move
from tests.portal.page_text import text_of
from tests.portal.scan_document import document as document_of_scan
from tests.portal.scan_document import noon, publish_list, sighting

HOUR, DAY = 3_600_000_000, 86_400_000_000
HEAD = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
)


def kea(machines, days=4, name="pc", until=0, card=0):
    """Leases of some machines on the last days, each an hour long."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [HEAD]
    for day in range(days + until, until, -1):
        end = int((now - timedelta(days=day)).timestamp())
        for n in range(machines):
            rows.append(f"10.1.1.{n + 10},00:25:90:00:{card:02x}:{n:02x},,3600,{end},1,0,0,{name}-{n:02},0,")
    return ("\n".join(rows) + "\n").encode()


@pytest.fixture
def office(cast):
    """The IT person of a commune, signed in, and the commune."""
    return cast.client("A1", "it"), cast.units["A1"]


def upload(client, unit, name, data, **told):
    answer = client.post(
        reverse("evidence", args=[unit.pk]),
        {"file": SimpleUploadedFile(name, data), "source": "dhcp"} | told,
    )
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def take(client, unit, name, data, **told):
    place = upload(client, unit, name, data, **told)
    assert client.get(place).status_code == 200
    return client.post(place, {"do": "take"}, follow=True)


def test_nothing_is_stored_before_the_person_agrees(office):
    client, unit = office
    place = upload(client, unit, "kea-leases4.csv", kea(3))
    page = client.get(place).content.decode()
    assert "00-25-90-00-00-00" in page
    assert not StoredBinding.rows.exists()
    client.post(place, {"do": "drop"})
    assert not EvidenceFile.rows.exists() and not RegisterRow.rows.exists()


def test_the_register_fills_itself(office):
    client, unit = office
    take(client, unit, "kea-leases4.csv", kea(12))
    told = RegisterFigures.rows.get(unit=unit)
    assert (told.least, told.most, told.visitors) == (12, 12, 0)
    page = client.get(reverse("register", args=[unit.pk])).content.decode()
    assert "pc-07" in page and "10.1.1.17" in page
    found = client.get(reverse("register", args=[unit.pk]), {"tim": "pc-03"}).content.decode()
    assert "pc-03" in found and "pc-04" not in found
    table = client.get(reverse("register_file", args=[unit.pk, "csv"])).content.decode("utf-8-sig")
    assert len(table.splitlines()) == 13


def test_the_same_files_again_change_nothing_and_say_so(office):
    client, unit = office
    take(client, unit, "kea-leases4.csv", kea(3))
    before = list(StoredBinding.rows.order_by("pk").values_list("digest", "end"))
    place = upload(client, unit, "kea-leases4.csv", kea(3))
    assert (
        "thay đổi" in client.get(place).content.decode()
        or "changes nothing" in client.get(place).content.decode()
    )
    client.post(place, {"do": "take"})
    assert list(StoredBinding.rows.order_by("pk").values_list("digest", "end")) == before
    assert EvidenceFile.rows.filter(accepted_at__isnull=False).count() == 1


def test_a_file_is_taken_back_and_only_what_it_alone_said_is_gone(office):
    client, unit = office
    take(client, unit, "one.csv", kea(3))
    take(client, unit, "two.csv", kea(5))
    assert RegisterFigures.rows.get(unit=unit).least == 5
    second = EvidenceFile.rows.get(name="two.csv")
    client.post(reverse("evidence_act", args=[unit.pk, second.pk, "rut"]), {"reason": " "})
    assert RegisterFigures.rows.get(unit=unit).least == 5, "others read the reason later"
    client.post(reverse("evidence_act", args=[unit.pk, second.pk, "rut"]), {"reason": "wrong office"})
    assert RegisterFigures.rows.get(unit=unit).least == 3
    assert set(RegisterRow.rows.values_list("name", flat=True)) == {"pc-00", "pc-01", "pc-02"}
    client.post(reverse("evidence_act", args=[unit.pk, second.pk, "tra-lai"]))
    assert RegisterFigures.rows.get(unit=unit).least == 5
    acts = set(Entry.objects.filter(action__startswith="evidence.").values_list("action", flat=True))
    assert acts == {"evidence.accept", "evidence.take_back", "evidence.put_back"}


def test_a_file_that_was_handed_in_again_does_not_count_a_second_time(office):
    client, unit = office
    take(client, unit, "one.csv", kea(3))
    first = EvidenceFile.rows.get()
    act = reverse("evidence_act", args=[unit.pk, first.pk, "tra-lai"])
    client.post(reverse("evidence_act", args=[unit.pk, first.pk, "rut"]), {"reason": "wrong office"})
    take(client, unit, "one.csv", kea(3))
    again = EvidenceFile.rows.exclude(pk=first.pk).get()
    page = text_of(client.get(reverse("evidence_file", args=[unit.pk, first.pk])))
    assert "Cho tệp này được tính trở lại" not in page and "Chính tệp này, nộp lại lúc" in page
    answer = client.post(act)
    assert answer.url == reverse("evidence_file", args=[unit.pk, again.pk])
    assert EvidenceFile.rows.filter(accepted_at__isnull=False, gone_at=None).get() == again
    client.post(reverse("evidence_act", args=[unit.pk, again.pk, "rut"]), {"reason": "wrong office"})
    client.post(act)
    assert EvidenceFile.rows.filter(accepted_at__isnull=False, gone_at=None).get() == first
    page = text_of(client.get(reverse("evidence_file", args=[unit.pk, again.pk])))
    assert "Chính tệp này, nộp lần trước lúc" in page, "the first is not the one that came again"
    assert RegisterFigures.rows.get(unit=unit).least == 3


def test_confirmed_in_bulk_and_taken_back_in_one_click(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(4, days=1))
    assert RegisterFigures.rows.get(unit=unit).least == 0
    ids = list(RegisterRow.rows.values_list("pk", flat=True))
    page = client.post(reverse("register_confirm", args=[unit.pk]), {"may": ids, "kind": "pc"}, follow=True)
    assert RegisterFigures.rows.get(unit=unit).least == 4
    said = [str(pk) for pk in StoredDecision.rows.values_list("pk", flat=True)]
    assert all(one in page.content.decode() for one in said)
    client.post(reverse("decision_undo", args=[unit.pk]), {"decision": said})
    assert RegisterFigures.rows.get(unit=unit).least == 0
    assert not RegisterRow.rows.filter(is_confirmed=True).exists()


def test_a_printer_is_confirmed_as_a_printer_and_people_read_names(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(1))
    table = "Tên máy;Địa chỉ MAC;Loại máy\nin-01;00:25:90:5b:00:01;Máy in\n"
    take(client, unit, "list.csv", table.encode(), source="list")
    ids = list(RegisterRow.rows.values_list("pk", flat=True))
    page = text_of(client.post(reverse("register_confirm", args=[unit.pk]), {"may": ids}, follow=True))
    said = dict(StoredDecision.rows.values_list("left_value", "machine"))
    assert said == {"00-25-90-00-00-00": "pc", "00-25-90-5b-00-01": "printer"}
    assert "xác nhận (Máy in) : in-01 MAC 00-25-90-5b-00-01" in page and "pc-00 MAC" in page, page[900:]
    assert RegisterFigures.rows.get(unit=unit).least == 1


def test_a_preview_says_which_addresses_are_in_ranges_of_other_units(office, cast):
    client, unit = office
    theirs = kea(2).replace(b"10.1.1.", b"10.2.1.")
    page = text_of(client.get(upload(client, unit, "kea-leases4.csv", theirs)))
    assert "Đơn vị B1: 2 địa chỉ" in page
    page = text_of(client.get(upload(client, unit, "kea-leases4.csv", kea(2))))
    assert "dải của đơn vị khác" not in page


def test_two_machines_become_one_and_two_again(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(2))
    left, right = RegisterRow.rows.order_by("name")
    told = {"other": f"{right.key_kind}:{right.key_value}", "reason": "dock and card"}
    client.post(reverse("register_act", args=[unit.pk, left.pk, "mot"]), told)
    one = RegisterRow.rows.get()
    assert len([key for key in one.keys if key[0] == "mac"]) == 2
    page = client.get(reverse("register_machine", args=[unit.pk, one.pk])).content.decode()
    assert "dock and card" in page
    client.post(reverse("decision_undo", args=[unit.pk]), {"decision": str(StoredDecision.rows.get().pk)})
    assert RegisterRow.rows.count() == 2


def test_no_word_is_taken_on_a_machine_of_another_register(office):
    """Else an office could join its clean machine with the infected one of its neighbour."""
    client, unit = office
    take(client, unit, "kea.csv", kea(2))
    row = RegisterRow.rows.filter(unit=unit).first()
    told = {"other": "mac:00-25-90-0f-0f-0f", "reason": "they are one"}
    client.post(reverse("register_act", args=[unit.pk, row.pk, "mot"]), told)
    assert not StoredDecision.rows.exists()


def test_words_by_hand_follow_the_machine_and_are_taken_back(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(1))
    row = RegisterRow.rows.get()
    told = {"name": "Máy kế toán", "asset": "TS-12", "room": "Phòng 3"}
    client.post(reverse("register_act", args=[unit.pk, row.pk, "ghi"]), told)
    row = RegisterRow.rows.get()
    assert (row.name, row.about["asset"], row.about["room"]) == ("Máy kế toán", "TS-12", "Phòng 3")
    assert row.days == 4
    kept = EvidenceFile.rows.get(source="register page")
    client.post(reverse("decision_undo", args=[unit.pk]), {"words": str(kept.pk)})
    row = RegisterRow.rows.get()
    assert (row.name, row.about.get("asset")) == ("pc-00", None)


def test_no_word_of_a_machine_holds_what_nobody_sees(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(1))
    row = RegisterRow.rows.get()
    told = {"name": "Máy \u202egnp.exe", "asset": "TS\u200b-\xad12", "room": "\u2066Phòng\ufeff 3\u2069"}
    client.post(reverse("register_act", args=[unit.pk, row.pk, "ghi"]), told)
    row = RegisterRow.rows.get()
    assert (row.name, row.about["asset"], row.about["room"]) == ("Máy gnp.exe", "TS-12", "Phòng 3")


def test_what_people_wrote_stands_with_what_they_said_and_is_no_file(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(1))
    row = RegisterRow.rows.get()
    client.post(reverse("register_act", args=[unit.pk, row.pk, "ghi"]), {"name": "Máy kế toán"})
    page = text_of(client.get(reverse("decisions", args=[unit.pk])))
    assert "Máy kế toán : Máy kế toán" in page
    files = client.get(reverse("evidence", args=[unit.pk])).content.decode()
    assert "kea.csv" in files and "00-25-90-00-00-00" not in files and "register page" not in files
    told = {"file": SimpleUploadedFile("a.csv", kea(1)), "source": "register page"}
    assert client.post(reverse("evidence", args=[unit.pk]), told).status_code == 422


def test_a_retired_machine_no_longer_counts(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(2))
    row = RegisterRow.rows.first()
    act = reverse("register_act", args=[unit.pk, row.pk, "thoi"])
    client.post(act, {"reason": ""})
    assert RegisterFigures.rows.get(unit=unit).least == 2
    client.post(act, {"reason": "sold"})
    told = RegisterFigures.rows.get(unit=unit)
    assert (told.least, told.retired) == (1, 1)


def test_columns_of_a_register_are_mapped_by_hand_and_remembered(office):
    client, unit = office
    table = "Máy nào;Vật lý;Chỗ\nKT-01;00:25:90:aa:00:01;P1\nKT-02;00:25:90:aa:00:02;P2\n".encode()
    place = upload(client, unit, "so.csv", table, source="sổ")
    page = client.get(place).content.decode()
    assert "Máy nào" in page and "KT-01" in page
    client.post(place, {"do": "map", "cot-0": "host", "cot-1": "mac", "cot-2": "room"})
    client.post(place, {"do": "take"})
    rows = {row.about["room"]: row.name for row in RegisterRow.rows.all()}
    assert rows == {"P1": "kt-01", "P2": "kt-02"}
    again = upload(client, unit, "so2.csv", table + b"KT-03;00:25:90:aa:00:03;P3\n", source="sổ")
    client.post(again, {"do": "take"})
    assert RegisterRow.rows.count() == 3


def test_a_unit_above_sees_numbers_and_no_machine(office, cast):
    client, unit = office
    take(client, unit, "kea.csv", kea(4))
    above = cast.client("A", "coordinator")
    page = above.get(reverse("register", args=[unit.pk])).content.decode()
    assert "pc-00" not in page and "10.1.1." not in page
    row = RegisterRow.rows.first()
    for address in (
        reverse("register_machine", args=[unit.pk, row.pk]),
        reverse("evidence", args=[unit.pk]),
        reverse("decisions", args=[unit.pk]),
        reverse("register_file", args=[unit.pk, "csv"]),
    ):
        assert above.get(address).status_code == 404
    assert cast.client("B1", "it").get(reverse("register", args=[unit.pk])).status_code == 404


def test_quiet_machines_are_found(office):
    client, unit = office
    take(client, unit, "kea.csv", kea(2))
    RegisterRow.rows.filter(name="pc-00").update(last_at=timezone.now() - timedelta(days=40))
    page = client.get(reverse("register", args=[unit.pk]), {"loc": "vang"}).content.decode()
    assert "pc-00" in page and "pc-01" not in page


def test_a_program_pushes_evidence_and_pushing_again_changes_nothing(cast):
    _token, secret = issue_token(cast.user("A1", "it"), cast.units["A1"], "dhcp")
    key = Key("mac", "00-25-90-00-00-01")
    rows = [
        Binding("10.1.1.5", key, day * DAY, day * DAY + HOUR, "kea", "lease") for day in range(20_700, 20_704)
    ]
    (body,) = document.chunks("kea", [], rows)

    def push(data, secret=secret):
        return Client().post(
            reverse("api_machines"), data, content_type="application/x-ndjson",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip

    assert push(body).json()["new"] == 4
    again = push(body).json()
    assert (again["new"], again["known"]) == (0, 4)
    assert RegisterFigures.rows.get(unit=cast.units["A1"]).least == 1
    assert push(body, "qs_nothing").status_code == 401
    assert push(body.replace(b'"bindings":4', b'"bindings":5')).json()["code"] == "incomplete"
    assert push(b"{}").json()["code"] == "not_evidence"
    told = push(body.replace(b'"10.1.1.5"', b'"127.0.0.1"', 1))
    assert (told.status_code, told.json()["code"]) == (422, "malformed")
    assert "Line 2: address: it is the address that every machine has" in told.json()["reason"]
    assert EvidenceFile.rows.count() == 1


def test_many_rows_are_pushed_in_documents_that_a_portal_takes(monkeypatch):
    monkeypatch.setattr(document, "CHUNK_BYTES", 100_000)
    key = Key("mac", "00-25-90-00-00-01")
    rows = [Binding("10.1.1.5", key, n * HOUR, n * HOUR + 1, "kea", "lease") for n in range(1, 600)]
    parts = list(document.chunks("kea", [], rows))
    assert len(parts) > 1 and all(len(part) <= 100_000 for part in parts)
    assert [one for part in parts for one in document.read(part.splitlines())] == rows


def test_a_machine_with_signs_leads_to_its_case_and_late_leases_name_it(office, cast, tmp_path):
    client, unit = office
    listed = publish_list(cast, tmp_path)
    seen = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2, minutes=30)
    body = document_of_scan([sighting("10.1.1.12", seen)], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert Case.rows.get().device.strength == "weak"
    take(client, unit, "kea.csv", kea(4))
    case = Case.rows.get(is_current=True, device__merged_into=None)
    assert case.device.key == "pc-02"
    page = client.get(reverse("register", args=[unit.pk])).content.decode()
    assert reverse("case", args=[cast.campaign.slug, case.pk]) in page
    client.post(
        reverse("evidence_act", args=[unit.pk, EvidenceFile.rows.get().pk, "rut"]), {"reason": "wrong"}
    )
    case = Case.rows.get(is_current=True, device__merged_into=None)
    assert (case.device.key, case.device.strength) == ("10.1.1.12", "weak")


def test_a_machine_that_moved_counts_in_its_last_unit_alone(office, cast):
    client, unit = office
    take(client, unit, "here.csv", kea(3, until=10))
    take(cast.client("A2", "it"), cast.units["A2"], "there.csv", kea(3))
    here, there = (RegisterFigures.rows.get(unit=cast.units[name]) for name in ("A1", "A2"))
    assert (here.least, here.most, here.elsewhere, there.least) == (0, 0, 3, 3)
    page = client.get(reverse("register", args=[unit.pk]), {"loc": "het"}).content.decode()
    assert "pc-00" in page


def test_one_name_with_a_new_card_is_a_question_on_today_until_somebody_answers(office, cast):
    client, unit = office
    take(client, unit, "old.csv", kea(1, until=10))
    take(client, unit, "new.csv", kea(1, card=9))
    assert RegisterFigures.rows.get(unit=unit).asked == 1
    today = client.get(reverse("today", args=[cast.campaign.slug])).content.decode()
    assert reverse("register", args=[unit.pk]) + "#hoi" in today
    left = RegisterRow.rows.get(key_value="00-25-90-00-00-00")
    told = {"other": "mac:00-25-90-00-09-00", "reason": "bought in August"}
    client.post(reverse("register_act", args=[unit.pk, left.pk, "thay"]), told)
    assert RegisterFigures.rows.get(unit=unit).asked == 0
    assert RegisterRow.rows.filter(is_asked=True).count() == 0


def test_a_list_shows_no_machine_alive(office):
    client, unit = office
    table = "Tên máy;Địa chỉ MAC;Phòng\nKT-01;00:25:90:aa:00:01;P1\n".encode()
    take(client, unit, "list.csv", table, source="list")
    row = RegisterRow.rows.get()
    assert (row.first_at, row.last_at, row.days) == (None, None, 0)
    assert RegisterFigures.rows.get(unit=unit).least == 0


def test_a_unit_that_moves_in_the_tree_keeps_its_register(office, cast):
    client, unit = office
    take(client, unit, "kea.csv", kea(2))
    move(None, unit, cast.units["B"], on=timezone.localdate())
    call_command("fill_registers")
    told = RegisterFigures.rows.get(unit=unit)
    unit.refresh_from_db()
    assert (told.least, told.path) == (2, unit.path)


def test_seen_means_seen_by_a_table_or_by_a_log_as_on_the_page_of_the_case(office, cast, tmp_path):
    client, unit = office
    take(client, unit, "kea-leases4.csv", kea(1, days=2, until=40))
    row = RegisterRow.rows.get()
    assert (row.days, row.standing, RegisterFigures.rows.get(unit=unit).least) == (2, "visitor", 0)
    assert "pc-00" in text_of(client.get(reverse("register", args=[unit.pk]), {"loc": "vang"}))
    listed = publish_list(cast, tmp_path)
    rows = [sighting("10.1.1.10", noon(day), identity={"mac": "00:25:90:00:00:00"}) for day in (9, 3)]
    body = document_of_scan(rows, set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    call_command("fill_registers")
    row, case = RegisterRow.rows.get(), Case.rows.get()
    assert case.device.id_value == row.key_value, "the case is that of the machine"
    assert (row.days, row.standing, row.last_at) == (4, "computer", case.last_seen)
    assert RegisterFigures.rows.get(unit=unit).least == 1
    assert "pc-00" not in text_of(client.get(reverse("register", args=[unit.pk]), {"loc": "vang"}))
    page = text_of(client.get(reverse("register_machine", args=[unit.pk, row.pk])))
    assert f"{timezone.localtime(case.last_seen):%d/%m/%Y}, trong 4 ngày" in page
    call_command("fill_registers")
    assert RegisterRow.rows.get().days == 4, "a day counts once"
