"""`./dev demo`: the main work on this machine, from the letter to the report."""

from __future__ import annotations

import argparse
import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "demo"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quetsach.portal.settings")
os.environ["QUETSACH_DATA_DIR"] = str(VAR)
os.environ["QUETSACH_DEMO"] = "1"
os.environ.pop("QUETSACH_DATABASE", None)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="ask for the main pages, print figures, stop")
    parser.add_argument("--reset", action="store_true", help="begin anew")
    parser.add_argument("--as-of", choices=["2022"], help="keep the dates of the letter of 2022")
    parser.add_argument("--logs", nargs="+", type=Path, metavar="PATH", help="scan these, not made ones")
    parser.add_argument("--indicators", nargs="+", type=Path, metavar="FILE", help="search for these")
    parser.add_argument("--port", type=int, default=8000, help="port of the portal (default 8000)")
    given = parser.parse_args()
    if bool(given.logs) != bool(given.indicators):
        parser.error("--logs and --indicators belong together")
    for path in [*(given.logs or []), *(given.indicators or [])]:
        if not path.exists():
            parser.error(f"{path}: no such file or folder")
    return given


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether no other demonstration uses the folder; it is held until the block, or the process, ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, which is made anew. Never deleted: a process waiting for it would hold a deleted
    # file.
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def main() -> int:
    given = arguments()
    with alone(VAR) as is_alone:
        if not is_alone:
            from demo.words import say

            print(say("occupied", folder=VAR), file=sys.stderr)
            return 1
        return run(given)


def run(given: argparse.Namespace) -> int:
    # A start that was cut short left no mark; its half-made folder is made anew.
    if given.check or given.reset or given.logs or not (VAR / "ready.json").exists():
        shutil.rmtree(VAR, ignore_errors=True)
    VAR.mkdir(parents=True, exist_ok=True)
    import django

    from demo.address import address_at, free_port
    from demo.server import ServerError

    wanted = given.port
    given.port = free_port(wanted) or wanted
    os.environ["QUETSACH_ADDRESS"] = address_at(given.port)
    os.environ["QUETSACH_HOSTS"] = "localhost,127.0.0.1,[::1],.localhost"
    django.setup()
    from demo import show

    # What is loaded stays: the collector of unreachable objects need not look at it again and again.
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    from demo.words import say

    if given.port != wanted:
        print(say("busy", wanted=wanted, port=given.port))

    # However the demonstration ends, the portal is stopped in order and no process stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return show.run(given, VAR)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(map(str, error.cmd))}: exit {error.returncode}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{say('stopped')}")
        return 130


if __name__ == "__main__":
    sys.exit(main())
