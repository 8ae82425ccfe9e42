"""Addresses as QR codes, for a phone's camera."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def qr(address: str, scale: int = 3) -> SafeString:
    """The address as a QR code in SVG, for screen and paper; level M withstands a fold or a stain."""
    code = segno.make(address, error="m", micro=False)
    svg = code.svg_inline(scale=scale, border=2, svgclass="qr", lineclass=None, omitsize=False)
    return mark_safe(svg)  # noqa: S308
