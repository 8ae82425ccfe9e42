"""Who may tell of a sign: units with tables of an address that count, and units with a say.

A unit that uploads a lease for an address of another unit would else take that unit's machine, with its case.
In the log of a superior the word of a neighbour would make two machines of another unit one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from django.utils import timezone

from quetsach.machines.evidence import Sign
from quetsach.machines.identity.keys import is_private
from quetsach.machines.identity.scopes import related
from quetsach.machines.sources.outcome import FOREVER
from quetsach.portal.sightings.owners import Owners

_HOUR = 3_600_000_000


class Tellers:
    """The rules for signs of one reporter. An address that no range below the reporter holds is anybody's."""

    def __init__(self, reporter: UUID, owners: Mapping[UUID, tuple[Owners, bool]]) -> None:
        ranges = owners[reporter][0]

        @cache
        def holders(address: str, hour: int) -> frozenset[str]:
            at = datetime.fromtimestamp(hour * 3600, UTC) if hour else None
            return frozenset(ranges.paths[node] for node in ranges.holders(address, timezone.localdate(at)))

        self._holders = holders
        self._reporter = cache(lambda: frozenset((ranges.paths[reporter],)))

    def may_tell(self, path: str, address: str, at: int) -> bool:
        """Whether a unit may tell of an address at a time in microseconds: the unit whose range holds it, and
        units above and below that unit."""
        holders = self._of(address, at)
        return not holders or any(related(path, one) for one in holders)

    def heard(self, sign: Sign) -> frozenset[str]:
        """The units whose words on machines are heard for a sign, with those above and below: the units whose
        range holds its address, else the reporter."""
        return self._of(sign.address, sign.first) or self._reporter()

    def vouches(self, path: str, address: str, at: int) -> bool:
        """Whether a unit's table makes an address one machine. Many machines may share a public IPv4 address,
        and its unit may not know it or not say it: the table must be that of a unit above."""
        if ":" in address or is_private(address):
            return True
        return any(path != one and one.startswith(path) for one in self._of(address, at) or self._reporter())

    def _of(self, address: str, at: int) -> frozenset[str]:
        return self._holders(address, min(at, FOREVER) // _HOUR) if address else frozenset()
