"""The pages of the log sources for each kind of equipment, with the commands filled in.

`pages.json` is made of docs/vi/nguon-nhat-ky and docs/en/log-sources by tools/equipment.py.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from quetsach.text.vietnamese import search_key

COLLECTOR = "192.0.2.10"
"""The address that the pages show for the machine that collects the logs."""
TOKEN_FILE = "quetsach.token"  # noqa: S105 -- the name of a file
WINDOWS = frozenset({"windows-dns", "windows-events"})
"""Equipment that runs Windows, on which its commands are pasted."""
_OUTPUTS = re.compile(r" -o \S+| --devices")
_LIST = re.compile(r" -i (\S+)")


@dataclass(frozen=True, slots=True)
class Fill:
    """The values in the commands: the machine that collects the logs, the name of the place, the portal."""

    collector: str
    place: str
    portal: str


@cache
def _pages() -> dict[str, Any]:
    text = Path(__file__).with_name("pages.json").read_text(encoding="utf-8")
    pages: dict[str, Any] = json.loads(text)
    return pages


def index(lang: str, text: str = "") -> dict[str, Any]:
    """The heads of the table, its groups with their rows in order, and the text below the table.

    `lang` is vi or en. `text` keeps only equipment with each of its words in name, group or page title, with
    or without marks; `count` is the number of rows.
    """
    content = _pages()[lang]
    heads, words = content["index"]["heads"], search_key(text).split()
    groups: dict[str, list[dict[str, Any]]] = {}
    for kind, page in content["pages"].items():
        names = search_key(f"{page['name']} {page['group']} {page['title']}")
        if all(word in names for word in words):
            row = {"kind": kind, "name": page["name"], **_tells(heads, page)}
            groups.setdefault(page["group"], []).append(row)
    return {**content["index"], "groups": groups, "count": sum(map(len, groups.values()))}


def page(lang: str, kind: str, fill: Fill) -> dict[str, Any] | None:
    """The page of one kind of equipment; None if there is no such page.

    `parts` are the page's parts; `list_file` is the list's file name in the commands; `pushes` are the same
    commands with the results sent to the portal; `fetcher` is the program that downloads the list there.
    """
    content = _pages()[lang]
    found = content["pages"].get(kind)
    if found is None:
        return None
    parts = [
        {**part, "blocks": [_filled(block, fill) for block in part["blocks"]]} for part in found["parts"]
    ]
    commands = [block for part in parts for block in part["blocks"] if block["kind"] == "commands"]
    lines = [line for block in commands for line in block["lines"]]
    for block in commands[:1]:
        block["is_first"] = True
    return {
        **found,
        "kind": kind,
        **_tells(content["index"]["heads"], found),
        "parts": parts,
        "list_file": next((m[1] for line in lines if (m := _LIST.search(line))), ""),
        # In PowerShell 5 `curl` means Invoke-WebRequest, which does not know curl's options.
        "fetcher": "curl.exe" if kind in WINDOWS else "curl",
        "pushes": list(dict.fromkeys(_push(line, fill) for line in lines)),
    }


def _tells(heads: list[str], page: dict[str, Any]) -> dict[str, Any]:
    """`tells` pairs each head with its cell; if a single text stands for all heads, it is the `note`."""
    first, *others = page["tells"]
    if not any(others):
        return {"tells": [], "note": first}
    return {"tells": list(zip(heads, page["tells"], strict=True)), "note": ""}


def _filled(block: dict[str, Any], fill: Fill) -> dict[str, Any]:
    match block["kind"]:
        case "script":
            return {**block, "text": block["text"].replace(COLLECTOR, fill.collector)}
        case "text":
            return {**block, "runs": _runs(block["runs"], fill)}
        case "list":
            return {**block, "items": [_runs(item, fill) for item in block["items"]]}
        case _:
            return dict(block)


def _runs(runs: list[list[str]], fill: Fill) -> list[list[str]]:
    return [[kind, text.replace(COLLECTOR, fill.collector), *rest] for kind, text, *rest in runs]


def _push(line: str, fill: Fill) -> str:
    scan = _OUTPUTS.sub("", line)
    return f"{scan} --source-name {fill.place} --devices --push {fill.portal} --token-file {TOKEN_FILE}"
