"""The coordinator's desk: letters of the district and of a commune, and annexes as files."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from demo.people import officer_of
from demo.story import Story
from quetsach.annexes.form.definition import built_in
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.intake import receiving_actions as receiving
from quetsach.portal.letters import actions as letters
from quetsach.portal.letters.prefill import first_draft

SIGNER = "Nguyễn Văn Minh"
PASSING_ON = "Xã Mù Sang"
_TYPED = (
    (("0", "12", "0", "11"), "Đã phổ biến tới toàn thể công chức, rà soát xong tất cả các máy.", ""),
    (
        ("0", "khoảng 9", "0", "7"),
        "Đã rà soát, còn một máy chờ cài lại.",
        "Đề nghị hỗ trợ phần mềm diệt vi-rút.",
    ),
    (("0", "1O", "0", "8"), "Đã triển khai trong buổi giao ban.", ""),
)
"""One annex without a doubt, one with a guess, one with a letter O for a nought."""


def write_letters(story: Story) -> None:
    """The district and a commune have issued their letters; a reminder waits as a draft."""
    root = story.nodes[0]
    commune = next(node for node in story.nodes if node.name == PASSING_ON)
    with story.calendar.at(9, 8, 40):
        _issue(root, story.coordinator, 1620)
    with story.calendar.at(7, 10):
        _issue(commune, officer_of(commune.unit), 45)
    with story.calendar.at(0, 8):
        fields = first_draft(root)
        fields["subject"] = f"đôn đốc {story.campaign.title[:1].lower()}{story.campaign.title[1:]}"
        fields["signer"] = SIGNER
        letters.save(story.coordinator, root, _key(root, "reminder"), fields, 0)


def _issue(node: CampaignNode, actor: User, number: int) -> None:
    fields: dict[str, Any] = {**first_draft(node), "signer": SIGNER}
    letter = letters.save(actor, node, _key(node, "letter"), fields, 0)
    letters.issue(actor, letter, number, letter.changed_at.date(), version=letter.version)


def _key(node: CampaignNode, what: str) -> uuid.UUID:
    return uuid.uuid5(node.pk, what)


def lay_papers(story: Story) -> None:
    """Three offices sent Word files in place of a report; the coordinator has yet to take them."""
    root = story.nodes[0]
    late = [
        n for n in story.nodes if n.parent_id == root.pk and n.kind == "phong" and not hasattr(n, "report")
    ]
    files = [
        (f"PL báo cáo - {node.name}.docx", _annex(story, node.name, *typed))
        for node, typed in zip(late, _TYPED, strict=False)
    ]
    with story.calendar.at(0, 7, 45):
        receiving.receive(story.coordinator, root, files)


def _annex(story: Story, unit: str, counts: Sequence[str], said: str, asked: str) -> bytes:
    """The form as an office fills it in, saved on the day before."""
    import docx

    form = built_in("annex-2022")
    paper = docx.Document()
    paper.core_properties.modified = story.calendar.moment(1, 15).replace(tzinfo=None) - timedelta(hours=7)
    paper.add_paragraph(f"{form.head['mark']}\n{form.head['title']}")
    for label, text in (("unit", unit), ("narrative", said), ("proposals", asked)):
        paper.add_paragraph(f"{form.head[label]}: {text}")
    table = paper.add_table(rows=1, cols=4)
    for cell, text in zip(table.rows[0].cells, form.head["columns"], strict=True):
        cell.text = text
    for row, count in zip(form.rows, counts, strict=True):
        for cell, text in zip(table.add_row().cells, (str(row.number), row.text, count, ""), strict=True):
            cell.text = text
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()
