"""The order of the Rust code: folders import one way, files not in circles; `tools/house.py` runs it.

The order stands in the table at the head of a crate's `lib.rs`, the first folder first: a folder imports only
from itself and from folders that stand before it. A crate without such a table has no order of folders. An
import that closes a circle of files on purpose bears a comment `// circle: REASON` on the line before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_TABLE = re.compile(r"^//! \|(.*)\|$", flags=re.M)
_NAME = re.compile(r"`(\w+)`")
_TESTS = re.compile(r"#\[cfg\(test\)\]\n(?:mod \w+ \{\n.*?\n\}|use [^;]+;)", flags=re.S)
_TEST_FILE = re.compile(r"#\[cfg\(test\)\]\nmod (\w+);")
_USE = re.compile(r"\buse\s+([^;]+);")
_PATH = re.compile(r"(?<![\w:.])[a-z]\w*(?:::\w+)+")
_REASON = re.compile(r"^\s*// circle: \S")


@dataclass(frozen=True)
class Import:
    """One path that a module names: where it stands, and the module that it leads to."""

    file: Path
    line: int
    source: str
    target: str
    is_explained: bool


def findings(crate: Path) -> Iterator[str]:
    """What breaks the order in the crate with this `src` folder, one sentence each with its place."""
    modules = _modules(crate)
    imports = [one for name, file in modules.items() for one in _imports(name, file, modules)]
    table = "".join(_TABLE.findall(modules[""].read_text(encoding="utf-8")))
    order = {name: place for place, name in enumerate(_NAME.findall(table))}
    if order:
        yield from _against(order, imports, modules)
    yield from _circles(imports, modules)


def _against(order: Mapping[str, int], imports: list[Import], modules: Mapping[str, Path]) -> Iterator[str]:
    folders = {name.split("::")[0]: file for name, file in modules.items() if name}
    for folder in sorted(folders.keys() - order.keys()):
        yield f"{folders[folder]}: `{folder}` is not in the table of lib.rs that says the order"
    for one in imports:
        source, target = one.source.split("::")[0], one.target.split("::")[0]
        if source in order and order[source] < order.get(target, -1):
            yield f"{one.file}:{one.line}: `{source}` stands before `{target}` and imports from it"


def _circles(imports: list[Import], modules: Mapping[str, Path]) -> Iterator[str]:
    """Circles of files: each import that lies on one, unless a comment explains it."""
    leads: dict[str, set[str]] = {name: set() for name in modules}
    for one in imports:
        if not one.is_explained:
            leads[one.source].add(one.target)
    reached = {name: _reached(name, leads) for name in modules}
    reported = set()
    for one in imports:
        pair = (one.source, one.target)
        if one.is_explained or one.source not in reached[one.target] or pair in reported:
            continue
        reported.add(pair)
        yield f"{one.file}:{one.line}: a circle of files: `{one.target or 'lib'}` leads back here"


def _reached(start: str, leads: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in leads[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def _modules(crate: Path) -> dict[str, Path]:
    """The file of each module but those of tests; the crate itself is the empty name."""
    found = {}
    for file in sorted(crate.rglob("*.rs")):
        parts = file.relative_to(crate).with_suffix("").parts
        name = "::".join(parts[:-1] if parts[-1] in {"mod", "lib"} else parts)
        found[name] = file
    tests = {
        f"{name}::{child}" if name else child
        for name, file in found.items()
        for child in _TEST_FILE.findall(file.read_text(encoding="utf-8"))
    }
    return {name: file for name, file in found.items() if name not in tests}


def _imports(name: str, file: Path, modules: Mapping[str, Path]) -> Iterator[Import]:
    text = file.read_text(encoding="utf-8")
    lines = text.split("\n")
    # Each part that does not count becomes as many empty lines, so that line numbers stay.
    code = _TESTS.sub(lambda found: "\n" * found[0].count("\n"), text)
    code = re.sub(r"//[^\n]*", "", code)
    places = [(found.start(), path) for found in _USE.finditer(code) for path in _expand(found[1])]
    code = _USE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), code)
    places += [(found.start(), found[0]) for found in _PATH.finditer(code)]
    for at, path in places:
        target = _resolve(name, path, modules)
        if target is not None and target != name:
            line = code.count("\n", 0, at) + 1
            yield Import(file, line, name, target, bool(_REASON.match(lines[line - 2])))


def _expand(tree: str, before: str = "") -> Iterator[str]:
    """The paths of a tree: `a::{b, c::d}` is `a::b` and `a::c::d`."""
    tree = tree.strip()
    found = re.fullmatch(r"([\w:]*?)(?:::)?\{(.*)\}", tree, flags=re.S)
    if not found:
        yield before + re.sub(r"\s+as\s+\w+$", "", tree)
        return
    head, depth, start = before + (f"{found[1]}::" if found[1] else ""), 0, 0
    body = f"{found[2]},"
    for place, character in enumerate(body):
        depth += (character == "{") - (character == "}")
        if character == "," and not depth:
            if part := body[start:place].strip():
                yield from _expand(part, head)
            start = place + 1


def _resolve(name: str, path: str, modules: Mapping[str, Path]) -> str | None:
    """The module that a path names or that holds what it names; None outside this crate."""
    first, *rest = path.split("::")
    own = name.split("::") if name else []
    if first == "crate":
        parts = rest
    elif first == "self" or "::".join([*own, first]) in modules:
        parts = own + rest if first == "self" else [*own, first, *rest]
    elif first == "super" and own:
        parts = own[:-1] + rest
    else:
        return None
    while parts and "::".join(parts) not in modules:
        parts.pop()
    return "::".join(parts)
