"""Addresses as QR codes, for a phone's camera."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe

from quetsach.portal.kit import address


def qr(text: str, scale: int = 3) -> SafeString:
    """The text as a QR code in SVG, for screen and paper; level M withstands a fold or a stain."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(scale=scale, border=2, svgclass="qr", lineclass=None, omitsize=False)
    return mark_safe(svg)  # noqa: S308


def page_qr(path: str, scale: int = 3) -> SafeString:
    """The whole address of a page as a QR code; "" while the portal does not know its own address."""
    return qr(address.absolute(path), scale) if address.is_known() else SafeString("")
