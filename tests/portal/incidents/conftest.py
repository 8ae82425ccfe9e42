"""Cases for the papers about them."""

from io import BytesIO

import pytest

from quetsach.portal.cases.models import Case
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

HOSTILE = "<script>alert(1)</script>\u202e\ufffe\x07 rtl"
LIST = "indicator,type,family\nc2.example,domain,ramnit\nbad.example,domain,redline\n"


@pytest.fixture
def cases(cast, tmp_path):
    """Two machines of A1 with ramnit and redline, one of A2 with ramnit."""
    listed = publish_list(cast, tmp_path, LIST)
    rows = [
        sighting("10.1.1.5", noon(5), indicator="c2.example", count=7,
                 evidence=f"hỏi tên {HOSTILE}",
                 identity={"host": "KE-TOAN-01", "nat": "203.0.113.9:40112"}),
        sighting("10.1.1.6", noon(4), indicator="bad.example", family="redline", count=2,
                 evidence="dòng của máy 6"),
        sighting("10.1.2.9", noon(3), indicator="c2.example", count=4, evidence="dòng của máy 9"),
    ]  # fmt: skip
    body = document(rows, [coverage(noon(6), noon(2))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A"], Sender("upload", user=cast.user("A", "it")))
    return list(Case.rows.order_by("first_seen"))
