"""Draws documents with typst, in this process. Data goes in as JSON and is never read as markup.

Typefaces: Times New Roman where the machine has it, else Liberation Serif 2 (same widths; version 1 has no
Vietnamese), else the Libertinus Serif that typst carries. QUETSACH_FONTS may name a folder with fonts to use
instead of the machine's.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from quetsach.documents.paper import Paper
from quetsach.errors import DocumentError

BOX = "□"
MOST_BOXES = 200
# PDF/A demands that every character can be drawn; typst names a missing one, as a Rust string.
_NOT_DRAWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
LIBERATION_2 = Path("/usr/share/fonts/truetype/liberation2")
"""Debian's folder of the newer Liberation; an older font of the same name lacks Vietnamese."""
FAMILIES = ("Times New Roman", "Liberation Serif", "Libertinus Serif")


def draw(paper: Paper, at: datetime) -> bytes:
    """One PDF/A-2b file. Raises DocumentError when typst is not installed or refuses."""
    with _compiler() as (compiler, inputs):
        inputs["data"] = _data(paper)
        for _ in range(MOST_BOXES):
            try:
                return _bytes(
                    compiler.compile(
                        format="pdf", sys_inputs=inputs, pdf_standards="a-2b", timestamp=int(at.timestamp())
                    )
                )
            except _typst().TypstError as error:
                strange = _NOT_DRAWN.search(error.message)
                if strange is None:
                    raise DocumentError(f"the page could not be drawn: {error.message}") from error
                sign = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), strange[1])
                inputs["data"] = inputs["data"].replace(sign, BOX)
    raise DocumentError("too many characters that no font of this machine can draw")


def images(paper: Paper, dpi: int) -> list[bytes]:
    """The pages as PNG. Raises DocumentError as `draw` does."""
    with _compiler() as (compiler, inputs):
        inputs["data"] = _data(paper)
        try:
            pages = compiler.compile(format="png", ppi=dpi, sys_inputs=inputs)
        except _typst().TypstError as error:
            raise DocumentError(f"the page could not be drawn: {error.message}") from error
    return [pages] if isinstance(pages, bytes) else [_bytes(page) for page in pages or []]


def is_in_times() -> bool:
    """Whether this machine can draw with Times New Roman, or the font of equal width, as the Decree asks."""
    return bool(set(_fonts()[1]) & set(FAMILIES[:2]))


def _typst() -> Any:
    try:
        import typst
    except ImportError as error:
        raise DocumentError("drawing PDF files needs typst; install quetsach[documents]") from error
    return typst


@contextmanager
def _compiler() -> Iterator[tuple[Any, dict[str, str]]]:
    """A compiler of our template, and its inputs except the data."""
    fonts, families = _fonts()
    with as_file(files("quetsach.documents") / "templates") as folder:
        compiler = _typst().Compiler(str(Path(folder) / "paper.typ"), root=str(folder), font_paths=fonts)
        yield compiler, {"fonts": json.dumps(families)}


def _data(paper: Paper) -> str:
    sections = [
        [{"kind": type(block).__name__, **asdict(block)} for block in section] for section in paper.sections
    ]
    return json.dumps({"title": paper.title, "sections": sections}, ensure_ascii=False)


def _bytes(drawn: object) -> bytes:
    assert isinstance(drawn, bytes)
    return drawn


@cache
def _fonts() -> tuple[Any, list[str]]:
    """The fonts to draw with, read once, and our families that can write Vietnamese, best first."""
    typst = _typst()
    # Only the folder then: typst would prefer an older system font of the same name.
    extra = os.environ.get("QUETSACH_FONTS")
    system = typst.Fonts(include_system_fonts=not extra, font_paths=[extra] if extra else [])
    chosen, families = system, _able(system)
    if not extra and not set(families) & set(FAMILIES[:2]) and LIBERATION_2.is_dir():
        chosen = typst.Fonts(include_system_fonts=False, font_paths=[str(LIBERATION_2)])
        families = _able(chosen)
    return chosen, families


def _able(fonts: Any) -> list[str]:
    typst = _typst()
    there = set(fonts.families())
    inputs = {"fonts": json.dumps([family for family in FAMILIES if family in there])}
    with as_file(files("quetsach.documents") / "templates") as folder:
        found = typst.query(
            str(folder / "fonts.typ"), "<complete>", "value", one=True, font_paths=fonts, sys_inputs=inputs
        )
    families: list[str] = json.loads(found)
    return families
