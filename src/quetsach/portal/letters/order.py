"""Converts the issuer's letter to the campaign's order, which everybody reads, and back to a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quetsach.documents import wording
from quetsach.portal.campaigns.letter import Letter as Order
from quetsach.portal.campaigns.letter import Paragraph


def as_order(fields: Mapping[str, Any]) -> Order:
    """The order with the marks, endings and capitals of the printed letter; missing parts are blank."""
    annex = fields.get("annex") or {}
    number = fields.get("number")
    subject = wording.about(fields.get("subject") or "")
    return Order(
        superior_lines=tuple(fields.get("superior") or ()),
        issuer_lines=tuple(fields.get("issuer") or ()),
        number=f"{number:02}" if number else "",
        symbol=wording.capitals(fields.get("symbol") or ""),
        place=fields.get("place") or "",
        date=fields.get("date") or "",
        subject=f"V/v {subject}" if subject else "",
        recipients=tuple(map(wording.bare, fields.get("to") or ())),
        basis=wording.ended(fields.get("basis") or ()),
        paragraphs=tuple(map(_paragraph, wording.paragraphs(fields.get("body") or ()))),
        cc=wording.ended(fields.get("cc") or ()),
        signature_lines=tuple(map(wording.authority, fields.get("authority") or ())),
        signer=fields.get("signer") or "",
        annex=annex.get("title", ""),
    )


def as_fields(order: Order) -> dict[str, Any]:
    """The parts of an order that a new letter takes over; number and date stay blank."""
    body = [f"- {p.text}" if p.kind == "bullet" else p.text for p in order.paragraphs]
    return {
        "superior": list(order.superior_lines) or None,
        "issuer": list(order.issuer_lines),
        "symbol": order.symbol,
        "place": order.place,
        "subject": wording.about(order.subject),
        "to": list(map(wording.bare, order.recipients)),
        "basis": list(map(wording.bare, order.basis)),
        "body": [*body, *(text for text in (order.report_line, order.closing) if text)],
        "cc": list(map(wording.bare, order.cc)),
        "authority": list(order.signature_lines),
        "signer": order.signer,
    }


def _paragraph(text: str) -> Paragraph:
    bare = text.removeprefix("- ")
    return Paragraph(bare, "bullet" if bare != text else "text")
