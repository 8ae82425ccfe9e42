"""The table of /rieng-tu: complete over all models, enforced to the letter, shown as it is."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import models
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import JoinCode
from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.privacy.actions import retain
from quetsach.portal.privacy.table import table
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.units.models import Membership
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
    """Free text, structures, addresses, and every pointer to a person."""
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
    # A field that was renamed must not go on being promised under its old name.
    promised = {name for row in known.rows for name in row.fields}
    assert not promised - there


def test_what_is_emptied_is_what_its_row_names():
    for row in table().rows:
        for end in row.ends:
            for name in [*end.clear, *([end.rename] if end.rename else [])]:
                assert f"{end.model._meta.label}.{name}" in row.fields


@pytest.fixture
def machines(cast, tmp_path):
    """A machine with a case in A1, of a campaign that closed 366 days ago."""
    listed = publish_list(cast, tmp_path)
    body = document([sighting("10.1.1.5", noon(2))], [coverage(noon(3), noon(1))], set_id=listed.set_id)
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
    assert "10.1.1.5" not in repr([*Device.rows.values(), *Sighting.rows.values(), *CaseEvent.rows.values()])
    assert "Hoa" not in repr(list(CaseEvent.rows.values()))
    assert Case.rows.count() == 1
    entry = Entry.objects.get(action="privacy.retain")
    assert entry.data["count"] == sum(done.values()) and first_broken_entry() is None
    assert not any(ended.count for ended in retain())  # a second run finds nothing
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
    Membership.rows.create(user=people["seated"], unit=cast.units["A1"], role="officer")
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
