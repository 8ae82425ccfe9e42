"""The seam between units of work and their workers: threads of this process, or other machines."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from quetsach.files.inputs import Input, Skipped
from quetsach.scanning.engine import Part, SourceResult, Span


class Unit(NamedTuple):
    """One piece of work: a file with all logs in it, or a span of a large plain file."""

    log: Input
    span: Span | None = None


type Outcome = SourceResult | Skipped | Part
"""An outcome of a unit: a file has one or more results, a span one part, or none where it cannot be split."""


class Done(NamedTuple):
    """A unit has ended, after so many bytes and hits. `lost` says why it could not be read, else ""."""

    lost: str = ""
    bytes: int = 0
    hits: int = 0


class Executor(Protocol):
    """Works on many units at once; used by one thread."""

    def submit(self, unit: Unit) -> None: ...
    def events(self, seconds: float) -> Iterator[tuple[Unit, Outcome | Done]]:
        """The outcomes of units, each unit's outcomes before its `Done`; waits at most `seconds` for the
        first."""
        ...

    def running(self) -> tuple[int, int]:
        """Bytes read and hits so far of the units that have not ended."""
        ...

    def cancel(self) -> None:
        """Ends every unit soon; units not yet started come back as interrupted."""
        ...

    def close(self) -> None: ...
