"""There is only one way to open a stranger's file; only the listed modules may import the libraries for
it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from quetsach.files import bounded_process

SOURCE = Path(bounded_process.__file__).parents[2]
READING = {
    "python_calamine", "pypdf", "pypdfium2", "pdfminer", "pyhanko", "pyhanko_certvalidator", "PIL", "docx",
    "yara_x", "zipfile", "tarfile", "email", "xml", "py7zr", "openpyxl", "lxml", "rarfile", "olefile",
}  # fmt: skip
DOORS = {
    "annexes/form/workbook.py", "annexes/collecting/files/archive.py", "annexes/collecting/files/picture.py",
    "annexes/collecting/reading.py", "annexes/collecting/tree.py", "documents/reading.py",
    "documents/signature.py", "endpoint/files/rules.py", "indicators/forms_in/spreadsheet.py",
    "indicators/lists/packed.py", "indicators/lists/unpack.py", "files/photo.py", "units/table.py",
    "files/workbook.py", "machines/sources/sent.py", "machines/sources/table.py", "victims/sheet.py",
}  # fmt: skip
"""Modules with a marked function."""
BEHIND = {
    "annexes/collecting/files/container.py", "annexes/collecting/files/docx.py",
    "annexes/collecting/files/pdf.py", "annexes/collecting/files/properties.py",
    "annexes/collecting/files/xlsx.py", "indicators/forms_in/links.py", "endpoint/files/content.py",
}  # fmt: skip
"""Called by marked functions only, and by the check of the machine it runs on."""
OTHERS = {
    "files/openers/zip.py": "logs, by the engines; archives of lists behind a door",
    "files/openers/eventxml.py": "logs, by the engines",
    "files/openers/tar.py": "logs, by the engines; archives of lists behind a door",
    "results/xlsx.py": "writes",
    "documents/word.py": "writes",
    "documents/wordparts.py": "writes",
    "units/national.py": "packages that the administrator installed, on the command line",
    "endpoint/probes/tasks.py": "the machine that is checked",
    "portal/backups/archive.py": "our own backups",
    "portal/bundles/making.py": "writes",
    "portal/tools/scanners.py": "the wheel that the administrator publishes, on the command line",
    "portal/tools/actions.py": "the signed folder for sticks, on the command line",
    "portal/checks/arriving/drop.py": "a stored ZIP of sealed results, member by member",
}


def modules() -> dict[str, set[str]]:
    """Each module that imports a library which reads files, with the names of these libraries."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        names = {
            name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in _names(node)
        }
        if names & READING:
            found[path.relative_to(SOURCE).as_posix()] = names & READING
    return found


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def marked() -> set[str]:
    """Each module with a marked function."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if path.parent.name != "bounded_process"
        and "@bounded_process.bounded(" in path.read_text(encoding="utf-8")
    }


def test_who_names_a_library_that_opens_files_stands_behind_a_door() -> None:
    """For a new module: mark its function (bounded_process), or say above why its files are not a
    stranger's."""
    assert set(modules()) - DOORS - BEHIND == set(OTHERS)


def test_the_doors_are_those_that_are_told() -> None:
    assert marked() == DOORS
    assert bounded_process.__doc__ is not None
    told = {
        one
        for line in bounded_process.__doc__.splitlines()
        if "|" in line
        for one in re.findall(r"`([^`]+)`", line)
    }
    assert told == DOORS


def test_no_door_is_in_the_portal_whose_settings_the_reader_has_not() -> None:
    assert not [one for one in marked() if one.startswith("portal/")]


def test_what_lies_behind_a_door_is_called_by_doors() -> None:
    names = {one.removesuffix(".py").replace("/", ".") for one in BEHIND - {"endpoint/files/content.py"}}
    callers = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        here = path.relative_to(SOURCE).as_posix()
        for name in names:
            package, _, module = name.rpartition(".")
            within = rf"quetsach\.{re.escape(package)} import [^\n]*\b{module}\b"
            if re.search(rf"from (?:{within}|quetsach\.{re.escape(name)} import)", text):
                callers.add(here)
    assert callers - DOORS - BEHIND == set()
