"""House rules that no linter knows; `./dev lint` runs them. Each finding names its place and the rule."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import figure_names
import rust_order

ROOT = Path(__file__).resolve().parent.parent
PORTAL = ROOT / "src/quetsach/portal"
MOST_LINES = 500
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}
# Django looks for a backend under this name.
NAMED_BY_OTHERS = {f"src/quetsach/portal/kit/{database}/base.py" for database in ("postgresql", "sqlite")}
WRITERS = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
}
KNOW_MEMBERSHIPS = {PORTAL / "units/role_term.py", PORTAL / "units/models.py", PORTAL / "units/queries.py"}
"""Files that ask for roles within a question about something else, and check that the roles hold today."""
ADDRESS = PORTAL / "kit/address.py"
ASKS_FOR_HOST = re.compile(
    r"\b(?:build_absolute_uri|get_host|get_port|get_raw_uri|_current_scheme_host|get_current_site"
    r"|HTTP_(?:X_FORWARDED_)?(?:HOST|PORT)|SERVER_(?:NAME|PORT))\b|headers(?:\.get\(|\[)[\"']host[\"']",
    re.I,
)
MARKS = ROOT / "src/quetsach/text/marks.py"
TEXT = {".py", ".rs", ".toml", ".md", ".html", ".css", ".js", ".typ", ".po", ".sh", ".json", ".lock", ""}
# Spelled in halves, so that this file does not break its own rule.
FORBIDDEN = [
    a + b for a, b in (("files.python", "hosted.org"), ("pypi.", "org/simple"), ("registry.npm", "js.org"))
]


def tracked() -> list[Path]:
    """Files that git tracks or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def sizes_and_names(files: list[Path]) -> Iterator[str]:
    """Refuse files that are too long, and names that explain nothing."""
    for file in files:
        if file.suffix not in {".py", ".rs"} or "migrations" in file.parts:
            continue
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            yield f"{file}: {lines} lines; split it by what it is about (at most {MOST_LINES})"
        if file.stem in VAGUE and file.relative_to(ROOT).as_posix() not in NAMED_BY_OTHERS:
            yield f"{file}: a name that explains nothing"


def texts(files: list[Path]) -> Iterator[str]:
    """UTF-8 in NFC, and no address of a package registry."""
    for file in files:
        if file.suffix not in TEXT:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            yield f"{file}: not UTF-8"
            continue
        if "tests/" not in file.as_posix() and unicodedata.normalize("NFC", text) != text:
            yield f"{file}: not in Unicode normal form C"
        for host in FORBIDDEN:
            if host in text:
                yield f"{file}: names the registry host {host}"


def templates(files: list[Path]) -> Iterator[str]:
    """Refuse markup that the Content-Security-Policy would block, and forms without a token."""
    patterns = {
        r"\sstyle\s*=": "style attribute",
        r"\son[a-z]+\s*=": "event attribute",
        r"<script(?![^>]*\bsrc=)": "inline script",
        r"<style": "style element",
        r"(?:src|href)=[\"']?(?:https?:)?//": "address of another host",
    }
    for file in files:
        if file.suffix != ".html" or PORTAL not in file.parents:
            continue
        text = file.read_text(encoding="utf-8")
        bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", text, flags=re.S)
        for pattern, what in patterns.items():
            if re.search(pattern, bare, flags=re.I):
                yield f"{file}: {what}"
        for form in re.findall(r"<form[^>]*method=[\"']?post.*?</form>", text, flags=re.S | re.I):
            if "csrf_token" not in form:
                yield f"{file}: a form without csrf_token"


def addresses(files: list[Path]) -> Iterator[str]:
    """The host and port in a request are the sender's choice: `kit/address.py` reads them, and the server."""
    for file in files:
        is_portal = PORTAL in file.parents and file.suffix in {".html", ".py"}
        if not is_portal or file == ADDRESS or PORTAL / "serving" in file.parents:
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if found := ASKS_FOR_HOST.search(line):
                yield f"{file}:{number}: {found[0]}: the sender of a request chooses it; use kit/address.py"


def figures(files: list[Path]) -> Iterator[str]:
    """A figure that stands on several pages goes through the tag that names it (`tools/figure_names.py`)."""
    for file in files:
        if PORTAL in file.parents and file.suffix in {".html", ".py"}:
            yield from (figure_names.findings if file.suffix == ".html" else figure_names.chart_findings)(
                file
            )


def portal_code(files: list[Path]) -> Iterator[str]:
    """Pages look through `visible_to`; only actions write; no door leads to an unbuilt room."""
    for file in files:
        if file.suffix != ".py" or PORTAL not in file.parents or "migrations" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        looks = file.stem.startswith(("views", "api")) or file.parent.name == "export"
        if looks and re.search(r"\b[A-Z]\w*\.rows\b", text):
            yield f"{file}: .rows in a view; use .objects.visible_to(user) or a query"
        if re.search(r"\bmemberships(?:__|\.)", text) and file not in KNOW_MEMBERSHIPS:
            yield f"{file}: roles by way of a person or unit; ask Membership.in_force, or .ever and say why"
        if "forms.DateField" in text and file != PORTAL / "kit/fields.py":
            yield f"{file}: forms.DateField takes the ends of the calendar; use kit.fields.CalendarDay"
        if "unbuilt" in text:
            yield f"{file}: a door to a room that is not built"
        if "actions" in file.stem or file.parent.name == "actions" or file.stem in {"models", "scope"}:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in WRITERS and is_queryset(node.func.value):
                yield f"{file}:{node.lineno}: .{node.func.attr}() outside actions"


def locks(files: list[Path]) -> Iterator[str]:
    """A row that others refer to must be locked without its key, so that adding a reference does not wait for
    it.

    With a full lock, the check of a foreign key waits for the other commit, and two transactions can
    deadlock.
    """
    for file in (f for f in files if f.suffix == ".py" and PORTAL in f.parents):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "select_for_update" and "no_key" not in {one.arg for one in node.keywords}:
                yield f"{file}:{node.lineno}: .select_for_update() without no_key=True"


def translations(files: list[Path]) -> Iterator[str]:
    """Texts must use the names that the collection for the catalogues looks for."""
    for file in (f for f in files if f.suffix == ".py" and ROOT / "src" in f.parents):
        for name in re.findall(
            r"^from .+\bgettext(?:_lazy)? as (\w+)", file.read_text(encoding="utf-8"), flags=re.M
        ):
            if name != "_":
                yield f"{file}: texts in {name}() are in no catalogue; import gettext under its name or as _"


def rust(files: list[Path]) -> Iterator[str]:
    """Rust imports one way (`tools/rust_order.py`)."""
    for crate in sorted({file.parent for file in files if file.name == "lib.rs" and "crates" in file.parts}):
        yield from rust_order.findings(crate)


def normal_forms(files: list[Path]) -> Iterator[str]:
    """Text is normalized in one place, which bounds the time for a row of marks.

    Python's own IDNA normalizes as well.
    """
    for file in (f for f in files if f.suffix == ".py" and ROOT / "src" in f.parents):
        text = file.read_text(encoding="utf-8")
        if file != MARKS and re.search(r"\bunicodedata\b.*\b(?:is_)?normalized?\b|[\"']idna[\"']\)", text):
            yield f"{file}: Unicode's own normal forms; use quetsach.text.marks.normalize"


def is_queryset(node: ast.expr) -> bool:
    """Whether the expression reaches through a manager: `X.objects…`, `X.rows…`."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "rows"}:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def main() -> int:
    files = tracked()
    checks = (
        sizes_and_names,
        texts,
        templates,
        addresses,
        figures,
        portal_code,
        locks,
        translations,
        normal_forms,
        rust,
    )
    findings = [finding for check in checks for finding in check(files)]
    for finding in findings:
        print(finding.replace(f"{ROOT}/", ""))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
