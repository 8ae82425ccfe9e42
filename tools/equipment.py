"""The pages of the log sources (docs/vi/nguon-nhat-ky, docs/en/log-sources) as data for the portal.

Writes src/quetsach/portal/equipment/pages.json anew; a test fails where that file differs from the pages.
The pages use little of Markdown: paragraphs, lists, code, links, and a bold word at the start of a part.
Anything else is an error.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"vi": ROOT / "docs/vi/nguon-nhat-ky", "en": ROOT / "docs/en/log-sources"}
PAGES = ROOT / "src/quetsach/portal/equipment/pages.json"
_STYLES = {"strong": "strong", "em": "em"}
"""Elements of HTML, and the name of a run of that kind."""
Run = list[str]
"""Kind (text, code, strong, em, page), text, and for a page its name."""


class NotReadError(Exception):
    """An element that the portal could not show."""


def made() -> str:
    """The right content of the file."""
    parser = MarkdownIt("commonmark").enable("table")
    told: list[str] = []
    for lang, folder in FOLDERS.items():
        index, order = _index(parser, folder / "README.md")
        pages = {name: row | _page(parser, folder / f"{name}.md") for name, row in order.items()}
        # One line for each page, so that a diff shows the changed page.
        lines = ",\n".join(f"{_json(name)}: {_json(page)}" for name, page in pages.items())
        told.append(f'{_json(lang)}: {{"index": {_json(index)},\n"pages": {{\n{lines}}}}}')
    return "{" + ",\n".join(told) + "}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _index(parser: MarkdownIt, path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The heading of the table and the text below it; the rows by the name of their page.

    A row with only its first cell filled names the group of the rows below it.
    """
    tokens = parser.parse(path.read_text(encoding="utf-8"))
    begin, end = (
        next(at for at, t in enumerate(tokens) if t.type == kind) for kind in ("table_open", "table_close")
    )
    rows: list[list[list[Run]]] = []
    for token in tokens[begin:end]:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_runs(token, path))
    shown = [["".join(run[1] for run in cell) for cell in row] for row in rows]
    order, group = {}, ""
    for row, texts in zip(rows[1:], shown[1:], strict=True):
        if not any(texts[1:]):
            group = texts[0]
        else:
            order[row[1][0][2]] = {"group": group, "name": texts[0], "tells": texts[2:]}
    return {"heads": shown[0][2:], "parts": _parts(tokens[end + 1 :], path)}, order


def _page(parser: MarkdownIt, path: Path) -> dict[str, Any]:
    tokens = [t for t in parser.parse(path.read_text(encoding="utf-8")) if t.type != "html_block"]
    if [t.type for t in tokens[:3]] != ["heading_open", "inline", "heading_close"]:
        raise NotReadError(f"{path}: no heading")
    return {"title": tokens[1].content, "parts": _parts(tokens[3:], path)}


def _parts(tokens: list[Token], path: Path) -> list[dict[str, Any]]:
    """Each part has the bold word as its heading ("" before the first), and its blocks."""
    parts: list[dict[str, Any]] = [{"heading": "", "blocks": []}]
    items: list[list[Run]] | None = None
    for token in tokens:
        blocks = parts[-1]["blocks"]
        match token.type:
            case "inline" if items is not None:
                items.append(_runs(token, path))
            case "inline":
                runs = _runs(token, path)
                if runs and runs[0][0] == "strong":
                    parts.append({"heading": runs.pop(0)[1].rstrip("."), "blocks": (blocks := [])})
                    runs = [["text", runs[0][1].lstrip(" .:;"), *runs[0][2:]], *runs[1:]] if runs else runs
                if any(run[1] for run in runs):
                    blocks.append({"kind": "text", "runs": runs})
            case "fence" if token.info == "sh":
                blocks.append({"kind": "commands", "lines": token.content.splitlines()})
            case "code_block":
                blocks.append({"kind": "script", "text": token.content.rstrip("\n")})
            case "bullet_list_open":
                blocks.append({"kind": "list", "items": (items := [])})
            case "bullet_list_close":
                items = None
            case "paragraph_open" | "paragraph_close" | "list_item_open" | "list_item_close":
                pass
            case other:
                raise NotReadError(f"{path}: {other}: {token.content[:60]!r}")
    return [part for part in parts if part["blocks"] or part["heading"]]


def _runs(inline: Token, path: Path) -> list[Run]:
    runs: list[Run] = []
    style, target = "text", ""
    for token in inline.children or []:
        match token.type:
            case "text" | "softbreak":
                text = " " if token.type == "softbreak" else token.content
                if text and runs and runs[-1][0] == style == "text":
                    runs[-1][1] += text
                elif text:
                    runs.append([style, text, target] if style == "page" else [style, text])
            case "code_inline":
                runs.append(["code", token.content])
            case "link_open":
                found = re.fullmatch(r"([a-z0-9-]+)\.md", str(token.attrs["href"]))
                style, target = ("page", found[1]) if found else ("text", "")
            case "link_close":
                style, target = "text", ""
            case "strong_open" | "em_open":
                style = _STYLES[token.tag]
            case "strong_close" | "em_close":
                style = "text"
            case other:
                raise NotReadError(f"{path}: {other}: {inline.content[:60]!r}")
    return runs


if __name__ == "__main__":
    PAGES.write_text(made(), encoding="utf-8")
