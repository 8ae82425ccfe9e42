"""The pages of the help: the documents for users, in both languages.

`pages.json` is made of docs/vi and docs/en by tools/handbook.py.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from quetsach.text.vietnamese import search_key

GROUPS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (_("By role, in short"), ("can-bo-xa", "can-bo-tong-hop")),
    (_("The campaign"), ("chien-dich", "don-vi", "mau-phu-luc", "gom-phu-luc", "van-ban")),
    (
        _("Check and clean machines"),
        (
            "xu-ly-may",
            "khi-nao-sach",
            "so-lieu-may",
            "kiem-tra-may",
            "kiem-tra-bang-usb",
            "don-may",
            "bao-cao-noi-khac",
            "su-co",
        ),
    ),
    (_("Logs and lists"), ("so-may", "may-tinh", "false-alarms", "theo-doi", "cluster", "python")),
    (_("The portal itself"), ("quan-tri", "da-kiem-chung")),
)
"""Every page, by its purpose."""
_PART = re.compile(r'(?=<(?:h2|li) id=")')
_NAME = re.compile(r'<(?:h2|li) id="([^"]*)"')
_PICTURE = re.compile(r'(?<=<img src=")([^"]*)')
_EXCERPT = 240


@dataclass(frozen=True, slots=True)
class Hit:
    """A part of a page in which all words of a search stand. `part` is empty before the first part."""

    page: str
    title: str
    part: str
    heading: str
    excerpt: str


@cache
def _pages() -> dict[str, dict[str, dict[str, Any]]]:
    text = Path(__file__).with_name("pages.json").read_text(encoding="utf-8")
    pages: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return pages


def is_there(name: str, part: str = "") -> bool:
    """Whether there is such a page, with such a part, in both languages."""
    found = [pages.get(name) for pages in _pages().values()]
    return all(page and (not part or part in dict(page["contents"])) for page in found)


def index(lang: str) -> list[tuple[str | Promise, list[dict[str, Any]]]]:
    """Each group with its pages."""
    pages = _pages()[lang]
    return [(group, [{"name": name, **pages[name]} for name in names]) for group, names in GROUPS]


def page(lang: str, name: str) -> dict[str, Any] | None:
    """Title, contents and text of a page; None if there is no such page."""
    found = _pages()[lang].get(name)
    return found and {**found, "name": name, "text": _shown(found["html"])}


def _shown(text: str) -> SafeString:
    # Made by tools/handbook.py of our own documents; nothing that a person typed stands in it.
    return mark_safe(_PICTURE.sub(lambda found: static(f"handbook/{found[1]}"), text))  # noqa: S308


def search(lang: str, text: str) -> list[Hit]:
    """The parts in which each word stands, with or without marks; parts that have them in a heading first."""
    words = search_key(text).split()
    if not words:
        return []
    found = []
    for hit, key, heading in _parts(lang):
        if all(word in key for word in words):
            found.append((not all(word in heading for word in words), hit))
    return [hit for _rank, hit in sorted(found, key=lambda pair: pair[0])]


@cache
def _parts(lang: str) -> list[tuple[Hit, str, str]]:
    """Each part with its text and its headings as search keys."""
    made = []
    order = [name for _group, names in GROUPS for name in names]
    for name in order:
        page = _pages()[lang][name]
        headings = dict(page["contents"])
        for piece in _PART.split(page["html"]):
            part = found[1] if (found := _NAME.match(piece)) else ""
            plain = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", piece)).split())
            heading = headings.get(part, "")
            excerpt = plain.removeprefix(heading).lstrip(" .:")
            if len(excerpt) > _EXCERPT:
                excerpt = excerpt[:_EXCERPT].rpartition(" ")[0] + "…"
            if plain:
                above = search_key(f"{page['title']} {heading}")
                key = f"{above} {search_key(plain)}"
                made.append((Hit(name, page["title"], part, heading, excerpt), key, above))
    return made
