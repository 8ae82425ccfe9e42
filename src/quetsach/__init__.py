"""Quét Sạch: run a malware clean-up campaign across an administration, from lists and logs to the report."""

from __future__ import annotations

# Importing typing takes longer than all that the package itself does.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from quetsach.api import (
        Bypass,
        Bypasses,
        Coverage,
        Indicator,
        IndicatorSet,
        ListNote,
        QuetsachError,
        ScanResult,
        Sighting,
        Sightings,
        Skipped,
        Unattributed,
        read_indicators,
        scan,
    )

__version__ = "0.1.0"
__all__ = [
    "Bypass",
    "Bypasses",
    "Coverage",
    "Indicator",
    "IndicatorSet",
    "ListNote",
    "QuetsachError",
    "ScanResult",
    "Sighting",
    "Sightings",
    "Skipped",
    "Unattributed",
    "__version__",
    "read_indicators",
    "scan",
]


def __getattr__(name: str) -> object:
    # The command line imports this package for every `--help`; the scanning modules are loaded on demand.
    if name in __all__:
        from quetsach import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
