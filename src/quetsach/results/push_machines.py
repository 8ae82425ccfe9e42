"""Sends evidence on machines to a portal. Sending it again changes nothing there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from quetsach.results.push import PushError, address_of, answer_of, pool

PATH = "/api/v1/machines"
_TRIES = 5


@dataclass(slots=True)
class TakenIn:
    """The portal's answers over all documents: statements that were new, those that it knew, and the page."""

    new: int = 0
    known: int = 0
    address: str = ""


def push_machines(documents: Iterable[bytes], url: str, token: str) -> TakenIn:
    """Send documents (docs/evidence.md), and add up the answers.

    Raises:
        PushError: the portal refused or could not be reached; documents sent so far do no harm.
    """
    address = address_of(url, PATH)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    taken = TakenIn()
    with pool(_TRIES) as http:
        for one in documents:
            _add(taken, answer_of(http, address, headers, token, codes={}, body=one))
    return taken


def _add(taken: TakenIn, answer: dict[str, Any]) -> None:
    try:
        taken.new += int(answer["new"])
        taken.known += int(answer["known"])
        taken.address = str(answer.get("url", ""))[:500] or taken.address
    except (KeyError, TypeError, ValueError) as error:
        raise PushError("answer", "not the answer of a portal") from error
