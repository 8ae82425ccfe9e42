"""Begin the scan of one log before the command line is imported and understood, which takes 0.1 s.

The words of the command are only guessed at: the engine takes over what was begun where a scan asks for just
that, and gives it up otherwise. Whatever is not plainly one log and one compiled set begins nothing.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quetsach import _native

_FLAGS = {"--json": "", "--devices": "devices"}
_VALUES = {
    "-i": "set",
    "--indicators": "set",
    "--tz": "tz",
    "--format": "format",
    "--jobs": "threads",
    "-o": "",
    "--output": "",
    "--source-name": "",
    "--lang": "",
}
"""The options beside which a scan can begin, and what each tells of it. `""` is of no concern."""
_TIME_ZONE = "Asia/Ho_Chi_Minh"


def begin(arguments: Sequence[str]) -> _native.Ahead | None:
    """What was begun, to be held until the command has ended; None where nothing was."""
    if os.environ.get("QUETSACH_ENGINE", "native") not in ("", "native"):
        return None
    told = _told(arguments)
    if told is None:
        return None
    threads = int(told["threads"]) if "threads" in told else os.cpu_count() or 1
    if threads < 2:
        return None
    try:
        from quetsach import _native
    except ImportError:
        return None
    return _native.Ahead(
        told["log"],
        told["set"],
        os.path.join(os.path.dirname(os.path.dirname(__file__)), "logformats"),  # noqa: PTH118, PTH120
        threads=threads,
        tz=told.get("tz", _TIME_ZONE),
        format=told.get("format"),
        devices="devices" in told,
    )


def _told(arguments: Sequence[str]) -> dict[str, str] | None:
    """What the words say of the scan, each thing once; None where they may say anything else."""
    told: dict[str, str] = {}
    for key, value in _pairs(arguments):
        if key is None or key in told:
            return None
        if key:
            told[key] = value
    is_number = told.get("threads", "1").isdecimal()
    return told if is_number and told.keys() >= {"command", "log", "set"} else None


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """Each word or option: what it tells, and its value. `None` for what is not known here."""
    words = iter(arguments)
    places = iter(("command", "log"))
    for word in words:
        if not word.startswith("-"):
            place = next(places, None)
            yield (None if place == "command" and word != "scan" else place), word
            continue
        name, equals, value = word.partition("=")
        if word in _FLAGS:
            yield _FLAGS[word], ""
        elif equals and name.startswith("--"):
            yield _VALUES.get(name), value
        else:
            value = next(words, "")
            yield (_VALUES.get(word) if value else None), value
