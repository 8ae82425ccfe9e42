"""A first draft from what the portal knows: the order from above, passed on under the unit's own head."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from quetsach.portal.campaigns.letter import LetterError, read_letter
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.export import heading as names
from quetsach.portal.reports.export.papers import order_cited
from quetsach.portal.reports.formversions import load_form
from quetsach.vietnamese import short_date

MOST_NAMED = 12
"""Units below that are addressed one by one; more are addressed together."""


def first_draft(node: CampaignNode) -> dict[str, Any]:
    """The fields of a new letter of the node; its deadline lies before the node's own where that can be."""
    head = names.heading(node, "CV", timezone.localdate().year)
    unit = names.short_name(node)
    purposes = _purposes(node)
    order = order_cited(node)
    body = [f"{order}, {unit} yêu cầu các cơ quan, đơn vị thực hiện:"] if purposes else []
    body += [f"- {purpose}" for purpose in purposes]
    if not purposes:
        body.append(f"{order}, {unit} yêu cầu các cơ quan, đơn vị triển khai thực hiện.")
    body += [
        f"Báo cáo kết quả (theo mẫu tại Phụ lục) về {unit} trước ngày {_deadline(node)} để tổng hợp.",
        "Trong quá trình thực hiện, nếu có vướng mắc, đề nghị phản ánh kịp thời để được hướng dẫn.",
    ]
    above = names.superior(node)
    return {
        "superior": head.superior.split("\n") if head.superior else None,
        "issuer": head.issuer.split("\n"),
        "number": None,
        "symbol": node.doc_abbr or "UBND",
        "place": head.place,
        "date": None,
        "subject": _subject(node),
        "to": _addressees(node),
        "basis": [],
        "body": body,
        "cc": ["Như trên", *([f"{names.short_name(above)} (để báo cáo)"] if above else []), "Lưu: VT"],
        "authority": list(names.signature(node).lines),
        "signer": "",
        "annex": annex(node),
    }


def annex(node: CampaignNode) -> dict[str, Any]:
    """The campaign's report form, to be filled in by those who get the letter."""
    form = load_form(node.campaign.form)
    return {
        "title": form.head["title"],
        "rows": [{"content": row.text, "count": None} for row in form.rows],
        "footnote": form.head.get("note", "").removeprefix("Ghi chú:").strip(),
    }


def _subject(node: CampaignNode) -> str:
    title = node.campaign.title
    return f"triển khai {title[:1].lower()}{title[1:]}"


def _purposes(node: CampaignNode) -> tuple[str, ...]:
    try:
        return read_letter(node.campaign.letter).purposes
    except LetterError:
        return ()


def _addressees(node: CampaignNode) -> list[str]:
    below = list(CampaignNode.rows.filter(parent=node).order_by("position", "name")[: MOST_NAMED + 1])
    if 0 < len(below) <= MOST_NAMED:
        return [names.short_name(child) for child in below]
    return ["Các cơ quan, đơn vị trực thuộc"]


def _deadline(node: CampaignNode) -> str:
    """`trước ngày` names the first day that is late."""
    last = timezone.localdate(node.due_at - timedelta(microseconds=1))
    own = last if last > timezone.localdate() else last + timedelta(days=1)
    return short_date(own)
