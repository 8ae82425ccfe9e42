"""The documents for users (docs/vi, docs/en) as data for the portal's help, and their pictures.

Writes src/quetsach/portal/handbook/pages.json and the pictures beside it anew; a test fails where they differ
from the documents. A part of a document is a heading of the second level or an item of a numbered list that
begins with bold words. Its name is made of the English words and is the same in both languages, so that a
page of the portal can lead to it. Links to what the portal does not show become plain text.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "src/quetsach/portal/handbook"
PAGES, PICTURES = APP / "pages.json", APP / "static/handbook"
ENGLISH = {
    "can-bo-tong-hop": "coordinator",
    "can-bo-xa": "commune-officer",
    "chien-dich": "campaign",
    "don-vi": "units",
    "mau-phu-luc": "annex-forms",
    "gom-phu-luc": "collect",
    "van-ban": "documents",
    "bao-cao-noi-khac": "victims",
    "su-co": "incidents",
    "xu-ly-may": "work-on-a-machine",
    "khi-nao-sach": "proven-clean",
    "so-lieu-may": "machine-figures",
    "so-may": "register",
    "kiem-tra-may": "check-a-machine",
    "don-may": "clean-a-machine",
    "kiem-tra-bang-usb": "stick",
    "false-alarms": "false-alarms",
    "may-tinh": "machines",
    "theo-doi": "watch",
    "cluster": "cluster",
    "python": "python",
    "quan-tri": "administration",
    "da-kiem-chung": "verified",
}
"""The English document beside each Vietnamese one. The Vietnamese name stands in the address of both."""
SOURCES = {"vi": "nguon-nhat-ky", "en": "log-sources"}
_REMOTE = re.compile(r"https?://")


class NotReadError(Exception):
    """A document that the portal could not show."""


class _Renderer(RendererHTML):
    """HTML that the portal's style sheet and its Content-Security-Policy know."""

    def code_block(
        self,
        tokens: Sequence[Token],
        idx: int,
        options: OptionsDict,  # noqa: ARG002
        env: EnvType,  # noqa: ARG002
    ) -> str:
        text = tokens[idx].content.rstrip("\n")
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f'<pre class="command" tabindex="0">{escaped}</pre>\n'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self.code_block(tokens, idx, options, env)

    def html_block(
        self,
        tokens: Sequence[Token],
        idx: int,
        options: OptionsDict,  # noqa: ARG002
        env: EnvType,  # noqa: ARG002
    ) -> str:
        if not tokens[idx].content.lstrip().startswith("<!--"):
            raise NotReadError(f"HTML: {tokens[idx].content[:60]!r}")
        return ""


def document(lang: str, name: str) -> Path:
    """The file of a page."""
    return ROOT / "docs" / lang / f"{name if lang == 'vi' else ENGLISH[name]}.md"


def made() -> str:
    """The right content of the file."""
    names = {name: [*_names(_parsed("en", name))] for name in ENGLISH}
    told = []
    for lang in ("vi", "en"):
        pages = {name: _page(lang, name, names) for name in ENGLISH}
        # One line for each page, so that a diff shows the changed page.
        lines = ",\n".join(f"{_json(name)}: {_json(page)}" for name, page in pages.items())
        told.append(f"{_json(lang)}: {{\n{lines}}}")
    return "{" + ",\n".join(told) + "}\n"


def pictures() -> set[Path]:
    """The pictures that the documents show."""
    shown: set[Path] = set()
    for lang in ("vi", "en"):
        for name in ENGLISH:
            for token in _inline(_parsed(lang, name)):
                if token.type == "image":
                    shown.add((document(lang, name).parent / str(token.attrs["src"])).resolve())
    return shown


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parsed(lang: str, name: str) -> list[Token]:
    parser = MarkdownIt("commonmark").enable("table")
    return parser.parse(document(lang, name).read_text(encoding="utf-8"))


def _inline(tokens: list[Token]) -> Iterator[Token]:
    return (child for token in tokens for child in token.children or ())


def _words(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def _slug(text: str) -> str:
    """As GitHub makes the anchor of a heading, of ASCII alone."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _parts(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    """The opening token of each part, and its words."""
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            yield token, _words(tokens[at + 1])
        elif token.type == "list_item_open" and token.info and token.level == 1:
            words = tokens[at + 2].children or []
            if len(words) > 1 and words[0].content == "" and words[1].type == "strong_open":
                words = words[1:]
            if words and words[0].type == "strong_open":
                yield token, words[1].content.rstrip(".:")


def _names(tokens: list[Token]) -> Iterator[str]:
    return (_slug(words) for _token, words in _parts(tokens))


def _page(lang: str, name: str, names: dict[str, list[str]]) -> dict[str, Any]:
    path, tokens = document(lang, name), _parsed(lang, name)
    if [t.type for t in tokens[:3]] != ["heading_open", "inline", "heading_close"]:
        raise NotReadError(f"{path}: no heading")
    title, tokens = tokens[1].content, tokens[3:]
    tokens = _without_empty_heads(tokens)
    parts = list(_parts(tokens))
    if len(parts) != len(names[name]):
        raise NotReadError(f"{path}: {len(parts)} parts, {len(names[name])} in English")
    contents = []
    for (token, words), part in zip(parts, names[name], strict=True):
        token.attrSet("id", part)
        contents.append([part, words])
    for token in tokens:
        if token.children:
            token.children = list(_linked(token.children, lang, name, names))
        if "style" in token.attrs:
            raise NotReadError(f"{path}: a column that is not at its left")
    parser = MarkdownIt("commonmark", renderer_cls=_Renderer)
    html = parser.renderer.render(tokens, parser.options, {})
    return {"title": title, "contents": contents, "html": html}


def _without_empty_heads(tokens: list[Token]) -> list[Token]:
    """Markdown has no table without a head: a head of blanks is left out."""
    kept: list[Token] = []
    for token in tokens:
        kept.append(token)
        if token.type == "thead_close":
            start = max(at for at, one in enumerate(kept) if one.type == "thead_open")
            if not any(one.content for one in kept[start:] if one.type == "inline"):
                del kept[start:]
    return kept


def _linked(children: list[Token], lang: str, name: str, names: dict[str, list[str]]) -> Iterator[Token]:
    """The same with links to pages of the portal; links that lead nowhere there are left out."""
    is_left_out = False
    for token in children:
        if token.type == "link_open":
            target = _target(str(token.attrs["href"]), lang, name, names)
            if is_left_out := target is None:
                continue
            token.attrSet("href", target or "")
        elif token.type == "link_close" and is_left_out:
            is_left_out = False
            continue
        elif token.type == "image":
            file = (document(lang, name).parent / str(token.attrs["src"])).resolve()
            with Image.open(file) as picture:
                token.attrs = {"src": file.name, "alt": "", "loading": "lazy",
                               "width": str(picture.width), "height": str(picture.height)}  # fmt: skip
        yield token


def _target(href: str, lang: str, name: str, names: dict[str, list[str]]) -> str | None:
    path, _, anchor = href.partition("#")
    if _REMOTE.match(href):
        return href
    if not path:
        own = [_slug(words) for _token, words in _parts(_parsed(lang, name))]
        return f"#{names[name][own.index(_slug(anchor))]}"
    folder, _, file = path.removesuffix(".md").rpartition("/")
    if folder == SOURCES[lang]:
        return "../../thiet-bi/" if file == "README" else f"../../thiet-bi/{file}/"
    stems = {document(lang, one).stem: one for one in ENGLISH}
    return f"../{stems[file]}/" if not folder and file in stems else None


if __name__ == "__main__":
    PAGES.write_text(made(), encoding="utf-8")
    for old in PICTURES.glob("*"):
        old.unlink()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for picture in pictures():
        shutil.copy(picture, PICTURES)
