"""Paths and command lines of Windows as text, on any system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ntpath import basename, dirname, join, normpath, splitdrive

__all__ = [
    "basename", "clean", "dirname", "expand", "is_elsewhere", "join", "of_person", "program_of", "splitdrive",
]  # fmt: skip

VARIABLES: Mapping[str, str] = {
    "systemroot": r"C:\Windows",
    "windir": r"C:\Windows",
    "systemdrive": "C:",
    "programfiles": r"C:\Program Files",
    "programfiles(x86)": r"C:\Program Files (x86)",
    "programw6432": r"C:\Program Files",
    "commonprogramfiles": r"C:\Program Files\Common Files",
    "commonprogramfiles(x86)": r"C:\Program Files (x86)\Common Files",
    "programdata": r"C:\ProgramData",
    "allusersprofile": r"C:\ProgramData",
    "public": r"C:\Users\Public",
    "temp": r"C:\Windows\Temp",
    "tmp": r"C:\Windows\Temp",
}
"""The usual values of these variables, for a disk seen from outside."""

VOLUME = re.compile(r"\\\\\?\\Volume\{[0-9A-F-]{36}\}(?=\\|$)", re.I)
"""The beginning of a path on a volume by its number, as volumes without a letter are named."""
_VARIABLE = re.compile(r"%([^%\\/]{1,64})%")
_ENDS = re.compile(r"\.(?:exe|dll|sys|com|scr|bat|cmd|ps1|vbs|js|wsf|hta|cpl|ocx|jar)(?=$|[\s,\"'])", re.I)
_LONGEST = 1 << 15
"""Characters of a command line, at most (Microsoft Learn, 'CreateProcessW')."""


def of_person(folder: str, variables: Mapping[str, str] = VARIABLES) -> Mapping[str, str]:
    """The variables as a person with this profile has them."""
    own = {
        "userprofile": folder,
        "appdata": rf"{folder}\AppData\Roaming",
        "localappdata": rf"{folder}\AppData\Local",
        "temp": rf"{folder}\AppData\Local\Temp",
        "tmp": rf"{folder}\AppData\Local\Temp",
    }
    return {**variables, **own}


def expand(text: str, variables: Mapping[str, str] = VARIABLES) -> str:
    """Replace `%NAME%` by its value; unknown names stay."""
    return _VARIABLE.sub(lambda m: variables.get(m[1].casefold(), m[0]), text[:_LONGEST])


def clean(path: str, variables: Mapping[str, str] = VARIABLES) -> str:
    r"""One spelling for one file: variables, `\??\`, `\SystemRoot`, `system32\…` and slashes resolved."""
    text = expand(path.strip().strip('"'), variables).replace("/", "\\")
    text = _without_prefix(text)
    root = variables.get("systemroot", VARIABLES["systemroot"])
    lower = text.casefold()
    if lower.startswith("\\systemroot\\"):
        text = root + text[len("\\systemroot") :]
    elif lower.startswith(("system32\\", "syswow64\\")):
        text = f"{root}\\{text}"
    return normpath(text) if text else ""


def _without_prefix(text: str) -> str:
    """The path without what names the same place in another way (Microsoft Learn, 'Naming Files, Paths, and
    Namespaces')."""
    for prefix in ("\\??\\", "\\\\?\\", "\\\\.\\"):
        rest = text.removeprefix(prefix)
        if rest != text:
            if VOLUME.match(f"\\\\?\\{rest}"):
                return f"\\\\?\\{rest}"
            return f"\\\\{rest[4:]}" if rest[:4].casefold() == "unc\\" else rest
    return text


def is_elsewhere(path: str) -> bool:
    """Whether a path lies on a server."""
    return path.startswith("\\\\") and not VOLUME.match(path)


def program_of(command: str, variables: Mapping[str, str] = VARIABLES) -> str:
    """The file that a command line starts; for `rundll32 X.dll,entry` the library. "" where it names none."""
    text = expand(command.strip(), variables)
    if text.startswith('"'):
        program, _quote, rest = text[1:].partition('"')
    else:
        found = _ENDS.search(text)
        program = text[: found.end()] if found else text.split(" ", 1)[0]
        rest = text[len(program) :]
    program = clean(program, variables)
    if (
        basename(program).casefold() in {"rundll32.exe", "rundll32", "regsvr32.exe", "regsvr32"}
        and rest.strip()
    ):
        argument = rest.strip().split(",")[0].split(" /")[0].strip()
        return clean(argument, variables) or program
    return program
