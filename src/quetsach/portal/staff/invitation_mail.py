"""The e-mail that carries the link of an invitation: plain text, Vietnamese first, then English."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from quetsach.portal.kit.address import absolute
from quetsach.portal.staff.models import Invitation
from quetsach.text.vietnamese import nfc


def words(row: Invitation, token: str) -> tuple[str, str]:
    """Subject and text. The link begins with the portal's configured address, never with a browser's."""
    context = {
        "row": row,
        "unit": _line(row.unit.name),
        "name": _line(row.issuer),
        "address": absolute(reverse("staff_link", args=[token])),
    }
    texts = []
    for language in ("vi", "en"):
        with translation.override(language):
            texts.append(render_to_string("staff/mail/invitation.txt", context).strip())
    with translation.override("vi"):
        subject = _("Invitation: %(role)s of %(unit)s") % {
            "role": row.get_role_display(),
            "unit": context["unit"],
        }
    return subject[:150], "\n\n---\n\n".join(texts) + "\n"


def _line(text: str) -> str:
    """In NFC and on one line, so that a name cannot imitate another part of the e-mail."""
    return nfc(text)
