"""Keeps the Vietnamese catalogues: collects message ids from code and templates, checks, compiles.

`update` adds new ids to each `locale/vi/LC_MESSAGES/*.po` and drops those no longer used; `check` fails
when an id is missing, untranslated or unused; `compile` writes the .mo files. Babel does the work, so that no
gettext programs are needed; Django's own `templatize` turns a template into text that Babel can read.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages import extract
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from quetsach.documents.fields import PROBLEMS as FIELDS
from quetsach.documents.lint import RULES
from quetsach.endpoint.act.errors import REASONS as REFUSED
from quetsach.endpoint.act.step import TEXTS as ACTED
from quetsach.endpoint.fact import REASONS as UNSEEN
from quetsach.machines.words import TABLES as MACHINES
from quetsach.scanning.engines.explain import REASONS as EXPLAINED
from quetsach.text.reasons import CONCERNS, REJECTS, WARNINGS
from quetsach.victims.words import TABLES as VICTIMS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "quetsach"
PORTAL = SOURCE / "portal"
_SENTENCE = 12
"""A shorter sentence, such as “Tải về.”, may stand twice in a text."""
READ = {".py", ".html", ".txt", ".svg"}
KEYWORDS = {
    **extract.DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettext_noop": None,
}


def catalogues() -> Iterator[tuple[Path, list[Path]]]:
    """Each catalogue with the files that it serves: one for the command line, one for each portal app."""
    everything = [p for p in SOURCE.rglob("*.py") if PORTAL not in p.parents]
    yield SOURCE / "locale/vi/LC_MESSAGES/quetsach.po", everything
    for app in sorted(p for p in PORTAL.iterdir() if (p / "apps.py").exists()):
        files = [p for p in app.rglob("*") if p.suffix in READ and "migrations" not in p.parts]
        yield app / "locale/vi/LC_MESSAGES/django.po", files
    yield PORTAL / "locale/vi/LC_MESSAGES/django.po", list(PORTAL.glob("*.py"))


def collect(files: list[Path], stored: Catalog) -> Catalog:
    """The message ids of these files; for the command line also the ids of the tables and of click."""
    found = Catalog(locale="vi", charset="utf-8")
    if SOURCE / "text/language.py" in files:
        for text in table_texts():
            found.add(text)
        for _, _, message, _, _ in extract.extract_from_dir(Path(click.__file__).parent):
            if stored.get(message if isinstance(message, str) else message[0]):
                found.add(message)
    for file in sorted(files):
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            text = templatize(text, origin=str(file))
        source = io.BytesIO(text.encode())
        place = file.relative_to(ROOT).as_posix()
        for _, message, _, context in extract.extract("python", source, keywords=KEYWORDS):
            if message:
                found.add(message, locations=[(place, 0)], context=context)
    return found


def table_texts() -> set[str]:
    """Texts in tables of the pure library, which itself speaks only English."""
    tables = (EXPLAINED, REJECTS, WARNINGS, CONCERNS, FIELDS, UNSEEN, REFUSED, *VICTIMS, *MACHINES)
    found = {text for table in tables for text in table.values()} | {rule.text for rule in RULES.values()}
    return found | {text for texts in ACTED.values() for text in texts}


def read(po: Path) -> Catalog:
    """The stored catalogue, or an empty one."""
    if not po.exists():
        return Catalog(locale="vi", charset="utf-8")
    with po.open("rb") as file:
        return read_po(file, locale="vi")


def problems(po: Path, files: list[Path]) -> list[str]:
    """Missing, untranslated and unused ids of one catalogue."""
    stored = read(po)
    found = collect(files, stored)
    wanted = {(m.id if isinstance(m.id, str) else m.id[0], m.context) for m in found if m.id}
    have = {(m.id if isinstance(m.id, str) else m.id[0], m.context): m for m in stored if m.id}
    name = po.relative_to(ROOT)
    lines = [f"{name}: missing {key[0]!r}" for key in sorted(wanted - have.keys(), key=str)]
    lines += [f"{name}: unused {key[0]!r}" for key in sorted(have.keys() - wanted, key=str)]
    for key, message in have.items():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(strings) or message.fuzzy:
            lines.append(f"{name}: untranslated {key[0]!r}")
        lines += [f"{name}: {key[0]!r}: {error}" for error in message.check()]
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        if any(says_twice(str(one)) for one in strings) and not any(says_twice(str(one)) for one in ids):
            lines.append(f"{name}: {key[0]!r}: the translation holds a sentence twice")
    return lines


def says_twice(text: str) -> bool:
    """Whether a sentence stands twice in a text, such as a whole translation glued to itself."""
    told = [one.strip() for one in re.split(r"(?<=[.:!?])\s*(?=[A-ZĐÀ-Ỹ]|$)", text)]
    long = [one for one in told if len(one) >= _SENTENCE]
    half, rest = divmod(len(text), 2)
    return len(set(long)) < len(long) or (half >= _SENTENCE and not rest and text[:half] == text[half:])


def conflicts(pos: list[Path]) -> list[str]:
    """Ids that two catalogues of the portal translate differently: Django merges them, so one would be
    lost."""
    seen: dict[tuple[object, object], tuple[str, Path]] = {}
    lines = []
    for po in pos:
        for message in read(po):
            if not message.id:
                continue
            key = (message.id if isinstance(message.id, str) else message.id[0], message.context)
            told = message.string or ""
            string = told if isinstance(told, str) else told[0]
            first, place = seen.setdefault(key, (string, po))
            if first != string:
                both = f"{first!r} in {place.relative_to(ROOT)}, {string!r} in {po.relative_to(ROOT)}"
                lines.append(f"{key[0]!r} has two translations: {both}")
    return lines


def all_known() -> Catalog:
    """All translations: a text that moves from one app to another keeps its translation."""
    known = Catalog(locale="vi", charset="utf-8")
    for po, _ in catalogues():
        for message in read(po):
            if message.id and not known.get(message.id, message.context):
                known.add(message.id, message.string, context=message.context)
    return known


def update(po: Path, files: list[Path], known: Catalog) -> None:
    """Add new ids, drop unused ones, keep every translation."""
    stored = read(po)
    found = collect(files, stored)
    if not any(m.id for m in found):
        return
    fresh = Catalog(locale="vi", charset="utf-8", project="quetsach", version="")
    for message in found:
        if message.id:
            old = stored.get(message.id, message.context) or known.get(message.id, message.context)
            fresh.add(message.id, old.string if old else None, context=message.context)
    po.parent.mkdir(parents=True, exist_ok=True)
    with po.open("wb") as file:
        write_po(file, fresh, omit_header=True, sort_output=True, width=110)
    body = po.read_text(encoding="utf-8")
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: vi\\n"\n'
    po.write_text(head + '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n' + body.lstrip("\n"), encoding="utf-8")


def compile_catalogue(po: Path) -> None:
    """Write the .mo beside the .po."""
    if po.exists():
        with po.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(po))


def main(verb: str) -> int:
    """Run one verb over all catalogues; 1 when `check` finds something."""
    lines: list[str] = []
    known = all_known() if verb == "update" else Catalog()
    for po, files in catalogues():
        if verb == "update":
            update(po, files, known)
        elif verb == "compile":
            compile_catalogue(po)
        elif verb == "check":
            lines += problems(po, files)
    if verb == "check":
        lines += conflicts([po for po, _ in catalogues() if po.is_relative_to(PORTAL)])
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
