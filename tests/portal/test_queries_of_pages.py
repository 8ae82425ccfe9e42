"""No page asks the database more than twelve times, whoever opens it: walked from the URL table itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.portal.test_every_route import of_route, routes, things  # noqa: F401

MOST = 12


@pytest.mark.parametrize("unit", ["A1", "A", "centre"])
def test_no_page_asks_more_than_twelve_times(cast, things, unit):  # noqa: F811
    seen = {}
    for role in ("coordinator", "officer"):
        client = cast.client(unit, role)
        client.raise_request_exception = False
        for at in ("A1", unit):
            keys_of = things | {"node_id": cast.nodes[at].pk, "unit_id": cast.units[at].pk}
            for name, keys in routes():
                if not name or "code" in keys:
                    continue
                url = reverse(name, kwargs={key: of_route(keys_of, name, key) for key in keys})
                client.get(url)
                with CaptureQueriesContext(connection) as asked:
                    answer = client.get(url)
                if answer.status_code == 200:
                    seen[name] = max(seen.get(name, 0), len(asked))
    print(sorted(seen.items(), key=lambda x: -x[1]))
    assert len(seen) > 40
    assert {name: n for name, n in seen.items() if n > MOST} == {}
