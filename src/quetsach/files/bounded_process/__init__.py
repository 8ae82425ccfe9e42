"""A file from a stranger is read in a process of its own. This package is the only way to do so.

    @bounded_process.bounded(seconds=20, raises=(TableError,), refused=lambda _error: TableError("limits"))
    def cells(data: bytes, headings: list[str]) -> list[list[str]]: ...

A function with this mark takes the bytes of a file as its first argument. Its type hints declare its other
arguments and its return value: plain values, dataclasses, named tuples. Callers call it like any function;
its body runs in a process that reads this one file and no other (`reader.py`), with its limits set before
the first byte. Inside that process, marked functions call one another directly. The return value is checked
against the declared types (`plain.py`). Errors named in `raises` come back as they were raised. Everything
else that can happen is a `NotReadError`; `refused` turns it into the caller's own error.

The functions with the mark (tests/attacks guards that no other code opens such files):

| file | read by |
|---|---|
| list of addresses as a workbook | `indicators/forms_in/spreadsheet.py`, `indicators/lists/packed.py` |
| archive of lists | `indicators/lists/unpack.py` |
| table of units, list of enterprises | `units/table.py` |
| files about machines | `machines/sources/sent.py` |
| register of machines as a workbook | `machines/sources/table.py` |
| sheet of infected machines | `victims/sheet.py` |
| annex as a workbook, form of the annex | `annexes/form/workbook.py` |
| annex as Word, Excel, PDF | `annexes/collecting/reading.py` |
| table of who should report | `annexes/collecting/tree.py` |
| archive or e-mail with annexes | `annexes/collecting/files/archive.py` |
| PDF that proves an entry | `annexes/collecting/reading.py` |
| scan, to look at; photo, to keep | `annexes/collecting/files/picture.py`, `files/photo.py` |
| document to lint; signed PDF | `documents/reading.py`, `documents/signature.py` |
| workbook that a portal exported, to recompute | `files/workbook.py` |
| YARA rules | `endpoint/files/rules.py` |

Logs are read by the engines. Old Word files are converted by LibreOffice, a program with limits of its own
(`annexes/collecting/files/office.py`); the converted files are read here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from inspect import signature
from pathlib import Path
from typing import Any, Concatenate, cast, get_type_hints

from quetsach.errors import QuetsachError
from quetsach.files.bounded_process import plain, reader, visits
from quetsach.files.bounded_process.plain import AnswerError
from quetsach.files.bounded_process.refusal import (
    REASONS,
    BusyError,
    NotReadError,
    Reason,
    SpentError,
    reason_of,
)
from quetsach.files.bounded_process.turns import READERS, Turns
from quetsach.files.bounded_process.visits import visit

__all__ = [
    "READERS",
    "REASONS",
    "BusyError",
    "NotReadError",
    "Reason",
    "SpentError",
    "bounded",
    "place",
    "reason_of",
    "share",
    "visit",
]

_State = dict[str, str | int | dict[str, str | int]]
_turns = Turns()


def share(folder: Path, readers: int, wait: float, places: int | None = None) -> None:
    """Set the limit: at most `readers` files at once over all processes that share the folder.

    A thread that waited `wait` seconds in vain gets a BusyError. Where `places` threads of this process read
    or wait already, the next thread gets a BusyError at once. Without this call, this process reads two files
    at once and further threads wait.
    """
    global _turns
    _turns = Turns(readers, folder, wait, places)


@contextmanager
def place() -> Iterator[None]:
    """Hold one of the `places` of `share` for other slow work on a stranger's file.

    Raises BusyError at once where all places are taken.
    """
    with visits.place(_turns):
        yield


def bounded[**P, R](
    *,
    seconds: int,
    raises: tuple[type[QuetsachError], ...] = (),
    refused: Callable[[NotReadError], Exception] | None = None,
    imports: tuple[str, ...] = (),
    is_threaded: bool = False,
) -> Callable[[Callable[Concatenate[bytes, P], R]], Callable[Concatenate[bytes, P], R]]:
    """Mark a function that reads a stranger's file, which is its first argument.

    `seconds` bounds the processor time; the clock may show twice as much. `imports` are the libraries that
    the function needs; the warm process imports them once. Set `is_threaded` where one starts threads.
    A marked function raises the errors in `raises`, BusyError, and for a NotReadError the error that
    `refused` returns (without `refused` the NotReadError itself).
    """

    def mark(function: Callable[Concatenate[bytes, P], R]) -> Callable[Concatenate[bytes, P], R]:
        @wraps(function)
        def read(data: bytes, *args: P.args, **given: P.kwargs) -> R:
            if reader.inside:
                return function(data, *args, **given)
            called = signature(function).bind(data, *args, **given)
            called.apply_defaults()
            beside = list(called.arguments.values())[1:]
            request = {
                "function": f"{function.__module__}:{function.__qualname__}",
                "given": b"".join(plain.pack(beside)).hex(),
                "seconds": seconds,
                "imports": list(imports),
                "is_threaded": is_threaded,
            }
            try:
                return cast(R, _answer(function, raises, request, bytes(data)))
            except BusyError:
                raise
            except NotReadError as error:
                if refused is None:
                    raise
                raise refused(error) from error

        return cast(Callable[Concatenate[bytes, P], R], read)

    return mark


def _answer(
    function: Callable[..., Any], raises: tuple[type[QuetsachError], ...], request: Any, data: bytes
) -> Any:
    if sys.platform == "win32":
        from quetsach.files.bounded_process.windows import run
    else:
        from quetsach.files.bounded_process.warm import run
    seconds = visits.most(request["seconds"])
    try:
        with visits.place(_turns), _turns.one() as turn, visits.charged():
            said = run(request | {"seconds": seconds}, data, turn)
    except NotReadError as error:
        if error.reason == "too_long" and seconds < request["seconds"]:
            raise SpentError from error  # it had less than a file's own time
        raise
    return taken(said, _types(function)["return"], raises)


def taken(said: bytes, declared: Any, raises: tuple[type[QuetsachError], ...]) -> Any:
    """The checked answer of a reader, which is not trusted. Raises the reader's error, or NotReadError."""
    kind, told = said[:1], said[1:]
    if kind == reader.FAULT:
        reason, _, why = told[:100].decode("ascii", "replace").partition(" ")
        raise NotReadError("too_large" if reason == "too_large" else "damaged", why)
    try:
        if kind == reader.SAID:
            return plain.unpack(told, declared)
        if kind != reader.RAISED:
            raise AnswerError("no answer")
        name, args, state = plain.unpack(told, tuple[str, list[str], _State])
    except AnswerError as error:
        raise NotReadError("crashed", str(error)[:100]) from error
    known = {one.__qualname__: one for one in raises}
    if name not in known:
        raise NotReadError("damaged", name[:100])
    found = known[name].__new__(known[name], *args)
    found.args = tuple(args)
    vars(found).update(state)
    # Some errors are kept in the database and later shown by their code.
    if not getattr(found, "is_declared", lambda: True)():
        raise NotReadError("crashed", "unknown code")
    raise found


@cache
def _types(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function)


def argument_types(function: Callable[..., Any]) -> Any:
    """The types of a marked function's arguments after the file, as the types of a tuple."""
    hints = [hint for name, hint in _types(function).items() if name != "return"][1:]
    return tuple[tuple(hints)] if hints else tuple[()]  # type: ignore[misc]
