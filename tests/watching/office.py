"""A folder of logs with a clock of its own, and a watcher that is started, stopped and killed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest import mock

from quetsach.files import inputs
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, ScanOptions
from quetsach.scanning.result import ScanResult
from quetsach.sightings.sighting import Bypass, Coverage, Scan, Sighting, dump
from quetsach.watching import held, looker
from quetsach.watching.content import Handle, Mark
from quetsach.watching.follower import Follower
from quetsach.watching.looker import Looker
from quetsach.watching.names import Names, Paths
from quetsach.watching.state import State
from tests.engines.indicator_sets import make_set

BEGUN = 1_790_000_000.0
OPTIONS = ScanOptions(source_name="fw-hq")

SETTLED = 5000
"""Less than 64 KiB, so that short histories have spans; all first lines of these logs have one format."""


@contextmanager
def settled_early() -> Iterator[None]:
    """Logs are settled with few lines."""
    with (
        mock.patch.object(held, "SETTLED_BYTES", SETTLED),
        mock.patch.object(looker, "SETTLED_BYTES", SETTLED),
    ):
        yield


class CachedPaths:
    """The names and marks of files, as a network drive tells them: for a while those of the look before."""

    def __init__(self, paths: Paths) -> None:
        self._paths, self._told = paths, Names.none()
        self.is_stale = False

    def now(self) -> Names:
        if not self.is_stale:
            self._told = self._paths.now()
        told = self._told
        return told._replace(files=dict(told.files), beside=dict(told.beside), errors={})


class Office:
    """Logs lie in `logs`; what they ever held lies in `true`, each content once."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        listed: Iterable[str] = ("evil.example",),
        *,
        is_wide: bool = False,
    ) -> None:
        self.is_wide = is_wide
        """Logs are written in UTF-16."""
        self.logs, self.true, self.engine = folder / "logs", folder / "true", engine
        self.state_file = folder / "watch.sqlite"
        for place in (self.logs, self.true):
            place.mkdir()
        self.now = BEGUN
        self.follow = [str(self.logs)]
        self._lines = 0
        self.day = "2026-09-21"
        self.rest = b""
        """What is missing to the last line of the log."""
        self.contents: dict[Path, bytes] = {}
        self._lost: list[bytes] = []
        self._back = 0.0
        self.salt = 0
        """Changes device and inode of all files, as another mount does."""
        self.is_handle_stale = False
        self.use(listed)
        self.state: State
        self.follower: Follower
        self.start()

    def use(self, listed: Iterable[str]) -> None:
        """The list from now on."""
        items = make_set(listed)
        self.matcher, self.set_id = self.engine.compile(items), items.id

    def start(self, *, from_now: bool = False) -> None:
        """Start the watcher."""
        self.state = State(self.state_file)
        version = self.state.version(self.set_id, self.engine.name, 1, self.now)
        reader = Looker(self.state, self.engine, self.matcher, version, OPTIONS)
        self.paths = CachedPaths(Paths(self.follow, [self.state_file]))
        paths = cast(Paths, self.paths)
        self.follower = Follower(paths, reader, from_now=from_now, now=lambda: self.now)

    def kill(self) -> None:
        """Nothing is written any more, and the next watcher knows only the state."""
        self.follower.close()
        self.state.close()

    def look(self) -> int:
        self.now += 0.5
        return self.follower.look()

    def line(self, name: str = "evil.example") -> bytes:
        """The next line of a log, as dnsmasq writes it."""
        self._lines += 1
        clock = f"{self.day}T{self._lines // 3600 % 24:02}:{self._lines // 60 % 60:02}:{self._lines % 60:02}Z"
        who = f"10.1.2.{self._lines % 3}"
        text = f"{clock} ns dnsmasq[612]: query[A] {name} from {who}\n"
        return text.encode("utf-16-le" if self.is_wide else "utf-8")

    def append(self, data: bytes, name: str = "dns.log") -> None:
        path = self.logs / name
        if self.is_wide and path not in self.contents:
            data = b"\xff\xfe" + data
        with path.open("ab") as file:
            file.write(data)
        os.utime(path, (self.now, self.now))
        self.contents[path] = self.contents.get(path, b"") + data

    def rename(self, old: str, new: str) -> None:
        (self.logs / old).rename(self.logs / new)
        self.contents[self.logs / new] = self.contents.pop(self.logs / old)

    def copy_truncate(self, old: str, new: str) -> None:
        data = (self.logs / old).read_bytes()
        (self.logs / new).write_bytes(data)
        os.utime(self.logs / new, (self.now, self.now))
        (self.logs / old).write_bytes(b"")
        self.contents[self.logs / new] = self.contents.pop(self.logs / old)

    def pack(self, name: str) -> None:
        path = self.logs / name
        packed = path.with_name(name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        os.utime(packed, (self.now, self.now))
        path.unlink()
        self.contents[packed] = self.contents.pop(path)

    def delete(self, name: str) -> None:
        (self.logs / name).unlink()
        self._lost.append(self.contents.pop(self.logs / name))

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock."""
        self.now += seconds
        self._back += max(0.0, -seconds)

    def settle(self) -> None:
        """Time passes, until everything rests and was looked at."""
        self.paths.is_stale = self.is_handle_stale = False
        for seconds in (0.5, 11.0, 4000.0 + self._back, 11.0, 0.5):
            self.now += seconds
            self.follower.look()
        self._back = 0.0

    @contextmanager
    def on_a_drive(self) -> Iterator[None]:
        """What the system says of files comes from a drive that is mounted anew and caches sizes."""

        def of(about: os.stat_result) -> Mark:
            return Mark(
                about.st_size, about.st_mtime_ns, about.st_dev + self.salt, about.st_ino ^ self.salt << 9
            )

        told: dict[Handle, Mark] = {}
        real = Handle.mark

        def mark(handle: Handle) -> Mark:
            if not self.is_handle_stale or handle not in told:
                told[handle] = real(handle)
            return told[handle]

        with mock.patch.object(Mark, "of", of), mock.patch.object(Handle, "mark", mark):
            yield

    def scanned(self) -> tuple[list[bytes], list[Coverage]]:
        """What a scan writes of all contents that there ever were: the lines of its rows, and coverage."""
        result = self.scan()
        rows = [*cast("Iterable[Sighting]", result.sightings), *cast("Iterable[Bypass]", result.bypasses)]
        return list(map(dump, rows)), result.coverage

    def expected(self) -> tuple[list[Sighting], list[Coverage]]:
        """What a scan says of all contents that there ever were."""
        result = self.scan()
        return list(cast("Iterable[Sighting]", result.sightings)), result.coverage

    def scan(self) -> ScanResult:
        for number, data in enumerate((*self.contents.values(), *self._lost)):
            path = self.true / f"{number}.log"
            path.write_bytes(data)
            os.utime(path, (self.now, self.now))
        found = inputs.discover([str(self.true)])
        header = Scan("quetsach test", self.set_id, 1, "fw-hq", "Asia/Ho_Chi_Minh")
        return work.run(found, self.engine, self.matcher, OPTIONS, header)

    def dumped(self) -> list[bytes]:
        """What the watcher writes: the lines of its rows."""
        rows = [*self.state.rows(self.set_id, Sighting), *self.state.rows(self.set_id, Bypass)]
        return list(map(dump, rows))

    def found(self) -> list[Sighting]:
        """What the watcher says."""
        return list(self.state.rows(self.set_id, Sighting))

    def coverage(self) -> list[Coverage]:
        return self.state.coverage(self.set_id)
