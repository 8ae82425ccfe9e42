"""Draws documents with typst, in this process. Data goes in as JSON and is never read as markup.

Typefaces: Times New Roman where the machine has it, else Liberation Serif 2 (same widths; version 1 has no
Vietnamese), else the Libertinus Serif that typst carries. QUETSACH_FONTS may name a folder with fonts to use
instead of the machine's.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from quetsach.documents.paper import Paper, Paragraph
from quetsach.errors import DocumentError

BOX = "□"
MOST_BOXES = 200
MOST_NAMED = 5
_UNUSUAL = re.compile(r"[^\u0000-\u024f\u1e00-\u1eff\u2010-\u2026]")
"""A character that a font for Vietnamese may lack."""
# PDF/A demands that every character can be drawn; typst names a missing one, as a Rust string.
_NOT_DRAWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
LIBERATION_2 = Path("/usr/share/fonts/truetype/liberation2")
"""Debian's folder of the newer Liberation; an older font of the same name lacks Vietnamese."""
FAMILIES = ("Times New Roman", "Liberation Serif", "Libertinus Serif")


@dataclass(frozen=True)
class Drawn:
    """A PDF/A-2b file, and the characters that stand in it as boxes because no font has them."""

    content: bytes
    missing: tuple[str, ...]


def draw(paper: Paper, at: datetime) -> Drawn:
    """The file; a notice on its first page names missing characters.

    Raises DocumentError when typst is not installed or refuses.
    """
    with _compiler() as (compiler, inputs):
        return _with_boxes(compiler, inputs, paper, at)


def missing(text: str) -> tuple[str, ...]:
    """The characters of a text that no font has. Usual ones are not drawn to find out.

    Raises DocumentError as `draw` does.
    """
    unusual = sorted({char for char in _UNUSUAL.findall(text) if unicodedata.category(char) != "Cf"})
    return _not_drawn(" ".join(unusual)) if unusual else ()


@lru_cache(maxsize=200)
def _not_drawn(signs: str) -> tuple[str, ...]:
    return draw(Paper("", ((Paragraph(signs),),)), datetime.now(UTC)).missing


def images(paper: Paper, dpi: int) -> list[bytes]:
    """The pages as PNG, with boxes and notice as in the file. Raises DocumentError as `draw` does."""
    with _compiler() as (compiler, inputs):
        inputs["data"] = _data(paper)
        if _UNUSUAL.search(inputs["data"]):
            # Only a file for archives is checked for missing characters.
            _with_boxes(compiler, inputs, paper, datetime.now(UTC))
        try:
            pages = compiler.compile(format="png", ppi=dpi, sys_inputs=inputs)
        except _typst().TypstError as error:
            raise DocumentError(f"the page could not be drawn: {error.message}") from error
    return [pages] if isinstance(pages, bytes) else [_bytes(page) for page in pages or []]


def notice(missing: Sequence[str]) -> str:
    """The sentence on the first page about characters that no font has; empty without any."""
    if not missing:
        return ""
    return (
        f"Bản in này thiếu ký tự mà phông chữ của máy không có: {names(missing)}; mỗi chỗ thiếu in thành"
        f" {BOX}. Hãy thay ký tự đó rồi in lại, hoặc dùng tệp Word."
    )


def names(missing: Sequence[str]) -> str:
    """The characters by code point and name, the first five of them."""
    named = [" ".join(map(_name, sign)) for sign in missing[:MOST_NAMED]]
    return ", ".join(named) + (f" (+{len(missing) - MOST_NAMED})" if len(missing) > MOST_NAMED else "")


def _with_boxes(compiler: Any, inputs: dict[str, str], paper: Paper, at: datetime) -> Drawn:
    """Compile until every character can be drawn; `inputs` keeps the texts of the last try."""
    missing: list[str] = []
    data = _data(paper)
    while True:
        inputs["data"] = json.dumps({**json.loads(data), "notice": notice(missing)}, ensure_ascii=False)
        try:
            content = compiler.compile(
                format="pdf", sys_inputs=inputs, pdf_standards="a-2b", timestamp=int(at.timestamp())
            )
            return Drawn(_bytes(content), tuple(missing))
        except _typst().TypstError as error:
            strange = _NOT_DRAWN.search(error.message)
            if strange is None:
                raise DocumentError(f"the page could not be drawn: {error.message}") from error
        sign = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), strange[1])
        if sign in missing or len(missing) == MOST_BOXES:
            raise DocumentError(
                "too many characters that no font of this machine can draw, such as " + names(missing)
            )
        missing.append(sign)
        data = data.replace(sign, BOX)


def _name(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


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
    return json.dumps(
        {"title": paper.title, "sections": sections, "mark": paper.mark, "notice": ""}, ensure_ascii=False
    )


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
