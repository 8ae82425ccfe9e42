"""Who chose English reads English: no page has Vietnamese words of the portal's own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from quetsach.portal.campaigns.models import Campaign
from tests.portal.every_route import of_route, routes

VIETNAMESE = re.compile(r"[^\s<>]*[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9áàãéèíìĩóòõúùũýỳÁÀÃÉÈÍÌÓÒÕÚÙÝ][^\s<>]*")
QUOTED = re.compile(
    r"<(script|style|textarea|pre|code|bdi)\b.*?</\1>|<[^>]*\blang=\"vi\".*?</|“[^”]*”|<!--.*?-->", re.S
)
"""Parts that quote: what people typed, commands, the letter, words of the Vietnamese form."""
DATA = re.compile(
    r"Đơn vị (?:centre|A1|A2|A|B1|B)\b|Chiến dịch làm sạch mã độc|triển khai chiến dịch làm sạch mã độc"
    r"|Hợp tác xã Ví Dụ|Công ty Mẫu|Quét Sạch"
    r"|Đã rà soát xong tất cả các máy\.|Giấy biên nhận|Tiếng Việt"
    r"|máy chủ phân giải|Máy của phòng thử nghiệm\."
)


@pytest.fixture
def cast(db, stage, settings, tmp_path, quick_pages):
    return stage.enter(settings, tmp_path)


@pytest.fixture
def things(stage):
    return stage.things


def own_words(page: str) -> list[str]:
    """Vietnamese words in what a reader sees, beside names and texts of people."""
    shown = QUOTED.sub(" ", page)
    shown = DATA.sub(" ", unescape(re.sub(r"<[^>]*>", "\n", shown)))
    return [line.strip() for line in shown.split("\n") if VIETNAMESE.search(line)]


@pytest.mark.parametrize("who", [("centre", "coordinator"), ("A", "coordinator"), ("A1", "officer")])
def test_no_page_in_english_has_vietnamese_words_of_its_own(cast, things, who):
    client = cast.client(*who)
    client.raise_request_exception = False
    client.cookies["django_language"] = "en"
    Campaign.objects.update(due_text="trước ngày 26/9/2030", due_rule=Campaign.DueRule.BEFORE)
    found, seen = {}, 0
    for name, keys in routes():
        if not name or name in NATIONAL:
            continue
        for node in {cast.nodes[who[0]].pk, things["node_id"]}:
            known = things | {"node_id": node}
            answer = client.get(reverse(name, kwargs={key: of_route(known, name, key) for key in keys}))
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                b"".join(answer)  # read to the end, which closes a file
                continue
            seen += 1
            if words := own_words(answer.content.decode()):
                found[name] = words[:5]
    assert seen > 30
    assert found == {}


NATIONAL = {
    "handbook_page": "the documents name places of Vietnam and words of the form",
    "campaign_letter": "the letter itself",
    "letter": "the letter itself",
    "letters:look": "the letter itself",
    "letters:edit": "the letter itself, and examples of its parts",
    "letters:compose": "the letter itself, and examples of its parts",
    "letters:order": "the letter itself, and examples of its parts",
    "report_assessment": "sentences for the official report",
    "unit_upload": "headings and kinds as they stand in the table",
    "audit": "names of files and letters",
    "staff_trail": "names of files and letters",
}
"""Pages that show official texts and names, which are Vietnamese."""
