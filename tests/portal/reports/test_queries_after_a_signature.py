"""A page needs no more queries if figures moved after the signature."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

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


def test_no_page_asks_more_often_where_figures_moved_after_the_signature(cast):
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
