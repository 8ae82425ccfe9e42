"""A serious incident of the district: notice and report in time, the end still open."""

from __future__ import annotations

from uuid import uuid4

from demo.story import Story
from quetsach.portal.cases.models import Case
from quetsach.portal.incidents import actions
from quetsach.portal.incidents.clocks import Answer, Kind, Severity

_MOST = 3


def notify(story: Story) -> None:
    """Draft an incident of a few machines with one malware, and send its notice on the same day."""
    root, actor = story.nodes[0], story.coordinator
    open_cases = Case.rows.filter(device__owner__campaign=story.campaign).exclude(family="")
    with_family = open_cases.select_related("device__owner").order_by("family", "device__key")
    first = with_family.first()
    if first is None:
        return
    cases = list(with_family.filter(family=first.family)[:_MOST])
    with story.calendar.at(7, 9):
        made = actions.open_incident(actor, root, uuid4(), cases)
        why = "Nhiều máy cùng liên lạc với máy chủ điều khiển; chưa rõ dữ liệu nào đã bị lấy."
        actions.decide_severity(actor, made, Severity.SERIOUS, why)
        actions.say_personal_data(actor, made, Answer.NO, "Các máy không lưu dữ liệu cá nhân của người dân.")
    _send(story, Kind.NOTICE, days_ago=7, hour=15)


def report_on_it(story: Story) -> None:
    """Write down what is known two days later, and send the report in time."""
    made = story.nodes[0].incidents.first()
    if made is None:
        return
    with story.calendar.at(5, 9):
        texts = {
            **made.texts,
            "cause": "Cài phần mềm bẻ khóa tải trên mạng.",
            "measures": "Đã chặn các địa chỉ trong danh sách tại tường lửa.",
            "next": "Cài lại các máy chưa xử lý xong, đổi mật khẩu thư công vụ.",
        }
        actions.write(story.coordinator, made, texts, made.version)
    _send(story, Kind.REPORT, days_ago=5, hour=10)


def _send(story: Story, kind: Kind, *, days_ago: int, hour: int) -> None:
    made = story.nodes[0].incidents.get()
    with story.calendar.at(days_ago, hour):
        paper = actions.freeze(story.coordinator, made, uuid4(), kind, made.version)
    with story.calendar.at(days_ago, hour, 40):
        at = story.calendar.moment(days_ago, hour, 30)
        actions.record_sending(story.coordinator, paper, at, "Công an tỉnh, qua trục liên thông", "")
