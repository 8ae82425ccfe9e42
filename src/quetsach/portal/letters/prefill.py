"""The first draft of a letter: passes the superior's order on under the unit's own head."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.letter import Letter as Order
from quetsach.portal.campaigns.letter import LetterError, read_letter
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.selection import ChosenUnit, frozen_units
from quetsach.portal.kit.address import absolute, is_known
from quetsach.portal.letters.order import as_fields
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.export import heading as names
from quetsach.portal.reports.export.papers import order_cited
from quetsach.portal.units.models import Unit
from quetsach.portal.units.queries import order_key
from quetsach.text.vietnamese import short_date

MOST_NAMED = 12
"""With up to so many units below, each is addressed by name; more are addressed together."""

_OTHERS = "Các cơ quan, đơn vị trực thuộc"
_WORDS = {
    Unit.Kind.PROVINCE: ("tỉnh", "thành phố"),
    Unit.Kind.DISTRICT: ("huyện", "quận", "thị xã", "thành phố"),
    Unit.Kind.COMMUNE: ("xã", "phường", "thị trấn", "đặc khu"),
}


def first_draft(node: CampaignNode) -> dict[str, Any]:
    """The fields of a new letter of the node; its deadline lies before the node's own if possible.

    The issuer's letter starts from the order that the campaign took over from an earlier campaign, if any.
    """
    head = names.heading(node, "CV", timezone.localdate().year)
    unit = names.short_name(node)
    is_issuer = node.parent_id is None
    above = names.superior(node)
    fields = {
        "superior": head.superior.split("\n") if head.superior else None,
        "issuer": head.issuer.split("\n"),
        "number": None,
        "symbol": node.doc_abbr or "UBND",
        "place": head.place,
        "date": None,
        "subject": _subject(node),
        "to": _addressees(node),
        "basis": [],
        "body": _order_body(node, unit) if is_issuer else _passing_on(node, unit),
        "cc": ["Như trên", *([f"{names.short_name(above)} (để báo cáo)"] if above else []), "Lưu: VT"],
        "authority": list(names.signature(node).lines),
        "signer": "",
        "annex": annex(node),
    }
    earlier = _earlier(node) if is_issuer else {}
    return {**fields, **{name: value for name, value in earlier.items() if value}}


def annex(node: CampaignNode) -> dict[str, Any]:
    """The campaign's report form as a blank annex, for the units that get the letter."""
    form = load_form(node.campaign.form)
    return {
        "title": form.head["title"],
        "rows": [{"content": row.text, "count": None} for row in form.rows],
        "footnote": form.head.get("note", "").removeprefix("Ghi chú:").strip(),
    }


def _subject(node: CampaignNode) -> str:
    title = node.campaign.title
    return f"triển khai {title[:1].lower()}{title[1:]}"


def _passing_on(node: CampaignNode, unit: str) -> list[str]:
    return [
        f"{order_cited(node)}, {unit} yêu cầu các cơ quan, đơn vị thực hiện:",
        *(f"- {purpose}" for purpose in _purposes(node) or _AIMS),
        *_where(node),
        _report(unit, f"trước ngày {_deadline(node)}"),
        _QUESTIONS,
    ]


def _order_body(node: CampaignNode, unit: str) -> list[str]:
    """The body of the issuer's order: the purposes of the stored order, else both aims; then the sentence."""
    campaign = node.campaign
    name, phone = campaign.contact.get("name"), campaign.contact.get("phone")
    return [
        f"{order_cited(node)}, {unit} yêu cầu các cơ quan, đơn vị:",
        "- Xác nhận đã nhận văn bản ngay trong ngày; chuyển tiếp đến các đơn vị trực thuộc; phổ biến tới toàn"
        " thể cán bộ, công chức, viên chức, người lao động",
        *(f"- {purpose}" for purpose in _purposes(node) or _AIMS),
        *([f"Tóm tắt yêu cầu: {campaign.summary}"] if campaign.summary else []),
        *_where(node),
        _report(unit, campaign.due_text or f"trước ngày {_deadline(node)}"),
        f"{_QUESTIONS.removesuffix('.')} (liên hệ {name}{f', điện thoại {phone}' if phone else ''})."
        if name
        else _QUESTIONS,
    ]


_QUESTIONS = "Trong quá trình thực hiện, nếu có vướng mắc, đề nghị phản ánh kịp thời để được hướng dẫn."
_AIMS = (
    "Kiểm tra các máy tính, thiết bị có kết nối mạng; xử lý các máy phát sinh kết nối đến địa chỉ độc hại",
    "Từng bước chấm dứt sử dụng phần mềm bẻ khóa, không bản quyền trong hoạt động của cơ quan, đơn vị",
)
"""Both aims of the campaign: machines that connect to listed addresses, and cracked software."""


def _where(node: CampaignNode) -> list[str]:
    """Where the list and the tools are; nothing while the portal does not know its own address."""
    if not is_known():
        return []
    # Running text: items of a list are the order's purposes. Without the last slash, which nobody types.
    page = absolute(reverse("campaign_page", args=[node.campaign.slug])).rstrip("/")
    tools = absolute(reverse("tools")).rstrip("/")
    return [
        f"Nội dung chiến dịch và danh sách địa chỉ độc hại: {page}.",
        f"Công cụ kiểm tra máy tính, quét nhật ký và gỡ mã độc: {tools}.",
    ]


def _report(unit: str, when: str) -> str:
    return f"Báo cáo kết quả (theo mẫu tại Phụ lục) về {unit} {when} để tổng hợp."


def _stored(node: CampaignNode) -> Order:
    try:
        return read_letter(node.campaign.letter)
    except LetterError:
        return Order()


def _purposes(node: CampaignNode) -> tuple[str, ...]:
    return _stored(node).purposes


def _earlier(node: CampaignNode) -> dict[str, Any]:
    """The order taken over from an earlier campaign, as fields; fields without text are left out."""
    if node.campaign.status != Campaign.Status.DRAFT:
        return {}
    return as_fields(_stored(node))


def _below(node: CampaignNode) -> list[CampaignNode | ChosenUnit]:
    """The units directly below that take part; for a draft, the units that would."""
    if node.campaign.status == Campaign.Status.DRAFT:
        units = [unit for unit, _reports in frozen_units(node.campaign) if unit.parent_id == node.unit_id]
        return sorted(units, key=lambda unit: order_key(unit.kind, unit.name))
    return list(CampaignNode.rows.filter(parent=node).order_by("position", "name"))


def _addressees(node: CampaignNode) -> list[str]:
    below = _below(node)
    if 0 < len(below) <= MOST_NAMED:
        return [names.short_name(child) for child in below]
    committees = _committees(below)
    is_all = all(child.kind in _WORDS for child in below)
    return committees if committees and is_all else [_OTHERS, *committees]


def _committees(below: Sequence[CampaignNode | ChosenUnit]) -> list[str]:
    """`UBND các xã, thị trấn`: the People's Committees of one level together, by their names' first words."""
    groups = []
    for kind, words in _WORDS.items():
        bare = [names.short_name(child).removeprefix("UBND ") for child in below if child.kind == kind]
        found = [word for word in words if any(name.startswith(f"{word} ") for name in bare)]
        if found:
            groups.append(f"UBND các {', '.join(found)}")
    return groups


def _deadline(node: CampaignNode) -> str:
    """The day after `trước ngày`, which is the first late day."""
    last = timezone.localdate(node.due_at - timedelta(microseconds=1))
    own = last if last > timezone.localdate() else last + timedelta(days=1)
    return short_date(own)
