"""A module run on a stranger's file in a process of its own, with limits of memory and processor time.

The module reads the file from its standard input and writes its answer to its standard output, after it has
called `limit`. Whatever the file does to it, the caller gets an answer or none.
"""

from __future__ import annotations

import subprocess
import sys

MOST_MEMORY = 2 << 30
"""Bytes of address space."""


def run(module: str, data: bytes, *arguments: str, seconds: int) -> bytes | None:
    """What the module answers; None when it failed, or took twice the `seconds` of processor time."""
    command = [sys.executable, "-I", "-m", module, *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds * 2, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def limit(seconds: int) -> None:
    """From now on at most so many seconds of processor time, MOST_MEMORY, and no file written (POSIX)."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # It writes no file but its answer, which is a pipe.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
