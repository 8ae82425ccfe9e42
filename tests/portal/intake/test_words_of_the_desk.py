"""The words and marks of the desk: a sum with a doubt in it, a row that the rules refuse."""

import re

from quetsach.portal.campaigns.models import CampaignNode
from tests.portal.intake.test_desk import drop, only, paper, press


def test_a_sum_with_a_doubtful_figure_bears_a_question_mark(cast):
    CampaignNode.rows.filter(pk=cast.nodes["A1"].pk).update(staff_count=10)
    page = drop(cast, a=paper("Đơn vị A1", ("0", "54", "0", "9")), b=paper("Đơn vị A2", ("0", "5", "0", "5")))
    sums = page.content.decode().partition('<dl class="figures">')[2].partition("</dl>")[0]
    shown = [re.sub(r"<[^>]*>", "", one) for one in re.findall(r"<dd>(.*?)</dd>", sums)]
    assert shown[1] == "59? của 2 đơn vị, 1 đơn vị còn nghi vấn" and shown[3] == "14 của 2 đơn vị"


def test_a_row_that_the_rules_refuse_is_not_called_a_report_to_send(cast):
    page = drop(cast, a=paper("Đơn vị A1", ("0", "12", "0", "-"))).content.decode()
    refused = press(cast, only(), "take", r1="0", r2="12", r3="0", r4="")
    assert "Chưa tiếp nhận được dòng này." in refused and "Báo cáo chưa gửi được" not in page + refused
