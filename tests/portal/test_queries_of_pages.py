"""No page asks the database more than twelve times, whoever opens it: walked from the URL table itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quetsach.portal.kit import compiled
from tests.portal.every_route import of_route, routes
from tests.portal.questions import MOST, is_asked


@pytest.fixture
def cast(db, stage, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "is_checked", False)  # the tests of every page check them
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
                for _ in range(2):  # what only the first reader of all asks counts for nobody
                    with CaptureQueriesContext(connection) as asked:
                        answer = client.get(url)
                        list(answer)  # a file is closed when it has been read
                    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
                    times = sum(map(is_asked, asked))
                    if not is_page or times <= MOST:
                        break
                if is_page:
                    seen[name] = max(seen.get(name, 0), times)
    assert len(seen) > 40
    assert {name: n for name, n in seen.items() if n > MOST} == {}
