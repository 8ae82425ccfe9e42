"""Sends victims' reports to a portal. Sending them again changes nothing there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from quetsach.results.push import PushError, address_of, answer_of, pool

PATH = "/api/v1/victims"
_TRIES = 5


@dataclass(slots=True)
class Taken:
    """The portal's answers over all chunks. `not_ours` reports have an address in no unit's range, or in
    those of several; `rejected` are lines that it left out: line, code and reason."""

    new: int = 0
    unchanged: int = 0
    cases: int = 0
    risks: int = 0
    not_ours: int = 0
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    address: str = ""


def push_victims(
    chunks: Iterable[bytes], url: str, token: str, on_chunk: Callable[[int], None] | None = None
) -> Taken:
    """Send the documents of one file, and add up the answers. `on_chunk(bytes)` follows each.

    Raises:
        PushError: the portal refused or could not be reached; documents sent so far do no harm.
    """
    address = address_of(url, PATH)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    taken = Taken()
    with pool(_TRIES) as http:
        for chunk in chunks:
            _add(taken, answer_of(http, address, headers, token, codes={}, body=chunk))
            if on_chunk:
                on_chunk(len(chunk))
    return taken


def _add(taken: Taken, answer: dict[str, Any]) -> None:
    try:
        taken.new += int(answer["new"])
        taken.unchanged += int(answer["unchanged"])
        taken.cases += int(answer["new_cases"])
        taken.risks += int(answer["risks"])
        taken.not_ours += int(answer["not_ours"])
        taken.rejected += [
            (int(one["line"]), str(one["code"]), str(one["reason"])) for one in answer["rejected"]
        ]
        taken.address = str(answer.get("url", ""))[:500] or taken.address
    except (KeyError, TypeError, ValueError) as error:
        raise PushError("answer", "not the answer of a portal") from error
