"""The sentences of the drafted assessment, in plain official Vietnamese: each kind, its fact, and its forms.

A line of a report in one of these forms is recognised again, so that figures that have changed since can be
offered in its place. A line that an officer worded anew is nobody's form, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from quetsach.portal.reports.assessment import facts
from quetsach.portal.reports.assessment.facts import Acts, Machines, Reports, Scope, Software
from quetsach.text.vietnamese import number, short_date

type Choice = tuple[str, dict[str, Any]] | None
"""The name of a form and the values of its gaps; None if there is nothing to say."""

_COUNT, _DAY = r"\d{1,3}(?:\.\d{3})*", r"\d{1,2}/\d{1,2}/\d{4}"
_GAP = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True)
class Sentence:
    """One kind of sentence: the function of its fact, its forms by name, and the choice of the form.

    A gap of a form is a count, or a day if its name ends with `_day`.
    """

    kind: str
    rests_on: Callable[[Scope], Any]
    forms: Mapping[str, str]
    choose: Callable[[Any], Choice]

    def say(self, fact: Any) -> str:
        """The sentence for a fact; empty if there is nothing to say."""
        choice = self.choose(fact)
        return self.forms[choice[0]].format_map(_shown(choice[1])) if choice else ""

    def is_said_by(self, line: str) -> bool:
        """Whether a line is this sentence in any of its forms, with any figures."""
        return self._pattern.fullmatch(line.strip()) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        shapes = (
            _GAP.sub(lambda gap: _DAY if gap[1].endswith("_day") else _COUNT, re.escape(form))
            for form in self.forms.values()
        )
        return re.compile("|".join(shapes))


@dataclass(frozen=True)
class Said:
    """A drafted sentence and its kind."""

    kind: str
    text: str


def _shown(values: dict[str, Any]) -> dict[str, str]:
    return {name: _words(value) for name, value in values.items()}


def _words(value: int | date | datetime) -> str:
    if isinstance(value, datetime):
        return short_date(timezone.localdate(value))
    return short_date(value) if isinstance(value, date) else number(value)


def _share(part: int, whole: int) -> str:
    return "all" if part == whole else "some" if part else "none"


def _received(acts: Acts) -> Choice:
    if not acts.units:
        return None
    values = {"n": acts.received, "units": acts.units, "left": acts.units - acts.received}
    return _share(acts.received, acts.units), values


def _deployed(acts: Acts) -> Choice:
    if not acts.units:
        return None
    values = {"n": acts.deployed, "units": acts.units, "left": acts.units - acts.deployed}
    return _share(acts.deployed, acts.units), values


def _received_itself(acts: Acts) -> Choice:
    if acts.is_issuer:
        return None
    return ("on", {"received_day": acts.received_on}) if acts.received_on else ("not yet", {})


def _deployed_itself(acts: Acts) -> Choice:
    if acts.deployed_on:
        return "on", {"deployed_day": acts.deployed_on}
    return None if acts.is_issuer else ("not yet", {})


def _reported(reports: Reports) -> Choice:
    if not reports.units:
        return None
    if not reports.expected:
        return "not asked", {}
    values = {
        "n": reports.accepted,
        "units": reports.expected,
        "on_time": reports.on_time,
        "left": reports.expected - reports.accepted,
    }
    return _share(reports.accepted, reports.expected), values


def _looked_at(machines: Machines) -> Choice:
    if not machines.is_listed:
        return "not asked", {}
    if not machines.scans:
        return None if machines.found else ("unknown", {})
    if machines.first is None or machines.last is None:
        return "undated", {"scans": machines.scans, "senders": machines.senders}
    values = {"scans": machines.scans, "senders": machines.senders}
    return "dated", {**values, "first_day": machines.first, "last_day": machines.last}


def _not_looked_at(machines: Machines) -> Choice:
    left = machines.left
    if not machines.is_listed or not left:
        return None
    return "some", {"silent": left.silent, "logs": left.logs, "errors": left.errors}


def _found(machines: Machines) -> Choice:
    if machines.found:
        values = {"n": machines.found}
        if machines.least < machines.most:
            values["least"] = machines.least
            return "between, not all tied" if machines.is_told else "between", values
        return "some, not all tied" if machines.is_told else "some", values
    if machines.is_told:
        return "none tied", {}
    # Without a look, and without its days, nothing was seen because nothing could be seen.
    return ("none", {}) if machines.scans and machines.first else None


def _handled(machines: Machines) -> Choice:
    if not machines.found:
        return None
    values = {
        "all": machines.found,
        "n": machines.handled,
        "verified": machines.verified,
        "waiting": machines.handled - machines.verified,
        "open": machines.open,
    }
    if not machines.handled:
        return "none", values
    if machines.verified == machines.found:
        return "verified", values
    return ("some" if machines.open else "handled"), values


def _addresses(machines: Machines) -> Choice:
    values = {"n": machines.shared, "m": machines.unlocated}
    if machines.shared and machines.unlocated:
        return "both", values
    if machines.shared:
        return "shared", values
    return ("unlocated", values) if machines.unlocated else None


def _came_back(machines: Machines) -> Choice:
    values = {"n": machines.relapsed, "m": machines.reinfected}
    if machines.relapsed and machines.reinfected:
        return "both", values
    if machines.relapsed:
        return "back", values
    return ("again", values) if machines.reinfected else None


def _false_alarms(machines: Machines) -> Choice:
    return ("some", {"n": machines.false_alarms}) if machines.false_alarms else None


def _software(software: Software) -> Choice:
    if not software.is_asked:
        return "not asked", {}
    if not software.checked:
        return "unknown", {}
    unseen = software.checked - software.whole
    values = {"n": software.found, "checked": software.checked, "unseen": unseen, "whole": software.whole}
    if software.found:
        return ("some" if not unseen else "some, not all seen"), values
    if not software.whole:
        return "nothing seen", values
    return ("none" if not unseen else "none, not all seen"), values


def _replaced(software: Software) -> Choice:
    if not software.found:
        return None
    values = {"n": software.replaced, "remaining": software.remaining}
    return _share(software.replaced, software.found), values


def _unchecked(software: Software) -> Choice:
    if not software.is_asked:
        return None
    if software.unchecked is None:
        return ("unknown", {}) if software.checked else None
    values = {
        "n": software.unchecked, "most": software.unchecked + software.perhaps, "silent": software.silent,
        "units": software.units,
    }  # fmt: skip
    if software.silent:
        return ("at least" if software.unchecked else "none said"), values
    if software.perhaps:
        return "between", values
    return ("some" if software.unchecked else "none"), values


SENTENCES = (
    Sentence(
        "received itself",
        facts.acts,
        {
            "on": "Đơn vị đã xác nhận nhận được văn bản triển khai chiến dịch ngày {received_day}.",
            "not yet": "Đơn vị chưa xác nhận trên hệ thống việc nhận văn bản triển khai chiến dịch.",
        },
        _received_itself,
    ),
    Sentence(
        "deployed itself",
        facts.acts,
        {
            "on": "Đơn vị đã triển khai chiến dịch ngày {deployed_day}.",
            "not yet": "Đơn vị chưa báo triển khai chiến dịch trên hệ thống.",
        },
        _deployed_itself,
    ),
    Sentence(
        "received",
        facts.acts,
        {
            "all": "Toàn bộ {units} đơn vị bên dưới đã xác nhận nhận được văn bản.",
            "some": (
                "Có {n} trên {units} đơn vị bên dưới đã xác nhận nhận được văn bản; còn {left} đơn vị "
                "chưa xác nhận."
            ),
            "none": "Chưa có đơn vị nào trong {units} đơn vị bên dưới xác nhận nhận được văn bản.",
        },
        _received,
    ),
    Sentence(
        "deployed",
        facts.acts,
        {
            "all": "Toàn bộ {units} đơn vị bên dưới đã báo triển khai chiến dịch.",
            "some": (
                "Có {n} trên {units} đơn vị bên dưới đã báo triển khai chiến dịch; còn {left} đơn vị chưa "
                "báo triển khai."
            ),
            "none": "Chưa có đơn vị nào trong {units} đơn vị bên dưới báo triển khai chiến dịch.",
        },
        _deployed,
    ),
    Sentence(
        "reported",
        facts.reports,
        {
            "all": (
                "Đã tiếp nhận báo cáo của toàn bộ {units} đơn vị phải báo cáo; {on_time} đơn vị gửi đúng hạn."
            ),
            "some": (
                "Đã tiếp nhận báo cáo của {n} trên {units} đơn vị phải báo cáo; {on_time} đơn vị gửi đúng "
                "hạn; còn {left} đơn vị chưa có báo cáo được tiếp nhận."
            ),
            "none": "Chưa tiếp nhận được báo cáo nào của {units} đơn vị phải báo cáo.",
            "not asked": "Các đơn vị bên dưới không phải báo cáo riêng trong chiến dịch này.",
        },
        _reported,
    ),
    Sentence(
        "looked at",
        facts.machines,
        {
            "dated": (
                "Đã rà soát {scans} lượt nhật ký kết nối mạng do {senders} đơn vị gửi, từ ngày {first_day} "
                "đến ngày {last_day}."
            ),
            "undated": (
                "Đã nhận {scans} lượt nhật ký kết nối mạng do {senders} đơn vị gửi nhưng không xác định được "
                "thời gian của nhật ký; chưa đủ căn cứ để kết luận không có máy kết nối đến địa chỉ độc hại."
            ),
            "unknown": (
                "Chưa có nhật ký kết nối mạng nào được gửi về để rà soát; chưa đủ căn cứ để kết luận có "
                "hay không có máy kết nối đến địa chỉ độc hại."
            ),
            "not asked": (
                "Chiến dịch chưa công bố danh sách địa chỉ độc hại nên chưa yêu cầu rà soát máy tính theo "
                "danh sách."
            ),
        },
        _looked_at,
    ),
    Sentence(
        "not looked at",
        facts.machines,
        {
            "some": (
                "Phần chưa rà soát được: {silent} bộ theo dõi đang im lặng, {logs} nhật ký mà bộ theo dõi "
                "không đọc được hết, {errors} lỗi khi đọc nhật ký được gửi về."
            ),
        },
        _not_looked_at,
    ),
    Sentence(
        "found",
        facts.machines,
        {
            "some": "Đã phát hiện {n} hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "some, not all tied": (
                "Đã phát hiện {n} hồ sơ máy có kết nối đến địa chỉ độc hại; còn dòng nhật ký nêu địa chỉ "
                "độc hại mà chưa xác định được là của máy nào."
            ),
            "between": (
                "Đã phát hiện {n} hồ sơ máy có kết nối đến địa chỉ độc hại, của ít nhất {least} máy; phần "
                "còn lại mới biết theo địa chỉ hoặc card mạng nên có thể trùng nhau."
            ),
            "between, not all tied": (
                "Đã phát hiện {n} hồ sơ máy có kết nối đến địa chỉ độc hại, của ít nhất {least} máy; còn "
                "dòng nhật ký nêu địa chỉ độc hại mà chưa xác định được là của máy nào."
            ),
            "none tied": (
                "Nhật ký đã rà soát có dòng nêu địa chỉ độc hại nhưng chưa xác định được là của máy nào; "
                "chưa đủ căn cứ để kết luận có hay không có máy kết nối đến địa chỉ độc hại."
            ),
            "none": "Không thấy máy nào kết nối đến địa chỉ độc hại trong phần nhật ký đã rà soát.",
        },
        _found,
    ),
    Sentence(
        "addresses",
        facts.machines,
        {
            "both": (
                "Trong đó có {n} địa chỉ dùng chung, mỗi địa chỉ có ít nhất một máy có dấu hiệu, và {m} "
                "địa chỉ chưa xác định được là máy nào."
            ),
            "shared": "Trong đó có {n} địa chỉ dùng chung, mỗi địa chỉ có ít nhất một máy có dấu hiệu.",
            "unlocated": "Trong đó có {m} địa chỉ chưa xác định được là máy nào.",
        },
        _addresses,
    ),
    Sentence(
        "handled",
        facts.machines,
        {
            "some": (
                "Đã xử lý {n} hồ sơ máy, trong đó {verified} hồ sơ được xác minh đã sạch; còn {open} hồ "
                "sơ chưa xử lý xong."
            ),
            "handled": (
                "Đã xử lý toàn bộ {all} hồ sơ máy, trong đó {verified} hồ sơ được xác minh đã sạch; "
                "{waiting} hồ sơ đang chờ xác minh."
            ),
            "verified": "Toàn bộ {all} hồ sơ máy đã được xử lý và xác minh đã sạch.",
            "none": "Chưa có hồ sơ máy nào được xử lý xong; còn {open} hồ sơ phải xử lý.",
        },
        _handled,
    ),
    Sentence(
        "came back",
        facts.machines,
        {
            "both": (
                "Có {n} máy có dấu hiệu trở lại sau khi xử lý và {m} máy nhiễm lại sau khi đã xác minh sạch."
            ),
            "back": "Có {n} máy có dấu hiệu trở lại sau khi xử lý.",
            "again": "Có {m} máy nhiễm lại sau khi đã xác minh sạch.",
        },
        _came_back,
    ),
    Sentence(
        "false alarms",
        facts.machines,
        {"some": "Ngoài ra có {n} hồ sơ máy đã được xác định là báo nhầm, không tính vào các số trên."},
        _false_alarms,
    ),
    Sentence(
        "software",
        facts.software,
        {
            "some": "Đã kiểm tra {checked} máy tính, phát hiện {n} bản phần mềm bẻ khóa.",
            "some, not all seen": (
                "Đã kiểm tra {checked} máy tính, phát hiện {n} bản phần mềm bẻ khóa; {unseen} máy chưa "
                "xem được hết."
            ),
            "none": "Đã kiểm tra {checked} máy tính, không thấy phần mềm bẻ khóa trên các máy đã kiểm tra.",
            "none, not all seen": (
                "Đã kiểm tra {checked} máy tính; không thấy phần mềm bẻ khóa trên {whole} máy đã xem hết; "
                "{unseen} máy chưa xem được hết nên chưa kết luận."
            ),
            "nothing seen": (
                "Đã kiểm tra {checked} máy tính nhưng chưa máy nào xem được hết; chưa đủ căn cứ để kết "
                "luận về phần mềm bẻ khóa."
            ),
            "unknown": (
                "Chưa có kết quả kiểm tra máy tính nào được gửi về; chưa biết có hay không có phần mềm bẻ "
                "khóa."
            ),
            "not asked": "Văn bản triển khai chiến dịch không yêu cầu báo cáo về phần mềm bẻ khóa.",
        },
        _software,
    ),
    Sentence(
        "replaced",
        facts.software,
        {
            "all": "Toàn bộ {n} bản phần mềm bẻ khóa đã được gỡ bỏ hoặc thay thế.",
            "some": "Đã gỡ bỏ hoặc thay thế {n} bản phần mềm bẻ khóa; còn {remaining} bản.",
            "none": "Chưa gỡ bỏ hoặc thay thế được bản phần mềm bẻ khóa nào; còn {remaining} bản.",
        },
        _replaced,
    ),
    Sentence(
        "unchecked",
        facts.software,
        {
            "some": "Còn {n} máy tính chưa được kiểm tra.",
            "none": "Toàn bộ máy tính mà đơn vị đã khai đều đã được kiểm tra.",
            "between": "Còn từ {n} đến {most} máy tính chưa được kiểm tra, vì sổ máy tính còn chỗ chưa rõ.",
            "none said": (
                "Chưa biết còn bao nhiêu máy tính chưa được kiểm tra: {silent} trong {units} đơn vị chưa"
                " có sổ máy và chưa khai số máy tính."
            ),
            "at least": (
                "Còn ít nhất {n} máy tính chưa được kiểm tra; {silent} trong {units} đơn vị chưa có sổ"
                " máy và chưa khai số máy tính."
            ),
            "unknown": "Chưa đơn vị nào khai số máy tính nên chưa biết còn bao nhiêu máy chưa được kiểm tra.",
        },
        _unchecked,
    ),
)
"""The kind of each sentence, and the fact that it rests on, in the order of the text."""


def said(known: Callable[[Callable[[Scope], Any]], Any]) -> tuple[Said, ...]:
    """The sentences for facts; `known` gives the fact of a function of SENTENCES."""
    spoken = (Said(one.kind, one.say(known(one.rests_on))) for one in SENTENCES)
    return tuple(one for one in spoken if one.text)
