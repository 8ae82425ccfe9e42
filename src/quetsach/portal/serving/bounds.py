"""The bounds of one process of the server, in number, size and time."""

from __future__ import annotations

from dataclasses import dataclass

THREADS = 4
"""Requests that one process answers at a time; others wait to be let in. More threads would need more
connections than a database gives, and would make writers of SQLite wait until they fail."""
SLOWEST = 512
"""Bytes a second; a slower body, or a slower reading of an answer, counts as stuck. A poor mobile line brings
ten times as much."""
LONGEST_BODY = 7200.0
"""Seconds that a body may take in all, however steadily it arrives."""
HEAD_BYTES = 32 * 1024
HEAD_FIELDS = 100
IN_MEMORY = 64 * 1024
"""Bytes of a body that are kept in memory; a larger body goes to the disk."""
BEYOND_FILES = 1024 * 1024
"""Bytes of a body beyond the largest upload: the other fields of its form."""
BODIES_ON_DISK = 8
"""So many of the largest bodies fit on the disk at once, over all processes."""
ANSWERS_BYTES = 512 * 1024 * 1024
"""Bytes of answers that one process holds for slow readers."""
STOPPING = 20.0
"""Seconds that running requests have when the server is asked to end."""


@dataclass(frozen=True)
class Bounds:
    """The bounds that differ from portal to portal.

    Attributes:
        patience: seconds in which a head must arrive; and the length of a window in which a body, or the
            reading of an answer, must advance by `SLOWEST` bytes a second.
        largest_body: bytes.
        room: bytes of bodies that this process may have on the disk.
        connections: how many may be open at a time; if there are more, the longest waiting one is closed.
        folder: the folder for large bodies, whose files have no name.
    """

    patience: float
    largest_body: int
    room: int
    connections: int
    folder: str


def connections(files: int) -> int:
    """How many connections fit into so many open files: each may have a body, the portal needs some too."""
    return max(16, min(1500, (files - 128) // 2))
