"""Turns defanged indicators back: `hxxp://evil[.]example` (the spelling of MISP and similar programs)."""

from __future__ import annotations

import re

_HINT = re.compile(r"[][({\\]|^\s*(?:h.{1,3}ps?|meows?|fxp)\b", re.IGNORECASE)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (r"^\s*(?:hxxp|hxtp|htxp|h\[tt\]p|h\*\*p|meow)(s?)(?=\[?:|\[?/)", r"http\1"),
        (r"^\s*fxp(s?)(?=\[?:)", r"ftp\1"),
        (r"\[://\]", "://"),
        (r"\[:\]", ":"),
        (r"\[/\]", "/"),
        (r"\[(?:@|at)\]|\((?:@|at)\)", "@"),
        (r"\[(?:\.|dot)\]|\((?:\.|dot)\)|\{(?:\.|dot)\}", "."),
        (r"\[\.|(?<=[^\s\]])\.\]|\\\.", "."),
    )
)


def refang(text: str) -> str:
    """The value without its protective spelling; a value that is not defanged stays as it is."""
    if _HINT.search(text) is None:
        return text
    for pattern, plain in _RULES:
        text = pattern.sub(plain, text)
    return text


def defang(text: str) -> str:
    """A value that no program turns into a link: `hxxp` and `[.]`."""
    text = re.sub(r"^http", "hxxp", text)
    return text.replace(".", "[.]")
