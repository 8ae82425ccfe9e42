"""Shared parts of self-contained pages: no script, nothing fetched, and shapes beside colours for states."""

from __future__ import annotations

from importlib.resources import files

from quetsach.text.language import code

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SHAPES = {
    "triangle": '<path d="M8 1.5 15 14H1Z" fill="currentColor"/>',
    "ring": '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.75"/>'
    '<path d="M4 8h8" stroke="currentColor" stroke-width="1.75"/>',
    "arrow": '<path d="M2 8h11M9 3.5 13.5 8 9 12.5" fill="none" stroke="currentColor" stroke-width="1.9"/>',
    "hatch": '<path d="M2 2h12v12H2ZM2 7l5-5M2 12 12 2M4 14 14 4M9 14l5-5" fill="none" stroke="currentColor"'
    ' stroke-width="1.25"/>',
    "tick": '<path d="M2.5 8.5 6.5 12.5 13.5 4" fill="none" stroke="currentColor" stroke-width="2"/>',
    "dot": '<circle cx="8" cy="8" r="3" fill="currentColor"/>',
}


def opening(title: str, subject: str, style: str = "") -> str:
    """The HTML up to the content of `main`. Texts are HTML; `style` is added to the common style sheet."""
    style = files("quetsach.text").joinpath("page.css").read_text("utf-8") + style
    return (
        f'<!doctype html>\n<html lang="{code()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title} · Quét Sạch</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<header><div class="in"><span class="mark">Quét Sạch</span><span>{title}</span>'
        f'<span class="muted">{subject}</span></div></header>\n<main>\n'
    )


def marked(css: str, shape: str, text: str) -> str:
    """A word (HTML) with its colour (a class of the style sheet) and its shape."""
    icon = f'<svg viewBox="0 0 16 16" aria-hidden="true">{_SHAPES[shape]}</svg>'
    return f'<span class="state {css}">{icon}{text}</span>'
