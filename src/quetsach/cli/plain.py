"""The words of an ordinary scan, understood without click: to import that takes as long as 30 MB of a log.

What is not plainly such a scan, mistakes too, is left to click, which gives the same for what is understood
here. Paths come as text, so that a scan can begin before anything is imported; `with_paths` makes them paths.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

TIME_ZONE = "Asia/Ho_Chi_Minh"
MOST_JOBS = 256
_FLAGS = {"--json": "as_json", "--devices": "devices"}
_SINGLE = {"--tz": "tz", "--format": "logformat", "--jobs": "jobs", "--source-name": "source_name"}
_SEVERAL = {"-i": "indicators", "--indicators": "indicators", "-o": "outputs", "--output": "outputs"}
_LISTS = frozenset(("paths", *_SEVERAL.values()))
_LANGUAGE = "--lang"
_VALUES = {**_SINGLE, **_SEVERAL, _LANGUAGE: ""}
_NOT_GIVEN = {
    **dict.fromkeys(_FLAGS.values(), False),
    **dict.fromkeys(_SINGLE.values()),
    **dict.fromkeys(("fields", "cluster", "state", "url", "token_file")),
    **dict.fromkeys(("scope", "column", "list_format", "override", "warning_lists")),
    **dict.fromkeys(("leases", "own", "trust"), ()),
    "tz": TIME_ZONE,
}


def understood(arguments: Sequence[str]) -> dict[str, Any] | None:
    """What click would call the scan with; None where it must be asked."""
    if "_QUETSACH_COMPLETE" in os.environ:
        return None
    told: dict[str, list[str]] = {name: [] for name in _LISTS}
    for name, value in _pairs(arguments):
        if name is None or (name in told and name not in _LISTS):
            return None
        if name:
            told.setdefault(name, []).append(value)
    if not told["paths"] or not told["indicators"]:
        return None
    given: dict[str, Any] = dict(_NOT_GIVEN)
    given.update((name, True) for name in _FLAGS.values() if name in told)
    given.update((name, told[name][0]) for name in _SINGLE.values() if name in told)
    if given["jobs"] is not None:
        jobs = given["jobs"]
        if not (jobs.isascii() and jobs.isdigit() and len(jobs) < 4 and 1 <= int(jobs) <= MOST_JOBS):
            return None
        given["jobs"] = int(jobs)
    given.update((name, tuple(values)) for name, values in told.items() if name in _LISTS)
    return given


def with_paths(given: dict[str, Any]) -> dict[str, Any]:
    """The same as click gives it."""
    from pathlib import Path

    return {**given, **{name: tuple(map(Path, given[name])) for name in set(_SEVERAL.values())}}


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """What each word or option tells, and its value; "" where that is nothing, None where click must say."""
    words = iter(arguments)
    is_scan = has_path = is_listing = False
    for word in words:
        if not word.startswith("-"):
            if not is_scan:
                is_scan = word == "scan"
                yield ("" if is_scan else None), word
                continue
            # `PATH... -i A B` are two lists.
            yield ("indicators" if is_listing and has_path else "paths"), word
            has_path = True
            continue
        option, equals, value = word.partition("=")
        if option in _FLAGS and not equals:
            is_listing = False
            yield (_FLAGS[option] if is_scan else None), ""
            continue
        if not equals:
            value = next(words, "")
        is_known = option in _VALUES and bool(value) and not value.startswith("-")
        if equals and not option.startswith("--"):
            is_known = False
        if option == _LANGUAGE:
            from quetsach.language import LANGUAGES

            is_known = value in LANGUAGES
        elif not is_scan:
            is_known = False
        is_listing = option in ("-i", "--indicators") and not equals
        yield (_VALUES[option] if is_known else None), value
