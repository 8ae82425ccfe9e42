"""The list of a signed pack, for readers of lists; the code for packs is imported when there is a pack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from quetsach.endpoint import suffixes
from quetsach.indicators.indicator import IndicatorSet


def opener(trusted: Sequence[str]) -> Callable[[Path], IndicatorSet | None]:
    """Gives the list of a pack file, and None for a file of another name; raises as `pack.of_file` does."""

    def indicators(path: Path) -> IndicatorSet | None:
        if path.suffix != suffixes.PACK or not path.is_file():
            return None
        from quetsach.endpoint import pack

        return pack.of_file(path, trusted).indicators

    return indicators
