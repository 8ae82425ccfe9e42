"""Results with a one-time code: from the page, or from a stick through the address for machines."""

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
"""Codes that open nothing, at both doors together: an office gets through, but nobody guesses 59 bits."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """The fate of the files. `is_code_free`: nothing new came in, so the code opens once more."""

    receipt: Receipt
    node: CampaignNode
    is_code_free: bool


def hand_in(files: Iterable[Dropped], text: str, ip: str | None) -> HandedIn | None:
    """Take the files in for the code's unit; None if the code opens nothing.

    New results use the code up. Files that are already stored, from any sender, are known and change nothing;
    the same files with a code that brought them a short while ago are answered as known too.

    Raises:
        StillWorking: another request with the same code has not ended. One at a time, also for repeated
            requests: each opens all its files.
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
    """The files; the code's request gives a sign of life with each."""
    for file in files:
        unit_actions.keep_code(code)
        yield file
