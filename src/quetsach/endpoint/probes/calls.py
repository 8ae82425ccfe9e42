"""The scripts that a command, or a line of a script, calls: paths found in its text, on any system."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from quetsach.endpoint import commandline, windowspath
from quetsach.endpoint.fact import Unavailable

_MOST_WORDS, _SHOWN = 200, 80


@dataclass(frozen=True, slots=True)
class Call:
    """A path or a bare name that may be a script's.

    `is_sure`: whether it is called, so that it matters where it cannot be opened. `is_given`: whether it is
    handed to a program that runs scripts: then it is one, whatever it begins with.
    """

    path: str
    is_sure: bool = True
    is_given: bool = False


_PARTS = re.compile(r"[;&|()\n`]+")
_QUOTED = re.compile(r"[\"'](/[^\"'\n]{1,1000})[\"']")
_HOME = re.compile(r"\$HOME(?=/)|\$\{HOME\}(?=/)|(?<![^\s\"'=;&|(`:])~(?=/)")
_ASSIGNED = re.compile(r"(?:--?)?\w[\w-]*=")
_LEADING = frozenset({
    "!", "-", "bash", "command", "dash", "do", "doas", "else", "env", "exec", "if", "ionice", "ksh", "nice",
    "nohup", "setsid", "sh", "sudo", "then", "time", "timeout", "while", "zsh", "{",
})  # fmt: skip
"""Words before the name of a program; shells are here too, since a shell runs the words of `-c`."""
_RUNNERS = re.compile(
    r"(?:.*/)?(?:\.|source|(?:ba|da|k|z)?sh|busybox|run-parts|node|lua|awk|perl|php|python|ruby)[\d.]*"
)
SUFFIX = re.compile(r"\.(?:sh|bash|zsh|ksh|py|pl|php|rb|js|lua|awk)$")
_NAME = re.compile(r"[A-Za-z_][\w.+-]{0,200}")
_NO_FILES = re.compile(r"/(?:dev|proc|run|sys)(?:/|$)|/+$|.*[*?\[\]{}$\\]")


def of_linux(text: str, folders: tuple[str, ...], home: str, *, is_whole: bool) -> Iterator[Call]:
    """Absolute paths, paths relative to one of `folders`, and bare names of programs.

    Args:
        is_whole: every word may be a call, as in a line of cron, whose first words are times. Else only the
            first word of each command is sure, and the file for a program that runs scripts.
    """
    text = _HOME.sub(home or "/root", text)
    for path in _QUOTED.findall(text):
        if " " in path:
            yield Call(posixpath.normpath(path.split(" -")[0]), is_sure=False)
    is_there = False
    for part in _PARTS.split(text):
        words = re.sub("[<>]", " ", re.sub("[\"']", "", part)).split()
        # Behind so many words only paths: `called` bounds how many are followed, and tells where it stops.
        words = [*words[:_MOST_WORDS], *(one for one in words[_MOST_WORDS:] if "/" in one)]
        if "cd" in words[:-1]:
            aim = words[words.index("cd") + 1]
            is_there = aim.startswith("/") or is_there
            folders = (posixpath.join(folders[0] if folders else "/", aim), *folders)
            continue
        is_first, is_given = True, False
        for word in words:
            is_option, value = word.startswith("-"), word
            if (assigned := _ASSIGNED.match(word)) is not None:
                value = word[assigned.end() :]
            is_plain = not is_option and assigned is None
            is_sure = is_whole or (is_plain and (is_first or is_given)) or bool(SUFFIX.search(value))
            yield from _linux(
                value, folders, is_sure=is_sure, is_given=is_given and is_plain, is_there=is_there
            )
            if is_plain:
                is_given = _RUNNERS.fullmatch(word) is not None
                is_first = is_first and word in _LEADING


def _linux(
    word: str, folders: tuple[str, ...], *, is_sure: bool, is_given: bool, is_there: bool
) -> Iterator[Call]:
    """The calls in one word; `is_there`: the command has changed to the first of the folders itself."""
    word = word.rstrip(",:")
    if not word or _NO_FILES.match(word):
        return
    if word.startswith("/"):
        yield Call(posixpath.normpath(word), is_sure, is_given)
    elif ("/" in word and "://" not in word) or is_given or SUFFIX.search(word):
        for number, one in enumerate(folders):
            # Which folder it is depends on how the script was started: a guess is not sure.
            is_known = is_there and number == 0 and is_sure
            yield Call(posixpath.normpath(f"{one}/{word}"), is_known, is_given)
    elif is_sure and _NAME.fullmatch(word):
        yield Call(word, is_sure)


_ENDS = r"\.(?:bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|sct|py|pyw)(?=$|[\s\"',;&|<>()])"
_WINDOWS = re.compile(
    rf"\"([^\"\r\n]{{1,500}}?{_ENDS})"
    rf"|((?:[A-Za-z]:|%[^%\s]{{1,40}}%|\\)\\(?:(?!\.exe\b)[^\"<>|*?:/\r\n]){{1,300}}?{_ENDS})"
    rf"|([^\s\"'<>|*?,;=&()]{{1,300}}?{_ENDS})",
    re.I,
)
"""A path in quotation marks; one that begins at a drive, with blanks in it; any other word."""
_OWN_FOLDER = re.compile(r"%~[a-z]*dp0\\?|\$PSScriptRoot\\", re.I)
_SHELL_VARIABLE = re.compile(r"\$\{?env:(\w{1,40})\}?", re.I)


def of_windows(text: str, folder: str, variables: Mapping[str, str]) -> Iterator[Call]:
    """Paths that end like those of scripts; relative paths lie in `folder`.

    Raises Unavailable behind the last of `_MOST_WORDS` paths if there are more.
    """
    told, _is_whole = commandline.unfolded(text)
    own = folder.rstrip("\\") + "\\"
    told = _SHELL_VARIABLE.sub(r"%\1%", _OWN_FOLDER.sub(lambda _found: own, told))
    for number, found in enumerate(_WINDOWS.finditer(told)):
        if number >= _MOST_WORDS:
            raise Unavailable("too_large", text[:_SHOWN])
        path = next(filter(None, found.groups())).strip()
        if "://" not in path:
            is_there = path.startswith(("\\\\", "%")) or path[1:2] == ":"
            yield Call(windowspath.clean(path if is_there else own + path, variables))
