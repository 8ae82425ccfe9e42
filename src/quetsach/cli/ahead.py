"""Begin the scan of one log by one compiled set before what it is told with is imported.

The engine takes over what was begun where a scan asks for just that, and gives it up otherwise.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quetsach import _native


def begin(given: Mapping[str, Any]) -> _native.Ahead | None:
    """What was begun, to be held until the command has ended; None where nothing was."""
    if os.environ.get("QUETSACH_ENGINE", "native") not in ("", "native"):
        return None
    threads = given["jobs"] or os.cpu_count() or 1
    if threads < 2 or len(given["paths"]) != 1 or len(given["indicators"]) != 1:
        return None
    try:
        from quetsach import _native
    except ImportError:
        return None
    return _native.Ahead(
        given["paths"][0],
        str(given["indicators"][0]),
        os.path.join(os.path.dirname(os.path.dirname(__file__)), "logformats"),  # noqa: PTH118, PTH120
        threads=threads,
        tz=given["tz"],
        format=given["logformat"],
        devices=given["devices"],
    )
