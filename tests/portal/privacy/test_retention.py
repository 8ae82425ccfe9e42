"""The table of /rieng-tu: complete over all models, enforced exactly, shown in full."""

import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import models
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import JoinCode
from quetsach.portal.campaigns.on_behalf.actions import Told, enter_for
from quetsach.portal.campaigns.proofs import keep
from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.incidents.models import IncidentNotice
from quetsach.portal.letters.models import Letter
from quetsach.portal.people.actions import enter_headcount, put_sheet_back, remove_sheet
from quetsach.portal.people.models import DAYS_TO_PUT_BACK, SignSheet
from quetsach.portal.privacy.actions import retain
from quetsach.portal.privacy.table import OWN, table
from quetsach.portal.reports.models import SignedCopy
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.units.models import Membership
from tests import pictures
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

CAN_TELL = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.GenericIPAddressField,
    models.BinaryField,
)
OF_DJANGO = {"auth", "contenttypes"}  # permissions and groups, unused here


def tells_of_people(field) -> bool:
    """Whether a field may be personal: free text, structures, addresses, pointers to a person."""
    if isinstance(field, CAN_TELL):
        return not field.choices
    return bool(field.is_relation and field.related_model is User)


def test_every_field_that_can_tell_of_a_person_is_in_the_table():
    known = table()
    listed = {name for row in known.rows for name in row.fields} | known.nobody
    there = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in OF_DJANGO
        for field in model._meta.concrete_fields
        if tells_of_people(field)
    }
    missing = {n for n in there if n not in listed and f"{n.rsplit('.', 1)[0]}.*" not in listed}
    assert not missing, "add to privacy/kept.toml: of whom, why, until when; or under [nobody]"
    # The table must not promise a renamed field under its old name.
    promised = {name for row in known.rows for name in row.fields}
    assert not promised - there


def test_what_is_emptied_is_what_its_row_names():
    for row in table().rows:
        for end in row.ends:
            for name in [*end.clear, *end.rename.split()]:
                assert f"{end.model._meta.label}.{name}" in row.fields


KEPT_WITH_THE_RECORDS = {
    "incidents.Incident": {"detected_why", "severity_why", "personal_data_why", "withdrawn_why"},
    "incidents.IncidentNotice": {"sent_to"},
    "people.Body": {"name", "address", "tax_code", "key", "search_key"},
}
"""Texts that stay when their row is emptied; the table says so."""


def test_of_an_emptied_row_nothing_stays_that_its_row_names():
    """But for pointers to staff, and what the table keeps with the records."""
    for row in table().rows:
        for label in {end.model._meta.label for end in row.ends if end.act == "clear"}:
            gone = {
                name
                for end in row.ends
                if end.model._meta.label == label
                for name in [*end.clear, *end.rename.split()]
            }
            named = {name.rpartition(".")[2] for name in row.fields if name.startswith(f"{label}.")}
            texts = {name for name in named if not apps.get_model(label)._meta.get_field(name).is_relation}
            assert texts - gone - KEPT_WITH_THE_RECORDS.get(label, set()) == set(), label


@pytest.fixture
def machines(cast, tmp_path):
    """A machine with a case in A1, of a campaign that closed 366 days ago."""
    listed = publish_list(cast, tmp_path)
    row = sighting("10.1.1.5", noon(2), identity={"mac": "00-00-5e-00-53-01"})
    body = document([row], [coverage(noon(3), noon(1))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender(Scan.Door.UPLOAD, user=cast.user("A1", "officer")))
    case = Case.rows.get()
    CaseEvent.rows.filter(case=case).update(reason="Chị Hoa phòng kế toán")
    return cast


def close(cast, days):
    cast.campaign.closed_at = timezone.now() - timedelta(days=days)
    cast.campaign.save()


def test_machines_stay_until_their_time_and_then_only_figures_remain(machines):
    close(machines, 364)
    assert not any(ended.count for ended in retain())
    assert Sighting.rows.get().device == "10.1.1.5"
    close(machines, 366)
    counted = {(e.model, e.act): e.count for e in retain(dry_run=True)}
    assert Sighting.rows.get().device == "10.1.1.5"
    assert not Entry.objects.filter(action="privacy.retain").exists()
    done = {(e.model, e.act): e.count for e in retain()}
    assert done == counted and done["sightings.Sighting", "clear"] == 1 and done["cases.Device", "clear"] == 1
    row = Sighting.rows.get()
    assert (row.device, row.identity, row.evidence) == ("", {}, "") and row.count and row.indicator
    left = repr([*Device.rows.values(), *Sighting.rows.values(), *CaseEvent.rows.values()])
    assert "10.1.1.5" not in left and "00-00-5e" not in left
    assert "Hoa" not in repr(list(CaseEvent.rows.values()))
    assert Case.rows.count() == 1
    entry = Entry.objects.get(action="privacy.retain")
    assert entry.data["count"] == sum(done.values()) and first_broken_entry() is None
    assert not any(ended.count for ended in retain())  # a second run deletes nothing
    assert Entry.objects.filter(action="privacy.retain").count() == 1


def test_only_locked_accounts_without_a_seat_lose_their_names(cast):
    old = timezone.now() - timedelta(days=400)
    people = {name: User.objects.create_user(name, full_name=f"Họ {name}", phone="0912 345 678")
              for name in ("locked", "active", "seated", "recent", "never")}  # fmt: skip
    for name, user in people.items():
        user.date_joined, user.last_login = old, None if name == "never" else old
        user.is_active = name == "active"
        if name == "recent":
            user.last_login = timezone.now() - timedelta(days=100)
        user.save()
    Membership.ever.create(user=people["seated"], unit=cast.units["A1"], role="officer")
    retain()
    gone = {name for name, user in people.items() if not User.objects.filter(full_name=f"Họ {name}").exists()}
    assert gone == {"locked", "never"}
    emptied = User.objects.get(pk=people["locked"].pk)
    assert (emptied.username, emptied.phone) == (f"x-{emptied.pk}", "") and not emptied.has_usable_password()


def test_codes_end_a_year_after_they_expired(cast):
    actor = cast.user("A", "officer")
    for days in (364, 366):
        at = timezone.now() - timedelta(days=days)
        node = cast.nodes["A1"]
        JoinCode.rows.create(
            node=node, digest=f"{days}", issued_by=actor, issued_at=at, expires_at=at, revoked_at=at
        )
    retain()
    assert list(JoinCode.rows.values_list("digest", flat=True)) == ["364"]


@pytest.mark.usefixtures("in_english")
def test_the_command_tells_what_it_does(machines, capsys):
    close(machines, 366)
    call_command("retain", "--dry-run")
    assert "sightings.Sighting" in (said := capsys.readouterr().out) and "Nothing was changed" in said
    assert Sighting.rows.get().device
    call_command("retain")
    assert "Done." in capsys.readouterr().out and not Sighting.rows.get().device


def test_a_table_that_cannot_be_used_is_named(tmp_path, monkeypatch):
    own = tmp_path / "kept.toml"
    own.write_text("kept = 3", encoding="utf-8")
    monkeypatch.setenv("QUETSACH_PRIVACY_TABLE", str(own))
    with pytest.raises(ImproperlyConfigured, match=r"kept\.toml"):
        table()


def photo(content: bytes, days_old: int = 2):
    """A stored file of the given age."""
    proof = keep(SimpleUploadedFile("phieu.pdf", pictures.paper(content.decode())), "people")
    file = Path(settings.MEDIA_ROOT, proof.path)
    then = (timezone.now() - timedelta(days=days_old)).timestamp()
    os.utime(file, (then, then))
    return proof, file


def sheet_of(cast, unit, proof):
    enter_headcount(cast.nodes[unit], {"informed": 3, "done": 2}, cast.user(unit, "officer"), sheet=proof)
    return SignSheet.rows.latest("at")


def counts():
    return {(ended.row, ended.model): ended.count for ended in retain() if ended.count}


def test_photos_of_sign_sheets_go_a_year_after_the_campaign_with_their_files(cast):
    proof, file = photo(b"one")
    sheet_of(cast, "A1", proof)
    close(cast, 364)
    assert not counts() and file.exists()
    close(cast, 366)
    dry = {(e.row, e.model): e.count for e in retain(dry_run=True) if e.count}
    assert file.exists() and SignSheet.rows.exists()
    assert counts() == dry == {("sheets", "people.SignSheet"): 1, ("files", "proofs"): 1}
    assert not file.exists() and not SignSheet.rows.exists()
    assert not counts() and first_broken_entry() is None
    # The figure and its author stay.
    assert cast.nodes["A1"].headcounts.filter(kind="informed").latest("at").count == 3


def test_a_file_that_another_row_names_stays(cast):
    """The same photo for two sheets and a paper receipt is stored once."""
    proof, file = photo(b"shared")
    first, _second = sheet_of(cast, "A1", proof), sheet_of(cast, "A2", proof)
    remove_sheet(first, cast.user("A1", "officer"))
    SignSheet.rows.filter(pk=first.pk).update(removed_at=timezone.now() - timedelta(days=8))
    assert counts() == {("sheets", "people.SignSheet"): 1} and file.exists()
    told = Told(timezone.localdate(), "paper", "Giấy biên nhận", proof)
    enter_for(cast.nodes["A2"], "acknowledge", told, cast.user("A", "officer"))
    close(cast, 366)
    retain()
    assert not SignSheet.rows.exists() and file.exists()


@pytest.mark.parametrize(("days", "comes_back"), [(6, True), (8, False)])
def test_a_removed_photo_can_be_put_back_for_a_week(cast, time_machine, days, comes_back):
    assert DAYS_TO_PUT_BACK == 7
    proof, file = photo(b"wrong one", days_old=0)
    sheet, officer = sheet_of(cast, "A1", proof), cast.user("A1", "officer")
    assert remove_sheet(sheet, officer) and not remove_sheet(sheet, officer)
    time_machine.move_to(timezone.now() + timedelta(days=days))
    if not comes_back:
        assert put_sheet_back(sheet, officer) is False
    retain()
    assert file.exists() is comes_back is SignSheet.rows.exists()
    if comes_back:
        assert put_sheet_back(sheet, officer) is True and not put_sheet_back(sheet, officer)


def test_what_a_stopped_upload_left_behind_goes_and_what_is_young_stays(cast):
    _, old = photo(b"never entered")
    _, young = photo(b"being entered", days_old=0)
    part = old.with_suffix(".part")
    part.write_bytes(b"half")
    os.utime(part, (1, 1))
    outside = Path(settings.MEDIA_ROOT, "lists", "x")
    outside.parent.mkdir()
    outside.write_bytes(b"list")
    os.utime(outside, (1, 1))
    assert counts() == {("files", "proofs"): 2}
    assert not old.exists() and not part.exists() and young.exists() and outside.exists()


def test_a_photo_that_is_stored_again_is_young_again(cast):
    _, file = photo(b"again")
    keep(SimpleUploadedFile("phieu.pdf", pictures.paper("again")), "people")
    assert not counts() and file.exists()


def test_every_column_that_holds_a_path_is_in_the_table():
    there = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.help_text == "path below MEDIA_ROOT"
    }
    by_hash = {
        (Letter, "signed_sha256"), (SignedCopy, "sha256"), (IncidentNotice, "pdf"), (IncidentNotice, "docx"),
    }  # fmt: skip
    assert there | by_hash == {column for stored in table().stored for column in stored.columns}


def own_table(tmp_path, monkeypatch, stored: str) -> None:
    """Our table with another section about files."""
    head, *_between, tail = OWN.read_text(encoding="utf-8").split("\n[[stored]]")
    own = tmp_path / "kept.toml"
    own.write_text(head + stored + "\n[nobody]" + tail.split("\n[nobody]")[1], encoding="utf-8")
    monkeypatch.setenv("QUETSACH_PRIVACY_TABLE", str(own))


def test_a_table_of_ones_own_without_stored_files_deletes_none(cast, tmp_path, monkeypatch):
    own_table(tmp_path, monkeypatch, "")
    _, file = photo(b"kept")
    assert not counts() and file.exists()


@pytest.mark.parametrize(
    "wrong",
    ['folder = "../x"\nfields = ["people.SignSheet.file"]', 'folder = "proofs"\nfields = []',
     'folder = "proofs"\nfields = ["people.SignSheet.nothing"]'],
)  # fmt: skip
def test_a_table_that_would_delete_too_much_is_refused(tmp_path, monkeypatch, wrong):
    own_table(tmp_path, monkeypatch, f"\n[[stored]]\n{wrong}\n")
    with pytest.raises(ImproperlyConfigured):
        table()
