"""No page of the URL table needs more than twelve queries, for any reader."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quetsach.machines.evidence import Key
from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases import actions
from quetsach.portal.cases.models import Case
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.cases.test_which_machine import lease
from tests.portal.every_route import of_route, routes
from tests.portal.questions import MOST, is_asked
from tests.portal.scan_document import bypass, coverage, document, hours_of, noon, sighting


@pytest.fixture
def cast(db, stage, settings, tmp_path, quick_pages):
    return stage.enter(settings, tmp_path)


@pytest.fixture
def things(stage):
    return stage.things


@pytest.mark.parametrize("unit", ["A1", "A", "centre"])
def test_no_page_asks_more_often_than_it_may(cast, things, unit):
    seen = {}
    for role in ("coordinator", "officer"):
        client = cast.client(unit, role)
        client.raise_request_exception = False
        for at in {"A1", unit}:
            keys_of = things | {"node_id": cast.nodes[at].pk, "unit_id": cast.units[at].pk}
            for name, keys in routes():
                if not name or "code" in keys:
                    continue
                url = reverse(name, kwargs={key: of_route(keys_of, name, key) for key in keys})
                for _ in range(2):  # queries that only the very first reader causes do not count
                    with CaptureQueriesContext(connection) as asked:
                        answer = client.get(url)
                        list(answer)  # reading a file closes it
                    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
                    times = sum(map(is_asked, asked))
                    if not is_page or times <= MOST:
                        break
                if is_page:
                    seen[name] = max(seen.get(name, 0), times)
    assert len(seen) > 40
    assert {name: n for name, n in seen.items() if n > MOST} == {}


@pytest.fixture
def claimed(cast):
    """A claimed machine with what its page may read: leases, a card that goes around, another case, and signs
    without a machine that repeat a question."""
    card = "00:00:5e:00:53:01"
    rows = lease(Key("mac", card.replace(":", "-")), noon(2), name="pc-7", address="10.1.1.8")
    claims = [one for one in rows if hasattr(one, "keys")]
    store_evidence(cast.units["A1"], claims, [one for one in rows if one not in claims])
    arrivals.announce(cast.campaign)
    at = noon(1)
    run = [12 * 3600 * 1_000_000] * 2 + [1]
    told = {"source": "log-2", "logformat": "dnsmasq", "who": "", "runs": [run]}
    of_it = {"who": "", "runs": [run], "source": "log-3"}
    signs = [sighting("10.1.1.8", noon(2), **of_it)]
    signs += [sighting("10.1.1.8", noon(2), family="other", indicator="bad.example", **of_it)]
    signs += [sighting("10.1.1.9", at, **told), sighting(None, at, **told)]
    ways = [bypass("10.1.1.8", at, source="log-2", who=f"mac:{card.replace(':', '-')}")]
    logs = [coverage(noon(2), noon(0), source="log-2", hours=hours_of(noon(2), noon(0)), order="kept")]
    body = document(signs, logs, bypasses=ways, schema=2, asked=["10.1.1.8"])
    receipt = receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert not receipt.rejected
    case = Case.rows.get(family="ramnit", is_current=True, device__identity__host="pc-7")
    return actions.claim_clean(
        case, cast.user("A1", "it"), done="scan", done_at=noon(2) + timedelta(minutes=10)
    )


@pytest.mark.parametrize("role", ["officer", "it"])
def test_the_page_of_a_claimed_machine_asks_no_more(cast, claimed, role):
    client = cast.client("A1", role)
    client.get(reverse("case", args=["lam-sach", claimed.pk]))
    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("case", args=["lam-sach", claimed.pk]))
    told = [one["sql"] for one in asked if is_asked(one)]
    assert page.status_code == 200 and "--asked" in page.content.decode()
    assert len(told) <= MOST, "\n".join(one[:300] for one in told)
