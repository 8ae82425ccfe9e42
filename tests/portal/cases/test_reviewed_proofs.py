"""Proofs that the rules and logs of today would not give are named, and stay until a person decides."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.urls import reverse

from quetsach.portal.cases import actions
from quetsach.portal.cases.models import Case, CaseEvent
from tests.portal.cases.test_pull_sightings import DEVICE, claim, clean_logs, listed, only, upload
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["listed", "upload"]


def named():
    out = StringIO()
    call_command("review_proofs", stdout=out)
    return out.getvalue()


def page(cast):
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    return text_of(client.get(reverse("case", args=["lam-sach", only().pk])))


@pytest.fixture
def proven(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    upload([], [clean_logs(noon(29), noon(12))])
    assert only().state == "verified_clean"


DOUBT = "By the rules and logs of today this proof would not be reached."


def test_a_late_sign_that_names_no_machine_makes_a_proof_doubtful(cast, proven, upload):
    assert "10.1.1.5" not in named() and DOUBT not in page(cast)
    upload([sighting(None, noon(20), source="log-9")])
    told = named()
    assert f"{cast.nodes['A1'].name}: {DEVICE}: " in told and str(only().pk) in told
    assert DOUBT in page(cast) and "each could be this machine" in page(cast)
    assert (only().state, Case.rows.count()) == ("verified_clean", 1), "a person decides"


def test_newer_logs_that_prove_it_anew_end_the_doubt(cast, proven, upload):
    upload([sighting(None, noon(20), source="log-9")])
    upload([], [clean_logs(noon(12), noon(1))])
    assert DOUBT not in page(cast) and str(only().pk) not in named()


def test_what_a_person_or_a_check_says_rests_on_no_log(cast, proven, upload):
    upload([sighting(None, noon(20), source="log-9")])
    CaseEvent.rows.filter(act="verify").update(data={"check": str(uuid4()), "until": noon(12).isoformat()})
    assert str(only().pk) not in named() and DOUBT not in page(cast)
    actions.reopen(only(), cast.user("A1", "it"), "Xem lại.")
    claim(cast, noon(28))
    actions.confirm_clean(only(), cast.user("A", "coordinator"), "đã kiểm tra tại chỗ")
    assert only().state == "verified_clean" and str(only().pk) not in named()
