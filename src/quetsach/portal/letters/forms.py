"""The form of a letter: a box for each element, lists as plain text with one line an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.documents.fields import LARGEST_NUMBER
from quetsach.portal.kit.fields import CalendarDay

MOST_TYPED = 200_000
"""Characters that one box keeps; a text too long for paper is reported, not cut."""


@dataclass(frozen=True)
class Box:
    """One element of a letter. `rows` of 0 is a single line."""

    name: str
    label: str | Promise
    help: str | Promise = ""
    rows: int = 0


@dataclass(frozen=True)
class Group:
    """Boxes under one heading."""

    title: str | Promise
    boxes: tuple[Box, ...]


GROUPS = (
    Group(
        _("Text"),
        (
            Box("subject", _("What the letter is about"), _("Without “V/v”; it is set in print.")),
            Box("to", _("To"), _("One addressee per line, without dashes."), 3),
            Box("basis", _("Legal basis"), _("One per line; may stay empty."), 2),
            Box(
                "body",
                _("Text of the letter"),
                _("One paragraph per line. A dash and a space before a line make it an item of a list."),
                12,
            ),
        ),
    ),
    Group(
        _("Signature and recipients"),
        (
            Box(
                "authority",
                _("Authority and title of the signer"),
                _("One line each, for example: TL. Chủ tịch, and below it Chánh Văn phòng."),
                2,
            ),
            Box("signer", _("Full name of the signer"), _("Without academic titles; may stay empty.")),
            Box("cc", _("Recipients (Nơi nhận)"), _("One per line, without dashes; the last is Lưu: VT."), 3),
        ),
    ),
    Group(
        _("Head of the letter"),
        (
            Box("superior", _("Superior body"), _("Stays empty for a People's Committee."), 2),
            Box("issuer", _("Issuing body"), _("As it appears above the number, one line each."), 2),
            Box("symbol", _("Symbol"), _("What follows the number, for example UBND-VP.")),
            Box("place", _("Place of the letter"), _("The place before the date.")),
        ),
    ),
)
_BOXES = {box.name: box for group in GROUPS for box in group.boxes}


def read_fields(post: Mapping[str, str], annex: dict[str, Any] | None) -> dict[str, Any]:
    """The fields of FIELDS.json as typed; number and date are entered when the letter is issued."""
    fields: dict[str, Any] = {"number": None, "date": None}
    for name, box in _BOXES.items():
        typed = post.get(name, "")[:MOST_TYPED]
        lines = [line.strip() for line in typed.splitlines() if line.strip()]
        fields[name] = lines if box.rows else " ".join(lines)
    fields["superior"] = fields["superior"] or None
    if annex is not None and post.get("with_annex"):
        fields["annex"] = annex
    return fields


def as_typed(fields: Mapping[str, Any], name: str) -> str:
    """The text in a box."""
    value = fields.get(name) or ""
    return "\n".join(value) if isinstance(value, list) else str(value)


class IssueForm(forms.Form):
    """The office's number and date for the letter, and the signed file if there is one already."""

    number = forms.IntegerField(
        min_value=1,
        max_value=LARGEST_NUMBER,
        error_messages={
            "required": _("Write the number that the registry gave."),
            "invalid": _("Write the number alone, such as 12."),
            "min_value": _("Write the number alone, such as 12."),
            "max_value": _("Write the number alone, such as 12."),
        },
    )
    day = CalendarDay(
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "required": _("Write the date of the letter."),
            "invalid": _("Write the date as dd/mm/yyyy."),
        },
    )
    file = forms.FileField(required=False, error_messages={"empty": _("The file is empty. Choose it again.")})


class SignedForm(forms.Form):
    """The signed file alone."""

    file = forms.FileField(
        error_messages={
            "required": _("Choose the signed PDF."),
            "empty": _("The file is empty. Choose it again."),
        }
    )
