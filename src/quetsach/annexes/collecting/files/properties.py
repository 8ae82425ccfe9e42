"""When an Office file was last saved, by its own record (docProps/core.xml, ECMA-376 part 2)."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime

from quetsach.annexes.collecting.files import container
from quetsach.annexes.collecting.paper import FileProblem

_CORE = "docProps/core.xml"


def saved(packed: zipfile.ZipFile) -> datetime | None:
    """The time of the last save in UTC, None where the file has none."""
    if _CORE not in packed.namelist():
        return None
    texts: dict[str, str] = {}
    inside: list[str] = []
    try:
        container.parse(
            packed,
            _CORE,
            lambda name, _given: inside.append(name),
            lambda _name: inside.__delitem__(-1),
            lambda text: texts.update({inside[-1]: texts.get(inside[-1], "") + text}),
        )
        at = datetime.fromisoformat((texts.get("modified") or texts.get("created") or "").strip())
    except (FileProblem, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
