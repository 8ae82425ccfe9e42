"""Files of the Windows that this runs on, with their security descriptors, times, attributes and streams.

A reparse point on the way is refused. Between this check and the act, a program that runs at the same time
could still swap a folder: Windows' interface by paths offers no protection.
"""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import hashlib
import ntpath
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.ground import State
from quetsach.endpoint.act.grounds import winfile
from quetsach.endpoint.act.vault import LARGEST

_CHUNK = 1 << 20
_REPARSE = 0x400
_SETTABLE = 0x1 | 0x2 | 0x4 | 0x20 | 0x2000
"""FILE_ATTRIBUTE_READONLY, HIDDEN, SYSTEM, ARCHIVE, NOT_CONTENT_INDEXED."""
_MOST_STREAM = 16 << 20


class WindowsDisk:
    """See the module."""

    def spelled(self, path: str) -> str:
        return os.path.realpath(path) if Path(path).exists() else path

    def tidy(self, path: str) -> None:
        Path(_part_of(path)).unlink(missing_ok=True)

    def look(self, path: str) -> State | None:
        status = _checked(path)
        if status is None:
            return None
        return {
            "sha256": _sha256(path),
            "size": status.st_size,
            "attributes": status.st_file_attributes & _SETTABLE,
            "mtime": status.st_mtime_ns,
            "security": _guarded(path, winfile.security),
            # The restored file is compared with all of these.
            "streams": {name: hashlib.sha256(one).hexdigest() for name, one in self.streams(path).items()},
        }

    def content(self, path: str) -> Iterator[bytes]:
        _checked(path)
        yield from _parts(path)

    def meta(self, path: str) -> dict[str, Any]:
        status = _checked(path)
        if status is None:
            raise ActError("missing", path)
        return {
            "attributes": status.st_file_attributes & _SETTABLE,
            "times": list(_guarded(path, winfile.times)),
            "security": _guarded(path, winfile.security),
        }

    def streams(self, path: str) -> Mapping[str, bytes]:
        found = {}
        for name, size in _guarded(path, winfile.streams):
            if size > _MOST_STREAM:
                raise ActError("too_large", f"{path}:{name}")
            found[name] = _guarded(path, partial(winfile.read_stream, name=name))
        return found

    def remove(self, path: str, expected: str) -> None:
        status = _checked(path)
        if status is None or _sha256(path) != expected:
            raise ActError("changed", path)
        try:
            if status.st_file_attributes & stat.FILE_ATTRIBUTE_READONLY:
                Path(path).chmod(stat.S_IWRITE)
            Path(path).unlink()
        except OSError as error:
            raise of(error, path) from error

    def put(
        self,
        path: str,
        content: Iterable[bytes],
        meta: Mapping[str, Any],
        streams: Mapping[str, bytes],
        *,
        instead_of: str = "",
    ) -> None:
        status = _checked(path)
        if (status is None) == bool(instead_of):
            raise ActError("changed_since" if status else "missing", path)
        part = _part_of(path)
        try:
            self.tidy(path)
            with Path(part).open("xb") as out:
                for one in content:
                    out.write(one)
                out.flush()
                os.fsync(out.fileno())
            for name, inside in streams.items():
                winfile.write_stream(part, name, inside)
            winfile.set_security(part, meta["security"])
            if "times" in meta:
                winfile.set_times(part, meta["times"])
            winfile.set_attributes(part, meta["attributes"])
            if instead_of:
                if _sha256(path) != instead_of:
                    raise ActError("changed", path)
                if status is not None and status.st_file_attributes & stat.FILE_ATTRIBUTE_READONLY:
                    Path(path).chmod(stat.S_IWRITE)
                Path(part).replace(path)
            else:
                Path(part).rename(path)
        except FileExistsError as error:
            raise ActError("changed_since", path) from error
        except OSError as error:
            raise of(error, path) from error
        finally:
            with suppress(OSError):
                self.tidy(path)

    def folder(self, path: str) -> State | None:
        if not Path(path).exists():
            return None
        _no_link(Path(path), path)
        status = Path(path).lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_file_attributes & _REPARSE:
            raise ActError("linked", path)
        return {
            "is_folder": True,
            "attributes": status.st_file_attributes & _SETTABLE,
            "security": _guarded(path, winfile.security),
        }

    def remove_folder(self, path: str) -> None:
        if self.folder(path) is not None:
            _guarded(path, os.rmdir)

    def make_folder(self, path: str, state: State) -> None:
        _no_link(Path(path), path)
        try:
            Path(path).mkdir(exist_ok=True)
            winfile.set_security(path, state["security"])
            winfile.set_attributes(path, state["attributes"])
        except OSError as error:
            raise of(error, path) from error


def _part_of(path: str) -> str:
    folder, name = ntpath.split(path)
    digest = hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return ntpath.join(folder, f".quetsach-{digest}")


def _checked(path: str) -> os.stat_result | None:
    """The regular file there, None where there is none; a link on the way is refused."""
    place = Path(path)
    if "\0" in path or path.startswith("\\\\") or not place.is_absolute() or ":" in path[2:]:
        raise ActError("not_a_file", path)
    try:
        _no_link(place, path)
        status = place.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise of(error, path) from error
    if status.st_file_attributes & _REPARSE:
        raise ActError("linked", path)
    if not stat.S_ISREG(status.st_mode):
        raise ActError("not_a_file", path)
    if status.st_nlink > 1:
        raise ActError("hard_links", path)
    if status.st_size > LARGEST:
        raise ActError("too_large", path)
    return status


def _no_link(place: Path, shown: str) -> None:
    for above in place.parents:
        if above.lstat().st_file_attributes & _REPARSE:
            raise ActError("linked", shown)


def _parts(path: str) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as file:
            while part := file.read(_CHUNK):
                yield part
    except OSError as error:
        raise of(error, path) from error


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    for part in _parts(path):
        digest.update(part)
    return digest.hexdigest()


def _guarded(path: str, ask: Any) -> Any:
    try:
        return ask(path)
    except OSError as error:
        raise of(error, path) from error
