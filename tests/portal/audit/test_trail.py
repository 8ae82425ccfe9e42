"""The whole trail of a subtree: searched, exported without a cell that runs, and checked by a command."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils import translation
from python_calamine import CalamineWorkbook

from quetsach.portal.audit.actions import first_broken_entry, record
from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import sentence

HOSTILE = '=HYPERLINK("http://evil.example";"x")'


@pytest.fixture
def told(cast):
    """An entry by somebody with a hostile name in A1, one in B1, one about an object."""
    with transaction.atomic():
        record(None, "unit.create", unit_path=cast.units["A1"].path, actor_name=HOSTILE, data={"name": "+1"})
        record(None, "unit.create", unit_path=cast.units["B1"].path, actor_name="bên kia")
        record(cast.user("A1", "officer"), "unit.contact", unit_path=cast.units["A1"].path,
               about=cast.units["A1"], data={"name": "Xã"})  # fmt: skip
    return cast


def test_a_coordinator_searches_the_whole_subtree(told):
    client = told.client("A", "coordinator")
    page = client.get(reverse("staff_trail")).content.decode()
    assert "HYPERLINK" in page and "bên kia" not in page
    by_object = client.get(reverse("staff_trail"), {"object": str(told.units["A1"].pk)}).content.decode()
    assert "officer-a1" in by_object and "HYPERLINK" not in by_object
    # The path of a unit in another branch changes nothing.
    other = client.get(reverse("staff_trail"), {"unit": str(told.units["B1"].pk)}).content.decode()
    assert "bên kia" not in other
    assert told.client("A1", "officer").get(reverse("staff_trail")).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_taken_out_runs_nowhere(told, kind):
    answer = told.client("A", "auditor").get(reverse("staff_trail"), {"tai": kind})
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    else:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert any(HOSTILE in cell for row in rows for cell in row)
    assert not any("bên kia" in cell for row in rows for cell in row)
    entry = Entry.objects.get(action="audit.export")
    assert entry.data["count"] == len(rows) - 1 and entry.unit_path == told.units["A"].path


@pytest.mark.usefixtures("in_english")
def test_the_command_tells_whether_the_chain_holds(told, capsys):
    call_command("verify_audit")
    assert Entry.objects.order_by("-pk")[0].hash in capsys.readouterr().out
    victim = Entry.objects.order_by("pk")[3]
    Entry.objects.filter(pk=victim.pk).update(data={"name": "x"})
    with pytest.raises(CommandError, match=f"Entry {victim.pk} "):
        call_command("verify_audit")
    with translation.override("vi"), pytest.raises(CommandError, match=f"Mục {victim.pk} .*không khớp niêm"):
        call_command("verify_audit")
    page = told.client("A", "coordinator").get(reverse("staff_trail"), {"check": "1"}).content.decode()
    assert 'role="alert"' in page


def test_codes_and_moments_are_told_in_words(told):
    path = told.units["A1"].path
    until = "2026-11-30T10:00:00+00:00"
    with transaction.atomic():
        record(None, "account.accept", unit_path=path, data={"role": "auditor", "unit": "Xã"})
        record(None, "report.policy", unit_path=path, data={"head_review": True, "grace_until": until})
    page = told.client("A", "auditor").get(reverse("staff_trail")).content.decode()
    assert "làm Người kiểm tra của Xã" in page and "17:00 30/11/2026" in page
    assert "auditor của" not in page and "True" not in page and until not in page


def test_what_belongs_to_no_unit_is_shown_at_the_top_only(told):
    with transaction.atomic():
        record(None, "account.sso_stopped", data={"code": "expired", "name": "Cổng X"}, actor_name="?")
    url = reverse("staff_trail")
    top = told.client("centre", "auditor")
    assert "Cổng X" in top.get(url).content.decode()
    assert "Cổng X" in top.get(url, {"action": "account.sso_stopped"}).content.decode()
    assert "account.sso_stopped" in top.get(url, {"tai": "csv"}).content.decode()
    below = {"unit": str(told.units["A"].pk)}
    assert "Cổng X" not in top.get(url, below).content.decode()
    assert "Cổng X" not in told.client("A", "auditor").get(url).content.decode()


def test_an_entry_that_was_taken_out_shows_even_where_the_chain_was_closed_over_it(db):
    with transaction.atomic():
        first, second, third = (record(None, "unit.create", data={"name": name}) for name in "ABC")
    assert first_broken_entry() is None
    with connection.cursor() as cursor:  # an attacker who can write the database itself
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [second.pk])
        cursor.execute("UPDATE audit_entry SET previous_hash = %s WHERE id = %s", [first.hash, third.pk])
    broken = first_broken_entry()
    assert broken is not None and broken.pk == third.pk


@pytest.mark.parametrize(
    ("action", "data", "said"),
    [
        ("indicators.publish", {"version": 2026, "count": 20000}, "bản 2026: 20.000 chỉ dấu"),
        ("unit.load", {"year": 2025, "count": 3321}, "2025: 3.321"),
        ("campaign.set_deadline", {"to": "Xã", "due": "00:00 20/10/2026"}, "Xã: hết ngày 19/10/2026"),
        ("campaign.set_deadline", {"to": "Xã", "due": "17:30 20/10/2026"}, "Xã: 17:30 20/10/2026"),
        ("campaign.set_deadline", {"to": "Xã", "due": "chưa rõ"}, "Xã: chưa rõ"),
        ("report.policy", {"grace_until": "2026-10-19T17:00:00+00:00"}, "hết ngày 19/10/2026"),
        ("report.policy", {"grace_until": ""}, "–"),
    ],
)
def test_an_entry_says_counts_and_deadlines_as_the_pages_do(action, data, said):
    with translation.override("vi"):
        assert said in sentence(Entry(action=action, data=data))
