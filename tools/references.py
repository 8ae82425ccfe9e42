"""Every reference to a document or module resolves; `./dev lint` runs this.

    .venv/bin/python tools/references.py [FOLDER]

Looked at are Markdown, comments and docstrings: links of Markdown, paths, decisions (ADR 12), sections
(docs/contract.md 4), modules from `quetsach` on and, between backticks, modules from a room on.
Prints `file:line: reference: reason` and ends with 1 where there is any.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import chain
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from comments import blocks

PACKAGE = "src/quetsach"
ROOTS = ("", PACKAGE, f"{PACKAGE}/portal", "crates/matcher", "crates/matcher/src", "crates", "docs", "tests")
"""Folders from which a path may be written."""
MADE = (".venv/", "var/", "target/", "dist/", "fuzz/corpus/", "fuzz/artifacts/")
"""Folders that are made here and that git does not know."""
_LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)")
_CODE = re.compile(r"`([^`]+)`")
_DECISION = re.compile(r"\bADR (\d{1,4})\b")
_SECTION = re.compile(r"([\w./-]+\.md)[)`]* (\d+)(?:(?: to |-)(\d+))?\b")
_PATH = re.compile(
    r"(?<![\w./~:@*<>$-])(?:[\w.-]+/)+[\w*-]+(?:\.[\w*-]+)*\.(?:py|pyi|rs|md|toml|sh)\b(?![/<*])"
)
_FOLDER = re.compile(r"(?:[\w.-]+/)+")
_FILE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.(?:py|pyi|rs|md)")
_DOTTED = re.compile(r"(?<![\w./@-])quetsach(?:\.[A-Za-z_]\w*)+(?![\w-]|\.\w)")
_NAME = re.compile(r"[a-z_]\w*(?:\.[A-Za-z_]\w*)+")
_PLACEHOLDER = re.compile(r"[A-Z]{2,}")
"""Words in capitals stand for what a reader puts there."""
_OUTPUTS = frozenset(("csv", "docx", "html", "json", "jsonl", "nft", "pdf", "txt", "xlsx"))
"""What a name ends with that is a file of the user's and no module."""
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*$")
_FENCE = re.compile(r"\s*(```|~~~)")


class Tree:
    """The files of a folder that references are resolved in."""

    def __init__(self, root: Path, files: list[str]) -> None:
        self.root = root
        self.files = frozenset(files)
        self.folders = frozenset(str(above) for file in files for above in PurePosixPath(file).parents)
        self.names = frozenset(PurePosixPath(file).name for file in files)
        self._anchors: dict[str, frozenset[str]] = {}
        self._tops: dict[str, frozenset[str]] = {}

    @cached_property
    def rooms(self) -> frozenset[str]:
        """Folders from which a module may be told: the package's and the portal's."""
        tops = (PurePosixPath(PACKAGE), PurePosixPath(PACKAGE, "portal"))
        return frozenset(PurePosixPath(f).name for f in self.folders if PurePosixPath(f).parent in tops)

    def has(self, path: str) -> bool:
        """Whether a file, a folder or a pattern of files is there."""
        path = path.rstrip("/") or "."
        if "*" in path:
            return any(fnmatchcase(file, path) for file in self.files)
        return path in self.files or path in self.folders

    def finds(self, path: str, file: str, line: str) -> bool:
        """Whether a path in a line of a file resolves: from one of the `ROOTS`, from a folder above the file,
        or from a folder that the line names between backticks."""
        starts = (*ROOTS, *map(str, PurePosixPath(file).parents))
        named = (_joined(start, code) for code in _CODE.findall(line) for start in starts)
        inside = (place for place in named if place in self.folders)
        return any(self.has(_joined(start, path)) for start in chain(starts, inside))

    def anchors(self, file: str) -> frozenset[str]:
        """What links to headings of a Markdown file may end with."""
        if file not in self._anchors:
            seen: dict[str, int] = {}
            found = set()
            for _, heading in headings((self.root / file).read_text(encoding="utf-8")):
                slug = slug_of(heading)
                found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
                seen[slug] = seen.get(slug, 0) + 1
            self._anchors[file] = frozenset(found)
        return self._anchors[file]

    def has_module(self, dotted: str) -> bool:
        """Whether a name from `quetsach` on is a package, a module, or a name that stands in one."""
        at, *rest = dotted.split(".")
        folder = PACKAGE.removesuffix(at)
        while rest:
            here = f"{folder}{at}"
            if f"{here}/{rest[0]}" in self.folders or f"{here}/{rest[0]}.py" in self.files:
                folder, at, rest = f"{here}/", rest[0], rest[1:]
                continue
            if f"{here}/{rest[0]}.pyi" in self.files:
                return len(rest) < 2 or rest[1] in self._defined(f"{here}/{rest[0]}.pyi")
            module = f"{here}.py" if f"{here}.py" in self.files else f"{here}/__init__.py"
            return module in self.files and rest[0] in self._defined(module)
        return True

    def _defined(self, file: str) -> frozenset[str]:
        if file not in self._tops:
            tree = ast.parse((self.root / file).read_text(encoding="utf-8"))
            self._tops[file] = frozenset(_bound(tree.body))
        return self._tops[file]


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
            case ast.If() | ast.Try():
                yield from _bound([*node.body, *node.orelse])
            case _:
                yield from (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
                # Names that are made when they are asked for stand in a table.
                yield from (
                    one.value
                    for one in ast.walk(node)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def _joined(start: str, path: str) -> str:
    parts: list[str] = []
    for part in (*PurePosixPath(start).parts, *PurePosixPath(path).parts):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def headings(text: str) -> Iterator[tuple[int, str]]:
    """Line number and words of each heading that stands in no block of code."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code and (found := _HEADING.match(line)):
            yield number, found[1]


def slug_of(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    bare = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")


def prose(tree: Tree, file: str) -> Iterator[tuple[int, str]]:
    """The lines of a file in which references are looked for, with their numbers."""
    path = tree.root / file
    if path.suffix == ".md":
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        return
    if path.suffix in {".py", ".pyi", ".rs", ".toml", ".sh"} or not path.suffix:
        for start, lines in blocks(path):
            yield from enumerate(lines, start)


def check(tree: Tree, file: str) -> Iterator[tuple[int, str, str]]:
    """Line, reference and reason of each that leads nowhere."""
    for number, line in prose(tree, file):
        found = [*_decisions(tree, line), *_sections(tree, file, line), *_modules(tree, line)]
        found += [*_paths(tree, file, line), *_coded(tree, file, line)]
        if file.endswith(".md"):
            found += _links(tree, file, line)
        for reference, reason in dict(found).items():
            yield number, reference, reason


def _links(tree: Tree, file: str, line: str) -> Iterator[tuple[str, str]]:
    for target in _LINK.findall(_CODE.sub("", line)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place, _, anchor = unquote(target).partition("#")
        path = _joined(str(PurePosixPath(file).parent), place) if place else file
        if not tree.has(path):
            yield target, "no such file"
        elif anchor and path.endswith(".md") and anchor not in tree.anchors(path):
            yield target, "no such heading"


def _decisions(tree: Tree, line: str) -> Iterator[tuple[str, str]]:
    for number in _DECISION.findall(line):
        if not tree.has(f"docs/adr/{int(number):04}-*.md"):
            yield f"ADR {number}", "no such decision"


def _sections(tree: Tree, file: str, line: str) -> Iterator[tuple[str, str]]:
    for place, first, last in _SECTION.findall(line):
        starts = (start for start in ("", "docs", *map(str, PurePosixPath(file).parents)))
        path = next((p for p in (_joined(start, place) for start in starts) if p in tree.files), None)
        if path is None:
            continue
        numbers = {
            heading.partition(".")[0]
            for _, heading in headings((tree.root / path).read_text(encoding="utf-8"))
        }
        if numbers & set("123456789"):
            for number in filter(None, (first, last)):
                if number not in numbers:
                    yield f"{place} {number}", "no such section"


def _modules(tree: Tree, line: str) -> Iterator[tuple[str, str]]:
    for dotted in _DOTTED.findall(line):
        # A host of the reserved domain (RFC 2606) is no module.
        is_other = dotted.split(".")[-1] in _OUTPUTS or dotted.startswith("quetsach.example")
        if not is_other and not _FILE.fullmatch(dotted) and not tree.has_module(dotted):
            yield dotted, "no such module"


def _paths(tree: Tree, file: str, line: str) -> Iterator[tuple[str, str]]:
    for path in _PATH.findall(line):
        if not _is_elsewhere(path) and not tree.finds(path, file, line):
            yield path, "no such file"


def _coded(tree: Tree, file: str, line: str) -> Iterator[tuple[str, str]]:
    """What stands between backticks, and by itself is a folder, a file or a module."""
    for code in _CODE.findall(line):
        parts = code.split(".")
        if _FOLDER.fullmatch(code):
            if not _is_elsewhere(code) and not tree.finds(code, file, line):
                yield code, "no such folder"
        elif _FILE.fullmatch(code):
            if not _is_elsewhere(code) and code not in tree.names:
                yield code, "no such file"
        elif _NAME.fullmatch(code) and parts[0] in tree.rooms and parts[-1] not in _OUTPUTS:
            yield from _room_module(tree, code)


def _room_module(tree: Tree, code: str) -> Iterator[tuple[str, str]]:
    if not any(tree.has_module(f"{top}.{code}") for top in ("quetsach", "quetsach.portal")):
        yield code, "no such module"


def _is_elsewhere(path: str) -> bool:
    """Whether a path is of something made here, or stands for what a reader puts there."""
    # Documents are named in capitals, too.
    return path.startswith(MADE) or (not path.endswith(".md") and _PLACEHOLDER.search(path) is not None)


def tracked(root: Path) -> list[str]:
    """Files that git knows or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True
    )
    return [line for line in listing.stdout.splitlines() if (root / line).is_file()]


def main(root: Path) -> int:
    files = tracked(root)
    tree = Tree(root, files)
    findings = 0
    for file in files:
        for number, reference, reason in sorted(check(tree, file)):
            findings += 1
            print(f"{file}:{number}: {reference}: {reason}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
