"""The browser and the system behind a User-Agent header: a hint for the account's owner, never a proof."""

from __future__ import annotations

_BROWSERS = (("Zalo", "Zalo"), ("Edg", "Edge"), ("coc_coc", "Cốc Cốc"), ("Firefox", "Firefox"),
             ("Chrom", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


def browser_name(user_agent: str) -> str:
    """`Chrome · Windows`; an unknown part is left out, and the text is empty where both are unknown."""
    found = (
        next((name for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(name for name in found if name)
