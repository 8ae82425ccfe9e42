"""No page of the URL table needs more than twelve queries, for any reader."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quetsach.portal.kit import compiled
from tests.portal.every_route import of_route, routes
from tests.portal.questions import MOST, is_asked


@pytest.fixture
def cast(db, stage, settings, tmp_path, monkeypatch, no_contexts):
    monkeypatch.setattr(compiled, "is_checked", False)  # the tests of each page check that
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
