"""Pages need no more queries if there are reports in every state, here and below."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.reports.models import Signing
from tests.portal.questions import MOST, is_asked

PAGES = {"today": (), "report": ("node",), "progress": (), "rollup": ("node",), "why": ("node", "r1")}
# The changes below since the signature, and the signature itself, cost these.
SIGNED = {"today": 16, "rollup": 13, "why": 13}


@pytest.mark.parametrize("state", ["draft", "in_review", "submitted", "returned", "accepted", "amend_asked"])
@pytest.mark.parametrize("unit", ["A1", "A", "centre"])
def test_a_report_in_any_state_costs_no_more_questions(cast, plant, state, unit):
    for below in {"A2", "B"} - {unit}:
        plant(below, (0, 1, 0, 1), "submitted")
    for name in ("A", "A1", "centre"):
        report = plant(name, (0, 1, 0, 1), state)
        if state == "accepted":
            signer = cast.user("centre", "officer")
            Signing.rows.create(revision=report.current, by=signer, at=timezone.now(), document="1")
    most = SIGNED if state == "accepted" else {}
    client, seen = cast.client(unit, "coordinator"), {}
    for page, more in PAGES.items():
        keys = [cast.nodes[unit].pk if key == "node" else key for key in more]
        url = reverse(page, args=[cast.campaign.slug, *keys])
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        seen[page] = sum(map(is_asked, asked))
    assert {page: n for page, n in seen.items() if n > most.get(page, MOST)} == {}
