"""No page asks the database more than twelve times, whoever opens it: walked from the URL table itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.portal.every_route import of_route, routes
from tests.portal.questions import MOST, is_asked
from tests.portal.reports.test_review import signed_district, taken

AFTER_A_SIGNATURE = {
    "today": [],
    "rollup": ["A"],
    "why": ["A", "r2"],
    "report": ["A"],
    "supplement": ["A"],
    "progress_node": ["A"],
    "letter": [],
}


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
                list(client.get(url))  # a file is closed when it has been read
                with CaptureQueriesContext(connection) as asked:
                    answer = client.get(url)
                list(answer)
                if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                    seen[name] = max(seen.get(name, 0), sum(map(is_asked, asked)))
    assert len(seen) > 40
    assert {name: n for name, n in seen.items() if n > MOST} == {}


def test_nor_does_one_where_figures_moved_after_the_signature(cast):
    signed_district(cast)
    taken(cast, "A2", "20")
    seen = {}
    for role in ("coordinator", "officer"):
        client = cast.client("A", role)
        for name, keys in AFTER_A_SIGNATURE.items():
            url = reverse(
                name, args=["lam-sach", *(cast.nodes[key].pk if key in cast.nodes else key for key in keys)]
            )
            client.get(url)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(url)
            assert answer.status_code == 200, url
            seen[name, role] = sum(map(is_asked, asked))
    assert {name: n for name, n in seen.items() if n > MOST} == {}
