"""The lines of public test suites, each with the document that its own authors expect of it.

A collection is a git directory, read without a work tree. Three layouts are known, told by the paths:
intakes (`VENDOR/PRODUCT/tests/NAME.json`), packages (`packages/NAME/data_stream/…/pipeline/NAME.log`) and
modules (`filebeat/module/NAME/…/test/NAME.log`).
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

type Document = Mapping[str, Any]
"""Fields by their whole name, such as `source.ip`."""

_INTAKE = re.compile(r"(?P<product>[^/]+/[^/]+)/tests/[^/]+\.json")
_MANIFEST = re.compile(r"(?P<product>[^/]+/[^/]+)/_meta/manifest\.yml")
_PACKAGE = re.compile(r"packages/(?P<product>[^/]+)/data_stream/[^/]+/_dev/test/pipeline/[^/]+")
_MODULE = re.compile(r"(?:x-pack/)?filebeat/module/(?P<product>[^/]+/[^/]+)/test/[^/]+")
_EXPECTED = "-expected.json"
_MAIL = re.compile(r"mail", re.IGNORECASE)
_PAIR = re.compile(r"[\w.-]+=")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log, its place in the collection, and the document that its authors expect of it."""

    collection: str
    product: str
    path: str
    number: int
    text: str
    document: Document


@dataclass(slots=True)
class LogFile:
    """The lines of one product and format, as a user would have them in one file."""

    collection: str
    product: str
    name: str
    texts: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Collection:
    """One git directory: its name, its commit, and its files of logs."""

    name: str
    commit: str
    files: list[LogFile]


def flat(document: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A nested document by whole names: `{"a": {"b": 1}}` is `{"a.b": 1}`."""
    result: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            result |= flat(value, f"{before}{key}.")
        else:
            result[before + key] = value
    return result


def shape(text: str) -> str:
    """The spelling of a line in one word: lines of one product and shape come from one setting of the
    product."""
    body = text.lstrip()
    if body.startswith("{"):
        return "json"
    if "<Event" in body[:200]:
        return "xml"
    for mark in ("CEF:", "LEEF:"):
        if mark in body[:300]:
            return mark[:-1].lower()
    if len(_PAIR.findall(body)) >= 5:
        return "pairs"
    return "columns" if body.count(",") >= 8 or body.count("\t") >= 5 else "text"


def collect(directory: Path) -> Collection:
    """All lines of the collection in this git directory. Raises CalledProcessError where git refuses."""
    commit = _git(directory, "rev-parse", "HEAD").decode().strip()
    blobs = {}
    for row in _git(directory, "ls-tree", "-r", "-z", "HEAD").decode("utf-8", "replace").split("\0"):
        about, _, path = row.partition("\t")
        if any(kind.fullmatch(path) for kind in (_INTAKE, _MANIFEST, _PACKAGE, _MODULE)):
            blobs[path] = about.split()[2]
    texts = dict(zip(blobs, _blobs(directory, blobs.values()), strict=True))
    name = next((part for part in reversed(directory.parts) if part not in ("repo", ".git")), "")
    files = _intakes(name, texts) + _suites(name, texts, _PACKAGE) + _suites(name, texts, _MODULE)
    return Collection(name, commit, files)


def _git(directory: Path, *command: str, given: bytes | None = None) -> bytes:
    return subprocess.run(
        ["git", "--git-dir", str(directory), *command], input=given, capture_output=True, check=True
    ).stdout


def _blobs(directory: Path, names: Iterable[str]) -> Iterator[bytes]:
    """The content of each blob; empty where the copy of the collection lacks it."""
    answer = _git(directory, "cat-file", "--batch", given="".join(f"{name}\n" for name in names).encode())
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        told = answer[at:end].split()
        at = end + 1
        if told[1] == b"missing":
            yield b""
            continue
        size = int(told[2])
        yield answer[at : at + size]
        at += size + 1


def _intakes(collection: str, texts: Mapping[str, bytes]) -> list[LogFile]:
    """One file for each product and shape of lines; products of mail alone are left out."""
    mail = set()
    for path, content in texts.items():
        if found := _MANIFEST.fullmatch(path):
            told = content.decode("utf-8", "replace").partition("\ndata_sources:")[2]
            sources = re.findall(r"^  (\w[^:]*):", told, re.MULTILINE)
            if sources and all(_MAIL.search(source) for source in sources):
                mail.add(found["product"])
    files: dict[tuple[str, str], LogFile] = {}
    for path, content in sorted(texts.items()):
        found = _INTAKE.fullmatch(path)
        if found is None or found["product"] in mail:
            continue
        try:
            test = json.loads(content)
            text, expected = test["input"]["message"], test["expected"]
        except (ValueError, KeyError, TypeError):
            continue
        if not isinstance(text, str) or not isinstance(expected, dict):
            continue
        kind = shape(text)
        file = files.setdefault(
            (found["product"], kind), LogFile(collection, found["product"], f"{found['product']} {kind}")
        )
        _add(file, path, 0, text, expected)
    return list(files.values())


def _suites(collection: str, texts: Mapping[str, bytes], layout: re.Pattern[str]) -> list[LogFile]:
    """One file for each test; lines that a program made up from a parser ("generated") are left out."""
    files = []
    for path, content in sorted(texts.items()):
        found = layout.fullmatch(path)
        log = path.removesuffix(_EXPECTED)
        if found is None or log == path or "generated" in path.rpartition("/")[2] or log not in texts:
            continue
        try:
            told = json.loads(content)
        except ValueError:
            continue
        expected = told["expected"] if isinstance(told, dict) else told
        file = LogFile(collection, found["product"], log)
        for number, (text, document) in enumerate(_paired(texts[log], expected, log), 1):
            if document is None:
                file.texts.append(text)
            else:
                _add(file, log, number, text, document)
        files.append(file)
    return files


def _paired(log: bytes, expected: list[Any], path: str) -> Iterator[tuple[str, Document | None]]:
    """Each line with its document: by number where there are as many, else by the line that the document
    quotes."""
    texts = _events(log) if path.endswith(".json") else log.decode("utf-8", "replace").splitlines()
    texts = [text for text in texts if text.strip()]
    if len(texts) == len(expected):
        yield from zip(texts, expected, strict=True)
        return
    quoted: dict[str, Document] = {}
    offsets: dict[str, Document] = {}
    for document in expected:
        if isinstance(document, dict):
            fields = flat(document)
            if isinstance(said := fields.get("event.original"), str):
                quoted.setdefault(said.strip(), document)
            elif isinstance(offset := fields.get("log.offset"), int):
                offsets.setdefault(
                    log[offset:].split(b"\n", 1)[0].decode("utf-8", "replace").strip(), document
                )
    for text in texts:
        yield text, quoted.get(text.strip()) or offsets.get(text.strip())


def _events(content: bytes) -> list[str]:
    """The lines of a test that is given as events; an event without its line is blank."""
    try:
        events = json.loads(content)["events"]
    except (ValueError, KeyError, TypeError):
        return []
    lines = []
    for event in events:
        fields = flat(event) if isinstance(event, dict) else {}
        said = fields.get("message") or fields.get("event.original")
        lines.append(said if isinstance(said, str) and said.strip() else "-")
    return lines


def _one_line(text: str) -> str:
    """A JSON object that the test spreads over several lines, as its product writes it: on one."""
    if "\n" not in text or not text.lstrip().startswith("{"):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return text


def _add(file: LogFile, path: str, number: int, text: str, document: Document) -> None:
    line = _one_line(text.strip("\r\n"))
    if "\n" in line or "\r" in line:
        return  # a record of several lines is no line of a log
    file.positions.append(len(file.texts))
    file.texts.append(line)
    file.lines.append(Line(file.collection, file.product, path, number, line, flat(document)))
