"""Whether something was not looked at. The pages of logs and machines and the report all ask here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.templatetags.kit import num


class Unseen(NamedTuple):
    """What a sensor could not look at. Of a log: it told last that something of it could not be read
    (`problem`), that lines are lost between two looks (`gaps`), or the log is silent since `silent_since`. Of
    a silent sensor: one row for each of its places, without a path, with the bytes that it had not looked at
    when it was heard last (`behind`). `place` is the name of the place, `token` the key that the sensor sends
    with."""

    sensor: UUID
    called: str
    token: UUID | None
    place: str
    path: str
    problem: str = ""
    gaps: int = 0
    silent_since: datetime | None = None
    behind: int = 0


UNSEEN: list[Callable[[CampaignNode, bool], list[Unseen]]] = []
"""The app of sensors registers here what the sensors of a node's own unit, or also those of the nodes below,
could not see."""


def unseen(node: CampaignNode, *, below: bool = False) -> list[Unseen]:
    """What the sensors of a node, or also of the nodes below, could not look at in whole. One query."""
    return [one for told in UNSEEN for one in told(node, below)]


@dataclass(frozen=True, slots=True)
class NotLooked:
    """How many sensors are silent or have a silent log, how many logs a sensor could not look at in whole,
    and how many problems the scans had while reading."""

    silent: int = 0
    logs: int = 0
    errors: int = 0

    def __bool__(self) -> bool:
        return bool(self.silent or self.logs or self.errors)

    @property
    def words(self) -> str:
        """One sentence; empty where everything was looked at."""
        told = []
        if n := self.silent:
            told.append(ngettext("%(n)s sensor is silent", "%(n)s sensors are silent", n) % {"n": num(n)})
        if n := self.logs:
            told.append(
                ngettext(
                    "a sensor could not read %(n)s log in whole",
                    "sensors could not read %(n)s logs in whole",
                    n,
                )
                % {"n": num(n)}
            )
        if n := self.errors:
            told.append(
                ngettext("%(n)s problem while reading", "%(n)s problems while reading", n) % {"n": num(n)}
            )
        return _("Not everything could be looked at: %(what)s.") % {"what": "; ".join(told)} if told else ""


def not_looked(told: list[Unseen], errors: int) -> NotLooked:
    """The sum of what sensors told (`unseen`) and of the problems that scans had."""
    return NotLooked(
        silent=len({one.sensor for one in told if one.silent_since}),
        logs=len({(one.sensor, one.path) for one in told if one.problem or one.gaps}),
        errors=errors,
    )
