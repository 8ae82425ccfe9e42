"""Draws documents with typst, in this process. Data goes in as JSON and is never read as markup.

Typefaces: Times New Roman where the machine has it, else Liberation Serif 2 (same widths; version 1 has no
Vietnamese), else the Libertinus Serif that typst carries. QUETSACH_FONTS may name a folder with fonts to use
instead of the machine's.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from quetsach.errors import DocumentError

TEMPLATES = {"Letter": "letter.typ", "OfficialReport": "report.typ", "Annex": "annex.typ"}
BOX = "□"
MOST_BOXES = 200
# PDF/A demands that every character can be drawn; typst names one that cannot, as a Rust string.
_NOT_DRAWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
FAMILIES = ("Times New Roman", "Liberation Serif", "Libertinus Serif")


def draw(kind: str, data: dict[str, Any], at: datetime) -> bytes:
    """One PDF/A-2b file. Raises DocumentError when typst is not installed or refuses."""
    try:
        import typst
    except ImportError as error:
        raise DocumentError("drawing PDF files needs typst; install quetsach[portal]") from error
    fonts, families = _fonts()
    inputs = {"data": json.dumps(data, ensure_ascii=False), "fonts": json.dumps(families)}
    with as_file(files("quetsach.documents") / "templates") as folder:
        compiler = typst.Compiler(str(Path(folder) / TEMPLATES[kind]), root=str(folder), font_paths=fonts)
        for _ in range(MOST_BOXES):
            try:
                pdf = compiler.compile(
                    format="pdf", sys_inputs=inputs, pdf_standards="a-2b", timestamp=int(at.timestamp())
                )
            except typst.TypstError as error:
                strange = _NOT_DRAWN.search(error.message)
                if strange is None:
                    raise DocumentError(f"{kind}: the page could not be drawn: {error.message}") from error
                sign = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), strange[1])
                inputs["data"] = inputs["data"].replace(sign, BOX)
                continue
            if isinstance(pdf, bytes):
                return pdf
    raise DocumentError(f"{kind}: too many characters that no font of this machine can draw")


@cache
def _fonts() -> tuple[Any, list[str]]:
    """The machine's fonts, read once, and those of our families that can write Vietnamese, best first."""
    import typst

    extra = os.environ.get("QUETSACH_FONTS")
    # Only the folder, then: typst would prefer an older font of the same name that the system has.
    fonts = typst.Fonts(include_system_fonts=not extra, font_paths=[extra] if extra else [])
    there = set(fonts.families())
    inputs = {"fonts": json.dumps([family for family in FAMILIES if family in there])}
    with as_file(files("quetsach.documents") / "templates") as folder:
        found = typst.query(
            str(folder / "fonts.typ"), "<complete>", "value", one=True, font_paths=fonts, sys_inputs=inputs
        )
    families: list[str] = json.loads(found)
    return fonts, families
