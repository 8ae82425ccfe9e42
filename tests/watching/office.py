"""A folder of logs with a clock of its own, and a watcher that is started, stopped and killed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from quetsach.files import inputs
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, ScanOptions
from quetsach.sightings.sighting import Coverage, Scan, Sighting
from quetsach.watching.follower import Follower
from quetsach.watching.held import Looker
from quetsach.watching.names import Paths
from quetsach.watching.state import State
from tests.engines.indicator_sets import make_set

BEGUN = 1_790_000_000.0
OPTIONS = ScanOptions(source_name="fw-hq")


class Office:
    """Logs lie in `logs`; what they ever held lies in `true`, each content once."""

    def __init__(self, folder: Path, engine: Engine, listed: Iterable[str] = ("evil.example",)) -> None:
        self.logs, self.true, self.engine = folder / "logs", folder / "true", engine
        self.state_file = folder / "watch.sqlite"
        for place in (self.logs, self.true):
            place.mkdir()
        self.now = BEGUN
        self.follow = [str(self.logs)]
        self._lines = 0
        self.contents: dict[Path, bytes] = {}
        self._lost: list[bytes] = []
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
        looker = Looker(self.state, self.engine, self.matcher, version, OPTIONS)
        paths = Paths(self.follow, [self.state_file])
        self.follower = Follower(paths, looker, from_now=from_now, now=lambda: self.now)

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
        clock = f"2026-09-21T{self._lines // 3600 % 24:02}:{self._lines // 60 % 60:02}:{self._lines % 60:02}Z"
        who = f"10.1.2.{self._lines % 3}"
        return f"{clock} ns dnsmasq[612]: query[A] {name} from {who}\n".encode()

    def append(self, data: bytes, name: str = "dns.log") -> None:
        path = self.logs / name
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

    def settle(self) -> None:
        """Time passes, until everything rests and was looked at."""
        for seconds in (0.5, 11.0, 4000.0, 11.0, 0.5):
            self.now += seconds
            self.follower.look()

    def expected(self) -> tuple[list[Sighting], list[Coverage]]:
        """What a scan says of all contents that there ever were."""
        for number, data in enumerate((*self.contents.values(), *self._lost)):
            path = self.true / f"{number}.log"
            path.write_bytes(data)
            os.utime(path, (self.now, self.now))
        found = inputs.discover([str(self.true)])
        header = Scan("quetsach test", self.set_id, 1, "fw-hq", "Asia/Ho_Chi_Minh")
        result = work.run(found, self.engine, self.matcher, OPTIONS, header)
        return list(cast("Iterable[Sighting]", result.sightings)), result.coverage

    def found(self) -> list[Sighting]:
        """What the watcher says."""
        return list(self.state.rows(self.set_id, Sighting))

    def coverage(self) -> list[Coverage]:
        return self.state.coverage(self.set_id)
