"""Results that come with a one-time code: by hand on the page, or from a stick through the machines' door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.checks import unit_actions
from quetsach.portal.checks.actions import Receipt, Sender, handed_in_before, receive_all
from quetsach.portal.checks.arriving.drop import Dropped
from quetsach.portal.checks.models import UploadCode
from quetsach.portal.checks.unit_actions import StillWorking as StillWorking
from quetsach.portal.kit.limits import WrongCodes

WRONG = WrongCodes("hand-in", most=60, seconds=3600)
"""Codes that open nothing, at both doors together: an office gets through, guessing 59 bits does not."""


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
        StillWorking: another request with the same code has not ended. One at a time, also of those that
            only ask again: each opens all that it brings.
    """
    held = unit_actions.take_code(text, ip)
    if held is None:
        return None
    code = held.code
    if held.is_live:
        receipt = receive_all(_signing(files, code), code.node, Sender(code=code, ip=ip))
        unit_actions.settle_code(code, receipt.taken)
        return HandedIn(receipt, code.node, is_code_free=not receipt.taken)
    try:
        again = handed_in_before(_signing(files, code), code)
    finally:
        unit_actions.let_code_go(code)
    return HandedIn(again, code.node, is_code_free=False) if again is not None else None


def _signing(files: Iterable[Dropped], code: UploadCode) -> Iterator[Dropped]:
    """The files; with each the code's request gives a sign."""
    for file in files:
        unit_actions.keep_code(code)
        yield file
