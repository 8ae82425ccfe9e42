"""Results that come with a one-time code: by hand on the page, or from a stick through the machines' door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.checks import unit_actions
from quetsach.portal.checks.actions import Receipt, Sender, handed_in_before, receive_all
from quetsach.portal.checks.arriving.drop import Dropped
from quetsach.portal.kit.limits import WrongCodes

WRONG = WrongCodes("hand-in", most=60, seconds=3600)
"""Codes that open nothing, at both doors together: an office gets through, guessing 59 bits does not."""


class StillWorking(Exception):
    """The first request with this code has not ended; what became of it is not known yet."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of the files. `is_code_free`: nothing new came in, so the code opens once more."""

    receipt: Receipt
    node: CampaignNode
    is_code_free: bool


def hand_in(files: Iterable[Dropped], text: str, ip: str | None) -> HandedIn | None:
    """Take the files in for the code's unit; None where the code opens nothing.

    A code is used up by what is new. Files that are here already, whoever brought them, are known and change
    nothing; the same files with a code that brought them a short while ago are answered as known too.

    Raises:
        StillWorking: the same code is at work in another request.
    """
    code = unit_actions.take_code(text, ip)
    if code is not None:
        receipt = receive_all(files, code.node, Sender(code=code, ip=ip))
        unit_actions.settle_code(code, receipt.taken)
        return HandedIn(receipt, code.node, is_code_free=not receipt.taken)
    used = unit_actions.used_code(text)
    if used is None:
        return None
    if used.is_working:
        raise StillWorking
    again = handed_in_before(files, used.code)
    return HandedIn(again, used.code.node, is_code_free=False) if again is not None else None
