"""How much one process of the server takes on, and for how long."""

from __future__ import annotations

import sys
from dataclasses import dataclass

THREADS = 4
"""Requests that one process answers at a time; the others wait until they are let in. More is more than a
database gives connections to, and makes writers of SQLite wait until they fail."""
SLOWEST = 512
"""Bytes a second below which a body, or the reading of an answer, is taken for stuck. A poor mobile line
brings ten times as much."""
LONGEST_BODY = 7200.0
"""Seconds that a body may take in all, however steadily it comes."""
HEAD_BYTES = 32 * 1024
HEAD_FIELDS = 100
IN_MEMORY = 64 * 1024
"""Bytes of a body that are kept in memory; a larger one goes to the disk."""
BEYOND_FILES = 1024 * 1024
"""Bytes of a body beyond the largest upload: the other fields of its form."""
BODIES_ON_DISK = 8
"""As many of the largest bodies fit on the disk at once, over all processes."""
ANSWERS_BYTES = 512 * 1024 * 1024
"""Bytes of answers that one process holds for those who read slowly."""
STOPPING = 20.0
"""Seconds that requests under way have when the server is asked to end."""


@dataclass(frozen=True)
class Bounds:
    """What differs from portal to portal.

    Attributes:
        patience: seconds in which a head must be there, and in each of which windows a body or the reading of
            an answer must get on by `SLOWEST` bytes a second.
        largest_body: bytes.
        room: bytes of bodies that this process may have on the disk.
        connections: how many are open at a time; the one that waits longest makes way for the next.
        folder: where bodies are put aside, without a name.
    """

    patience: float
    largest_body: int
    room: int
    connections: int
    folder: str


def open_files(wanted: int) -> int:
    """Let this process open more files, up to what the system allows it; how many it may open."""
    if sys.platform == "win32":
        return 512  # what select() takes
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return wanted if soft == resource.RLIM_INFINITY else soft


def connections(files: int) -> int:
    """How many connections so many open files are enough for, each with a body, beside the portal's own."""
    return max(16, min(1500, (files - 128) // 2))
